"""When the weekly digest is due, and what it says."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.domain.alert import Channel
from jeeves.domain.sms import segments
from jeeves.domain.watching import ToldText
from jeeves.domain.week import SUNDAY_EVENING, WeeklyAt, parse_weekly
from jeeves.domain.weekly import WeekTold, weekly_text

LINE = (
    "week to 22 Nov: 240 mails judged, 3 alerts (2 answered: 1 right, 1 needless), 1 missed found "
    "later; 1 of 2 answers in 90 days right; scores as before (PSI 0.03), words too few mails"
)
REFERENCE = "jv-ABCD2345"
BERLIN = ZoneInfo("Europe/Berlin")


def told(*texts: str, unsure: int = 4, line: str = LINE) -> WeekTold:
    alerts = [ToldText(f"jv-TEST{n:04}", f"{text} jv-TEST{n:04}") for n, text in enumerate(texts)]
    return WeekTold(line, alerts, unsure)


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("off", None),
        ("on", SUNDAY_EVENING),
        ("sun 18:00", SUNDAY_EVENING),
        ("Friday 9am", WeeklyAt(4, time(9))),
        ("thu 7:30", WeeklyAt(3, time(7, 30))),
    ],
)
def test_a_day_and_an_hour_are_read(words: str, at: WeeklyAt | None) -> None:
    assert parse_weekly(words) == at


@pytest.mark.parametrize("words", ["", "sun", "18:00", "s 18:00", "sun 25:00", "yes", "on sun 18"])
def test_anything_else_is_a_sentence(words: str) -> None:
    with pytest.raises(ValueError, match="such as sun 18:00"):
        parse_weekly(words)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-22 18:00", "2026-11-22 18:00"),
        ("2026-11-22 17:59", "2026-11-15 18:00"),
        ("2026-11-25 03:00", "2026-11-22 18:00"),
    ],
)
def test_the_last_moment_is_that_of_the_owners_clock(now: str, due: str) -> None:
    def there(said: str) -> datetime:
        return datetime.fromisoformat(said).replace(tzinfo=BERLIN).astimezone(UTC)

    assert SUNDAY_EVENING.last(there(now), BERLIN) == there(due)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.integers(0, 6))
def test_it_is_never_in_the_future_and_at_most_a_week_ago(now: datetime, weekday: int) -> None:
    aware = now.replace(tzinfo=UTC)
    due = WeeklyAt(weekday, time(2, 30)).last(aware, BERLIN)
    # the clocks may have been set back meanwhile
    assert timedelta(0) <= aware - due <= timedelta(days=7, hours=1)
    assert due.astimezone(BERLIN).weekday() == weekday


def test_it_carries_the_line_of_the_week_the_unsure_and_the_alerts() -> None:
    said = weekly_text(told("Ana Lopez: lunch Thu 12:30?"), Channel.SMS, REFERENCE)
    assert (
        said
        == f"Your {LINE}; 4 mails unsure: jeeves ask. Told: Ana Lopez: lunch Thu 12:30? "
        + (REFERENCE)
    )


@given(
    st.lists(st.text(max_size=300), max_size=8),
    st.integers(0, 10**6),
    st.text(max_size=900) | st.just(LINE),
)
def test_a_text_message_has_two_segments_and_its_reference_last(
    texts: list[str], unsure: int, line: str
) -> None:
    said = weekly_text(told(*texts, unsure=unsure, line=line), Channel.SMS, REFERENCE)
    assert segments(said) <= 2
    assert said.endswith(REFERENCE)


def test_of_more_alerts_than_there_is_room_for_the_rest_is_counted() -> None:
    texts = [f"Somebody of {n}: lunch on Thursday at noon?" for n in range(19)]
    said = weekly_text(told(*texts, line="week to 22 Nov: fine"), Channel.SMS, REFERENCE)
    assert "Somebody of 0" in said
    assert re.search(r"; and \d+ more jv-", said)


def test_other_channels_are_told_all_alerts_and_aloud_counts_alone() -> None:
    texts = [f"Somebody of {n}: lunch on Thursday at noon?" for n in range(9)]
    longer = weekly_text(told(*texts), Channel.URL, REFERENCE)
    assert all(text in longer for text in texts)
    assert longer.endswith(REFERENCE)
    aloud = weekly_text(told(*texts), Channel.SPEECH, REFERENCE)
    assert "Somebody" not in aloud
    assert "4 mails unsure" in aloud
    assert "jv-" not in aloud


def test_no_sign_of_it_costs_the_alphabet_of_text_messages() -> None:
    advice = "week to 22 Nov: scores changed: `jeeves ask` and `jeeves retrain` help"
    said = weekly_text(told(line=advice, unsure=0), Channel.SMS, REFERENCE)
    assert segments(said) == 1
    assert "`" not in said
