"""Promise 3 under fire: several workers, a provider that fails, questions that close meanwhile."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import UTC, datetime, time, timedelta

import pytest

from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.alert import Alert, AlertKind, AlertState, Channel, Receipt
from jeeves.domain.outbox import Closing, Delivery
from jeeves.domain.schedule import Rules
from jeeves.errors import DeliveryDelayed, DeliveryUnknown
from jeeves.service.delivery import LEASE_SECONDS, deliver
from jeeves.service.terms import Terms
from tests.builders import ACCOUNT, an_alert, an_outcome

QUESTIONS = 60
WORKERS = 4
EVENING = datetime(2026, 11, 19, 21, 30, tzinfo=UTC)


class Killed(BaseException):
    """Stands for kill -9 of one worker: nothing after it runs."""


class Clock:
    """One for all workers; stands still while any of them works, as no lease ends in between."""

    now = EVENING

    def __init__(self) -> None:
        self.working = threading.Semaphore(WORKERS)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        for _ in range(WORKERS):
            self.working.acquire()
        self.now += timedelta(**by)
        self.working.release(WORKERS)


class Provider:
    """Takes texts as Twilio does, and fails in every way at random."""

    channel = Channel.SMS

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self.taken: list[Alert] = []
        self.kind = True

    def send(self, alert: Alert) -> Receipt:
        with self._lock:
            fate = self._chance.random() if self.kind else 1.0
            if fate < 0.1:
                raise DeliveryDelayed("busy")
            if fate < 0.2:
                raise DeliveryUnknown("time-out, not taken")
            if fate < 0.25:
                raise Killed
            self.taken.append(alert)
            if fate < 0.35:
                raise DeliveryUnknown("time-out, taken")
            if fate < 0.4:
                raise Killed
            return Receipt(f"SM{len(self.taken)}")

    def find(self, alert: Alert) -> Receipt | None:
        with self._lock:
            if self.kind and self._chance.random() < 0.2:
                raise DeliveryDelayed("busy")
            found = any(one.reference == alert.reference for one in self.taken)
            return Receipt("found") if found else None

    def follow(self, alert: Alert) -> Delivery | None:  # noqa: ARG002
        return Delivery("delivered", final=True, delivered=True)

    def check(self) -> str:
        return "fails at random"


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_or_said_twice_and_what_is_settled_is_taken_back_if_it_was_said(
    migrated_url: str, seed: int
) -> None:
    clock, provider = Clock(), Provider(seed)
    chance = random.Random(seed)
    terms = Terms(Rules(time(22), time(7), UTC, alerts_per_hour=20))
    keys = [f"gm:{number}" for number in range(QUESTIONS)]
    closed = set(chance.sample(keys, QUESTIONS // 3))
    store = PostgresStore(migrated_url)

    def ask(key: str) -> None:
        urgent = chance.random() < 0.3
        alert = an_alert(
            thread_key=key,
            question="1.1",
            text=f"{key}. jv",
            created_at=clock.now,
            urgent=urgent,
            expires_at=clock.now + timedelta(days=9),
        )
        store.record([], [an_outcome(thread_key=key, alerts=(alert,))])

    def close(key: str) -> None:
        closing = Closing("1.1", f"Settled: {key}.")
        outcome = an_outcome(thread_key=key, closed=(closing,), decided_at=clock.now)
        store.record([], [outcome])

    def work(stop: threading.Event) -> None:
        mine = PostgresStore(migrated_url)
        while not stop.is_set():
            try:
                with clock.working:
                    deliver(ACCOUNT, mine, provider, [], clock, terms)
            except Killed:
                mine.close()
                mine = PostgresStore(migrated_url)
            stop.wait(0.005)
        mine.close()

    stop = threading.Event()
    workers = [threading.Thread(target=work, args=(stop,)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    open_keys: list[str] = []
    for key in keys:
        ask(key)
        open_keys.append(key)
        if chance.random() < 0.5:
            candidate = chance.choice(open_keys)
            if candidate in closed:
                close(candidate)
        clock.advance(minutes=chance.choice([0, 1, 5]))
    for key in closed:
        close(key)
    for _ in range(25):
        clock.advance(minutes=30)
        stop.wait(0.02)
    provider.kind = False
    for _ in range(25):
        clock.advance(minutes=30, seconds=LEASE_SECONDS)
        stop.wait(0.05)
    stop.set()
    for worker in workers:
        worker.join(30)

    sent_twice = [ref for ref, n in Counter(a.reference for a in provider.taken).items() if n > 1]
    assert sent_twice == []
    said: Counter[str] = Counter()
    taken_back: Counter[str] = Counter()
    parts: dict[str, list[str]] = {}
    with store.connection.statement() as sql:
        sql.execute(
            "select thread_key, digest_reference as digest from alerts "
            "where digest_reference is not null"
        )
        for row in sql.fetchall():
            parts.setdefault(row["digest"], []).append(row["thread_key"])
    for alert in provider.taken:
        if alert.kind is AlertKind.RETRACTION:
            taken_back[alert.thread_key] += 1
        elif alert.kind is AlertKind.DIGEST:
            said.update(parts[alert.reference])
        else:
            said[alert.thread_key] += 1
    assert [key for key, count in said.items() if count > 1] == []
    assert {key for key in keys if key not in closed} <= said.keys()
    assert taken_back == Counter({key: 1 for key in said if key in closed})
    left = {
        alert.state
        for key in keys
        for rows in store.questions(ACCOUNT, key).values()
        for alert in rows
    }
    assert left <= {AlertState.SENT, AlertState.CANCELLED, AlertState.DIGESTED}
    assert any(alert.kind is AlertKind.DIGEST for alert in provider.taken)
    store.close()
