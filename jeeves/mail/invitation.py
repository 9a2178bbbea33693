"""Invitations (RFC 5545) as a few lines of plain text.

Our own reader instead of the package icalendar 7: that takes 90 ms and 10 MB to import on the
path that serves, 0.5 ms for one invitation, and refuses one that is cut off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jeeves.mail import conference

# A calendar file that is longer, or holds more events, holds other things than an invitation.
_LONGEST = 200_000
_MOST_EVENTS = 5
_VALUE_LENGTH = 500

_FOLD = re.compile(r"\n[ \t]")
# Name and parameters end at the first colon outside quotation marks (RFC 5545, 3.1).
_CONTENT_LINE = re.compile(r'([A-Za-z0-9-]+)((?:[^":]|"[^"]*")*+):(.*)', re.DOTALL)
_ZONE = re.compile(r';TZID=(?:"([^"]*)"|([^":;,]+))', re.IGNORECASE)
_TITLE = re.compile(r';X-TITLE=(?:"([^"]*)"|([^":;,]+))', re.IGNORECASE)
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(?:\d\d)?(Z?))?$")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_LINK_PROPERTIES = (
    "CONFERENCE",
    "X-GOOGLE-CONFERENCE",
    "X-MICROSOFT-SKYPETEAMSMEETINGURL",
    "X-MICROSOFT-ONLINEMEETINGCONFLINK",
    "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
)
_CANCELLED = "Cancelled"
_HEADINGS = {
    "CANCEL": _CANCELLED,
    "REPLY": "Answer",
    "REFRESH": "Answer",
    "DECLINECOUNTER": "Answer",
    "COUNTER": "Other proposal",
}

#: The lines of an event in the text of a mail, as ``Invitation.text`` writes them. A heading alone
#: is none: people write "Answer: yes" themselves.
EVENT = re.compile(
    r"^(?P<kind>Invitation|Cancelled|Answer|Other proposal): (?P<summary>.*)"
    r"(?P<lines>(?:\n(?:When|Where|Link): .*)+)",
    re.MULTILINE,
)

#: Parameters and value of each property of a component, the first of a name.
_Properties = dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Invitation:
    """What one VEVENT says."""

    #: REQUEST, CANCEL, REPLY, PUBLISH ... in upper case, or "".
    method: str
    summary: str
    #: ``2026-03-03 14:00 Europe/Berlin``, ``2026-03-03`` for a whole day, or "".
    start: str
    #: Where to go, or "": conferences and "TBD" are no places.
    location: str
    #: Address of a video conference, else the name of the service, or "".
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


def parse(calendar: str, method: str = "") -> tuple[Invitation, ...]:
    """The events of ``calendar``, the first few, as they stand.

    One that repeats and its exceptions (RECURRENCE-ID) are events of their own. ``calendar`` has
    ``\\n`` line ends. ``method``: the parameter of the Content-Type field, for calendars that do
    not repeat it.
    """
    events: list[_Properties] = []
    open_components: list[str] = []
    for line in _FOLD.sub("", calendar[:_LONGEST]).split("\n"):
        match = _CONTENT_LINE.match(line)
        if match is None:
            continue
        name, parameters, value = match[1].upper(), match[2], match[3].strip()
        if name == "BEGIN":
            open_components.append(value.upper())
            if open_components[-1] == "VEVENT":
                if len(events) == _MOST_EVENTS:
                    break
                events.append({})
        elif name == "END":
            # An event may be closed while something in it was left open.
            while open_components and open_components.pop() != value.upper():
                pass
        elif name == "METHOD" and not events:
            method = value
        elif open_components[-1:] == ["VEVENT"]:
            _keep(events[-1], name, parameters, value)
    return tuple(_invitation(event, method.upper()) for event in events)


def _keep(event: _Properties, name: str, parameters: str, value: str) -> None:
    # The first CONFERENCE is often a telephone number, an address says more.
    if name not in event or (name == "CONFERENCE" and event[name][1].lower().startswith("tel:")):
        event[name] = (parameters, value)


def _invitation(event: _Properties, method: str) -> Invitation:
    if event.get("STATUS", ("", ""))[1].upper() == "CANCELLED":
        method = "CANCEL"
    place, service = conference.place_and_service(_location(event))
    return Invitation(
        method=method,
        summary=_on_one_line(_text(event, "SUMMARY")),
        start=_start(event),
        location=_on_one_line(place),
        link=_link(event) or _on_one_line(service),
    )


def _location(event: _Properties) -> str:
    if location := _on_one_line(_text(event, "LOCATION")):
        return location
    # Apple's calendar may name a place on its map only.
    title = _TITLE.search(event.get("X-APPLE-STRUCTURED-LOCATION", ("", ""))[0])
    return (title[1] or title[2] or "") if title else ""


def _text(event: _Properties, name: str) -> str:
    """A TEXT value (RFC 5545, 3.3.11)."""
    return _ESCAPE.sub(_unescaped, event.get(name, ("", ""))[1])


def _unescaped(escape: re.Match[str]) -> str:
    return "\n" if escape[1] in "nN" else escape[1]


def _on_one_line(value: str) -> str:
    lines = (" ".join(line.split()) for line in value.split("\n"))
    return ", ".join(line.rstrip(",") for line in lines if line)[:_VALUE_LENGTH]


def _start(event: _Properties) -> str:
    parameters, value = event.get("DTSTART", ("", ""))
    # Exchange forgets the quotation marks around "tzone://Microsoft/Utc".
    match = _MOMENT.match(value.rpartition(":")[2] if value.startswith("//") else value)
    if match is None:
        return value[:_VALUE_LENGTH]
    year, month, day, hour, minute, utc = match.groups()
    all_day = event.get("X-MICROSOFT-CDO-ALLDAYEVENT", ("", ""))[1].upper() == "TRUE"
    if hour is None or all_day:
        return f"{year}-{month}-{day}"
    zone = _ZONE.search(parameters)
    named = "UTC" if utc else (zone[1] or zone[2] or "").strip() if zone else ""
    if named.startswith("tzone"):
        named = "UTC" if "/utc" in f"{named}{value}".lower() else ""
    return f"{year}-{month}-{day} {hour}:{minute} {named[:_VALUE_LENGTH]}".rstrip()


def _link(event: _Properties) -> str:
    for name in _LINK_PROPERTIES:
        if value := _on_one_line(_text(event, name)):
            return value
    for name in ("LOCATION", "URL", "DESCRIPTION", "X-ALT-DESC"):
        if found := conference.link_in(_text(event, name)):
            return found
    return ""
