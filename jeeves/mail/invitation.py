"""Invitations (RFC 5545) as a few lines of plain text.

Our own forty lines instead of the package icalendar 7: that takes 90 ms and 10 MB to import on
the path that serves, 0.5 ms for one invitation, and refuses one that is cut off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Hosts of video conferences, as they stand in links.
CONFERENCE_HOSTS = (
    *("zoom.us/", "zoomgov.com/", "meet.google.com/", "teams.microsoft.com/", "teams.live.com/"),
    *("webex.com/", "whereby.com/", "gotomeet.me/", "gotomeeting.com/", "meet.jit.si/"),
    *("bluejeans.com/", "chime.aws/", "around.co/", "skype.com/"),
)
# A calendar file that is longer holds other things than one invitation.
_LONGEST = 200_000
_VALUE_LENGTH = 500

_FOLD = re.compile(r"\n[ \t]")
# Name and parameters end at the first colon outside quotation marks (RFC 5545, 3.1).
_CONTENT_LINE = re.compile(r'([A-Za-z0-9-]+)((?:[^":]|"[^"]*")*+):(.*)', re.DOTALL)
_ZONE = re.compile(r';TZID="?([^":;]+)', re.IGNORECASE)
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(?:\d\d)?(Z?))?$")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_HOSTS = "|".join(map(re.escape, CONFERENCE_HOSTS))
_LINK = re.compile(rf"https?://[^\s<>\"]{{0,200}}(?:{_HOSTS})[^\s<>\"]{{0,300}}")
_LINK_PROPERTIES = (
    "CONFERENCE",
    "X-GOOGLE-CONFERENCE",
    "X-MICROSOFT-SKYPETEAMSMEETINGURL",
    "X-MICROSOFT-ONLINEMEETINGCONFLINK",
    "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
)
_HEADINGS = {"CANCEL": "Cancelled", "REPLY": "Answer", "COUNTER": "Other proposal"}


@dataclass(frozen=True, slots=True)
class Invitation:
    """What one VEVENT says."""

    #: REQUEST, CANCEL, REPLY, PUBLISH ... in upper case, or "".
    method: str
    summary: str
    #: ``2026-03-03 14:00 Europe/Berlin``, ``2026-03-03`` for a whole day, or "".
    start: str
    location: str
    #: Address of a video conference, or "".
    link: str

    @property
    def text(self) -> str:
        """The lines that are added to the body of the mail."""
        lines = [
            f"{_HEADINGS.get(self.method, 'Invitation')}: {self.summary or '(no title)'}",
            f"When: {self.start}",
            f"Where: {self.location}",
            f"Link: {self.link}",
        ]
        return "\n".join(line for line in lines if not line.endswith(": "))


def parse(calendar: str, method: str = "") -> Invitation | None:
    """The first VEVENT of ``calendar``; None where there is none.

    ``calendar`` has ``\\n`` line ends. ``method``: the parameter of the Content-Type field,
    for calendars that do not repeat it.
    """
    found: dict[str, tuple[str, str]] = {}
    open_components: list[str] = []
    seen = False
    for line in _FOLD.sub("", calendar[:_LONGEST]).split("\n"):
        match = _CONTENT_LINE.match(line)
        if match is None:
            continue
        name, parameters, value = match[1].upper(), match[2], match[3].strip()
        if name == "BEGIN":
            open_components.append(value.upper())
            seen = seen or value.upper() == "VEVENT"
        elif name == "END":
            if value.upper() == "VEVENT":
                break
            if open_components:
                open_components.pop()
        elif name == "METHOD":
            method = value
        elif open_components[-1:] == ["VEVENT"]:
            found.setdefault(name, (parameters, value))
    if not seen:
        return None
    return Invitation(
        method=method.upper(),
        summary=_text(found, "SUMMARY"),
        start=_moment(*found.get("DTSTART", ("", ""))),
        location=_text(found, "LOCATION"),
        link=_link(found),
    )


def _text(found: dict[str, tuple[str, str]], name: str) -> str:
    """A TEXT value (RFC 5545, 3.3.11) on one line."""
    value = _ESCAPE.sub(_unescaped, found.get(name, ("", ""))[1])
    lines = (" ".join(line.split()) for line in value.split("\n"))
    return ", ".join(line.rstrip(",") for line in lines if line)[:_VALUE_LENGTH]


def _unescaped(escape: re.Match[str]) -> str:
    return "\n" if escape[1] in "nN" else escape[1]


def _moment(parameters: str, value: str) -> str:
    match = _MOMENT.match(value)
    if match is None:
        return value[:_VALUE_LENGTH]
    year, month, day, hour, minute, utc = match.groups()
    if hour is None:
        return f"{year}-{month}-{day}"
    zone = _ZONE.search(parameters)
    named = "UTC" if utc else zone[1].strip() if zone else ""
    return f"{year}-{month}-{day} {hour}:{minute} {named}".rstrip()


def _link(found: dict[str, tuple[str, str]]) -> str:
    for name in _LINK_PROPERTIES:
        if value := _text(found, name):
            return value
    for name in ("LOCATION", "URL", "DESCRIPTION"):
        if match := _LINK.search(_ESCAPE.sub(_unescaped, found.get(name, ("", ""))[1])):
            return "" if name == "LOCATION" else match[0]
    return ""
