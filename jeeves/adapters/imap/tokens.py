"""Answers to FETCH and LIST, read by the grammar of RFC 3501 (section 9).

IMAPClient's own parser fails on a label with an opening bracket, and makes None and numbers of
labels that look like them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from imapclient.datetime_util import parse_to_datetime
from imapclient.imap_utf7 import decode as decode_utf7

#: What a string is among tokens; parentheses are ``OPEN`` and ``CLOSE`` themselves.
OPEN, CLOSE = object(), object()
TOKEN = re.compile(rb'[ \r\n]*(?:([()])|"((?:[^"\\]|\\.)*)"|([^ ()"\r\n]+))', re.DOTALL)
LITERAL = re.compile(rb"\{(\d+)\+?\}$")
ESCAPED = re.compile(rb'\\(["\\])')
# Nearly every row: no list in a list, and no literal but one at its end, which is an atom here.
_ATOM, _QUOTED = rb'[^ ()"\r\n]++', rb'"(?:[^"\\]|\\.)*+"'
_LIST = rb'\((?:[^()"\x00-\x1f]++|' + _QUOTED + rb")*+\)"
_VALUE = _ATOM + rb"|" + _QUOTED + rb"|" + _LIST
_PAIR = _ATOM + rb" (?:" + _VALUE + rb")"
PLAIN_ROW = re.compile(rb"\d++ \(" + _PAIR + rb"(?: " + _PAIR + rb")*+\)", re.DOTALL)
PAIR = re.compile(rb"(" + _ATOM + rb") (" + _VALUE + rb")", re.DOTALL)
DATE_TIME = re.compile(
    rb" ?(\d\d?)-([A-Z][a-z]{2})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"
)
_NAMES = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
NUMBERS = frozenset({b"UID", b"RFC822.SIZE", b"X-GM-MSGID", b"X-GM-THRID"})

#: A line, or a line up to a literal with the literal, as imaplib collects them.
Record = bytes | tuple[bytes, bytes]


def rows(records: Iterable[Record | None]) -> list[dict[bytes, Any]]:
    """Each FETCH of an answer by its items, in order.

    Of bodies ``BODY[]`` is understood, not sections with lists in them; NIL is ``b"NIL"``.
    Strings stay bytes and lists are tuples; UID, sizes and Gmail's ids are int, INTERNALDATE is a
    datetime with the server's own offset, or None where it is none.

    Raises:
        ValueError: this is no answer to a FETCH.
    """
    told = [record for record in records if record]
    return plain_rows(told) or any_rows(told)


def plain_rows(records: Sequence[Record]) -> list[dict[bytes, Any]] | None:
    """As `rows`, in a quarter of the time; None where an answer is not plain."""
    found = []
    left = iter(records)
    for record in left:
        line, literal = record if isinstance(record, tuple) else (record, None)
        if literal is not None:
            if next(left, None) != b")":
                return None
            line += b")"
        if PLAIN_ROW.fullmatch(line) is None:
            return None
        pairs = PAIR.findall(line, line.index(b"("))
        row = {name.upper(): _plain(name.upper(), value) for name, value in pairs}
        if literal is not None:
            row[pairs[-1][0].upper()] = literal
        found.append(row)
    return found


def _plain(key: bytes, value: bytes) -> Any:
    begin = value[:1]
    if begin == b"(":
        inner = words([value])[0] if b'"' in value else tuple(value[1:-1].split())
        return _typed_value(key, inner)
    if begin == b'"':
        value = ESCAPED.sub(rb"\1", value[1:-1])
    return _typed_value(key, value)


def any_rows(records: Iterable[Record]) -> list[dict[bytes, Any]]:
    """As `rows`, by the grammar alone."""
    found = []
    parsed = words(records)
    for sequence, items in zip(parsed[::2], parsed[1::2], strict=True):
        if not isinstance(sequence, bytes) or not sequence.isdigit():
            raise ValueError("a FETCH does not begin with a number")
        if not isinstance(items, tuple) or len(items) % 2:
            raise ValueError("a FETCH is not a list of pairs")
        found.append(_typed(items))
    return found


def mailboxes(records: Iterable[Record | None]) -> list[tuple[tuple[bytes, ...], bytes]]:
    """Attributes and name of each mailbox in the answer to a LIST.

    Raises:
        ValueError: this is no answer to a LIST.
    """
    parsed = words(record for record in records if record)
    return [
        (attributes, name)
        for attributes, _delimiter, name in zip(
            parsed[::3], parsed[1::3], parsed[2::3], strict=True
        )
    ]


def decode_label(label: bytes) -> str:
    """A label as people see it: modified UTF-7 (RFC 3501, 5.1.3), or UTF-8.

    What is neither stays as it came, so that no label can stop the mail it is on.
    """
    try:
        text = str(decode_utf7(label)) if label.isascii() else label.decode("utf-8")
        # half a character outside the BMP decodes, but is no text
        if b"\0" in text.encode("utf-8"):
            return label.decode("latin-1")
    except UnicodeError:
        return label.decode("latin-1")
    return text


def _typed(items: Sequence[Any]) -> dict[bytes, Any]:
    row: dict[bytes, Any] = {}
    for name, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(name, bytes):
            raise TypeError("an item of a FETCH has no name")
        key = name.upper()
        row[key] = _typed_value(key, value)
    return row


def _typed_value(key: bytes, value: Any) -> Any:
    if key in NUMBERS:
        return int(value)
    return _moment(value) if key == b"INTERNALDATE" else value


def _moment(value: bytes) -> datetime | None:
    """A date-time (RFC 3501, section 9), or what else IMAPClient takes for one."""
    plain = DATE_TIME.fullmatch(value)
    try:
        if plain is None or plain[2] not in MONTHS:
            moment: datetime = parse_to_datetime(value, normalise=False)
            return moment
        day, month, *numbers, sign, hours, minutes = plain.groups()
        east = timedelta(hours=int(hours), minutes=int(minutes))
        zone = timezone(east if sign == b"+" else -east)
        year, hour, minute, second = map(int, numbers)
        return datetime(year, MONTHS[month], int(day), hour, minute, second, tzinfo=zone)
    except ValueError:
        return None


def _tokens(records: Iterable[Record]) -> Iterator[Any]:
    for record in records:
        line, literal = record if isinstance(record, tuple) else (record, None)
        if literal is not None:
            line = LITERAL.sub(b"", line)
        at = 0
        while match := TOKEN.match(line, at):
            parenthesis, quoted, atom = match.groups()
            if parenthesis:
                yield OPEN if parenthesis == b"(" else CLOSE
            elif quoted is not None:
                yield ESCAPED.sub(rb"\1", quoted)
            else:
                yield atom
            at = match.end()
        if line[at:].strip():
            raise ValueError("a quoted string has no end")
        if literal is not None:
            yield literal


def words(records: Iterable[Record]) -> list[Any]:
    """Atoms and strings as bytes, with tuples for what stands in parentheses.

    Raises:
        ValueError: a parenthesis or a string has no beginning or no end.
    """
    levels: list[list[Any]] = [[]]
    for token in _tokens(records):
        if token is OPEN:
            levels.append([])
        elif token is CLOSE:
            if len(levels) == 1:
                raise ValueError("a parenthesis is closed that was not opened")
            inner = tuple(levels.pop())
            levels[-1].append(inner)
        else:
            levels[-1].append(token)
    if len(levels) != 1:
        raise ValueError("a parenthesis is not closed")
    return levels[0]


def by_uid(found: Iterable[Mapping[bytes, Any]]) -> dict[int, dict[bytes, Any]]:
    """Rows by their UID, what came later over what came before.

    What a server tells unasked may come without a UID: it is left out.
    """
    merged: dict[int, dict[bytes, Any]] = {}
    for row in found:
        if b"UID" in row:
            merged.setdefault(row[b"UID"], {}).update(row)
    return merged
