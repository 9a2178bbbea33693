"""What holds alerts back, what becomes of them then, and how far those are followed that went."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from jeeves.adapters.postgres.reading import Reading
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.alert import Alert, AlertKind, AlertState, Channel
from jeeves.domain.listing import AlertLine
from jeeves.domain.outbox import MOST_RESENT, RESEND_AFTER, Closing, Delivery, MuteKind
from jeeves.domain.schedule import Rules
from jeeves.errors import DeliveryDelayed, DeliveryUnknown
from jeeves.service.delivery import LEASE_SECONDS, deliver, deliver_all, hasten
from jeeves.service.terms import Terms
from tests.builders import ACCOUNT, NOW, a_message, an_alert, an_outcome
from tests.fakes import FakeClock, RecordingNotifier

NIGHTS = Rules(time(22), time(7), UTC)
EVENING, MORNING = (
    datetime(2026, 11, 19, 23, tzinfo=UTC),
    datetime(2026, 11, 20, 7, tzinfo=UTC),
)


class Post:
    """An outbox with its channels, and short words for what tests do with them."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.store = PostgresStore(dsn)
        self.reading = Reading(dsn)
        self.clock = FakeClock()
        self.sms = RecordingNotifier(Channel.SMS)
        self.speech = RecordingNotifier(Channel.SPEECH)
        self.rules = Rules()
        self._number = 0

    def ask(self, **changes: Any) -> Alert:
        """Put an alert about a question of its own into the outbox."""
        self._number += 1
        alert = an_alert(
            **{
                "thread_key": f"gm:{self._number}",
                "question": "1.1",
                "created_at": self.clock.now,
                "text": f"Person {self._number} wants to meet jv-TEST",
                **changes,
            }
        )
        self.store.record([], [an_outcome(thread_key=alert.thread_key, alerts=(alert,))])
        return alert

    def close(self, alert: Alert) -> None:
        closing = Closing(alert.question, "Settled: here.", "That is settled.")
        outcome = an_outcome(
            thread_key=alert.thread_key, closed=(closing,), decided_at=self.clock.now
        )
        self.store.record([], [outcome])

    def deliver(self) -> tuple[int, int]:
        return deliver_all(
            ACCOUNT, self.store, [self.sms, self.speech], self.clock, Terms(self.rules)
        )

    def later(self, **by: float) -> None:
        self.clock.advance(**by)
        self.deliver()

    def state(self, alert: Alert) -> AlertState:
        return self.line(alert).state

    def line(self, alert: Alert) -> AlertLine:
        return next(a for a in self.reading.last_alerts(100) if a.reference == alert.reference)

    @property
    def texts(self) -> list[str]:
        return [alert.text for alert in self.sms.sent]

    @property
    def kinds(self) -> list[AlertKind]:
        return [alert.kind for alert in self.sms.sent]


@pytest.fixture
def post(migrated_url: str) -> Iterator[Post]:
    post = Post(migrated_url)
    yield post
    post.store.close()
    post.reading.close()


class TestHeldBack:
    def test_what_is_not_urgent_waits_out_quiet_hours_and_goes_as_one(self, post: Post) -> None:
        post.rules = NIGHTS
        post.clock.now = EVENING
        waiting = [post.ask() for _ in range(3)]
        urgent = post.ask(urgent=True)
        post.deliver()
        assert post.texts == [urgent.text]
        post.clock.now = MORNING
        post.deliver()
        assert post.kinds == [AlertKind.ALERT, AlertKind.DIGEST]
        assert all(f"Person {n} wants" in post.texts[1] for n in (1, 2, 3))
        assert post.sms.sent[1].reference in post.texts[1]
        assert {post.state(alert) for alert in waiting} == {AlertState.DIGESTED}
        post.later(hours=1)
        assert len(post.texts) == 2

    def test_one_that_was_held_back_goes_as_it_is(self, post: Post) -> None:
        post.rules = NIGHTS
        post.clock.now = EVENING
        alert = post.ask(not_before=MORNING)
        post.deliver()
        assert post.texts == []
        post.clock.now = MORNING
        post.deliver()
        assert post.texts == [alert.text]

    def test_what_is_due_by_day_goes_one_by_one(self, post: Post) -> None:
        post.rules = NIGHTS
        for _ in range(3):
            post.ask()
        post.deliver()
        assert post.kinds == [AlertKind.ALERT] * 3

    def test_an_attempt_that_failed_in_the_evening_is_not_made_again_at_night(
        self, post: Post
    ) -> None:
        post.rules = NIGHTS
        post.clock.now = EVENING - timedelta(hours=1, minutes=1)
        alert = post.ask()
        post.sms.faults = [DeliveryDelayed("busy", retry_after=120)]
        post.deliver()
        post.clock.now = EVENING
        post.deliver()
        assert post.state(alert) is AlertState.PENDING
        post.clock.now = MORNING
        post.deliver()
        assert post.texts == [alert.text]

    def test_while_paused_only_notices_go_and_afterwards_one_digest_of_what_is_still_of_use(
        self, post: Post
    ) -> None:
        post.store.pause(ACCOUNT, post.clock.now + timedelta(hours=2))
        assert post.store.paused_until(ACCOUNT, post.clock.now) is not None
        for _ in range(2):
            post.ask(urgent=True)
        over = post.ask(expires_at=post.clock.now + timedelta(hours=1))
        post.store.announce([an_alert(kind=AlertKind.NOTICE, text="Jeeves is ill.")])
        post.deliver()
        assert post.texts == ["Jeeves is ill."]
        post.later(hours=2)
        assert post.kinds == [AlertKind.NOTICE, AlertKind.DIGEST]
        assert "Person 3" not in post.texts[1]
        assert post.state(over) is AlertState.EXPIRED

    def test_a_pause_can_be_ended(self, post: Post) -> None:
        post.store.pause(ACCOUNT, post.clock.now + timedelta(hours=2))
        alert = post.ask()
        post.deliver()
        assert post.store.resume(ACCOUNT, post.clock.now)
        assert not post.store.resume(ACCOUNT, post.clock.now)
        post.deliver()
        assert post.texts == [alert.text]

    def test_another_account_is_not_paused(self, post: Post) -> None:
        post.store.pause("other@example.org", post.clock.now + timedelta(hours=2))
        post.ask()
        assert post.deliver() == (1, 0)

    def test_more_than_so_many_in_an_hour_become_a_digest(self, post: Post) -> None:
        post.rules = Rules(alerts_per_hour=3)
        for _ in range(7):
            post.ask()
        post.deliver()
        assert post.kinds == [AlertKind.ALERT] * 3
        post.later(minutes=59)
        assert len(post.texts) == 3
        post.later(minutes=2)
        assert post.kinds == [AlertKind.ALERT] * 3 + [AlertKind.DIGEST]
        assert all(f"Person {n} wants" in post.texts[3] for n in (4, 5, 6, 7))

    def test_the_hour_is_counted_for_each_channel_and_account(self, post: Post) -> None:
        post.rules = Rules(alerts_per_hour=1)
        post.ask()
        post.ask(channel=Channel.SPEECH)
        post.ask(account="other@example.org")
        post.deliver()
        deliver("other@example.org", post.store, post.speech, [], post.clock, Terms(post.rules))
        assert (len(post.texts), len(post.speech.sent)) == (1, 1)

    def test_what_is_over_before_it_may_be_said_is_dropped_with_a_record(self, post: Post) -> None:
        alert = post.ask(not_before=NOW + timedelta(hours=2), expires_at=NOW + timedelta(hours=1))
        post.later(hours=3)
        line = post.line(alert)
        assert (line.state, line.note) == (AlertState.EXPIRED, "too old to be of use")
        assert post.texts == []
        # Nobody tried: the channel works, and nothing is said of it.
        assert post.speech.sent == []

    def test_an_alert_that_waits_for_the_morning_does_not_go_stale(self, post: Post) -> None:
        first = NOW + timedelta(hours=30)
        post.ask(not_before=first, expires_at=first + timedelta(hours=24))
        post.later(hours=31)
        assert len(post.texts) == 1


class TestMonth:
    def test_no_more_texts_go_than_the_month_allows_and_the_other_channel_says_so_once(
        self, post: Post
    ) -> None:
        post.rules = Rules(zone=UTC, sms_per_month=2)
        for _ in range(2):
            post.ask()
        post.deliver()
        spent = [post.ask(), post.ask()]
        assert post.deliver() == (1, 2)  # the one is the notice
        post.ask()
        post.deliver()
        post.deliver()
        assert len(post.texts) == 2
        assert post.line(spent[0]).note == (
            "SMS_PER_MONTH allows 2 texts a month and as many were sent: raise it in .env, or wait "
            "until December 1."
        )
        [said] = [alert.text for alert in post.speech.sent]
        assert said.startswith("Jeeves sends no more text messages. SMS_PER_MONTH")
        post.clock.now = datetime(2026, 12, 1, tzinfo=UTC)
        post.ask()
        post.deliver()
        assert len(post.texts) == 3

    def test_every_accounts_texts_count(self, post: Post) -> None:
        post.rules = Rules(zone=UTC, sms_per_month=1)
        post.ask(account="other@example.org")
        terms = Terms(post.rules)
        assert deliver("other@example.org", post.store, post.sms, [], post.clock, terms) == (1, 0)
        post.ask()
        assert post.deliver()[0] == 1  # the notice, spoken
        assert len(post.texts) == 1

    def test_processes_at_once_do_not_spend_more_than_the_month_allows(self, post: Post) -> None:
        for _ in range(30):
            post.ask()
        terms = Terms(Rules(zone=UTC, sms_per_month=10))
        channels = [RecordingNotifier(Channel.SMS) for _ in range(5)]

        def work(channel: RecordingNotifier) -> None:
            store = PostgresStore(post.dsn)
            deliver(ACCOUNT, store, channel, [], post.clock, terms)
            store.close()

        threads = [threading.Thread(target=work, args=(channel,)) for channel in channels]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sum(len(channel.sent) for channel in channels) == 10


class TestMutes:
    def test_a_muted_conversation_is_never_told(self, post: Post) -> None:
        alert = post.ask()
        assert post.store.mute(ACCOUNT, MuteKind.THREAD, alert.thread_key, NOW)
        assert not post.store.mute(ACCOUNT, MuteKind.THREAD, alert.thread_key, NOW)
        other = post.ask()
        post.deliver()
        assert post.texts == [other.text]
        assert (post.state(alert), post.line(alert).note) == (AlertState.CANCELLED, "muted")
        [mute] = post.store.mutes(ACCOUNT)
        assert (mute.kind, mute.value, mute.muted_at) == (MuteKind.THREAD, alert.thread_key, NOW)

    def test_a_muted_sender_is_never_told_of(self, post: Post) -> None:
        post.store.ingest(ACCOUNT, [a_message()], None)
        [asked] = post.store.unjudged(ACCOUNT, 1)
        alert = post.ask(message_id=asked.id)
        post.store.mute(ACCOUNT, MuteKind.SENDER, "Ana@Example.org ", NOW)
        post.deliver()
        assert post.state(alert) is AlertState.CANCELLED
        assert post.store.unmute(ACCOUNT, MuteKind.SENDER, "ana@example.org")
        assert not post.store.unmute(ACCOUNT, MuteKind.SENDER, "ana@example.org")
        post.ask(message_id=asked.id)
        assert post.deliver() == (1, 0)

    def test_muting_drops_what_waits_on_every_channel_and_nothing_else(self, post: Post) -> None:
        alert = post.ask()
        spoken = post.ask(thread_key=alert.thread_key, channel=Channel.SPEECH)
        other = post.ask()
        post.store.mute(ACCOUNT, MuteKind.THREAD, alert.thread_key, NOW)
        assert {post.state(one) for one in (alert, spoken)} == {AlertState.CANCELLED}
        assert post.state(other) is AlertState.PENDING

    def test_a_digest_is_made_anew_without_what_was_muted_meanwhile(self, post: Post) -> None:
        parts = [post.ask(not_before=NOW + timedelta(hours=1)) for _ in range(3)]
        post.sms.faults = [DeliveryDelayed("busy", retry_after=60)]
        post.later(hours=1)
        post.store.mute(ACCOUNT, MuteKind.THREAD, parts[0].thread_key, post.clock.now)
        post.later(minutes=2)
        assert post.kinds == [AlertKind.DIGEST]
        assert "Person 1" not in post.texts[0]
        assert post.state(parts[0]) is AlertState.CANCELLED

    def test_nothing_is_taken_back_in_a_conversation_muted_since(self, post: Post) -> None:
        alert = post.ask()
        post.deliver()
        post.store.mute(ACCOUNT, MuteKind.THREAD, alert.thread_key, NOW)
        post.close(alert)
        post.deliver()
        assert post.kinds == [AlertKind.ALERT]


class TestRetractions:
    def test_by_day_it_goes_at_once(self, post: Post) -> None:
        alert = post.ask()
        post.deliver()
        post.close(alert)
        post.deliver()
        assert post.kinds == [AlertKind.ALERT, AlertKind.RETRACTION]

    @pytest.mark.parametrize(
        ("meeting", "goes"),
        [(MORNING - timedelta(hours=5), True), (MORNING + timedelta(hours=3), False)],
    )
    def test_at_night_it_waits_unless_the_meeting_is_before_the_morning(
        self, post: Post, meeting: datetime, goes: bool
    ) -> None:
        post.rules = NIGHTS
        post.clock.now = EVENING
        alert = post.ask(urgent=True, meeting_at=meeting, expires_at=meeting)
        post.deliver()
        post.close(alert)
        post.deliver()
        assert (AlertKind.RETRACTION in post.kinds) is goes
        post.clock.now = MORNING
        post.deliver()
        assert post.kinds == [AlertKind.ALERT, AlertKind.RETRACTION]

    def test_it_is_no_alert_of_the_hour(self, post: Post) -> None:
        post.rules = Rules(alerts_per_hour=1)
        alert = post.ask()
        post.deliver()
        post.close(alert)
        post.deliver()
        assert post.kinds == [AlertKind.ALERT, AlertKind.RETRACTION]

    def test_what_a_digest_said_is_taken_back_alone(self, post: Post) -> None:
        parts = [post.ask(not_before=NOW + timedelta(hours=1)) for _ in range(3)]
        post.later(hours=1)
        post.close(parts[1])
        post.deliver()
        assert post.kinds == [AlertKind.DIGEST, AlertKind.RETRACTION]
        assert post.sms.sent[1].thread_key == parts[1].thread_key


class TestDigests:
    def held(self, post: Post, number: int = 3) -> list[Alert]:
        parts = [post.ask(not_before=NOW + timedelta(hours=1)) for _ in range(number)]
        post.clock.advance(hours=1)
        return parts

    def test_one_whose_outcome_is_unknown_is_looked_up_and_not_sent_twice(self, post: Post) -> None:
        parts = self.held(post)
        post.sms.faults = [DeliveryUnknown("time-out")]
        post.sms.accepts_despite_fault = True
        post.deliver()
        post.later(minutes=1)
        assert post.kinds == [AlertKind.DIGEST]
        assert {post.state(part) for part in parts} == {AlertState.DIGESTED}
        assert post.state(post.sms.sent[0]) is AlertState.SENT

    def test_a_process_killed_with_one_in_flight_loses_and_doubles_nothing(
        self, post: Post
    ) -> None:
        class Killed(BaseException):
            """Stands for kill -9."""

        self.held(post)
        post.sms.faults = [Killed()]  # type: ignore[list-item]
        with pytest.raises(Killed):
            post.deliver()
        post.later(seconds=LEASE_SECONDS + 1)
        assert post.kinds == [AlertKind.DIGEST]

    def test_what_is_settled_before_it_goes_is_left_out(self, post: Post) -> None:
        parts = self.held(post)
        post.sms.faults = [DeliveryDelayed("busy", retry_after=60)]
        post.deliver()
        post.close(parts[0])
        post.later(minutes=2)
        assert post.kinds == [AlertKind.DIGEST]
        assert "Person 1" not in post.texts[0]
        assert "Person 2" in post.texts[0]
        assert "Person 3" in post.texts[0]
        assert post.state(parts[0]) is AlertState.CANCELLED
        post.later(minutes=2)
        assert len(post.texts) == 1

    def test_one_left_alone_goes_as_it_is(self, post: Post) -> None:
        parts = self.held(post, 2)
        post.sms.faults = [DeliveryDelayed("busy", retry_after=60)]
        post.deliver()
        post.close(parts[0])
        post.later(minutes=2)
        assert post.texts == [parts[1].text]

    def test_in_doubt_and_settled_in_part_it_is_looked_up_and_then_made_anew(
        self, post: Post
    ) -> None:
        parts = self.held(post)
        post.sms.faults = [DeliveryUnknown("time-out")]
        post.deliver()
        post.close(parts[0])
        post.later(minutes=1)
        assert len(post.sms.looked_up) == 1
        assert post.kinds == [AlertKind.DIGEST]
        assert "Person 1" not in post.texts[0]
        assert post.state(parts[0]) is AlertState.CANCELLED

    def test_many_processes_make_one(self, post: Post) -> None:
        self.held(post, 12)
        channels = [RecordingNotifier(Channel.SMS) for _ in range(6)]

        def work(channel: RecordingNotifier) -> None:
            store = PostgresStore(post.dsn)
            deliver(ACCOUNT, store, channel, [], post.clock)
            store.close()

        threads = [threading.Thread(target=work, args=(channel,)) for channel in channels]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert [alert.kind for channel in channels for alert in channel.sent] == [AlertKind.DIGEST]

    def test_a_spoken_one_has_no_references(self, post: Post) -> None:
        for _ in range(2):
            post.ask(channel=Channel.SPEECH, text="Ana wants to meet.", not_before=MORNING)
        post.clock.now = MORNING
        post.deliver()
        [said] = post.speech.sent
        assert said.text == ("2 meetings have no place yet. Ana wants to meet. Ana wants to meet.")


class TestFollowing:
    DELIVERED = Delivery("delivered", final=True, delivered=True)
    QUEUED = Delivery("queued", final=False, delivered=False)
    LOST = Delivery("undelivered", final=True, delivered=False, error="A landline.")
    AWAY = Delivery("undelivered", final=True, delivered=False, retry=True, error="Phone off.")

    def test_a_text_is_followed_until_it_has_arrived(self, post: Post) -> None:
        alert = post.ask()
        post.sms.deliveries = [self.QUEUED, DeliveryDelayed("busy"), self.DELIVERED]
        post.deliver()
        assert post.sms.followed == []
        for seconds, asked in [(14, 0), (1, 1), (40, 1), (5, 2), (200, 2), (40, 3), (40000, 3)]:
            post.later(seconds=seconds)
            assert len(post.sms.followed) == asked, seconds
        [found] = post.store.questions(ACCOUNT, alert.thread_key)["1.1", AlertKind.ALERT]
        assert (found.state, found.delivery) == (AlertState.SENT, "delivered")
        assert found.delivered_at == NOW + timedelta(seconds=300)
        assert post.sms.followed[0].receipt is not None

    def test_what_is_not_told_within_four_hours_is_not_asked_again(self, post: Post) -> None:
        post.ask()
        post.sms.deliveries = [Delivery("sent", final=False, delivered=False)] * 100
        post.deliver()
        for _ in range(100):
            post.later(minutes=5)
        assert 8 < len(post.sms.followed) < 16
        assert post.speech.sent == []

    def test_what_cannot_be_followed_is_asked_about_once(self, post: Post) -> None:
        post.ask()
        post.deliver()
        for _ in range(3):
            post.later(minutes=5)
        assert len(post.sms.followed) == 1

    def test_what_did_not_arrive_is_said_on_the_other_channel(self, post: Post) -> None:
        alert = post.ask()
        post.sms.deliveries = [self.LOST]
        post.deliver()
        post.later(seconds=15)
        post.later(hours=1)
        assert post.state(alert) is AlertState.FAILED
        [said] = post.speech.sent
        assert said.text == "Jeeves could not deliver a text message. A landline."
        assert len(post.texts) == 1

    def test_a_phone_out_of_reach_is_tried_again_a_few_times_half_an_hour_apart(
        self, post: Post
    ) -> None:
        alert = post.ask(expires_at=NOW + timedelta(hours=9))
        post.sms.deliveries = [self.AWAY] * 20
        post.deliver()
        for minute in range(1, 400):
            post.later(minutes=1)
            at_most = 1 + minute / (RESEND_AFTER.total_seconds() / 60)
            assert len(post.texts) <= at_most
        assert len(post.texts) == 1 + MOST_RESENT
        assert post.state(alert) is AlertState.FAILED
        assert [notice.kind for notice in post.speech.sent] == [AlertKind.NOTICE]

    def test_it_is_not_tried_again_when_the_meeting_would_be_over(self, post: Post) -> None:
        alert = post.ask(expires_at=NOW + timedelta(minutes=20))
        post.sms.deliveries = [self.AWAY]
        post.deliver()
        post.later(seconds=15)
        assert post.state(alert) is AlertState.FAILED

    def test_it_is_not_tried_again_when_the_place_is_settled_and_not_taken_back(
        self, post: Post
    ) -> None:
        alert = post.ask()
        post.sms.deliveries = [self.AWAY]
        post.deliver()
        post.clock.advance(seconds=15)
        post.store.pause(ACCOUNT, NOW + timedelta(seconds=16))
        post.close(alert)
        post.deliver()
        post.later(hours=1)
        assert post.state(alert) is AlertState.CANCELLED
        assert post.kinds == [AlertKind.ALERT]

    def test_what_twilio_does_not_pass_on_is_said_on_the_other_channel(self, post: Post) -> None:
        post.ask()
        post.sms.deliveries = [self.QUEUED] * 100
        post.deliver()
        for _ in range(20):
            post.later(minutes=5)
        [said] = post.speech.sent
        assert said.text.endswith("Twilio has taken it and not passed it on.")

    def test_a_report_of_the_provider_hastens_the_next_question(self, post: Post) -> None:
        alert = post.ask()
        post.sms.deliveries = [self.QUEUED, self.DELIVERED]
        post.deliver()
        post.later(seconds=15)
        post.later(seconds=2)
        assert len(post.sms.followed) == 1, "the next question is not due"
        receipt = post.sms.followed[0].receipt
        assert receipt is not None
        hasten(post.store, receipt.id, "sent", post.clock.now)
        hasten(post.store, "SM-of-somebody-else", "delivered", post.clock.now)
        post.deliver()
        assert len(post.sms.followed) == 1, "there is nothing to hear yet"
        hasten(post.store, receipt.id, "delivered", post.clock.now)
        post.deliver()
        assert len(post.sms.followed) == 2
        [found] = post.store.questions(ACCOUNT, alert.thread_key)["1.1", AlertKind.ALERT]
        assert found.delivery == "delivered"
        # Its fate is known: a report that comes late or twice is no reason to ask again.
        assert not post.store.follow_now(receipt.id, post.clock.now)

    def test_a_report_while_somebody_asks_is_not_lost(self, post: Post) -> None:
        alert = post.ask()
        post.deliver()
        post.clock.advance(seconds=15)
        asked = post.store.claim_follow(ACCOUNT, Channel.SMS, post.clock.now, 60)
        assert asked is not None
        assert asked.receipt is not None
        hasten(post.store, asked.receipt.id, "delivered", post.clock.now)
        post.store.write_follow(asked, replace(asked, delivery="sent", follow_at=None))
        post.sms.deliveries = [self.DELIVERED]
        post.deliver()
        [found] = post.store.questions(ACCOUNT, alert.thread_key)["1.1", AlertKind.ALERT]
        assert found.delivery == "delivered"

    def test_many_processes_ask_once(self, post: Post) -> None:
        alert = post.ask()
        post.deliver()
        post.clock.advance(seconds=15)
        other = PostgresStore(post.dsn)
        asked = post.store.claim_follow(ACCOUNT, Channel.SMS, post.clock.now, 60)
        assert asked is not None
        assert other.claim_follow(ACCOUNT, Channel.SMS, post.clock.now, 60) is None
        late = replace(asked, follow_at=post.clock.now)
        post.store.write_follow(late, replace(asked, state=AlertState.FAILED, follow_at=None))
        assert post.state(alert) is AlertState.SENT
        other.close()
