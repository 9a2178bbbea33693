"""Many alerts, a Twilio on a bad day, and workers that are killed: what became of each alert."""

from __future__ import annotations

import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2

from jeeves.adapters.postgres.store import PostgresStore
from jeeves.adapters.sms.codes import sentence
from jeeves.domain.alert import Alert, AlertState, Channel, make_reference
from jeeves.domain.conversation import Conversation
from jeeves.domain.outbox import Outcome
from jeeves.errors import ConfigError
from scripts.bench.alerting.clock import SharedClock
from scripts.bench.alerting.mischief import BAD_LOGIN, REFERENCE, Mischief
from scripts.bench.alerting.workers import ACCOUNT, Workers
from scripts.bench.ingesting.children import memory_mb
from scripts.bench.judgement.tables import table
from tests.twilio_standin import TwilioStandIn

SENDER, RECIPIENT = "+15005550006", "+15558675310"
#: Alerts that are put into the outbox in one transaction.
_BATCH = 500
_PAUSE = 0.005
#: The clock is set forward to so long after what is due next, so that more is due by then.
_STRIDE = timedelta(seconds=20)
#: Seconds between two looks at the memory of the workers.
_LOOK = 0.25
_DUE = """
select min(case state when 'sending' then lease_until else coalesce(not_before, created_at) end)
from alerts where state in ('pending', 'sending', 'unknown')
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried."""

    alerts: int
    workers: int
    seed: int
    #: On average so many requests between two kills; 0 for none.
    kill_every: int
    #: Seconds that workers wait for an answer.
    timeout: float
    #: How fast the clock goes by itself, as `SharedClock.make`.
    pace: float = 1.0
    #: Whether Twilio has a bad day.
    faults: bool = True
    #: After so many seconds it is given up.
    longest: float = 3600.0


@dataclass(frozen=True, slots=True)
class Fates:
    """What became of the alerts: counts."""

    alerts: int
    #: By Twilio, at least once.
    accepted: int
    #: Given up for a final reason that Twilio gave, and not accepted.
    refused: int
    #: Given up because nobody would thank us any more, and not accepted.
    expired: int
    #: None of these three: must be 0.
    lost: int
    #: More than once: must be 0.
    accepted_twice: int
    #: Accepted, and the outbox does not know.
    accepted_unknown: int
    #: The outbox has another message's sid as the receipt: must be 0.
    wrong_receipts: int
    #: Sent again before a Retry-After was over: must be 0.
    hurried: int

    @property
    def broken(self) -> bool:
        """Whether anything is so that must not be."""
        return any((self.lost, self.accepted_twice, self.wrong_receipts, self.hurried))


@dataclass(frozen=True, slots=True)
class Found:
    """What a trial came to."""

    trial: Trial
    fates: Fates
    kills: int
    requests: int
    #: Steps of the stand-in by kind.
    steps: Mapping[str, int]
    #: From the first start of a worker until the outbox was drained.
    seconds: float
    #: By how much the clock was ahead in the end, in hours.
    hours_ahead: float
    #: Of the largest worker, in MB.
    peak_mb: float

    @property
    def alerts_per_second(self) -> float:
        """Alerts that reached their end, a second."""
        return self.trial.alerts / self.seconds

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "alerts_per_second": self.alerts_per_second}

    def lines(self) -> Iterator[str]:
        """For people."""
        trial = self.trial
        day = f"faults, seed {trial.seed}" if trial.faults else "no faults"
        title = (
            f"{trial.alerts} alerts, {trial.workers} workers, {self.kills} kills, {day}: "
            f"{self.alerts_per_second:.0f} alerts/s, {self.seconds:.0f} s, "
            f"{self.peak_mb:.0f} MB at most a worker, {self.requests} requests, "
            f"clock set forward {self.hours_ahead:.1f} h"
        )
        fates = asdict(self.fates)
        yield table(
            title, ["fate", "alerts"], [[k.replace("_", " "), str(v)] for k, v in fates.items()]
        )
        if trial.faults:
            steps = sorted(self.steps.items(), key=lambda step: -step[1])
            yield table("what Twilio did", ["step", "requests"], [[k, str(v)] for k, v in steps])


def run(trial: Trial, dsn: str, folder: Path) -> Found:
    """Put alerts into the empty outbox of ``dsn`` and let workers deliver them to the end.

    Raises:
        ConfigError: it took longer than ``trial.longest``.
        RuntimeError: a worker ended by itself.
    """
    with (
        SharedClock.make(folder / "clock", trial.workers, trial.pace) as clock,
        TwilioStandIn() as twilio,
        closing(psycopg2.connect(dsn)) as connection,
    ):
        connection.autocommit = True
        mischief = Mischief(trial.seed, clock)
        twilio.clock, twilio.carries_at_once = clock, True
        if trial.faults:
            twilio.mischief = mischief
        started_at = clock()
        alerts = fill(dsn, trial.alerts, started_at)
        told = {
            "clock": str(folder / "clock"),
            "dsn": dsn,
            "sms": {
                "account_sid": twilio.account_sid,
                "auth_token": twilio.auth_token,
                "sender": SENDER,
                "to": RECIPIENT,
                "base_url": twilio.base_url,
                "timeout": trial.timeout,
            },
        }
        began = time.monotonic()
        with Workers(trial.workers, told) as workers:
            watch = _Watch(trial, clock, twilio, workers, lambda: _one(connection, _DUE))
            watch.until_drained()
            seconds = time.monotonic() - began
        return Found(
            trial=trial,
            fates=fates(alerts, rows(connection), twilio, mischief),
            kills=watch.kills,
            requests=len(twilio.requests),
            steps=dict(mischief.steps),
            seconds=seconds,
            hours_ahead=((clock() - started_at).total_seconds() - seconds * trial.pace) / 3600,
            peak_mb=watch.peak_mb,
        )


def fill(dsn: str, count: int, now: datetime) -> list[Alert]:
    """Put so many alerts, each of a conversation of its own, into the outbox."""
    alerts = []
    for number in range(count):
        reference = make_reference(secrets.randbelow)
        alerts.append(
            Alert(
                reference=reference,
                account=ACCOUNT,
                thread_key=f"bench:{number}",
                message_id=None,
                channel=Channel.SMS,
                text=f'Ana {number}: lunch Thu 12:30? No place yet. ("grab lunch") {reference}',
                created_at=now,
                question="1.1",
            )
        )
    with closing(PostgresStore(dsn)) as store:
        for start in range(0, count, _BATCH):
            store.record(
                [],
                [
                    Outcome(ACCOUNT, alert.thread_key, 0, 0, now, Conversation(), alerts=(alert,))
                    for alert in alerts[start : start + _BATCH]
                ],
            )
    return alerts


class _Watch:
    """Kills workers, sets the clock forward, and sees when the outbox is drained."""

    def __init__(
        self,
        trial: Trial,
        clock: SharedClock,
        twilio: TwilioStandIn,
        workers: Workers,
        next_due: Callable[[], datetime | None],
    ) -> None:
        self._trial, self._clock, self._twilio, self._workers = trial, clock, twilio, workers
        self._next_due = next_due
        self._random = random.Random(trial.seed)  # noqa: S311  # repeats, hides nothing
        self._kill_at = self._after(0)
        self._look_at = 0.0
        self.kills = 0
        self.peak_mb = 0.0

    def until_drained(self) -> None:
        """Return when every alert has reached its end."""
        deadline = time.monotonic() + self._trial.longest
        while True:
            time.sleep(_PAUSE)
            if time.monotonic() > deadline:
                raise ConfigError(f"The outbox was not drained in {self._trial.longest:.0f} s.")
            if time.monotonic() > self._look_at:
                self._look_at = time.monotonic() + _LOOK
                self._look()
            self._kill_if_due()
            resting = self._clock.resting()
            if any(resting) and self._drained(all(resting)):
                self._look()
                return

    def _drained(self, all_rest: bool) -> bool:
        """Start the next turn if there is something to do in it; whether there never will be."""
        quiet = self._twilio.quiet
        due = self._next_due()
        if due is None:
            return all_rest
        if due > self._clock():
            # A killed worker's request may still be on its way: it has the time of its lease.
            if not (all_rest and quiet):
                return False
            self._clock.set_forward(due + _STRIDE)
        self._clock.next_turn()
        return False

    def _after(self, requests: int) -> int:
        return requests + self._random.randint(1, max(1, 2 * self._trial.kill_every - 1))

    def _kill_if_due(self) -> None:
        requests = len(self._twilio.requests)
        if not self._trial.kill_every or requests < self._kill_at:
            return
        self._kill_at = self._after(requests)
        # At any point of what a worker does, not only where this loop finds it.
        time.sleep(self._random.random() * 2 * _PAUSE)
        self._look()
        self._workers.replace(self._random.randrange(self._trial.workers))
        self.kills += 1
        if sys.stderr.isatty() and self.kills % 20 == 0:
            print(f"\r{requests} requests, {self.kills} kills", end=" ", file=sys.stderr)

    def _look(self) -> None:
        for pid in self._workers.pids:
            self.peak_mb = max(self.peak_mb, memory_mb(pid, "VmHWM"))


def rows(connection: Any) -> dict[str, tuple[AlertState, str, str]]:
    """State, receipt and error of each row of the outbox, by its reference."""
    with connection.cursor() as sql:
        sql.execute("select reference, state, coalesce(receipt, ''), error from alerts")
        return {
            reference: (AlertState(state), receipt, error)
            for reference, state, receipt, error in sql.fetchall()
        }


def fates(
    alerts: Sequence[Alert],
    outbox: Mapping[str, tuple[AlertState, str, str]],
    twilio: TwilioStandIn,
    mischief: Mischief,
) -> Fates:
    """What became of ``alerts``, by what the stand-in took and said, and the outbox knows."""
    sids: dict[str, list[str]] = {}
    for message in twilio.messages:
        for reference in REFERENCE.findall(message["body"]):
            sids.setdefault(reference, []).append(message["sid"])
    counts: Counter[str] = Counter()
    # A question does not say which alert it is about: of these refusals only the number is known.
    questions_refused = mischief.questions_refused
    for alert in alerts:
        state, receipt, error = outbox[alert.reference]
        accepted = sids.get(alert.reference, [])
        if accepted:
            counts["accepted"] += 1
            counts["accepted_twice"] += len(accepted) > 1
            counts["accepted_unknown"] += state is not AlertState.SENT
            counts["wrong_receipts"] += state is AlertState.SENT and receipt not in accepted
            continue
        said = any(error == sentence(code) for code in mischief.refused[alert.reference])
        if state is AlertState.FAILED and said:
            counts["refused"] += 1
        elif state is AlertState.FAILED and error == sentence(BAD_LOGIN) and questions_refused:
            questions_refused -= 1
            counts["refused"] += 1
        elif state is AlertState.EXPIRED:
            counts["expired"] += 1
        else:
            counts["lost"] += 1
    return Fates(
        alerts=len(alerts),
        hurried=mischief.hurried,
        **{
            name: counts[name]
            for name in (
                *("accepted", "refused", "expired", "lost"),
                *("accepted_twice", "accepted_unknown", "wrong_receipts"),
            )
        },
    )


def _one(connection: Any, query: str) -> datetime | None:
    with connection.cursor() as sql:
        sql.execute(query)
        found: datetime | None = sql.fetchone()[0]
        return found
