"""When an alert may be said: quiet hours, near meetings, reminders, pauses."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jeeves.domain.alert import STALE_AFTER
from jeeves.domain.schedule import (
    REMINDER_GAP,
    Rules,
    expires_at,
    is_urgent,
    month_of,
    night_of,
    parse_pause,
    plan,
    quiet_end,
    reminder_at,
    say_at,
)
from jeeves.errors import ConfigError

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTS = Rules(time(22), time(7), BERLIN, reminder_hours=3)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-19 21:59:59", None),
        ("2026-11-19 22:00", "2026-11-20 07:00"),
        ("2026-11-20 00:00", "2026-11-20 07:00"),
        ("2026-11-20 06:59:59", "2026-11-20 07:00"),
        ("2026-11-20 07:00", None),
        # the night in which an hour is left out, and the one in which an hour comes twice
        ("2026-03-28 23:00", "2026-03-29 07:00"),
        ("2026-10-24 23:00", "2026-10-25 07:00"),
    ],
)
def test_quiet_hours_cross_midnight(now: str, end: str | None) -> None:
    assert quiet_end(berlin(now), NIGHTS) == (berlin(end) if end else None)


def test_nights_are_an_hour_shorter_or_longer_when_the_clocks_change() -> None:
    for evening, hours in [("2026-03-28", 8), ("2026-10-24", 10), ("2026-11-19", 9)]:
        night = night_of(berlin(f"{evening} 23:00"), NIGHTS)
        assert night is not None
        assert night[1] - night[0] == timedelta(hours=hours)


def test_quiet_hours_may_lie_within_a_day_or_not_be() -> None:
    siesta = Rules(time(13), time(15, 30), BERLIN)
    assert quiet_end(berlin("2026-11-19 14:00"), siesta) == berlin("2026-11-19 15:30")
    assert quiet_end(berlin("2026-11-19 15:30"), siesta) is None
    assert quiet_end(berlin("2026-11-19 03:00"), siesta) is None
    for none in (Rules(zone=BERLIN), Rules(time(7), time(7), BERLIN)):
        assert quiet_end(berlin("2026-11-19 03:00"), none) is None


clocks = st.times().map(lambda at: at.replace(second=0, microsecond=0))
zones = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
).map(ZoneInfo)
moments = st.one_of(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    # around the nights in which the clocks of these zones change
    *(
        st.timedeltas(-timedelta(hours=30), timedelta(hours=30)).map(lambda by, at=at: at + by)  # type: ignore[misc]
        for at in map(
            datetime.fromisoformat, ["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01"]
        )
    ),
).map(lambda naive: naive.replace(tzinfo=UTC))


@given(moments, clocks, clocks, zones)
def test_what_waits_out_quiet_hours_is_said_outside_them_and_within_a_day(
    now: datetime, begin: time, end: time, zone: ZoneInfo
) -> None:
    awake = (begin.hour - end.hour) * 60 + begin.minute - end.minute
    # Whose only hour is left out when the clocks change has a day without any.
    assume(awake == 0 or awake % (24 * 60) > 60)
    rules = Rules(begin, end, zone)
    said = say_at(None, now, rules)
    assert now <= said <= now + timedelta(hours=25)
    assert quiet_end(said, rules) is None
    assert say_at(None, said, rules) == said
    if said > now:
        shown = said.astimezone(zone)
        # An hour that is left out is shown as the one behind it.
        skipped = shown.utcoffset() != (said - timedelta(hours=2)).astimezone(zone).utcoffset()
        assert shown.time() == end or skipped


@given(moments, zones)
def test_on_the_clock_of_the_owner_nothing_is_said_between_ten_and_seven(
    now: datetime, zone: ZoneInfo
) -> None:
    shown = say_at(None, now, Rules(time(22), time(7), zone)).astimezone(zone).time()
    assert time(7) <= shown < time(22)


@pytest.mark.parametrize(
    ("start", "urgent"),
    [
        ("2026-11-19 23:30", True),
        ("2026-11-20 23:59", True),
        ("2026-11-21 00:00", False),
        ("2026-11-18 12:00", False),
        (None, False),
    ],
)
def test_today_and_tomorrow_are_urgent_by_the_owners_calendar(
    start: str | None, urgent: bool
) -> None:
    now = berlin("2026-11-19 23:00").astimezone(UTC)
    assert is_urgent(berlin(start) if start else None, now, NIGHTS) is urgent


def test_the_senders_clock_counts_as_the_moment_that_it_shows() -> None:
    tokyo = datetime(2026, 11, 21, 6, tzinfo=ZoneInfo("Asia/Tokyo"))  # the 20th in Berlin
    assert is_urgent(tokyo, berlin("2026-11-19 12:00"), NIGHTS)


def test_a_near_meeting_is_told_at_night_and_others_in_the_morning() -> None:
    now, morning = berlin("2026-11-19 23:00"), berlin("2026-11-20 07:00")
    assert say_at(berlin("2026-11-20 09:00"), now, NIGHTS) == now
    assert say_at(berlin("2026-11-24 09:00"), now, NIGHTS) == morning
    assert say_at(None, now, NIGHTS) == morning
    assert say_at(None, berlin("2026-11-19 12:00"), NIGHTS) == berlin("2026-11-19 12:00")


def test_an_alert_is_of_use_until_the_meeting_else_for_a_day_after_it_may_be_said() -> None:
    now, morning = berlin("2026-11-19 23:00"), berlin("2026-11-20 07:00")
    start = berlin("2026-11-24 12:00")
    assert plan(start, now, NIGHTS).expires_at == start
    assert plan(start, now, NIGHTS, hour_known=False).expires_at == berlin("2026-11-25 00:00")
    assert plan(None, now, NIGHTS).expires_at == morning + STALE_AFTER
    assert expires_at(None, now) == now + STALE_AFTER


@pytest.mark.parametrize(
    "absurd", [datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)]
)
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_an_absurd_day_counts_as_none(absurd: datetime, zone: str) -> None:
    rules = Rules(time(22), time(7), ZoneInfo(zone), reminder_hours=3)
    now = berlin("2026-11-19 12:00")
    there = absurd.replace(tzinfo=ZoneInfo(zone))
    for start in (absurd, there):
        assert plan(start, now, rules) == plan(None, now, rules)
        assert say_at(start, now, rules) == say_at(None, now, rules)
        assert expires_at(start, now) == expires_at(None, now)
        assert reminder_at(start, now, rules) is None


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-11-24 12:00", "2026-11-24 09:00"),
        # quiet hours: when they end ...
        ("2026-11-24 09:00", "2026-11-24 07:00"),
        ("2026-11-24 08:00", "2026-11-24 07:00"),
        # ... but an early meeting the evening before
        ("2026-11-24 07:30", "2026-11-23 21:30"),
        ("2026-11-25 01:30", "2026-11-24 21:30"),
        # past, or hardly later than the alert
        ("2026-11-20 09:00", None),
        ("2026-11-20 12:00", None),
        ("2026-11-20 13:30", "2026-11-20 10:30"),
        (None, None),
    ],
)
def test_a_reminder_comes_before_the_meeting_at_a_decent_hour(
    start: str | None, due: str | None
) -> None:
    first = berlin("2026-11-20 09:30")
    found = reminder_at(berlin(start) if start else None, first, NIGHTS)
    assert found == (berlin(due) if due else None)


@given(moments, st.timedeltas(timedelta(0), timedelta(days=40)), zones, st.floats(0.5, 48))
def test_a_reminder_never_comes_at_night_nor_after_the_meeting_nor_with_the_alert(
    now: datetime, ahead: timedelta, zone: ZoneInfo, hours: float
) -> None:
    rules = Rules(time(22), time(7), zone, reminder_hours=hours)
    planned = plan(now + ahead, now, rules)
    if planned.remind_at is not None:
        assert planned.say_at + REMINDER_GAP <= planned.remind_at < planned.expires_at
        assert quiet_end(planned.remind_at, rules) is None


def test_without_hours_there_is_no_reminder() -> None:
    assert reminder_at(berlin("2026-11-24 12:00"), berlin("2026-11-20 12:00"), Rules()) is None


@pytest.mark.parametrize(
    ("words", "until"),
    [
        ("2h", "2026-11-19 14:00"),
        ("90m", "2026-11-19 13:30"),
        ("1h30m", "2026-11-19 13:30"),
        (" 1 H 30 M ", "2026-11-19 13:30"),
        ("3d", "2026-11-22 12:00"),
        ("until 14:00", "2026-11-19 14:00"),
        ("until 2pm", "2026-11-19 14:00"),
        ("until 12am", "2026-11-20 00:00"),
        ("until 9:15", "2026-11-20 09:15"),
        ("until tomorrow", "2026-11-20 07:00"),
        ("until tomorrow 9:30", "2026-11-20 09:30"),
        ("until fri", "2026-11-20 07:00"),
        ("until thursday", "2026-11-26 07:00"),
        ("until 2026-12-01", "2026-12-01 07:00"),
        ("until 2026-12-01 14:00", "2026-12-01 14:00"),
    ],
)
def test_a_pause_is_said_in_the_owners_words(words: str, until: str) -> None:
    assert parse_pause(words, berlin("2026-11-19 12:00"), NIGHTS) == berlin(until)


@pytest.mark.parametrize(
    "words",
    [
        *("", "until", "until ", "soon", "until soon", "2", "2x", "0m", "-2h", "until 25:00"),
        *("until 13pm", "until 2026-13-01", "until 2020-01-01", "until 9999-12-31", "9999d"),
        *("until tomorrow soon", "until th", "'; drop table pauses; --"),
    ],
)
def test_what_is_no_pause_is_refused_in_one_sentence_that_shows_the_way(words: str) -> None:
    with pytest.raises(ConfigError, match=r"such as 2h.*\.$") as caught:
        parse_pause(words, berlin("2026-11-19 12:00"), NIGHTS)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=30))
def test_any_text_is_a_pause_or_refused(words: str) -> None:
    now = berlin("2026-11-19 12:00")
    with contextlib.suppress(ConfigError):
        assert now < parse_pause(words, now, NIGHTS) <= now + timedelta(days=366)


def test_the_month_is_the_owners() -> None:
    begin, end = month_of(datetime(2026, 11, 30, 23, 30, tzinfo=UTC), NIGHTS)
    assert (begin, end) == (berlin("2026-12-01 00:00"), berlin("2027-01-01 00:00"))


def test_without_a_zone_the_machines_clock_counts() -> None:
    now = datetime(2026, 11, 19, 12, tzinfo=UTC)
    local = now.astimezone()
    rules = Rules(local.time(), (local + timedelta(hours=2)).time())
    assert quiet_end(now, rules) == now + timedelta(hours=2)
