"""A calendar's location names a place, a conference, both or neither."""

from __future__ import annotations

import pytest

from jeeves.mail.conference import link_in, place_and_service


@pytest.mark.parametrize(
    "location",
    [
        "Microsoft Teams Meeting",
        "Microsoft Teams-Besprechung",
        "Réunion Microsoft Teams",
        "Reunión de Microsoft Teams",
        "Riunione di Microsoft Teams",
        "Spotkanie w aplikacji Microsoft Teams",
        "Microsoft Teams 会议",
        "Zoom",
        "Google Meet",
        "Webex Meeting",
        "Skype for Business Meeting",
        "Video call",
        "online",
        "https://example.org/join/1",
        "https://meet.google.com/abc (or dial +1 555)",
    ],
)
def test_a_service_or_a_link_is_no_place(location: str) -> None:
    assert place_and_service(location) == ("", location)


@pytest.mark.parametrize(
    "location",
    [
        "Café Sol, Hauptstr. 5, Berlin; ground floor",
        "Zoom 3",
        "Team room",
        "Building 4 - Zoom room",
        "Zoom Headquarters, San Jose",
        "https://maps.app.goo.gl/abc",
        "+1 555 123 4567",
        "Hybrid: Room 5 and Zoom",
    ],
)
def test_a_place_stays_as_it_is_written(location: str) -> None:
    assert place_and_service(location) == (location, "")


@pytest.mark.parametrize(
    "location", ["", "TBD", "tba", "T.B.C.", "To be confirmed", "?", "-", "offen"]
)
def test_what_is_still_open_is_neither(location: str) -> None:
    assert place_and_service(location) == ("", "")


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("Microsoft Teams Meeting; Room 12", "Room 12"),
        ("Room 12, Zoom", "Room 12"),
        ("Teams Meeting / my office", "my office"),
        ("Conf Rm 4-100 (16) AV; Microsoft Teams Meeting", "Conf Rm 4-100 (16) AV"),
    ],
)
def test_a_room_is_parted_from_the_service(location: str, place: str) -> None:
    assert place_and_service(location)[0] == place
    assert place_and_service(location)[1]


def test_a_link_that_a_filter_wrapped_is_unwrapped() -> None:
    wrapped = (
        "https://nam02.safelinks.protection.outlook.com/"
        "?url=https%3A%2F%2Fteams.microsoft.com%2Fl%2Fmeetup-join%2F19&data=05"
    )
    assert link_in(f"Join <{wrapped}>") == "https://teams.microsoft.com/l/meetup-join/19"
    assert link_in("see https://example.org/") == ""
