"""Bytes of a mail to text that a database can hold."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

# What mailers write is not always what they mean: the wider sets contain the named ones
# (the WHATWG Encoding standard maps labels the same way).
_WIDER = {
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
# Codecs of Python that are no charsets of mail; the first two take quadratic time.
_NO_CHARSET = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
# Seven-bit charsets in which ASCII bytes are not ASCII text.
_SHIFTING = ("iso-2022", "iso2022", "utf-7", "utf7", "hz")
# Of one byte for each character, in which text is hardly ever valid UTF-8 by chance.
_SINGLE_BYTE = ("ascii", "iso8859", "cp125", "koi8", "mac", "latin")
_SHIFT_JAPANESE = re.compile(rb"\x1b\$[@B]")
_SAMPLE = 20_000
_HIGH_RUNS = re.compile(rb"[\x80-\xff][\x40-\xff]*[\x80-\xff][\x40-\xff]*[\x80-\xff]")
_ASCII = re.compile("[\x00-\x7f]")
# With what is common in text of the language and does not come of a wrong reading.
_EAST_ASIAN = (
    ("cp932", re.compile("[\u3040-\u309f]")),
    ("euc_jp", re.compile("[\u3040-\u309f]")),
)
_ENRICHED_COMMAND = re.compile(r"<param>[^<]{0,200}</param>|</?[A-Za-z0-9-]{1,60}>", re.IGNORECASE)
_LINE_ENDS = re.compile("\n+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def to_text(raw: bytes, charset: str = "") -> str:
    """``raw`` as text, whatever ``charset`` claims to be.

    Tried in turn: the declared charset, UTF-8, either of them with replacement characters
    if few are needed, windows-1252.
    """
    name = charset.strip(" \"'").lower()
    if raw.isascii() and not name.startswith(_SHIFTING):
        shift = _SHIFT_JAPANESE if b"\x1b" in raw else None
        return raw.decode("iso2022_jp_ext" if shift and shift.search(raw) else "ascii", "replace")
    declared = _known(name)
    if declared and declared.startswith(_SINGLE_BYTE) and _is_utf8(raw):
        # Nobody writes "\u00c3\u00a9": a gateway or a script put the label on it.
        declared = "utf-8"
    text = _decode(raw, declared)
    return text[1:] if text.startswith("\ufeff") else text


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except ValueError:
        return False
    return True


def _decode(raw: bytes, declared: str | None) -> str:
    for codec in (declared, "utf-8"):
        if codec:
            try:
                return raw.decode(codec)
            except ValueError:
                continue
    if declared is None and (guessed := _guessed(raw)):
        return raw.decode(guessed, "replace")
    # One bad byte must not turn a whole letter into mojibake.
    loose = raw.decode(declared or "utf-8", "replace")
    if loose.count("\ufffd") * 8 <= len(loose) - len(raw.decode("ascii", "ignore")):
        return loose
    return raw.decode("cp1252", "replace")


def _guessed(raw: bytes) -> str | None:
    """The charset of text that names none and is written in no Latin letters, or None."""
    sample = raw[:_SAMPLE]
    high = len(sample) - len(sample.decode("ascii", "ignore"))
    # In Latin script, letters with accents stand between others.
    if sum(map(len, _HIGH_RUNS.findall(sample))) * 10 < high * 9:
        return None
    for codec, expected in _EAST_ASIAN:
        text = sample.decode(codec, "ignore")
        if len(expected.findall(text)) * 3 >= len(text) - len(_ASCII.findall(text)):
            return codec
    upper = sum(0xC0 <= byte < 0xE0 for byte in sample)
    lower = sum(byte >= 0xE0 for byte in sample)
    if (upper + lower) * 10 < high * 9:
        return None
    # The one has the small letters where the other has the capitals.
    return "cp1251" if lower > upper else "koi8_r"


@lru_cache(maxsize=64)
def _known(name: str) -> str | None:
    """A codec of Python for the charset ``name``, or None."""
    # "x-sjis"; "iso-8859-8-i" tells the direction of the writing (RFC 1556).
    for candidate in (name, name.removeprefix("x-").removesuffix("-i")):
        try:
            codec = codecs.lookup(candidate).name
            codec = _WIDER.get(codec, codec)
            # Refuses what is a codec but yields no text ("base64", "rot13").
            b"a".decode(codec, "replace")
        except (LookupError, ValueError):
            continue
        if codec not in _NO_CHARSET:
            return codec
    return None


def storable(text: str) -> str:
    """``text`` without NUL, which Postgres refuses, and with lone surrogates replaced."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def lines_joined_by_lf(text: str) -> str:
    r"""``text`` with every CRLF and lone CR turned into ``\n``."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def unenriched(text: str) -> str:
    """The text of ``text/enriched`` without its commands (RFC 1896)."""
    text = _ENRICHED_COMMAND.sub("", text.replace("<<", "\0")).replace("\0", "<")
    return _LINE_ENDS.sub(lambda ends: "\n" * (len(ends[0]) - 1) or " ", text)


def unflow(text: str, delsp: bool = False) -> str:
    """The paragraphs of ``format=flowed`` text, each on one line (RFC 3676, 4).

    ``delsp``: the blank at the end of a flowed line is not part of the text.
    """
    lines: list[str] = []
    open_depth = -1  # quote depth of a line that the next one may continue
    for line in text.split("\n"):
        rest = line.lstrip(">")
        depth = len(line) - len(rest)
        if rest.startswith(" "):
            rest = rest[1:]
        flowed = rest.endswith(" ") and rest != "-- "
        if flowed and delsp:
            rest = rest[:-1]
        if depth == open_depth and rest != "-- ":
            lines.append(rest)
        else:
            quote = "\n" + ">" * depth + " " if depth else "\n"
            lines.append(quote + rest)
        open_depth = depth if flowed else -1
    return "".join(lines)[1:]
