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
_SURROGATE = re.compile("[\ud800-\udfff]")


def to_text(raw: bytes, charset: str = "") -> str:
    """``raw`` as text, whatever ``charset`` claims to be.

    Tried in turn: the declared charset, UTF-8, either of them with replacement characters
    if few are needed, windows-1252.
    """
    name = charset.strip(" \"'").lower()
    if raw.isascii() and not name.startswith(_SHIFTING):
        return raw.decode("ascii")
    declared = _known(name)
    for codec in (declared, "utf-8"):
        if codec:
            try:
                return raw.decode(codec)
            except ValueError:
                continue
    # One bad byte must not turn a whole letter into mojibake.
    loose = raw.decode(declared or "utf-8", "replace")
    if loose.count("\ufffd") * 8 <= len(loose) - len(raw.decode("ascii", "ignore")):
        return loose
    return raw.decode("cp1252", "replace")


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
