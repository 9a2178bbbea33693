"""When people want to meet, as far as they said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo


@dataclass(frozen=True, slots=True)
class When:
    """A day, an hour, or both; neither where only something like "next week" was said."""

    day: date | None = None
    at: time | None = None
    #: The clock of the person who said it.
    zone: tzinfo | None = None

    def start(self, fallback: tzinfo) -> datetime | None:
        """The moment, aware; without an hour, noon. None where no day was said."""
        if self.day is None:
            return None
        try:
            moment = datetime.combine(self.day, self.at or time(12), self.zone or fallback)
            moment.astimezone(UTC)
        except OverflowError:
            return None
        return moment

    def joined(self, later: When | None) -> When:
        """What is known once ``later`` was said, too."""
        if later is None:
            return self
        if later.day is not None and later.at is None and later.day != self.day:
            return When(later.day, None, later.zone)
        return When(later.day or self.day, later.at or self.at, later.zone or self.zone)
