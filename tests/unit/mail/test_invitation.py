"""Calendars of RFC 5545 become a few lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.mail.invitation import Invitation
from jeeves.mail.invitation import parse as parse_all


def parse(calendar: str, method: str = "") -> Invitation | None:
    """The only event of ``calendar``."""
    found = parse_all(calendar, method)
    assert len(found) <= 1
    return found[0] if found else None


def event(*lines: str) -> str:
    return "\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"])


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("LOCATION:Room 12", "Where: Room 12"),
        ("LOCATION:Caf\n é Sol\\, Main\n\t Street", "Where: Café Sol, Main Street"),
        ('LOCATION;ALTREP="http://example.org:80/x":Room 12', "Where: Room 12"),
        ("LOCATION;LANGUAGE=en:Room 12\\nBuilding A\\; north", "Where: Room 12, Building A; north"),
        ("location:Room 12", "Where: Room 12"),
        ("DTSTART:20260305T140000Z", "When: 2026-03-05 14:00 UTC"),
        ("DTSTART;TZID=Europe/Berlin:20260305T140000", "When: 2026-03-05 14:00 Europe/Berlin"),
        ('DTSTART;TZID="W. Europe":20260305T140000', "When: 2026-03-05 14:00 W. Europe"),
        ("DTSTART;VALUE=DATE:20260305", "When: 2026-03-05"),
        ("X-GOOGLE-CONFERENCE:https://meet.google.com/a", "Link: https://meet.google.com/a"),
        ("CONFERENCE;VALUE=URI:https://x.example/1", "Link: https://x.example/1"),
        (
            "DESCRIPTION:Join here: https://us02web.zoom.us/j/12?pwd=3\\nBye",
            "Link: https://us02web.zoom.us/j/12?pwd=3",
        ),
    ],
)
def test_a_property_becomes_a_line(line: str, text: str) -> None:
    found = parse(event("SUMMARY:Budget", line))
    assert found is not None
    assert found.text == f"Invitation: Budget\n{text}"


def test_an_event_without_a_place_has_no_line_for_it() -> None:
    found = parse(event("SUMMARY:Budget", "LOCATION:", "DESCRIPTION:See you"))
    assert found is not None
    assert found.text == "Invitation: Budget"
    assert found.location == ""


def test_times_of_zones_and_alarms_are_not_taken_for_the_events() -> None:
    calendar = (
        "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nBEGIN:DAYLIGHT\nDTSTART:19700329T020000\nEND:DAYLIGHT\n"
        "END:VTIMEZONE\nBEGIN:VEVENT\nBEGIN:VALARM\nSUMMARY:Alarm\nEND:VALARM\nSUMMARY:Budget\n"
        "END:VEVENT\nBEGIN:VEVENT\nSUMMARY:Second\nEND:VEVENT\n"
    )
    found = parse_all(calendar)
    assert [one.text for one in found] == ["Invitation: Budget", "Invitation: Second"]


@pytest.mark.parametrize(
    ("method", "heading"),
    [("REQUEST", "Invitation"), ("CANCEL", "Cancelled"), ("REPLY", "Answer"), ("", "Invitation")],
)
def test_the_heading_says_what_is_asked(method: str, heading: str) -> None:
    in_type = parse(event("SUMMARY:Budget"), method)
    in_calendar = parse(f"METHOD:{method}\n" + event("SUMMARY:Budget"))
    assert in_type is not None
    assert in_calendar is not None
    assert in_type.text == in_calendar.text == f"{heading}: Budget"


def test_a_calendar_that_is_cut_off_is_read_as_far_as_it_goes() -> None:
    found = parse("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Budget\nLOCATION:Room 12\nDTST")
    assert found is not None
    assert found.location == "Room 12"


def test_a_calendar_without_an_event_is_none() -> None:
    assert parse("BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:Shop\nEND:VTODO\nEND:VCALENDAR") is None
    assert parse("") is None


@given(st.text(max_size=200))
def test_no_text_makes_it_fail(text: str) -> None:
    parse(event(text))
