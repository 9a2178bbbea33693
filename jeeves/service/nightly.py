"""Retraining in the night, in a process of its own, while mail goes on being judged."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Protocol

import structlog

from jeeves.domain.metering import UNMETERED, Meter
from jeeves.domain.ports import Clock

log = structlog.get_logger()

#: Hours in which a night's training may begin.
NIGHT_HOURS = 5
#: A machine that sleeps at night trains by day after so long.
LONGEST_WAIT = timedelta(days=3)
#: How often it is looked whether the hour has come, in seconds.
TICK_SECONDS = 30.0


class Training(Protocol):
    """A training under way."""

    def ended(self) -> str | None:
        """Why it failed, or "" where it did not; None while it is under way."""
        ...

    def stop(self) -> None:
        """End it; what serves stays."""
        ...


@dataclass(slots=True)
class Nightly:
    """Begins a training once a night; whether there is enough to learn is the training's word."""

    start: Callable[[], Training]
    clock: Clock
    #: Of the owner's day, 0 to 23.
    hour: int
    #: Of the owner; None for the machine's.
    zone: tzinfo | None = None
    #: Is told how each training ends.
    meter: Meter = UNMETERED
    _training: Training | None = field(init=False, default=None)
    _begun_at: datetime | None = field(init=False, default=None)
    _night: date | None = field(init=False, default=None)

    def run(self, stop: threading.Event) -> None:
        """Until ``stop`` is set."""
        try:
            while not stop.is_set():
                self.step()
                stop.wait(TICK_SECONDS)
        finally:
            if self._training is not None:
                self._training.stop()

    def step(self) -> None:
        """Begin what is due, and see how it fares."""
        if self._training is not None:
            failure = self._training.ended()
            if failure is None:
                return
            self._training = None
            self.meter.retrained(failed=bool(failure))
            if failure:
                log.warning("retraining failed", reason=failure)
        now = self.clock()
        self._begun_at = self._begun_at or now
        night = self._night_of(now)
        overdue = now - self._begun_at >= LONGEST_WAIT
        if (night is None or night == self._night) and not overdue:
            return
        self._night, self._begun_at = night or self._night, now
        log.info("retraining begins")
        self._training = self.start()

    def _night_of(self, now: datetime) -> date | None:
        """The night that ``now`` is in; None by day."""
        since = now.astimezone(self.zone) - timedelta(hours=self.hour)
        return since.date() if since.hour < NIGHT_HOURS else None
