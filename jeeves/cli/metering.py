"""What others watch Jeeves by: figures and a health check, where METRICS_PORT asks for them."""
# Imports of adapters stand in the functions: who asks for no figures loads nothing for them.

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from jeeves import __version__, bootstrap
from jeeves.cli.status import gather
from jeeves.domain.metering import UNMETERED, Meter, Standing
from jeeves.errors import StoreError, StoreUnavailable
from jeeves.modelling import ModelInUse

if TYPE_CHECKING:
    from jeeves.adapters.postgres.reading import Reading
    from jeeves.bootstrap import Database
    from jeeves.domain.alert import Channel
    from jeeves.domain.listing import AlertLine, Backlog
    from jeeves.settings import Settings

#: Seconds to wait for another question that the database is being asked.
PATIENCE = 5.0
#: Seconds for which an answer is good: however often they ask, the database is asked once.
KEPT = 1.0
#: Version of the model that serves, and whether it is the newest; asks no file.
Serving = Callable[[], tuple[str, bool]]


@contextmanager
def open_metrics(
    settings: Settings, database: Database, serving: Serving, channels: Iterable[Channel]
) -> Iterator[Meter]:
    """What is to be told of the work; /metrics and /healthz answer while this is open.

    Raises:
        ConfigError: METRICS_PORT is taken.
    """
    if settings.metrics_port is None:
        yield UNMETERED
        return
    from jeeves.adapters.metrics import MetricsServer, PrometheusMeter

    with closing(database.reading()) as reading:
        desk = Desk(settings, reading, serving)
        meter = PrometheusMeter(__version__, desk.standing)
        meter.reached(channels)
        with MetricsServer(port=settings.metrics_port, page=meter.page, health=desk.health):
            yield meter


class Desk:
    """Tells how things stand, to one after the other, over one connection."""

    def __init__(self, settings: Settings, reading: Reading, serving: Serving) -> None:
        self._addresses = [account.address for account in settings.accounts]
        self._silent = settings.silent_minutes * 60
        self._reading = reading
        self._serving = serving
        self._lock = Lock()
        self._kept: Standing | None = None
        self._kept_until = 0.0

    def standing(self) -> Standing | None:
        """How things stand now; None where the database does not tell."""
        try:
            return self._gather()
        except StoreError:
            return None

    def health(self) -> tuple[bool, Mapping[str, Any]]:
        """Whether all is well by the rules of `jeeves status`, and how things stand."""
        now = self.standing()
        if now is None:
            return False, {"healthy": False, "error": "the database cannot be used"}
        return now.healthy, now.as_json()

    def _gather(self) -> Standing:
        if not self._lock.acquire(timeout=PATIENCE):
            raise StoreUnavailable("The database has not answered an earlier question yet.")
        try:
            if self._kept is not None and time.monotonic() < self._kept_until:
                return self._kept
            version, newest = self._serving()
            report = gather(
                _Counts(self._reading),
                ModelInUse(version, newest),
                bootstrap.now(),
                self._addresses,
                self._silent,
            )
            self._kept = Standing(
                healthy=report.healthy,
                read_ages=report.read_ages,
                backlog=report.backlog,
                outbox=self._reading.outbox(),
                model=version,
                newest=newest,
                paused=report.paused_until is not None,
            )
            self._kept_until = time.monotonic() + KEPT
            return self._kept
        finally:
            self._lock.release()


class _Counts:
    """The database without what no figure tells: of a large one that takes as long as the rest."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def backlog(self) -> Backlog:
        return self._reading.backlog()

    def last_alerts(self, limit: int) -> list[AlertLine]:  # noqa: ARG002  # none is told
        return []

    def pauses(self, now: datetime) -> Mapping[str, datetime]:
        return self._reading.pauses(now)

    def mails_a_day(self, now: datetime) -> float | None:  # noqa: ARG002  # not told
        return None

    def heartbeats(self) -> Mapping[tuple[str, str], tuple[datetime, str]]:
        return self._reading.heartbeats()
