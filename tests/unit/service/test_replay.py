"""What would have been said about mail that is there already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from jeeves.domain.conversation import State
from jeeves.domain.message import DRAFT, Address, Message, Origin, Unreadable
from jeeves.domain.schedule import Rules
from jeeves.service.replay import Replayed, read_all, replay
from jeeves.service.terms import Terms
from tests.builders import ACCOUNT, a_fetched_mail, a_message, raw_mail
from tests.fakes import FakeScorer

#: A Tuesday.
START = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
SAM = Address("Sam Reader", ACCOUNT)
ANA = Address("Ana Lopez", "ana@example.org")
TERMS = Terms(Rules(zone=UTC))
#: As the issue has them.
KEYS = (
    *("thread", "messages", "alert", "alert_at", "settled_by", "place", "state", "text", "when"),
    *("why", "retraction"),
)


def mails(*texts: str, hours: float = 1, **changes: Any) -> Iterator[Message]:
    """``m1`` is the first; what begins with ``me:`` is the owner's."""
    for number, text in enumerate(texts, 1):
        own = text.startswith("me:")
        words = text.removeprefix("me:").strip()
        at = START + timedelta(hours=hours * (number - 1))
        values: dict[str, Any] = {
            "message_id": f"m{number}",
            "gmail_id": None,
            "thread_key": "id:m1",
            "sender": SAM if own else ANA,
            "to": (ANA if own else SAM,),
            "own": own,
            "subject": "hello" if number == 1 else "Re: hello",
            "body": words,
            "own_words": words,
            "sent_at": at,
            "received_at": at,
        }
        yield a_message(**{**values, **changes})


def replayed(*texts: str, terms: Terms = TERMS, **changes: Any) -> Replayed:
    [found] = replay(list(mails(*texts, **changes)), FakeScorer(), terms)
    return found


def test_an_object_has_the_keys_of_the_issue_in_its_order() -> None:
    said = replayed("Want to grab lunch on Thursday?", "me: How about Nopa at 12:30?").as_dict()
    assert tuple(said)[: len(KEYS)] == KEYS
    assert said["thread"] == "<m1>"
    assert said["messages"] == ["<m1>", "<m2>"]
    assert (said["alert"], said["alert_at"]) == (True, "<m1>")
    assert (said["state"], said["settled_by"], said["place"]) == ("settled", "<m2>", "Nopa")
    assert said["why"] == ["lunch"]
    assert said["when"] == "2026-03-10T09:00:00+00:00"
    assert "lunch" in str(said["text"])
    assert str(said["retraction"]).startswith("Settled: Nopa")


def test_a_first_mail_that_names_the_place_settles_without_an_alert() -> None:
    found = replayed("Lunch at Nopa on Thursday?", "me: Yes.")
    assert (found.alert, found.alert_at, found.text, found.when, found.why) == (
        *(False, None, None, None),
        (),
    )
    assert (found.state, found.settled_by, found.place) == (State.SETTLED, "<m1>", "Nopa")
    assert found.retraction is None


def test_nothing_that_asks_for_a_place_is_none() -> None:
    for text in ("The invoice is attached.", "Can we have a quick call on Thursday at 3?"):
        found = replayed(text)
        assert (found.state, found.alert, found.place) == (State.NONE, False, None)


def test_an_open_question_has_no_place_and_is_not_taken_back() -> None:
    found = replayed("Want to grab lunch on Thursday?", "me: Gladly.")
    assert (found.state, found.place, found.settled_by) == (State.OPEN, None, None)
    assert found.retraction is None


def test_what_is_called_off_is_cancelled() -> None:
    found = replayed("Want to grab lunch on Thursday?", "I have to cancel lunch, sorry.")
    assert (found.state, found.alert, found.place) == (State.CANCELLED, True, None)
    assert found.retraction


def test_what_is_settled_in_the_night_was_never_said() -> None:
    terms = Terms(Rules(time(8, 30), time(12), UTC))
    found = replayed("Lunch next week?", "me: How about Nopa?", terms=terms)
    assert (found.alert, found.when, found.retraction) == (True, None, None)
    later = replayed("Lunch next week?", "me: How about Nopa?", terms=terms, hours=5)
    assert later.when == datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
    assert later.retraction


def test_without_retractions_nothing_is_taken_back() -> None:
    terms = Terms(Rules(zone=UTC, retractions=False))
    found = replayed("Want to grab lunch on Thursday?", "me: How about Nopa?", terms=terms)
    assert (found.alert, found.retraction) == (True, None)


def test_the_moment_is_told_on_the_owners_clock() -> None:
    from zoneinfo import ZoneInfo

    terms = Terms(Rules(zone=ZoneInfo("Asia/Tokyo")))
    found = replayed("Want to grab lunch on Thursday?", terms=terms)
    assert found.as_dict()["when"] == "2026-03-10T18:00:00+09:00"


def test_own_mail_and_mail_to_many_never_alert() -> None:
    assert replayed("me: Shall we have lunch on Thursday?").alert is False
    assert replayed("Want to grab lunch on Thursday?", bulk=True).alert is False


def test_mail_from_before_jeeves_counts_as_if_it_had_just_arrived() -> None:
    old = START - timedelta(days=4_000)
    for origin in Origin:
        found = replayed(
            "Want to grab lunch tomorrow?", origin=origin, sent_at=old, received_at=old
        )
        assert found.alert_at == "<m1>"
        assert found.when == old


def test_drafts_are_left_out() -> None:
    draft = a_message(labels=(DRAFT,))
    assert list(replay([draft], FakeScorer(), TERMS)) == []


def test_mails_are_judged_in_order_of_date_however_they_come() -> None:
    thread = list(mails("Want to grab lunch on Thursday?", "me: Nopa?", "Perfect."))
    [forth] = replay(thread, FakeScorer(), TERMS)
    [back] = replay(thread[::-1], FakeScorer(), TERMS)
    assert replace(forth, text=None) == replace(back, text=None)
    assert back.messages == ("<m1>", "<m2>", "<m3>")


def test_mails_without_an_id_are_told_apart() -> None:
    first, second = mails("Want to grab lunch on Thursday?", "me: Let's go to Nopa.", message_id="")
    one, two = (replace(mail, thread_key="gm:77") for mail in (first, second))
    [found] = replay([one, two], FakeScorer(), TERMS)
    assert found.thread == "77"
    assert found.messages == (one.fingerprint, two.fingerprint)
    assert found.settled_by == two.fingerprint


def test_of_several_meetings_each_is_told_and_the_first_alert_is_said() -> None:
    found = replayed(
        "Lunch at Nopa on Thursday at 12:30?",
        "me: Yes, see you there.",
        "Also, shall we have dinner on Saturday after lunch?",
        "me: Dinner on Saturday at Zuni at 7?",
    )
    assert (found.state, found.alert_at, found.settled_by) == (State.SETTLED, "<m3>", "<m4>")
    assert found.place == "Zuni"
    told = found.as_dict()["meetings"]
    assert told == [
        {
            "kind": "lunch",
            "state": "settled",
            "alert_at": None,
            "settled_by": "<m1>",
            "place": "Nopa",
            "owner_owes": None,
        },
        {
            "kind": "dinner",
            "state": "settled",
            "alert_at": "<m3>",
            "settled_by": "<m4>",
            "place": "Zuni",
            "owner_owes": None,
        },
    ]


def test_a_place_that_falls_through_leaves_the_conversation_open() -> None:
    found = replayed(
        "Want to grab lunch on Thursday?",
        "me: How about Nopa?",
        "Nopa is closed on Thursday, sorry. Where shall we go?",
    )
    assert (found.state, found.place, found.settled_by) == (State.OPEN, None, None)
    assert found.alert_at == "<m1>"
    # what was said of it was taken back when it was settled
    assert found.retraction


def test_each_mail_is_read_once_and_what_cannot_be_read_is_a_value() -> None:
    raw = raw_mail()
    fetched = [a_fetched_mail(raw), a_fetched_mail(raw), a_fetched_mail(b"\x00\x01")]
    one, broken = read_all(fetched, ACCOUNT, ())
    assert isinstance(one, Message)
    assert one.origin is Origin.LIVE
    assert isinstance(broken, Unreadable)


def test_what_an_alias_has_sent_is_own() -> None:
    mail = a_fetched_mail(raw_mail(sender="Sam <sam.reader@example.net>"))
    [message] = read_all([mail], ACCOUNT, ["sam.reader@example.net"])
    assert isinstance(message, Message)
    assert message.own


def test_a_thread_of_500_mails_is_replayed() -> None:
    middle = ["Tell me of the report.", "me: It is long."] * 249
    found = replayed("Want to grab lunch on Thursday?", *middle, "Let's meet at Nopa.", hours=0.01)
    assert len(found.messages) == 500
    assert (found.alert_at, found.settled_by, found.place) == ("<m1>", "<m500>", "Nopa")
