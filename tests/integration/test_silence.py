"""Promise 6: what Jeeves cannot do is said once on another channel, and once when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta

import pytest

from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.alert import Channel
from jeeves.domain.outbox import Delivery
from jeeves.domain.schedule import Rules
from jeeves.errors import (
    DeliveryDelayed,
    DeliveryRefused,
    MailboxUnavailable,
    ModelCorrupt,
)
from jeeves.service.silence import SILENT_AFTER
from jeeves.service.telling import tell_of_model
from jeeves.service.terms import Terms
from jeeves.service.triage import run_cycle
from tests.builders import ACCOUNT, raw_mail
from tests.fakes import FakeClock, FakeMailbox, FakeScorer, RecordingNotifier

LONG = SILENT_AFTER + timedelta(minutes=1)
ARRIVED = Delivery("delivered", final=True, delivered=True)


class House:
    """Everything a cycle needs."""

    def __init__(self, dsn: str) -> None:
        self.store = PostgresStore(dsn)
        self.mailbox = FakeMailbox()
        self.clock = FakeClock()
        self.sms = RecordingNotifier(Channel.SMS)
        self.speech = RecordingNotifier(Channel.SPEECH)
        self.terms = Terms(Rules(zone=UTC))

    def cycle(self) -> None:
        run_cycle(
            self.mailbox,
            self.store,
            FakeScorer,
            [self.sms, self.speech],
            self.clock,
            self.terms,
        )

    def fails(self) -> None:
        self.mailbox.faults["open"] = MailboxUnavailable("The server is away.")
        with pytest.raises(MailboxUnavailable):
            self.cycle()

    def mail(self) -> None:
        self.mailbox.add(raw_mail(date=self.clock.now), self.clock.now)

    def heard(self) -> list[str]:
        """What was spoken since the last time."""
        said = [alert.text for alert in self.speech.sent]
        self.speech.sent.clear()
        return said


@pytest.fixture
def house(migrated_url: str) -> Iterator[House]:
    house = House(migrated_url)
    house.cycle()
    yield house
    house.store.close()


def test_that_mail_is_read_again_is_said_once_on_each_channel(house: House) -> None:
    house.clock.now += LONG
    house.fails()
    assert len(house.heard()) == len(house.sms.sent) == 1
    house.clock.advance(minutes=4)
    for _ in range(3):
        house.cycle()
        house.clock.now += LONG
    assert house.heard() == ["Jeeves reads your mail again since 12:20 on 19 November."]
    assert len(house.sms.sent) == 2
    assert "reads your mail again" in house.sms.sent[1].text


def test_another_outage_is_told_and_so_is_its_end(house: House) -> None:
    for _ in range(2):
        house.clock.now += LONG
        house.fails()
        house.cycle()
    assert [text.partition(" since")[0] for text in house.heard()] == [
        "Jeeves has not been able to read your mail",
        "Jeeves reads your mail again",
    ] * 2


def test_after_a_sleep_of_the_machine_nothing_is_said_to_be_over(house: House) -> None:
    house.clock.now += LONG
    house.cycle()
    assert house.heard() == []


def test_the_owners_minutes_count(house: House) -> None:
    house.terms = Terms(Rules(zone=UTC), silent_after=timedelta(minutes=5))
    house.clock.advance(minutes=6)
    house.fails()
    assert len(house.heard()) == 1


def test_a_notice_that_could_not_go_while_it_mattered_does_not_go_afterwards(house: House) -> None:
    house.sms.faults = [DeliveryDelayed("busy", retry_after=600)]
    house.clock.now += LONG
    house.fails()
    assert len(house.heard()) == 1
    house.clock.advance(minutes=1)
    house.cycle()
    house.clock.advance(minutes=20)
    house.cycle()
    assert len(house.heard()) == 1
    assert house.sms.sent == []


def test_a_channel_that_works_again_is_told_when_a_text_has_arrived(house: House) -> None:
    house.sms.faults = [DeliveryRefused("The phone said STOP.")]
    house.mail()
    house.cycle()
    assert any("could not deliver a text message" in text for text in house.heard())
    house.clock.advance(hours=1)
    house.mail()
    house.sms.deliveries = [Delivery("sent", final=False, delivered=False), ARRIVED]
    house.cycle()
    house.clock.advance(seconds=15)
    house.cycle()
    assert not any("again" in text for text in house.heard())
    house.clock.advance(minutes=1)
    house.cycle()
    assert house.heard() == ["Jeeves can deliver a text message again."]
    house.mail()
    house.sms.deliveries = [ARRIVED]
    house.cycle()
    house.clock.advance(seconds=15)
    house.cycle()
    assert not any("again" in text for text in house.heard())


def test_an_alert_that_waited_for_the_morning_is_not_called_undelivered_at_its_first_failure(
    house: House,
) -> None:
    house.store.pause(ACCOUNT, house.clock.now + timedelta(hours=2))
    house.mail()
    house.cycle()
    house.clock.advance(hours=2)
    house.sms.faults = [DeliveryDelayed("busy")] * 9
    house.cycle()
    assert not any("could not deliver" in text for text in house.heard())
    for _ in range(4):
        house.clock.advance(minutes=6)
        house.cycle()
    assert any("could not deliver" in text for text in house.heard())


def test_that_no_model_can_be_served_is_told_once_and_when_one_is_again(house: House) -> None:
    def corrupt() -> FakeScorer:
        raise ModelCorrupt("The model was changed.")

    for _ in range(2):
        house.mail()
        with pytest.raises(ModelCorrupt):
            run_cycle(house.mailbox, house.store, corrupt, [house.sms, house.speech], house.clock)
    assert house.heard() == ["Jeeves does not use its newest model. The model was changed."]
    for _ in range(2):
        tell_of_model(ACCOUNT, house.store, list(Channel), [], house.clock())
    house.cycle()
    [over] = [text for text in house.heard() if "model" in text]
    assert over == "Jeeves uses its newest model again."
