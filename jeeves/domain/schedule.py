"""When an alert may be said, when it is reminded of, and when it is too late.

Moments are compared, never what clocks show: an hour that a change of the clocks leaves out or
repeats makes a night shorter or longer, and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from jeeves.domain.alert import STALE_AFTER
from jeeves.errors import ConfigError

#: A reminder sooner after the alert than this would be the alert again.
REMINDER_GAP = timedelta(hours=1)
#: A reminder later than this before the meeting leaves no time to agree on a place.
REMINDER_LEAST = timedelta(hours=1)
#: A reminder that would fall into quiet hours may come this long before they begin.
BEFORE_QUIET = timedelta(minutes=30)
#: A meeting farther away than this is a slip of who wrote, or of who read.
FARTHEST = timedelta(days=3660)
#: When a day begins for whoever has no quiet hours.
MORNING = time(7)
LONGEST_PAUSE = timedelta(days=366)
WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
PAUSE_HINT = (
    "Say how long, such as 2h, 90m or 3d, or until when: until 14:00, until tomorrow, until fri, "
    "until 2026-12-01"
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the owner wants of alerts; by default nothing holds them back."""

    #: Quiet hours on the owner's clock, across midnight where they begin later than they end;
    #: None, or both the same: there are none.
    quiet_from: time | None = None
    quiet_until: time | None = None
    #: The owner's zone; None is the machine's own.
    zone: tzinfo | None = None
    #: On one channel; more go together. None: as many as come.
    alerts_per_hour: int | None = None
    #: Of all accounts, by the owner's calendar. None: as many as come.
    sms_per_month: int | None = None
    #: Hours before the meeting; 0 for no reminders.
    reminder_hours: float = 0
    #: Whether an alert is taken back that turns out to be needless.
    retractions: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """The times of one question."""

    #: When the alert may be said.
    say_at: datetime
    #: After this nobody would thank us for it.
    expires_at: datetime
    #: Whether the meeting is so near that quiet hours do not count.
    urgent: bool
    #: When the reminder is due; None where there is none.
    remind_at: datetime | None


def plan(start: datetime | None, now: datetime, rules: Rules, hour_known: bool = True) -> Plan:
    """When to speak of a question that came up at ``now``.

    Args:
        start: Of the meeting; None, or absurdly far away: it is not known.
        now: Aware.
        rules: The owner's.
        hour_known: Whether an hour was said; else the question is of use all that day.
    """
    start = near(start, now)
    first = say_at(start, now, rules)
    return Plan(
        say_at=first,
        expires_at=expires_at(start, first, hour_known),
        urgent=is_urgent(start, now, rules),
        remind_at=reminder_at(start, first, rules),
    )


def near(start: datetime | None, now: datetime) -> datetime | None:
    """``start``, unless it is further from ``now`` than any meeting would be."""
    return start if start is not None and abs(start - now) <= FARTHEST else None


def is_urgent(start: datetime | None, now: datetime, rules: Rules) -> bool:
    """Whether the meeting is today or tomorrow by the owner's calendar; False where unknown."""
    start = near(start, now)
    if start is None:
        return False
    today = now.astimezone(rules.zone).date()
    return today <= start.astimezone(rules.zone).date() <= today + timedelta(days=1)


def quiet_end(now: datetime, rules: Rules) -> datetime | None:
    """When the quiet hours end in which ``now`` lies, in UTC; None outside them."""
    night = night_of(now, rules)
    return night[1] if night else None


def night_of(now: datetime, rules: Rules) -> tuple[datetime, datetime] | None:
    """Begin and end, in UTC, of the quiet hours in which ``now`` lies; None outside them."""
    begin, end = rules.quiet_from, rules.quiet_until
    if begin is None or end is None or begin == end:
        return None
    today = now.astimezone(rules.zone).date()
    for evening in (today - timedelta(days=1), today):
        morning = evening + timedelta(days=begin > end)
        begins = moment(evening, begin, rules.zone)
        ends = moment(morning, end, rules.zone)
        if begins <= now < ends:
            return begins, ends
    return None


def say_at(start: datetime | None, now: datetime, rules: Rules) -> datetime:
    """The first moment, ``now`` or later, at which an alert about a meeting may be said.

    A meeting today or tomorrow is told at once; others, and those of which no day is known, wait
    out quiet hours.
    """
    if is_urgent(start, now, rules):
        return now
    return quiet_end(now, rules) or now


def expires_at(start: datetime | None, first: datetime, hour_known: bool = True) -> datetime:
    """When an alert that may be said from ``first`` on is of no more use.

    That is when the meeting starts; where no hour was said, when its day ends; where no day is
    known, a day after the alert may first be said, so that one that waits for the morning does
    not go stale meanwhile.
    """
    start = near(start, first)
    if start is None:
        return first + STALE_AFTER
    if hour_known:
        return start.astimezone(UTC)
    return moment(start.date() + timedelta(days=1), time(0), start.tzinfo)


def reminder_at(start: datetime | None, first: datetime, rules: Rules) -> datetime | None:
    """When to remind of a place that is still open; None where there is no good moment.

    Args:
        start: Of the meeting.
        first: When the alert may be said.
        rules: The owner's.

    It is due ``reminder_hours`` before the meeting. One that would fall into quiet hours comes when
    they end, if that is an hour or more before the meeting, else half an hour before they begin:
    an early meeting is arranged the evening before. None less than an hour after the alert.
    """
    start = near(start, first)
    if start is None or rules.reminder_hours <= 0:
        return None
    due = start.astimezone(UTC) - timedelta(hours=rules.reminder_hours)
    night = night_of(due, rules)
    if night is not None:
        begins, ends = night
        due = ends if ends <= start - REMINDER_LEAST else begins - BEFORE_QUIET
    return due if due >= first + REMINDER_GAP else None


def month_of(now: datetime, rules: Rules) -> tuple[datetime, datetime]:
    """Begin, and begin of the next, of the owner's calendar month in which ``now`` lies; UTC."""
    first = now.astimezone(rules.zone).date().replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return moment(first, time(0), rules.zone), moment(following, time(0), rules.zone)


def parse_pause(words: str, now: datetime, rules: Rules) -> datetime:
    """Until when a pause lasts that an owner asks for at ``now``; UTC.

    "2h", "90m", "1h30m", "3d"; "until 14:00" (today, else tomorrow); "until tomorrow", "until fri"
    and "until 2026-12-01" (in the morning, when quiet hours end), also with an hour behind them.

    Raises:
        ConfigError: it is none of these, or no time within a year from now.
    """
    asked = " ".join(words.lower().split())
    span = re.fullmatch(r"(?:(\d{1,4}) ?d)? ?(?:(\d{1,4}) ?h)? ?(?:(\d{1,5}) ?m)?", asked)
    if asked and span:
        days, hours, minutes = (int(part or 0) for part in span.groups())
        until = now + timedelta(days=days, hours=hours, minutes=minutes)
    elif asked.startswith("until "):
        until = parse_until(asked.removeprefix("until "), now, rules)
    else:
        raise ConfigError(f"That is no length of time and no moment. {PAUSE_HINT}.")
    if not now < until <= now + LONGEST_PAUSE:
        raise ConfigError(f"A pause ends later than now and within a year. {PAUSE_HINT}.")
    return until.astimezone(UTC)


def parse_until(asked: str, now: datetime, rules: Rules) -> datetime:
    """The moment that "14:00", "tomorrow", "fri" or "2026-12-01" names, as in `parse_pause`.

    Raises:
        ConfigError: it is none of these.
    """
    today = now.astimezone(rules.zone).date()
    said, _, hour = asked.partition(" ")
    at = clock(said)
    if at is not None and not hour:
        until = moment(today, at, rules.zone)
        return until if until > now else moment(today + timedelta(days=1), at, rules.zone)
    day = calendar_day(said, today)
    at = clock(hour) if hour else rules.quiet_until or MORNING
    if day is None or at is None:
        raise ConfigError(f"That is no length of time and no moment. {PAUSE_HINT}.")
    return moment(day, at, rules.zone)


def calendar_day(said: str, today: date) -> date | None:
    """ "tomorrow", the next day of that name ("fri"), or an ISO date; None for anything else."""
    if said == "tomorrow":
        return today + timedelta(days=1)
    named = [number for number, name in enumerate(WEEKDAYS) if name.startswith(said)]
    if len(said) >= 3 and named:
        return today + timedelta(days=(named[0] - today.weekday() - 1) % 7 + 1)
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None


def clock(said: str) -> time | None:
    """The time of day that "14:00", "14" or "2pm" names; None for anything else."""
    found = re.fullmatch(r"(\d{1,2})(?::(\d{2}))? ?(am|pm)?", said)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (found[3] == "pm")
    return time(hour, minute) if hour < 24 and minute < 60 else None


def moment(day: date, at: time, zone: tzinfo | None) -> datetime:
    """When a clock in ``zone`` (None: the machine's own) first shows ``at`` on ``day``; UTC."""
    local = datetime.combine(day, at)
    return (local.replace(tzinfo=zone) if zone else local.astimezone()).astimezone(UTC)
