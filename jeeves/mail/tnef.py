"""The body and the meeting in a winmail.dat (MS-OXTNEF), in which Outlook wraps a mail.

Our own reader instead of the package tnefparse 1.4: that has had no release since 2021, reads
all attachments into memory and raises on what is cut off.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jeeves.mail import conference, rtf
from jeeves.mail.decoding import to_text
from jeeves.mail.invitation import Invitation

_MAGIC = 0x223E9F78
# Attributes of the mail, level 1 (MS-OXTNEF, 2.1.3.2).
_CLASS, _SUBJECT, _BODY, _CODE_PAGE, _PROPERTIES = 0x8008, 0x8004, 0x800C, 0x9007, 0x9003
# Properties (MS-OXPROPS).
_P_CLASS, _P_SUBJECT, _P_BODY, _P_RTF, _P_HTML = 0x001A, 0x0037, 0x1000, 0x1009, 0x1013
_P_START = 0x0060
# Those of an appointment have a number of their own in each file, and a name in this set.
_APPOINTMENT = bytes.fromhex("0220060000000000c000000000000046")
_N_LOCATION, _N_START = 0x8208, 0x820D
_FIXED = {
    **{1: 0, 2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 0x14: 8, 0x40: 8, 0x48: 16},
}
_STRING8, _UNICODE, _BINARY, _OBJECT, _SEVERAL = 0x1E, 0x1F, 0x102, 0x0D, 0x1000
_TIME = 0x40
_METHODS = (
    ("meeting.request", "REQUEST"),
    ("mtgreq", "REQUEST"),
    ("meeting.canceled", "CANCEL"),
    ("mtgcncl", "CANCEL"),
    ("meeting.resp", "REPLY"),
    ("mtgresp", "REPLY"),
)
_FIRST_TIME = datetime(1601, 1, 1, tzinfo=UTC)
_MOST_PROPERTIES = 2000

#: Type and value by the id of the property, or by its name in the set of appointments.
_Properties = dict[int, tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What a winmail.dat says."""

    text: str = ""
    is_html: bool = False
    invitation: Invitation | None = None


def read(raw: bytes) -> Wrapped:
    """What ``raw`` says, as far as it can be read. Never raises."""
    if len(raw) < 6 or struct.unpack_from("<I", raw)[0] != _MAGIC:
        return Wrapped()
    attributes: dict[int, bytes] = {}
    for key, value in _attributes(raw):
        attributes.setdefault(key, value)
    page = attributes.get(_CODE_PAGE, b"")
    charset = f"cp{struct.unpack_from('<I', page)[0]}" if len(page) >= 4 else ""
    properties: _Properties = {}
    try:
        for key, kind, value in _properties(attributes.get(_PROPERTIES, b"")):
            properties.setdefault(key, (kind, value))
    except struct.error:
        pass  # cut off: what came before holds
    plain = _text(properties, _P_BODY, charset) or _ended(attributes.get(_BODY, b""), charset)
    markup = _text(properties, _P_HTML, charset)
    rich = rtf.to_text(rtf.decompressed(properties.get(_P_RTF, (0, b""))[1]))
    return Wrapped(
        text=plain if plain.strip() else markup or rich,
        is_html=bool(markup) and not plain.strip(),
        invitation=_invitation(attributes, properties, charset),
    )


def _attributes(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Id and value of each attribute of the mail itself."""
    at = 6
    while at + 9 <= len(raw):
        level, key, _, length = struct.unpack_from("<BHHI", raw, at)
        if level != 1:
            return  # attachments come behind
        yield key, raw[at + 9 : at + 9 + length]
        at += 9 + length + 2  # a checksum


def _properties(raw: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Key, type and (first) value of each property; struct.error where it is cut off."""
    count = struct.unpack_from("<I", raw)[0] if raw else 0
    at = 4
    for _ in range(min(count, _MOST_PROPERTIES)):
        kind, key = struct.unpack_from("<HH", raw, at)
        at += 4
        if key >= 0x8000:
            names = raw[at : at + 16]
            by_text, number = struct.unpack_from("<II", raw, at + 16)
            at += 24
            key = -1
            if by_text:
                at += _padded(number)
            elif names == _APPOINTMENT:
                key = number
        base = kind & ~_SEVERAL
        varies = base in (_STRING8, _UNICODE, _BINARY, _OBJECT)
        values = 1
        if varies or kind & _SEVERAL:
            values = struct.unpack_from("<I", raw, at)[0]
            at += 4
        if not varies:
            if base not in _FIXED:
                return
            yield key, base, raw[at : at + _FIXED[base]]
            at += values * _FIXED[base]
            continue
        for number in range(values):
            length = struct.unpack_from("<I", raw, at)[0]
            if not number:
                yield key, base, raw[at + 4 : at + 4 + length]
            at += 4 + _padded(length)


def _padded(length: int) -> int:
    return (length + 3) & ~3


def _ended(raw: bytes, charset: str) -> str:
    return to_text(raw.partition(b"\0")[0], charset)


def _text(properties: _Properties, key: int, charset: str) -> str:
    kind, value = properties.get(key, (0, b""))
    if kind == _UNICODE:
        return value.decode("utf-16-le", "replace").partition("\0")[0]
    return _ended(value, "" if key == _P_HTML else charset)


def _invitation(
    attributes: dict[int, bytes], properties: _Properties, charset: str
) -> Invitation | None:
    kind = _text(properties, _P_CLASS, charset) or _ended(attributes.get(_CLASS, b""), "")
    method = next((m for name, m in _METHODS if name in kind.lower().replace(" ", "")), "")
    if not method:
        return None
    summary = _text(properties, _P_SUBJECT, charset) or _ended(
        attributes.get(_SUBJECT, b""), charset
    )
    location = " ".join(_text(properties, _N_LOCATION, charset).split())
    place, service = conference.place_and_service(location)
    link = conference.link_in(location) or conference.link_in(_text(properties, _P_BODY, charset))
    return Invitation(
        method=method,
        summary=" ".join(summary.split()),
        start=_moment(properties.get(_N_START) or properties.get(_P_START, (0, b""))),
        location=place,
        link=link or service,
    )


def _moment(written: tuple[int, bytes]) -> str:
    """A FILETIME, tenths of microseconds since 1601, as an invitation shows it, or ""."""
    kind, value = written
    if kind != _TIME or len(value) < 8:
        return ""
    try:
        start = _FIRST_TIME + timedelta(microseconds=struct.unpack("<Q", value)[0] // 10)
    except OverflowError:
        return ""
    return f"{start:%Y-%m-%d %H:%M} UTC"
