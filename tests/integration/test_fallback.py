"""ALERT_URLS_WHEN=fallback: told there once, and only what the first channel did not deliver."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.alert import Alert, AlertKind, AlertState, Channel
from jeeves.domain.outbox import RESEND_AFTER, Delivery, MuteKind
from jeeves.domain.schedule import Rules
from jeeves.errors import DeliveryDelayed, DeliveryRefused, DeliveryUnknown
from jeeves.service.delivery import deliver, deliver_all, new_reference
from jeeves.service.silence import SILENT_AFTER
from jeeves.service.telling import tell_of_model
from jeeves.service.terms import Terms
from jeeves.service.triage import run_cycle
from tests.builders import ACCOUNT, NOW, an_alert, raw_mail
from tests.fakes import FakeMailbox, FakeScorer, RecordingNotifier
from tests.integration.test_outbox import Post

LOST = Delivery("undelivered", final=True, delivered=False, error="A landline.")
AWAY = Delivery("undelivered", final=True, delivered=False, retry=True, error="Phone off.")
TERMS = Terms(fallback=Channel.URL)
LONG = SILENT_AFTER.total_seconds() + 60


class Fallback(Post):
    """An outbox with text messages first and apprise's addresses behind them."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.url = RecordingNotifier(Channel.URL)
        self.mailbox = FakeMailbox()
        self.terms = TERMS

    @property
    def notifiers(self) -> list[RecordingNotifier]:
        """As `jeeves.notifying` lists them; SPEECH=off."""
        return [self.sms, self.url]

    def deliver(self) -> tuple[int, int]:
        return deliver_all(ACCOUNT, self.store, self.notifiers, self.clock, self.terms)

    def cycle(self) -> None:
        run_cycle(self.mailbox, self.store, FakeScorer, self.notifiers, self.clock, self.terms)

    def mail(self, text: str = "Want to grab lunch on Friday?") -> None:
        self.mailbox.add(raw_mail(text=text, date=self.clock.now), self.clock.now)

    @property
    def told(self) -> list[Alert]:
        """What was told by the fallback, notices left out."""
        return [alert for alert in self.url.sent if alert.kind is not AlertKind.NOTICE]


@pytest.fixture
def post(migrated_url: str) -> Iterator[Fallback]:
    post = Fallback(migrated_url)
    yield post
    post.store.close()
    post.reading.close()


def test_what_the_first_channel_delivers_is_not_told_there(post: Fallback) -> None:
    post.cycle()
    post.mail()
    post.cycle()
    post.later(hours=1)
    assert len(post.texts) == 1
    assert post.url.sent == []
    assert [line.channel for line in post.reading.last_alerts(9)] == [Channel.SMS]


def test_what_the_first_channel_refuses_is_told_there_at_once_and_once(post: Fallback) -> None:
    post.cycle()
    post.sms.faults = [DeliveryRefused("Unverified number.")]
    post.mail()
    post.cycle()
    for _ in range(3):
        post.cycle()
        post.clock.advance(minutes=20)
    [told] = post.told
    assert told.kind is AlertKind.ALERT
    assert "lunch" in told.text
    assert told.reference in told.text
    assert post.texts == []


@pytest.mark.parametrize("delivery", [LOST, AWAY])
def test_a_text_that_did_not_arrive_is_told_there_and_not_sent_anew(
    post: Fallback, delivery: Delivery
) -> None:
    """Told on one of the two, not on both: the other would come half an hour later."""
    alert = post.ask(expires_at=NOW + timedelta(hours=9))
    post.sms.deliveries = [delivery]
    post.deliver()
    assert post.told == []
    post.later(seconds=15)
    [told] = post.told
    assert told.text.startswith("Person 1 wants to meet")
    assert post.state(alert) is AlertState.FAILED
    post.later(seconds=RESEND_AFTER.total_seconds() + 1)
    assert len(post.texts) == len(post.told) == 1


def test_what_cannot_be_sent_for_long_is_told_there_and_given_up_here(post: Fallback) -> None:
    alert = post.ask(expires_at=NOW + timedelta(hours=9))
    post.sms.faults = [DeliveryDelayed("Twilio is away.")] * 99
    post.deliver()
    post.later(minutes=5)
    assert post.told == []
    post.later(minutes=15)
    assert len(post.told) == 1
    assert post.state(alert) is AlertState.FAILED
    post.sms.faults = []
    post.later(hours=1)
    assert [one for one in post.sms.sent if one.kind is AlertKind.ALERT] == []


def test_what_may_have_arrived_is_not_told_twice(post: Fallback) -> None:
    alert = post.ask(expires_at=NOW + timedelta(hours=9))
    post.sms.faults = [DeliveryUnknown("time-out")]
    post.sms.lookup_faults = [DeliveryUnknown("time-out")] * 9
    post.sms.accepts_despite_fault = True
    post.deliver()
    for _ in range(3):
        post.later(seconds=LONG)
    assert post.told == []
    # That it is not known is said, all the same.
    assert [one.kind for one in post.url.sent] == [AlertKind.NOTICE]
    post.sms.lookup_faults = []
    post.later(seconds=LONG)
    post.later(seconds=LONG)
    assert post.state(alert) is AlertState.SENT
    assert post.told == []


def test_texts_beyond_the_month_are_told_there(post: Fallback) -> None:
    post.terms = Terms(Rules(sms_per_month=1), fallback=Channel.URL)
    for _ in range(3):
        post.ask()
    post.deliver()
    post.deliver()
    assert len(post.texts) == 1
    assert len(post.told) == 2


def test_what_is_over_or_settled_or_muted_by_then_is_not_told_there(post: Fallback) -> None:
    post.sms.faults = [DeliveryRefused("no")] * 3
    over = post.ask(expires_at=NOW + timedelta(minutes=1))
    settled, muted = post.ask(), post.ask()
    deliver(ACCOUNT, post.store, post.sms, [Channel.URL], post.clock, post.terms)
    post.close(settled)
    post.store.mute(ACCOUNT, MuteKind.THREAD, muted.thread_key, NOW)
    post.later(minutes=2)
    assert post.told == []
    assert post.state(over) is AlertState.FAILED


def test_what_failed_before_yesterday_is_not_told_when_a_fallback_is_set_up(post: Fallback) -> None:
    post.terms = Terms()
    post.sms.faults = [DeliveryRefused("no")]
    post.ask(expires_at=NOW + timedelta(days=30))
    deliver(ACCOUNT, post.store, post.sms, [], post.clock, post.terms)
    post.terms = TERMS
    post.later(hours=25)
    assert post.told == []


def test_a_digest_that_fails_is_one_there_too(post: Fallback) -> None:
    parts = [post.ask(not_before=NOW + timedelta(hours=1)) for _ in range(3)]
    post.sms.faults = [DeliveryRefused("no")]
    post.later(hours=1)
    post.later(minutes=1)
    [told] = post.told
    assert told.kind is AlertKind.DIGEST
    assert all(f"Person {n}" in told.text for n in (1, 2, 3))
    assert {post.state(part) for part in parts} == {AlertState.DIGESTED}


def test_what_was_told_there_is_taken_back_there(post: Fallback) -> None:
    post.sms.faults = [DeliveryRefused("no")]
    alert = post.ask()
    post.deliver()
    post.close(alert)
    post.later(minutes=1)
    assert [one.kind for one in post.told] == [AlertKind.ALERT, AlertKind.RETRACTION]
    assert post.texts == []


def test_without_text_messages_speech_is_the_first_channel(post: Fallback) -> None:
    post.speech.faults = [DeliveryRefused("no voice")]
    alert = an_alert(channel=Channel.SPEECH, question="1.1", text="Lunch with Ana.")
    post.store.announce([alert])
    for _ in range(2):
        deliver_all(ACCOUNT, post.store, [post.url, post.speech], post.clock, post.terms)
    [told] = post.told
    assert told.text == f"Lunch with Ana. {told.reference}"


def test_alone_it_is_no_fallback(post: Fallback) -> None:
    post.mailbox.add(raw_mail(), NOW)
    for _ in range(2):
        run_cycle(post.mailbox, post.store, FakeScorer, [post.url], post.clock, post.terms)
        post.mail()
    assert len(post.told) == 1


def test_what_is_wrong_with_jeeves_is_told_there_where_the_first_channel_fails(
    post: Fallback,
) -> None:
    channels = post.terms.told_first(one.channel for one in post.notifiers)
    post.sms.faults = [DeliveryRefused("no")]
    tell_of_model(ACCOUNT, post.store, channels, ["It is broken."], NOW)
    post.deliver()
    said = [alert.text for alert in post.url.sent]
    assert len(said) == 2
    assert any("could not deliver a text message" in text for text in said)
    assert any("It is broken." in text for text in said)


def test_many_processes_tell_it_once(post: Fallback) -> None:
    post.sms.faults = [DeliveryRefused("no")] * 20
    for _ in range(20):
        post.ask()
    deliver(ACCOUNT, post.store, post.sms, [], post.clock, post.terms)
    channels = [RecordingNotifier(Channel.URL) for _ in range(6)]

    def work(channel: RecordingNotifier) -> None:
        store = PostgresStore(post.dsn)
        deliver(ACCOUNT, store, channel, [Channel.SMS], post.clock, post.terms)
        store.close()

    threads = [threading.Thread(target=work, args=(channel,)) for channel in channels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    sent = [alert.thread_key for channel in channels for alert in channel.sent]
    assert len(sent) == len(set(sent)) == 20


def test_a_claim_and_a_handing_over_at_once_send_one(post: Fallback) -> None:
    """While one process gives a text up, another tries it once more."""
    other = PostgresStore(post.dsn)
    for number in range(30):
        alert = post.ask(expires_at=NOW + timedelta(days=2))
        post.sms.faults = [DeliveryDelayed("away")]
        post.deliver()
        post.clock.advance(seconds=LONG)
        now, barrier = post.clock.now, threading.Barrier(2)
        claimed: list[Alert | None] = []

        def claim(now=now, barrier=barrier, claimed=claimed) -> None:  # type: ignore[no-untyped-def]
            barrier.wait(10)
            claimed.append(other.claim(ACCOUNT, [Channel.SMS], now, 60))

        thread = threading.Thread(target=claim)
        thread.start()
        barrier.wait(10)
        handed = post.store.fall_back(
            ACCOUNT, Channel.SMS, Channel.URL, now, SILENT_AFTER, new_reference
        )
        thread.join(10)
        assert [one is not None for one in claimed] == [not handed], number
        for one in claimed:
            if one is not None:
                post.store.settle(_refused(one), now)
        assert post.state(alert) is AlertState.FAILED
    other.close()


def _refused(alert: Alert) -> Alert:
    return replace(alert, state=AlertState.FAILED)


def test_where_both_always_tell_speech_may_be_off_and_the_text_lost(post: Fallback) -> None:
    """The alert itself reaches the owner, not only the word that a text was lost."""
    post.terms = Terms()
    post.cycle()
    post.mail()
    post.sms.deliveries = [LOST]
    post.cycle()
    post.later(seconds=15)
    assert [alert.kind for alert in post.url.sent] == [AlertKind.ALERT, AlertKind.NOTICE]
    post.later(hours=1)
    assert len(post.url.sent) == 2
