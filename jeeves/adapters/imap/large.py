"""A mail too large to be fetched whole: its header and text parts, by BODYSTRUCTURE.

RFC 3501, 6.4.5 and 7.4.2. What is put together is a mail of its own: the header of the original
without the fields that tell of its form, and each text part with the form it had.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jeeves.adapters.imap.fetching import Response

#: Of each text part at most this much is fetched.
PART_BYTES = 500_000
#: Parts that are fetched at most.
PARTS = 20
_BOUNDARY = b"=_text_parts_of_a_large_mail"
_OF_ITS_FORM = re.compile(
    rb"^(?:content-[^\r\n:]*|mime-version):[^\n]*\n(?:[ \t][^\n]*\n)*",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Section:
    """A text part by its number in the mail (``1.2``); "" is the body of a mail of one part."""

    number: str
    #: At most this much will come.
    octets: int = PART_BYTES

    @property
    def items(self) -> list[str]:
        """What to ask for in a FETCH."""
        if not self.number:
            return [f"BODY.PEEK[TEXT]<0.{PART_BYTES}>"]
        return [f"BODY.PEEK[{self.number}.MIME]", f"BODY.PEEK[{self.number}]<0.{PART_BYTES}>"]


def text_sections(structure: Any) -> list[Section]:
    """The text parts of a mail with this BODYSTRUCTURE, attached text and calendars too.

    Args:
        structure: As IMAPClient parses it: nested tuples, of a multipart the list of parts first.
    """
    if not isinstance(structure, Sequence) or not structure:
        return []
    if not isinstance(structure[0], list):
        # A mail of one part: its number is 1, and its MIME fields stand in the header.
        return [Section("", _size(structure))] if _is_text(structure) else []
    return list(islice(_sections(structure, ""), PARTS))


def assembled(
    outline: Response, sections: Sequence[Section], parts: Mapping[bytes, Any]
) -> bytes | None:
    """The mail that header and parts make; None where the mail is gone."""
    header = outline.get(b"BODY[HEADER]")
    if not isinstance(header, bytes):
        return None
    if [section.number for section in sections] == [""]:
        return header + _octets(parts, b"BODY[TEXT]")
    lines = _OF_ITS_FORM.sub(b"", header.rstrip(b"\r\n") + b"\r\n")
    body = b"".join(
        b"--%b\r\n%b\r\n\r\n%b\r\n"
        % (
            _BOUNDARY,
            _octets(parts, b"BODY[%b.MIME]" % section.number.encode()).strip(),
            _octets(parts, b"BODY[%b]" % section.number.encode()),
        )
        for section in sections
    )
    form = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="%b"\r\n' % _BOUNDARY
    return b"%b%b\r\n%b--%b--\r\n" % (lines, form, body, _BOUNDARY)


def _sections(structure: Sequence[Any], above: str) -> Iterator[Section]:
    for place, part in enumerate(structure[0], start=1):
        number = f"{above}{place}"
        if not isinstance(part, Sequence) or not part:
            continue
        if isinstance(part[0], list):
            yield from _sections(part, f"{number}.")
        elif _is_text(part):
            yield Section(number, _size(part))


def _size(part: Sequence[Any]) -> int:
    """What is fetched of a part; its octets stand seventh (RFC 3501, 7.4.2)."""
    octets = part[6] if len(part) > 6 else None
    return min(octets, PART_BYTES) if isinstance(octets, int) else PART_BYTES


def _is_text(part: Sequence[Any]) -> bool:
    kind = part[0]
    return isinstance(kind, bytes) and kind.lower() == b"text"


def _octets(parts: Mapping[bytes, Any], item: bytes) -> bytes:
    """The value of ``item``, which a server gives back with the offset it was asked for."""
    for key in (item, item + b"<0>"):
        value = parts.get(key)
        if isinstance(value, bytes):
            return value
    return b""
