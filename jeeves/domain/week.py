"""A moment of each week, such as that of the weekly digest; settings name it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from jeeves.domain.schedule import WEEKDAYS, clock, moment


@dataclass(frozen=True, slots=True)
class WeeklyAt:
    """A moment of each week, on the owner's clock."""

    #: 0 is Monday.
    weekday: int
    at: time

    def last(self, now: datetime, zone: tzinfo | None) -> datetime:
        """When it was the last time, ``now`` at the latest; UTC."""
        today = now.astimezone(zone).date()
        for weeks in (0, 1):
            day = today - timedelta(days=(today.weekday() - self.weekday) % 7 + 7 * weeks)
            if (due := moment(day, self.at, zone)) <= now:
                break
        return due


#: What WEEKLY_DIGEST=on means.
SUNDAY_EVENING = WeeklyAt(6, time(18))


def parse_weekly(words: str) -> WeeklyAt | None:
    """The moment that "sun 18:00", "friday 9" or "on" names; None for "off".

    Raises:
        ValueError: it is none of these.
    """
    said = words.lower().split()
    if said in (["off"], ["on"]):
        return SUNDAY_EVENING if said == ["on"] else None
    day, hour = said if len(said) == 2 else ("", "")
    named = [number for number, name in enumerate(WEEKDAYS) if name.startswith(day)]
    at = clock(hour)
    if len(day) < 3 or not named or at is None:
        raise ValueError("is not off, on, or a day and an hour such as sun 18:00")
    return WeeklyAt(named[0], at)
