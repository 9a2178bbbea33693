"""A conversation followed from its first mail until its place stands, through whole cycles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.alert import AlertKind, AlertState, Channel
from jeeves.domain.schedule import Rules
from jeeves.service.terms import Terms
from jeeves.service.triage import run_cycle
from tests.builders import ACCOUNT, NOW, raw_mail
from tests.fakes import FakeClock, FakeMailbox, FakeScorer, RecordingNotifier

THREAD = "1234567890"
TERMS = Terms(rules=Rules(zone=UTC, reminder_hours=3))


class Following:
    """One conversation in a mailbox that is watched."""

    def __init__(self, dsn: str) -> None:
        self.store = PostgresStore(dsn)
        self.mailbox = FakeMailbox()
        self.clock = FakeClock()
        self.sms = RecordingNotifier(Channel.SMS)
        self.cycle()

    def cycle(self) -> None:
        run_cycle(self.mailbox, self.store, FakeScorer, [self.sms], self.clock, TERMS)

    def mail(self, text: str, subject: str = "Re: seeing you", *, own: bool = False) -> None:
        """A mail arrives, an hour after the last one, and a cycle is run."""
        self.clock.advance(seconds=3600)
        sender = f"Me <{ACCOUNT}>" if own else "Ana Lopez <ana@example.org>"
        raw = raw_mail(subject=subject, text=text, sender=sender, date=self.clock.now)
        self.mailbox.add(raw, received_at=self.clock.now, gmail_thread_id=THREAD)
        self.cycle()

    def texts(self) -> list[str]:
        return [alert.text for alert in self.sms.sent]

    def rows(self) -> dict[tuple[AlertKind, str], tuple[AlertState, datetime | None]]:
        with self.store.connection.statement() as sql:
            sql.execute("select kind, question, state, not_before from alerts")
            return {
                (AlertKind(row["kind"]), row["question"]): (
                    AlertState(row["state"]),
                    row["not_before"],
                )
                for row in sql.fetchall()
            }


@pytest.fixture
def following(migrated_url: str) -> Iterator[Following]:
    following = Following(migrated_url)
    yield following
    following.store.close()


def day(ahead: int, hour: int) -> datetime:
    """So many days after the test's today, at this hour."""
    return (NOW + timedelta(days=ahead)).replace(hour=hour, minute=0, second=0, microsecond=0)


def on(ahead: int) -> str:
    return f"{NOW + timedelta(days=ahead):%A}"


def test_a_place_named_later_is_told_once_and_cancels_the_reminder(following: Following) -> None:
    """Promise 3."""
    following.mail(f"Lunch on {on(4)} at 12:30?", "Lunch?")
    assert len(following.texts()) == 1
    assert "No place yet" in following.texts()[0]
    following.mail(f"Sure, {on(4)} works.", own=True)
    following.mail("Shall we say Blue Bottle on Mint Street?")
    assert len(following.texts()) == 2
    assert following.texts()[1].startswith("Settled: Blue Bottle on Mint Street")
    following.mail("Perfect, see you there.", own=True)
    following.mail("See you!")
    assert len(following.texts()) == 2
    state, _ = following.rows()[AlertKind.REMINDER, "1.1"]
    assert state is AlertState.CANCELLED


def test_a_first_mail_that_names_the_place_is_not_told(following: Following) -> None:
    following.mail(f"Lunch on {on(4)} at 12:30 at Luigi's?", "Lunch?")
    assert following.texts() == []


def test_the_owners_own_proposal_is_told_with_the_answer_that_names_no_place(
    following: Following,
) -> None:
    following.mail(f"Dinner on {on(3)}?", "Dinner?", own=True)
    assert following.texts() == []
    following.mail("Yes, I would love to!")
    assert len(following.texts()) == 1


def test_a_place_that_falls_through_is_asked_for_anew(following: Following) -> None:
    following.mail(f"Lunch on {on(4)} at 12:30?", "Lunch?")
    following.mail("How about Tamarind?", own=True)
    assert len(following.texts()) == 2
    following.mail(f"Tamarind is closed on {on(4)}s, somewhere else?")
    assert len(following.texts()) == 3
    assert "No place yet" in following.texts()[2]
    assert (AlertKind.ALERT, "1.2") in following.rows()


def test_a_meeting_at_another_time_moves_its_reminder(following: Following) -> None:
    following.mail(f"Lunch on {on(3)} at 12:30?", "Lunch?")
    assert following.rows()[AlertKind.REMINDER, "1.1"][1] == day(3, 9) + timedelta(minutes=30)
    following.mail(f"Can we make it {on(5)} at 1 pm instead?", own=True)
    assert following.rows()[AlertKind.REMINDER, "1.1"] == (AlertState.PENDING, day(5, 10))
    assert len(following.texts()) == 1
    following.clock.now = day(5, 10)
    following.cycle()
    assert len(following.texts()) == 2
    assert "1 pm" in following.texts()[1]


def test_a_meeting_called_off_is_told_once(following: Following) -> None:
    following.mail(f"Coffee on {on(4)} at 3 pm?", "Coffee?")
    following.mail("Sorry, I have to cancel our coffee.")
    assert following.texts()[1].startswith("Called off: coffee")
    following.mail("No worries.", own=True)
    assert len(following.texts()) == 2
