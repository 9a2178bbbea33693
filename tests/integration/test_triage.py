"""One cycle on a real Postgres: ingest, judge, alert, deliver."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from jeeves.adapters.postgres.reading import Reading
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.alert import STALE_AFTER, AlertState, Channel
from jeeves.errors import (
    DeliveryDelayed,
    DeliveryRefused,
    DeliveryUnknown,
    MailboxUnavailable,
)
from jeeves.service.delivery import LEASE_SECONDS
from jeeves.service.silence import SILENT_AFTER
from jeeves.service.triage import (
    FIRST_READ,
    CycleReport,
    run_cycle,
)
from tests.builders import ACCOUNT, NOW, raw_mail
from tests.fakes import FakeClock, FakeMailbox, FakeScorer, RecordingNotifier


class House:
    """Everything a cycle needs, and short words for what tests do with it."""

    def __init__(self, dsn: str) -> None:
        self.store = PostgresStore(dsn)
        self.reading = Reading(dsn)
        self.mailbox = FakeMailbox()
        self.clock = FakeClock()
        self.sms = RecordingNotifier(Channel.SMS)
        self.speech = RecordingNotifier(Channel.SPEECH)

    def cycle(self) -> CycleReport:
        return run_cycle(self.mailbox, self.store, FakeScorer, [self.sms, self.speech], self.clock)

    def mail(self, subject: str = "Lunch on Thursday?", **facts: object) -> int:
        raw = raw_mail(subject=subject, text=subject, date=self.clock.now)
        facts.setdefault("received_at", self.clock.now)
        return self.mailbox.add(raw, **facts)  # type: ignore[arg-type]

    def states(self, channel: Channel = Channel.SMS) -> list[AlertState]:
        lines = self.reading.last_alerts(100)
        return [line.state for line in reversed(lines) if line.channel is channel]


@pytest.fixture
def house(migrated_url: str) -> Iterator[House]:
    house = House(migrated_url)
    yield house
    house.store.close()
    house.reading.close()


@pytest.fixture
def watching(house: House) -> House:
    """A house whose mailbox has been seen: what comes now is live."""
    house.cycle()
    return house


def test_a_mail_that_needs_a_place_is_told_once_on_each_channel(watching: House) -> None:
    watching.mail()
    report = watching.cycle()
    assert (report.fetched, report.added, report.judged, report.alerts) == (1, 1, 1, 2)
    assert report.sent == 2
    assert len(watching.sms.sent) == len(watching.speech.sent) == 1
    assert watching.cycle() == CycleReport()
    assert len(watching.sms.sent) == 1


def test_other_mail_is_stored_and_judged_in_silence(watching: House) -> None:
    watching.mail("Your invoice")
    assert watching.cycle().judged == 1
    assert watching.sms.sent == []


def test_the_first_read_takes_in_two_weeks_and_says_nothing(house: House) -> None:
    house.mail(received_at=NOW - FIRST_READ + timedelta(days=1))
    house.mail(received_at=NOW - FIRST_READ - timedelta(days=2))
    report = house.cycle()
    assert (report.fetched, report.alerts) == (1, 0)
    assert house.reading.newest(1)[0].withheld == "arrived before Jeeves watched"
    house.mail()
    assert house.cycle().alerts == 2


def test_history_stays_silent_after_a_crash_in_the_first_read(house: House) -> None:
    for _ in range(3):
        house.mail()
    house.mail(received_at=NOW - timedelta(days=200))
    house.mailbox.faults["fetch 2"] = MailboxUnavailable("gone")
    with pytest.raises(MailboxUnavailable):
        house.cycle()
    house.mail("Lunch, live")
    report = house.cycle()
    assert report.added == 4
    assert [alert.text for alert in house.sms.sent if "live" in alert.text]
    assert len(house.sms.sent) == 1


def test_a_lost_connection_in_the_middle_loses_and_doubles_nothing(watching: House) -> None:
    for _ in range(5):
        watching.mail()
    watching.mailbox.faults["fetch 3"] = MailboxUnavailable("gone")
    with pytest.raises(MailboxUnavailable):
        watching.cycle()
    assert watching.cycle().added == 5
    assert watching.reading.backlog().messages == 5
    assert len(watching.sms.sent) == 5


def test_a_changed_uidvalidity_reads_again_without_doubling(watching: House) -> None:
    watching.mail("Lunch one?")
    watching.cycle()
    watching.clock.advance(minutes=5)
    watching.mail("Lunch two?")
    watching.mailbox.renumber()
    watching.cycle()
    assert watching.reading.backlog().messages == 2
    assert len(watching.sms.sent) == 2


def test_mail_expunged_before_it_is_fetched_is_passed_over(
    watching: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = watching.mail()
    uids_after = watching.mailbox.uids_after

    def expunged_meanwhile(after: int) -> list[int]:
        found = uids_after(after)
        watching.mailbox.mails.pop(uid, None)
        return found

    monkeypatch.setattr(watching.mailbox, "uids_after", expunged_meanwhile)
    assert watching.cycle().fetched == 0
    watching.mail()
    assert watching.cycle().fetched == 1


def test_a_poison_mail_is_stored_and_the_queue_goes_on(watching: House) -> None:
    watching.mailbox.add(b"\x00\xff\xfe\x01garbage", NOW)
    watching.mail()
    report = watching.cycle()
    assert (report.unreadable, report.added, report.alerts) == (1, 2, 2)
    assert watching.cycle() == CycleReport()


def test_the_owners_own_mail_never_alerts(watching: House) -> None:
    raw = raw_mail(sender=f"Sam Reader <{ACCOUNT}>", date=NOW)
    watching.mailbox.add(raw, NOW)
    assert watching.cycle().alerts == 0
    assert watching.reading.newest(1)[0].withheld == "written by the owner"


def test_one_conversation_is_told_once(watching: House) -> None:
    for _ in range(3):
        watching.mail(gmail_id=str(watching.mailbox.uidnext), gmail_thread_id="77")
        watching.cycle()
    assert len(watching.sms.sent) == 1
    assert watching.reading.backlog().messages == 3


def test_a_delayed_alert_is_sent_later_and_once(watching: House) -> None:
    watching.sms.faults = [DeliveryDelayed("busy", retry_after=90)]
    watching.mail()
    watching.cycle()
    assert watching.states() == [AlertState.PENDING]
    watching.clock.advance(seconds=80)
    watching.cycle()
    assert watching.sms.sent == []
    watching.clock.advance(seconds=11)
    watching.cycle()
    assert len(watching.sms.sent) == 1
    assert watching.sms.looked_up == []


def test_an_unknown_outcome_is_looked_up_before_anything_is_sent_again(watching: House) -> None:
    watching.sms.faults = [DeliveryUnknown("time-out")]
    watching.sms.accepts_despite_fault = True
    watching.mail()
    watching.cycle()
    assert watching.states() == [AlertState.UNKNOWN]
    watching.clock.advance(minutes=1)
    watching.cycle()
    assert watching.states() == [AlertState.SENT]
    assert len(watching.sms.sent) == 1
    assert len(watching.sms.looked_up) == 1


def test_an_unknown_outcome_that_was_not_taken_is_sent_after_the_lookup(watching: House) -> None:
    watching.sms.faults = [DeliveryUnknown("time-out")]
    watching.mail()
    watching.cycle()
    watching.clock.advance(minutes=1)
    watching.cycle()
    assert watching.states() == [AlertState.SENT]
    assert len(watching.sms.sent) == 1


def test_a_lookup_that_fails_keeps_the_outcome_unknown(watching: House) -> None:
    watching.sms.faults = [DeliveryUnknown("time-out")]
    watching.sms.lookup_faults = [DeliveryDelayed("busy")]
    watching.sms.accepts_despite_fault = True
    watching.mail()
    watching.cycle()
    watching.clock.advance(minutes=1)
    watching.cycle()
    assert watching.states() == [AlertState.UNKNOWN]
    watching.clock.advance(minutes=1)
    watching.cycle()
    assert watching.states() == [AlertState.SENT]
    assert len(watching.sms.sent) == 1


def test_a_process_killed_in_flight_leaves_an_alert_that_is_looked_up(watching: House) -> None:
    watching.mail()

    class Killed(BaseException):
        """Stands for kill -9: nothing after it runs."""

    watching.sms.faults = [Killed()]  # type: ignore[list-item]
    watching.sms.accepts_despite_fault = True
    with pytest.raises(Killed):
        watching.cycle()
    watching.cycle()
    assert len(watching.sms.sent) == 1
    watching.clock.advance(seconds=LEASE_SECONDS + 1)
    watching.cycle()
    assert watching.states() == [AlertState.SENT]
    assert len(watching.sms.sent) == 1


def test_a_refused_alert_is_not_tried_again_and_the_other_channel_says_so(
    watching: House,
) -> None:
    watching.sms.faults = [DeliveryRefused("The phone said STOP.", code=21610)]
    watching.mail()
    report = watching.cycle()
    assert report.failed == 1
    assert watching.states() == [AlertState.FAILED]
    watching.clock.advance(hours=1)
    watching.cycle()
    said = [alert.text for alert in watching.speech.sent]
    assert sum("could not deliver a text message" in text for text in said) == 1
    assert watching.sms.sent == []


def test_a_channel_that_stays_broken_is_told_once_a_day(watching: House) -> None:
    watching.sms.faults = [DeliveryRefused("no") for _ in range(3)]
    for n in range(3):
        watching.mail(f"Lunch {n}?")
        watching.cycle()
    said = [alert.text for alert in watching.speech.sent]
    assert sum("could not deliver" in text for text in said) == 1


def test_an_alert_that_could_not_go_out_for_a_day_is_given_up(watching: House) -> None:
    watching.sms.faults = [DeliveryDelayed("down") for _ in range(5)]
    watching.mail("Lunch some day next week?")
    watching.cycle()
    watching.clock.advance(seconds=STALE_AFTER.total_seconds() + 1)
    watching.cycle()
    assert watching.states() == [AlertState.EXPIRED]
    assert watching.sms.sent == []


def test_mail_unread_for_long_is_told_once_on_each_channel(watching: House) -> None:
    for _ in range(3):
        watching.clock.advance(seconds=SILENT_AFTER.total_seconds())
        watching.mailbox.faults["open"] = MailboxUnavailable("The server is away.")
        with pytest.raises(MailboxUnavailable):
            watching.cycle()
    for channel in (watching.sms, watching.speech):
        assert len(channel.sent) == 1
        assert "has not been able to read your mail" in channel.sent[0].text
        assert "The server is away." in channel.sent[0].text


def test_a_short_outage_is_not_told(watching: House) -> None:
    watching.clock.advance(minutes=1)
    watching.mailbox.faults["open"] = MailboxUnavailable("away")
    with pytest.raises(MailboxUnavailable):
        watching.cycle()
    assert watching.sms.sent == []


def test_the_model_is_not_loaded_when_there_is_nothing_to_judge(watching: House) -> None:
    def no_model() -> FakeScorer:
        raise AssertionError("loaded for nothing")

    run_cycle(watching.mailbox, watching.store, no_model, [], watching.clock)
