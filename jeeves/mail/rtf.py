"""Rich Text Format to the text that a person sees, as far as mail needs it."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

_LONGEST = 2_000_000
_COMPRESSED, _STORED = b"LZFu", b"MELA"
# With this the window of a decompressor is filled at the start (MS-OXRTFCP, 2.1.2.1).
_WINDOW = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    b"\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    b"\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_TOKEN = re.compile(
    rb"\\'([0-9a-fA-F]{2})|\\([a-z]{1,32})(-?\d{1,10})? ?|\\([^a-z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_UNSEEN = frozenset(
    (b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"header", b"footer", b"object")
)
_LINES = {b"par": "\n", b"line": "\n", b"tab": "\t", b"cell": " ", b"row": "\n", b"sect": "\n"}
_SIGNS = {
    **{b"lquote": "\u2018", b"rquote": "\u2019", b"ldblquote": "\u201c", b"rdblquote": "\u201d"},
    **{b"bullet": "\u2022", b"endash": "\u2013", b"emdash": "\u2014"},
}
_CODE_PAGE = re.compile(rb"\\ansicpg(\d{3,5})")


def decompressed(raw: bytes) -> bytes:
    """The RTF in a PidTagRtfCompressed; as far as it goes where it is cut off, else b""."""
    if len(raw) < 16:
        return b""
    size, magic = struct.unpack_from("<4xI4s", raw)
    if magic == _STORED:
        return raw[16 : 16 + size]
    if magic != _COMPRESSED:
        return b""
    window = bytearray(_WINDOW.ljust(4096, b"\0"))
    at = len(_WINDOW)
    out = bytearray()
    position = 16
    while position < len(raw) and len(out) < min(size, _LONGEST):
        control = raw[position]
        position += 1
        for bit in range(8):
            if control >> bit & 1:
                if position + 2 > len(raw):
                    return bytes(out)
                reference = raw[position] << 8 | raw[position + 1]
                position += 2
                start = reference >> 4
                if start == at:
                    return bytes(out)
                piece = range(start, start + (reference & 15) + 2)
            else:
                if position >= len(raw):
                    return bytes(out)
                window[at] = raw[position]
                piece = range(at, at + 1)
                position += 1
            for offset in piece:
                byte = window[offset % 4096]
                window[at] = byte
                out.append(byte)
                at = (at + 1) % 4096
    return bytes(out)


def to_text(raw: bytes) -> str:
    """The visible text of ``raw``, a line for each paragraph."""
    raw = raw[:_LONGEST]
    page = _CODE_PAGE.search(raw[:1000])
    text = "".join(_pieces(raw, f"cp{int(page[1])}" if page else "cp1252"))
    # What lies beyond the first plane is written as two surrogates.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _pieces(raw: bytes, codec: str) -> Iterator[str]:
    try:
        b"".decode(codec)
        "a".encode(codec)
    except LookupError:
        codec = "cp1252"
    pending = bytearray()  # bytes of the code page: one character may take two
    hidden: list[bool] = [False]
    fallback = 0  # characters to skip that stand for one of Unicode
    for token in _TOKEN.finditer(raw):
        code, word, number, sign, brace, text = token.groups()
        unseen = hidden[-1]
        if code and not unseen and not fallback:
            pending.append(int(code, 16))
            continue
        if pending and (word or sign or brace or text):
            yield pending.decode(codec, "replace")
            pending.clear()
        if brace == b"{":
            hidden.append(unseen)
        elif brace == b"}":
            if len(hidden) > 1:
                hidden.pop()
        elif word in _UNSEEN or sign == b"*":
            hidden[-1] = True
        elif unseen:
            continue
        elif code:
            fallback -= 1
        elif word == b"u" and number:
            yield chr(int(number) & 0xFFFF)
            fallback = 1
        elif word:
            yield _LINES.get(word) or _SIGNS.get(word, "")
        elif sign:
            yield " " if sign == b"~" else sign.decode("latin-1") if sign in b"\\{}" else ""
        elif text:
            yield text[fallback:].decode(codec, "replace")
            fallback = 0
    if pending:
        yield pending.decode(codec, "replace")
