"""When people want to meet, as one reads it and as one hears it, on the owner's clock."""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo

from jeeves.domain.when import When

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = (
    "January February March April May June July August September October November December".split()
)
NEAR = {-1: "yesterday", 0: "today", 1: "tomorrow"}
#: A weekday alone is the next one of its name for this many days.
WEEK = 6
#: A date further away than this is said with its year.
YEAR_AFTER_DAYS = 180
NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
TENS = "_ _ twenty thirty forty fifty".split()
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
ORDINALS = [*_ORDINALS, *(f"twenty-{n}" for n in _ORDINALS[:9]), "thirtieth", "thirty-first"]


def written(when: When | None, zone: tzinfo, now: datetime, hours: int) -> str:
    """Such as ``Thu 12:30`` or ``tomorrow 3 pm``; "" where nothing was said.

    Args:
        when: as it was said.
        zone: the owner's.
        now: aware; what today is.
        hours: 12 or 24, the form of the hour.
    """
    day, at = _owners(when, zone, now)
    said = []
    if day is not None:
        said.append(_near(day, zone, now) or _written_day(day, zone, now))
    if at is not None:
        said.append(f"{at:%H:%M}" if hours == 24 else _twelve(at))
    return " ".join(said)


def spoken(when: When | None, zone: tzinfo, now: datetime) -> str:
    """Such as ``on Thursday at half past twelve``; "" where nothing was said."""
    day, at = _owners(when, zone, now)
    said = []
    if day is not None:
        said.append(_near(day, zone, now) or _spoken_day(day, zone, now))
    if at is not None:
        said.append(f"at {_spoken_hour(at)}")
    return " ".join(said)


def _owners(when: When | None, zone: tzinfo, now: datetime) -> tuple[date | None, time | None]:
    """Day and hour on the owner's clock, as far as they were said."""
    if when is None:
        return None, None
    at = when.at.replace(tzinfo=None) if when.at is not None else None
    if at is None or when.zone is None:
        return when.day, at
    try:
        day = when.day or now.astimezone(when.zone).date()
        here = datetime.combine(day, at, when.zone).astimezone(zone)
    except (OverflowError, ValueError):
        return when.day, at  # at the end of the calendar
    return (None if when.day is None else here.date()), here.time()


def _days_ahead(day: date, zone: tzinfo, now: datetime) -> int:
    try:
        today = now.astimezone(zone).date()
    except (OverflowError, ValueError):
        today = now.date()
    return (day - today).days


def _near(day: date, zone: tzinfo, now: datetime) -> str:
    return NEAR.get(_days_ahead(day, zone, now), "")


def _written_day(day: date, zone: tzinfo, now: datetime) -> str:
    ahead = _days_ahead(day, zone, now)
    weekday = DAYS[day.weekday()][:3]
    if 0 < ahead <= WEEK:
        return weekday
    dated = f"{weekday} {day.day} {MONTHS[day.month - 1][:3]}"
    return dated if abs(ahead) <= YEAR_AFTER_DAYS else f"{dated} {day.year}"


def _spoken_day(day: date, zone: tzinfo, now: datetime) -> str:
    ahead = _days_ahead(day, zone, now)
    weekday = f"on {DAYS[day.weekday()]}"
    if 0 < ahead <= WEEK:
        return weekday
    dated = f"{weekday} the {ORDINALS[day.day - 1]} of {MONTHS[day.month - 1]}"
    return dated if abs(ahead) <= YEAR_AFTER_DAYS else f"{dated} {day.year}"


def _twelve(at: time) -> str:
    """``3 pm``, ``3:30 pm``, ``noon``; half past twelve by day is ``12:30``."""
    minutes = f":{at.minute:02}" if at.minute else ""
    if at.hour == 12:
        return f"12{minutes}" if minutes else "noon"
    if at.hour == 0 and not minutes:
        return "midnight"
    return f"{at.hour % 12 or 12}{minutes} {'am' if at.hour < 12 else 'pm'}"


def _spoken_hour(at: time) -> str:
    """``half past twelve``, ``three in the afternoon``, ``noon``."""
    if at.minute == 0:
        return _hour(at.hour) if at.hour != 12 else "noon"
    if at.minute == 45:
        return f"quarter to {_hour((at.hour + 1) % 24)}"
    if at.minute in {15, 30}:
        return f"{'half' if at.minute == 30 else 'quarter'} past {_hour(at.hour)}"
    hour = NUMBERS[at.hour % 12 or 12]
    return f"{hour} {_minutes(at.minute)}{_part_of_day(at.hour)}"


def _hour(hour: int) -> str:
    return "midnight" if hour == 0 else f"{NUMBERS[hour % 12 or 12]}{_part_of_day(hour)}"


def _part_of_day(hour: int) -> str:
    """Nothing for twelve to one by day: twelve is noon enough."""
    if 1 <= hour < 12:
        return " in the morning"
    if hour == 12:
        return ""
    if 13 <= hour < 18:
        return " in the afternoon"
    return " in the evening" if 18 <= hour < 22 else " at night"


def _minutes(minute: int) -> str:
    if minute < 10:
        return f"oh {NUMBERS[minute]}"
    if minute < 20:
        return NUMBERS[minute]
    ten, one = divmod(minute, 10)
    return f"{TENS[ten]} {NUMBERS[one]}" if one else TENS[ten]


def in_words(number: int) -> str:
    """A count as it is said: in words up to twelve."""
    return NUMBERS[number] if 0 <= number <= 12 else str(number)
