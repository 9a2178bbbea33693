# ruff: noqa: RUF001 - digits of all kinds are in what is read.
"""Days and hours in sentences."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeeves.domain.when import When
from jeeves.mail.moments import found_in

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
#: A Tuesday.
TUESDAY = datetime(2026, 3, 10, 15, 0, tzinfo=BERLIN)


def day_of(sentence: str, written: datetime = TUESDAY, told: date | None = None) -> date | None:
    found = found_in(sentence, written, told)
    return found.day if found else None


def hour_of(sentence: str) -> time | None:
    found = found_in(sentence, TUESDAY)
    return found.at if found else None


@pytest.mark.parametrize(
    ("sentence", "day"),
    [
        ("Shall we eat together today?", "2026-03-10"),
        ("Tonight would be good", "2026-03-10"),
        ("tmrw then", "2026-03-11"),
        ("Hast du morgen Zeit?", "2026-03-11"),
        ("Übermorgen passt es mir", "2026-03-12"),
        ("¿Te va bien mañana?", "2026-03-11"),
        ("Thursday suits me", "2026-03-12"),
        ("thurs, after the shop shuts", "2026-03-12"),
        ("Am Freitag um zwölf", "2026-03-13"),
        ("jeudi midi", "2026-03-12"),
        ("el viernes por la tarde", "2026-03-13"),
        ("Monday?", "2026-03-16"),
        ("mon or tues?", "2026-03-16"),
        ("mon 3pm", "2026-03-16"),
        ("the weekly thing is Thursday weekly", "2026-03-12"),
        # of the day itself the next one is meant
        ("Tuesday again", "2026-03-17"),
        ("next Friday", "2026-03-20"),
        ("next Monday", "2026-03-16"),
        ("Thursday week", "2026-03-19"),
        ("the Friday after next", "2026-03-20"),
        ("the 19th", "2026-03-19"),
        ("on the 3rd", "2026-04-03"),
        ("Friday 27", "2026-03-27"),
        ("Friday the 27th", "2026-03-27"),
        ("March 24", "2026-03-24"),
        ("24 March", "2026-03-24"),
        ("the 2nd of April", "2026-04-02"),
        ("2. April", "2026-04-02"),
        ("2 de abril", "2026-04-02"),
        ("January 8", "2027-01-08"),
        ("January 8, 2026", "2026-01-08"),
        ("2026-05-30 it is", "2026-05-30"),
        ("24/3 at six", "2026-03-24"),
        ("24.3.2026", "2026-03-24"),
        ("am 24.3. um 19 Uhr", "2026-03-24"),
        ("3/4/26", "2026-04-03"),
    ],
)
def test_a_day_is_read_from_the_day_on_which_it_was_written(sentence: str, day: str) -> None:
    assert day_of(sentence) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "sentence",
    [
        "I sat down with the plans",
        "The sun is out",
        "C'est mon anniversaire, avec mon mari",
        "We may come",
        "It costs 24.50",
        "Version 3.11 is out",
        "on the 5th floor",
        "at 5th street",
        "Good morning!",
        "Nothing about time here.",
        "",
        "half of it",
        "10% of us",
        "Call 555 1234",
    ],
)
def test_what_is_no_day_is_taken_for_none(sentence: str) -> None:
    assert day_of(sentence) is None


@pytest.mark.parametrize(
    ("sentence", "at"),
    [
        ("at 3", "15:00"),
        ("at 3pm", "15:00"),
        ("at 3 a.m.", "03:00"),
        ("12am", "00:00"),
        ("12 pm", "12:00"),
        ("breakfast at 7", "07:00"),
        ("at 7", "19:00"),
        ("12:30", "12:30"),
        ("06:15", "06:15"),
        ("19h30", "19:30"),
        ("um 19 Uhr", "19:00"),
        ("à 20h", "20:00"),
        ("half past six", "18:30"),
        ("quarter to 8", "19:45"),
        ("at noon", "12:00"),
        ("around eleven", "11:00"),
        ("8ish, or say 9", "08:00"),
        ("say 6", "18:00"),
        ("4-6pm", "16:00"),
        ("Wed. 10/14, 6:30 p.m.", "18:30"),
    ],
)
def test_an_hour_is_that_which_people_mean(sentence: str, at: str) -> None:
    assert hour_of(sentence) == time.fromisoformat(at)


@pytest.mark.parametrize(
    "sentence",
    [
        "at 3 people's request",
        "for 12 minutes",
        "1:2:3",
        "$12:30",
        "score 3:2",
        "at 5 Main Street",
        "room 12",
        "at 13",
        "in 2026",
        "24/3",
    ],
)
def test_what_is_no_hour_is_taken_for_none(sentence: str) -> None:
    assert hour_of(sentence) is None


@pytest.mark.parametrize(
    "sentence",
    ["sometime next week", "one evening", "this weekend", "in two weeks", "la semaine prochaine"],
)
def test_some_time_is_no_day_and_no_hour(sentence: str) -> None:
    assert found_in(sentence, TUESDAY) == When(None, None, BERLIN)


def test_americans_write_the_month_first() -> None:
    assert day_of("3/12 works", datetime(2026, 3, 10, tzinfo=NEW_YORK)) == date(2026, 3, 12)
    assert day_of("3/12 works", datetime(2026, 3, 10, tzinfo=UTC)) == date(2026, 12, 3)
    assert day_of("30/4", datetime(2026, 3, 10, tzinfo=NEW_YORK)) == date(2026, 4, 30)


def test_the_tuesday_is_one_near_to_the_date_that_was_told() -> None:
    told = date(2026, 4, 22)
    assert day_of("the Tuesday", told=told) == date(2026, 4, 21)
    assert day_of("the Friday", told=told) == date(2026, 4, 24)
    assert day_of("Friday the 13th", told=told) == date(2026, 3, 13)
    assert day_of("the Friday", told=date(2026, 1, 5)) == date(2026, 3, 13)


@pytest.mark.parametrize(
    ("written", "sentence", "day"),
    [
        (datetime(1900, 1, 1, tzinfo=UTC), "Friday", date(1900, 1, 5)),
        (datetime(1900, 3, 1, tzinfo=UTC), "29.2.1900", None),
        (datetime(1, 1, 1, tzinfo=UTC), "31.12.", None),
        (datetime(9999, 12, 31, tzinfo=UTC), "tomorrow", None),
        (datetime(9999, 12, 30, tzinfo=UTC), "Friday", date(9999, 12, 31)),
        (datetime(9999, 12, 31, tzinfo=UTC), "on the 30th", None),
        (datetime(9999, 12, 31, tzinfo=UTC), "March 3", None),
        (datetime(2026, 3, 10, tzinfo=UTC), "1 January 1900 at 12:30", None),
        (datetime(2026, 3, 10, tzinfo=UTC), "April 3, 1900", date(2026, 4, 3)),
        (datetime(2026, 3, 10, tzinfo=UTC), "April 3, 1966", None),
        (datetime(2026, 3, 10, tzinfo=UTC), "on 31 December 9999", None),
        (datetime(2026, 3, 10, tzinfo=UTC), "31.12.9999", None),
        (datetime(2026, 3, 10, tzinfo=UTC), "2027-02-29", None),
        (datetime(2026, 3, 10, tzinfo=UTC), "February 30", None),
        (datetime(2028, 1, 31, tzinfo=UTC), "on the 30th", date(2028, 3, 30)),
        (datetime(2026, 12, 31, tzinfo=UTC), "on the 1st", date(2027, 1, 1)),
    ],
)
def test_the_ends_of_the_calendar_are_no_error(
    written: datetime, sentence: str, day: date | None
) -> None:
    assert day_of(sentence, written) == day


def test_a_date_told_at_the_end_of_the_calendar_is_no_error() -> None:
    assert day_of("Monday", TUESDAY, date.max) is not None
    assert day_of("Monday", TUESDAY, date.min) == date(2026, 3, 16)


def test_days_are_those_of_the_sender_when_the_clocks_change() -> None:
    """In the night to 29 March the clocks of Berlin are put forward."""
    eve = datetime(2026, 3, 28, 23, 59, tzinfo=BERLIN)
    found = found_in("tomorrow at 02:30", eve)
    assert found == When(date(2026, 3, 29), time(2, 30), BERLIN)
    start = found.start(UTC)
    assert start is not None
    # an hour that is left out is the one behind it
    assert start.astimezone(UTC) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


MOMENTS = st.sampled_from(
    """next Friday the 31st 30.2. 31/12 99:99 at 25 half past twelve 0 12.30 2026-13-45 may sun
    mañana tomorrow after next 20th of February 29 Monday - : . / , 24h 24:59 12 pm am 1900 9999
    heute 3/5/99 Donnerstag º ª ² ٣ １２""".split()
)


@given(
    st.lists(st.one_of(MOMENTS, st.text(max_size=6)), max_size=12).map(" ".join),
    st.datetimes(timezones=st.sampled_from([UTC, BERLIN, timezone(timedelta(hours=-23))])),
    st.one_of(st.none(), st.dates()),
)
@settings(deadline=None)
def test_any_sentence_of_any_year_is_read(
    sentence: str, written: datetime, told: date | None
) -> None:
    found = found_in(sentence, written, told)
    assert found is None or found.zone is written.tzinfo
