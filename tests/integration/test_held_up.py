"""A process that is held up between its claim and its text, or killed after an attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.alert import Alert, AlertState, Channel, Receipt
from jeeves.domain.outbox import FOLLOW_SECONDS, Delivery
from jeeves.errors import DeliveryRefused, DeliveryUnknown
from jeeves.service.delivery import LEASE_SECONDS, attempt, deliver
from tests.builders import ACCOUNT, NOW, an_alert, an_outcome
from tests.fakes import FakeClock, RecordingNotifier


class Killed(BaseException):
    """Stands for kill -9: nothing after it runs."""


@dataclass
class SlowNotifier(RecordingNotifier):
    """Does something else in the middle of a lookup."""

    meanwhile: Callable[[], object] = field(default=lambda: None)

    def find(self, alert: Alert) -> Receipt | None:
        found = super().find(alert)
        self.meanwhile()
        return found


@pytest.fixture
def store(migrated_url: str) -> Iterator[PostgresStore]:
    store = PostgresStore(migrated_url)
    yield store
    store.close()


@pytest.fixture
def alert(store: PostgresStore) -> Alert:
    alert = an_alert(question="1.1")
    store.record([], [an_outcome(thread_key=alert.thread_key, alerts=(alert,))])
    return alert


def test_whoever_looked_up_for_longer_than_its_lease_does_not_send_what_another_has_sent(
    store: PostgresStore, alert: Alert, migrated_url: str
) -> None:
    clock, sms = FakeClock(), SlowNotifier(Channel.SMS)
    sms.faults = [DeliveryUnknown("time-out")]
    deliver(ACCOUNT, store, sms, [], clock)
    clock.advance(seconds=10)

    def another() -> None:
        sms.meanwhile = lambda: None
        clock.advance(seconds=LEASE_SECONDS + 1)
        its_store = PostgresStore(migrated_url)
        assert deliver(ACCOUNT, its_store, sms, [], clock) == (1, 0)
        its_store.close()

    sms.meanwhile = another
    deliver(ACCOUNT, store, sms, [], clock)
    assert [sent.reference for sent in sms.sent] == [alert.reference]
    [[row]] = store.questions(ACCOUNT, alert.thread_key).values()
    assert row.state is AlertState.SENT


def test_whoever_was_held_up_alone_claims_again_and_sends(
    store: PostgresStore, alert: Alert
) -> None:
    clock, sms = FakeClock(), SlowNotifier(Channel.SMS)
    sms.faults = [DeliveryUnknown("time-out")]
    deliver(ACCOUNT, store, sms, [], clock)
    clock.advance(seconds=10)
    sms.meanwhile = lambda: clock.advance(seconds=LEASE_SECONDS - 1)
    assert deliver(ACCOUNT, store, sms, [], clock) == (1, 0)
    assert [sent.reference for sent in sms.sent] == [alert.reference]
    assert len(sms.looked_up) == 1


def test_nothing_is_sent_by_a_machine_that_slept_after_its_claim() -> None:
    clock, sms = FakeClock(), RecordingNotifier(Channel.SMS)
    send_by = clock.now
    clock.advance(seconds=1)
    after = attempt(an_alert(), sms, clock, send_by)
    assert (after.state, after.not_before) == (AlertState.PENDING, clock.now)
    assert sms.sent == []


def test_a_process_killed_after_a_refusal_has_told_the_owner_of_it(
    store: PostgresStore, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, sms = FakeClock(), RecordingNotifier(Channel.SMS)
    sms.faults = [DeliveryRefused("a landline")] * 2

    def killed(settled: Alert, now: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(store, "settle", killed)
        with pytest.raises(Killed):
            deliver(ACCOUNT, store, sms, [Channel.SPEECH], clock)
    told = store.claim(ACCOUNT, [Channel.SPEECH], NOW, LEASE_SECONDS)
    assert told is not None
    clock.advance(seconds=LEASE_SECONDS + 1)
    assert deliver(ACCOUNT, store, sms, [Channel.SPEECH], clock) == (0, 1)
    [[row]] = store.questions(ACCOUNT, alert.thread_key).values()
    assert row.state is AlertState.FAILED
    assert store.claim(ACCOUNT, [Channel.SPEECH], NOW, LEASE_SECONDS) is None


def test_a_process_killed_after_a_text_did_not_arrive_has_told_the_owner_of_it(
    store: PostgresStore, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, sms = FakeClock(), RecordingNotifier(Channel.SMS)
    deliver(ACCOUNT, store, sms, [Channel.SPEECH], clock)
    clock.advance(seconds=FOLLOW_SECONDS[0])
    sms.deliveries = [Delivery("undelivered", final=True, delivered=False, error="a landline")]

    def killed(asked: Alert, followed: Alert) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(store, "write_follow", killed)
        with pytest.raises(Killed):
            deliver(ACCOUNT, store, sms, [Channel.SPEECH], clock)
    told = store.claim(ACCOUNT, [Channel.SPEECH], clock.now, LEASE_SECONDS)
    assert told is not None
    assert "a landline" in told.text
