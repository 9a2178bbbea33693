"""What follows from new mail for its conversation, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from jeeves.domain.alert import Alert, AlertKind, AlertState, Channel
from jeeves.domain.conversation import State
from jeeves.domain.message import DRAFT, Address, Message, Origin
from jeeves.domain.outbox import Asked, Outcome, Thread, ThreadMessage
from jeeves.domain.ports import Judgement, StoredMessage
from jeeves.domain.schedule import Rules
from jeeves.domain.verdict import Band
from jeeves.service.deciding import conclude, judgement, turn
from jeeves.service.hearing import LONGEST_THREAD
from jeeves.service.terms import FREE, Terms
from tests.builders import ACCOUNT, a_message
from tests.fakes import FakeScorer

KEY = "gm:1"
#: A Tuesday.
START = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
SAM = Address("Sam Reader", ACCOUNT)
ANA = Address("Ana Lopez", "ana@example.org")
BOTH = (Channel.SMS, Channel.SPEECH)
TERMS = Terms(Rules(zone=UTC))


class Talk:
    """A conversation and the outbox, as the store would keep them."""

    def __init__(self, terms: Terms = TERMS, channels: Sequence[Channel] = (Channel.SMS,)) -> None:
        self.terms = terms
        self.channels = channels
        self.stored: list[ThreadMessage] = []
        self.told: dict[tuple[str, AlertKind], list[Alert]] = {}

    def hear(self, text: str, by: Address = ANA, **changes: Any) -> Outcome:
        """A mail has come, an hour after the one before it."""
        at = START + timedelta(hours=len(self.stored))
        values: dict[str, Any] = {
            "thread_key": KEY,
            "sender": by,
            "to": (SAM if by is ANA else ANA,),
            "own": by is SAM,
            "subject": "Re: hello",
            "body": text,
            "own_words": text,
            "sent_at": at,
            "received_at": at,
        }
        return self.take(a_message(**{**values, **changes}), at)

    def take(self, message: Message, now: datetime) -> Outcome:
        stored = StoredMessage(len(self.stored) + 1, message)
        judged = {stored.id: judgement(stored, FakeScorer(), now)}
        thread = Thread((*self.stored, ThreadMessage(stored.id, message, None)))
        outcome = conclude(
            ACCOUNT, KEY, thread, self.told, [stored], judged, self.channels, now, self.terms
        )
        self.stored.append(ThreadMessage(stored.id, message, judged[stored.id].verdict.band))
        for alert in outcome.alerts:
            rows = self.told.setdefault((alert.question, alert.kind), [])
            rows.append(replace(alert, state=AlertState.SENT))
        for closing in outcome.closed:
            if closing.sms_text:
                rows = self.told.setdefault((closing.question, AlertKind.RETRACTION), [])
                rows.append(self.told[closing.question, AlertKind.ALERT][0])
        return outcome


def questions(outcome: Outcome) -> list[str]:
    return [one.question for one in outcome.alerts if one.kind is AlertKind.ALERT]


def test_an_open_question_is_told_once_and_with_its_mail() -> None:
    talk = Talk()
    first = talk.hear("Want to grab lunch on Thursday?")
    [alert] = first.alerts
    assert (alert.question, alert.message_id, alert.channel) == ("1.1", 1, Channel.SMS)
    assert alert.reference in alert.text
    assert "lunch" in alert.text
    assert talk.hear("Really, lunch on Thursday?").alerts == ()
    assert talk.hear("Yes, gladly.", SAM).alerts == ()
    assert talk.hear("Lovely, see you then.").alerts == ()


def test_it_is_told_on_each_channel_in_words_for_each() -> None:
    talk = Talk(channels=BOTH)
    sms, speech = talk.hear("Want to grab lunch on Thursday?").alerts
    assert (sms.channel, speech.channel) == BOTH
    assert sms.text != speech.text
    assert sms.reference != speech.reference
    assert speech.reference not in speech.text


def test_the_owners_own_mail_is_followed_and_tells_nothing() -> None:
    talk = Talk()
    asked = talk.hear("Shall we have lunch on Thursday?", SAM)
    assert asked.alerts == ()
    assert asked.conversation.state is State.OPEN
    answered = talk.hear("Yes, gladly!")
    assert questions(answered) == ["1.1"]
    assert answered.alerts[0].message_id == 2


def test_a_place_that_was_named_is_no_question() -> None:
    outcome = Talk().hear("Lunch at Nopa on Thursday at 12:30?")
    assert outcome.alerts == ()
    settled = outcome.conversation.foremost
    assert settled is not None
    assert (settled.settled_by, settled.state) == ("1", State.SETTLED)
    assert outcome.meeting_at == datetime(2026, 3, 12, 12, 30, tzinfo=UTC)


def test_a_place_settles_and_takes_the_alert_back() -> None:
    talk = Talk()
    talk.hear("Want to grab lunch on Thursday?")
    settled = talk.hear("How about Nopa at 12:30?", SAM)
    [closing] = settled.closed
    assert closing.question == "1.1"
    assert closing.sms_text is not None
    assert "Nopa" in closing.sms_text
    assert closing.spoken_text is not None
    assert settled.conversation.settled is not None
    assert settled.conversation.settled.settled_by == "2"
    # once
    assert talk.hear("Perfect, see you there.").closed == ()


def test_retractions_can_be_turned_off() -> None:
    talk = Talk(Terms(Rules(zone=UTC, retractions=False)))
    talk.hear("Want to grab lunch on Thursday?")
    [closing] = talk.hear("How about Nopa at 12:30?", SAM).closed
    assert (closing.sms_text, closing.spoken_text) == (None, None)


def test_a_place_that_falls_through_is_another_question() -> None:
    talk = Talk()
    talk.hear("Want to grab lunch on Thursday?")
    talk.hear("How about Nopa?", SAM)
    again = talk.hear("Nopa is closed on Thursday, sorry. Where shall we go?")
    assert questions(again) == ["1.2"]


def test_what_was_told_and_not_taken_back_stands_for_a_place_that_falls_through() -> None:
    talk = Talk(Terms(Rules(zone=UTC, retractions=False)))
    talk.hear("Want to grab lunch on Thursday?")
    talk.hear("How about Nopa?", SAM)
    assert talk.hear("Nopa is closed on Thursday, sorry. Where shall we go?").alerts == ()


def test_what_was_cancelled_unsaid_does_not_stand() -> None:
    talk = Talk()
    talk.hear("Want to grab lunch on Thursday?")
    [row] = talk.told["1.1", AlertKind.ALERT]
    talk.told["1.1", AlertKind.ALERT] = [replace(row, state=AlertState.CANCELLED)]
    outcome = talk.hear("Nopa?", SAM)
    del talk.told["1.1", AlertKind.RETRACTION]
    assert outcome.conversation.state is State.SETTLED
    assert questions(talk.hear("Nopa is closed on Thursday, sorry.")) == ["1.2"]


def test_called_off_is_closed_and_taken_back() -> None:
    talk = Talk()
    talk.hear("Want to grab lunch on Thursday?")
    [closing] = talk.hear("I have to cancel lunch, so sorry.").closed
    assert closing.question == "1.1"


def test_two_meetings_are_two_questions() -> None:
    talk = Talk()
    outcome = talk.hear("How about coffee on Monday and lunch on Friday?")
    assert questions(outcome) == ["1.1", "2.1"]
    [closing] = talk.hear("Coffee on Monday: my office.", SAM).closed
    assert closing.question == "1.1"


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": Origin.BACKFILL},
        {"origin": Origin.IMPORT},
        {"bulk": True},
        {"own": True},
        {"labels": (DRAFT,)},
        {"received_at": START - timedelta(days=15)},
        {"sent_at": START - timedelta(days=15)},
    ],
    ids=str,
)
def test_mail_that_must_never_alert_does_not(changes: dict[str, Any]) -> None:
    assert Talk().hear("Want to grab lunch on Thursday?", **changes).alerts == ()


def test_an_answer_to_mail_from_before_jeeves_is_told_of() -> None:
    talk = Talk()
    talk.hear("Want to grab lunch on Thursday?", origin=Origin.BACKFILL)
    assert questions(talk.hear("So, is lunch still on?")) == ["1.1"]


def test_drafts_say_nothing() -> None:
    talk = Talk()
    talk.hear("Want to grab lunch on Thursday?")
    outcome = talk.hear("Let's go to Nopa.", SAM, labels=(DRAFT,))
    assert outcome.conversation.state is State.OPEN
    assert outcome.read_up_to == 2


def test_a_reminder_goes_beside_the_alert_and_moves_with_the_meeting() -> None:
    talk = Talk(Terms(Rules(time(22), time(7), UTC, reminder_hours=3)))
    alert, reminder = talk.hear("Want to grab lunch on Thursday at 12:30?").alerts
    assert (alert.kind, reminder.kind) == (AlertKind.ALERT, AlertKind.REMINDER)
    assert reminder.not_before == datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
    moved = talk.hear("Can we move lunch to Friday at 12:30?")
    assert moved.alerts == ()
    assert {one.kind for one in moved.moved} == {AlertKind.ALERT, AlertKind.REMINDER}
    assert {one.reference for one in moved.moved} == {alert.reference, reminder.reference}
    times = {one.kind: one.not_before for one in moved.moved}
    assert times[AlertKind.REMINDER] == datetime(2026, 3, 13, 9, 30, tzinfo=UTC)


def test_an_alert_of_the_night_waits_for_the_morning() -> None:
    talk = Talk(Terms(Rules(time(22), time(7), UTC)))
    night = START.replace(hour=23)
    message = a_message(
        thread_key=KEY, body="Lunch next week?", own_words="Lunch next week?", sent_at=night
    )
    [alert] = talk.take(replace(message, received_at=night), night).alerts
    assert alert.not_before == datetime(2026, 3, 11, 7, 0, tzinfo=UTC)


def test_a_thread_of_500_mails_and_one_of_many_more_keep_the_numbers_of_their_meetings() -> None:
    talk = Talk(FREE)
    talk.hear("Want to grab lunch on Thursday?")
    mail = a_message(
        thread_key=KEY, subject="Re: hello", body="The report is long.", own_words="It is long."
    )
    filler = [ThreadMessage(n, mail, Band.QUIET) for n in range(2, LONGEST_THREAD + 300)]
    talk.stored += filler
    # Else the dinner would be the first meeting, about which the owner was told.
    dinner = talk.hear("Shall we have dinner on Saturday?")
    assert [one.kind for one in dinner.conversation.meetings] == ["lunch", "dinner"]
    assert questions(dinner) == ["2.1"]
    assert dinner.closed == ()


@pytest.mark.parametrize(
    "name",
    [
        "\x00\x1b[2J\r\nBcc: x",
        "🎉" * 40,
        "x" * 10_000,
        "$(reboot); DROP TABLE alerts;",
        "\u202eevil",
    ],
)
@pytest.mark.parametrize(
    "date", [datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC), None]
)
def test_whatever_stands_in_a_head_the_alert_is_short_and_harmless(
    name: str, date: datetime | None
) -> None:
    talk = Talk(channels=BOTH)
    outcome = talk.hear(
        "Want to grab lunch tomorrow at 12:30?",
        Address(name, "ana@example.org"),
        subject=name,
        sent_at=date,
        own=False,
    )
    for alert in outcome.alerts:
        assert len(alert.text) <= 400
        assert alert.text.isprintable()
        assert "\u202e" not in alert.text


def test_a_turn_names_who_else_reads() -> None:
    mail = a_message(sender=ANA, to=(SAM, ANA), cc=(Address("Tom", "tom@example.org"),))
    heard = turn(mail, "7", needs_location=True, why="grab lunch")
    assert [one.address for one in heard.others] == [ACCOUNT, "tom@example.org"]
    assert (heard.id, heard.why, heard.needs_location, heard.own) == (
        "7",
        "grab lunch",
        True,
        False,
    )


def test_verdicts_of_earlier_mail_are_those_that_were_stored() -> None:
    vague = "It has been far too long, the two of us."
    mail = a_message(thread_key=KEY, subject="Re: hi", body=vague, own_words=vague)
    told: Asked = {}
    for band, state in ((Band.ALERT, State.OPEN), (Band.UNSURE, State.NONE), (None, State.NONE)):
        thread = Thread((ThreadMessage(1, mail, band),))
        outcome = conclude(ACCOUNT, KEY, thread, told, [], {}, BOTH, START, TERMS)
        assert outcome.conversation.state is state
        assert outcome.alerts == ()
    judged = {1: Judgement(1, judgement(StoredMessage(1, mail), FakeScorer(), START).verdict)}
    thread = Thread((ThreadMessage(1, mail, Band.ALERT),))
    outcome = conclude(ACCOUNT, KEY, thread, told, [], judged, BOTH, START, TERMS)
    assert outcome.conversation.state is State.NONE
