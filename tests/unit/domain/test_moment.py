"""When people want to meet, on the owner's clock."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.domain.moment import spoken, written
from jeeves.domain.when import When

#: A Tuesday, eleven in the morning in New York.
NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
LONDON = ZoneInfo("Europe/London")
AUCKLAND = ZoneInfo("Pacific/Auckland")
THURSDAY = date(2026, 3, 12)


@pytest.mark.parametrize(
    ("day", "read", "heard"),
    [
        (date(2026, 3, 10), "today", "today"),
        (date(2026, 3, 11), "tomorrow", "tomorrow"),
        (date(2026, 3, 9), "yesterday", "yesterday"),
        (THURSDAY, "Thu", "on Thursday"),
        (date(2026, 3, 16), "Mon", "on Monday"),
        # a week from today is no longer "Tuesday"
        (date(2026, 3, 17), "Tue 17 Mar", "on Tuesday the seventeenth of March"),
        (date(2026, 3, 5), "Thu 5 Mar", "on Thursday the fifth of March"),
        (date(2026, 5, 31), "Sun 31 May", "on Sunday the thirty-first of May"),
        (date(2027, 3, 12), "Fri 12 Mar 2027", "on Friday the twelfth of March 2027"),
        (date(1900, 1, 1), "Mon 1 Jan 1900", "on Monday the first of January 1900"),
        (date(9999, 12, 31), "Fri 31 Dec 9999", "on Friday the thirty-first of December 9999"),
    ],
)
def test_a_day_is_named_by_its_distance(day: date, read: str, heard: str) -> None:
    assert written(When(day), NEW_YORK, NOW, 12) == read
    assert spoken(When(day), NEW_YORK, NOW) == heard


@pytest.mark.parametrize(
    ("at", "twelve", "twenty_four", "heard"),
    [
        (time(0, 0), "midnight", "00:00", "midnight"),
        (time(0, 5), "12:05 am", "00:05", "twelve oh five at night"),
        (time(0, 30), "12:30 am", "00:30", "half past midnight"),
        (time(7, 0), "7 am", "07:00", "seven in the morning"),
        (time(8, 45), "8:45 am", "08:45", "quarter to nine in the morning"),
        (time(11, 45), "11:45 am", "11:45", "quarter to twelve"),
        (time(12, 0), "noon", "12:00", "noon"),
        (time(12, 30), "12:30", "12:30", "half past twelve"),
        (time(12, 10), "12:10", "12:10", "twelve ten"),
        (time(13, 15), "1:15 pm", "13:15", "quarter past one in the afternoon"),
        (time(15, 0), "3 pm", "15:00", "three in the afternoon"),
        (time(15, 20), "3:20 pm", "15:20", "three twenty in the afternoon"),
        (time(16, 42, 59), "4:42 pm", "16:42", "four forty two in the afternoon"),
        (time(19, 30), "7:30 pm", "19:30", "half past seven in the evening"),
        (time(22, 0), "10 pm", "22:00", "ten at night"),
        (time(23, 45), "11:45 pm", "23:45", "quarter to midnight"),
    ],
)
def test_an_hour_is_said_as_people_say_it(
    at: time, twelve: str, twenty_four: str, heard: str
) -> None:
    when = When(THURSDAY, at)
    assert written(when, NEW_YORK, NOW, 12) == f"Thu {twelve}"
    assert written(when, NEW_YORK, NOW, 24) == f"Thu {twenty_four}"
    assert spoken(when, NEW_YORK, NOW) == f"on Thursday at {heard}"


def test_nothing_is_said_of_what_was_not() -> None:
    assert written(None, UTC, NOW, 12) == spoken(None, UTC, NOW) == ""
    assert written(When(), UTC, NOW, 12) == spoken(When(), UTC, NOW) == ""
    assert written(When(None, time(15)), UTC, NOW, 12) == "3 pm"
    assert spoken(When(None, time(15)), UTC, NOW) == "at three in the afternoon"


@pytest.mark.parametrize(
    ("zone", "at", "read"),
    [
        # London is four hours ahead of New York in these weeks of March, not five
        (LONDON, time(19), "Thu 3 pm"),
        (NEW_YORK, time(15), "Thu 3 pm"),
        (None, time(15), "Thu 3 pm"),
        (AUCKLAND, time(9), "tomorrow 4 pm"),
        # a day without an hour is that day, whoever says so
        (AUCKLAND, None, "Thu"),
    ],
)
def test_an_hour_of_another_clock_is_told_on_the_owners(
    zone: tzinfo | None, at: time | None, read: str
) -> None:
    assert written(When(THURSDAY, at, zone), NEW_YORK, NOW, 12) == read


def test_an_hour_of_another_clock_without_a_day_stays_without_one() -> None:
    assert written(When(None, time(19), LONDON), NEW_YORK, NOW, 12) == "3 pm"


def test_today_is_the_owners_today() -> None:
    late = datetime(2026, 3, 12, 3, 0, tzinfo=UTC)  # still Wednesday in New York
    assert written(When(THURSDAY), NEW_YORK, late, 12) == "tomorrow"
    assert written(When(THURSDAY), LONDON, late, 12) == "today"


ZONES = st.sampled_from([None, UTC, NEW_YORK, LONDON, AUCKLAND])


@given(
    st.builds(When, st.none() | st.dates(), st.none() | st.times(), ZONES),
    ZONES,
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from([12, 24]),
)
def test_any_moment_can_be_said(when: When, zone: tzinfo | None, now: datetime, hours: int) -> None:
    read, heard = written(when, zone or UTC, now, hours), spoken(when, zone or UTC, now)
    assert bool(read) == bool(heard) == (when.day is not None or when.at is not None)
    assert len(read) <= len("Wed 30 Sep 2026 12:30 pm")
    assert len(re.findall(r"\d+", heard)) <= 1  # a year
    assert ":" not in heard
