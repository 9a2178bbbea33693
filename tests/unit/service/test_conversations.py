"""Conversations as people have them, from the words of their mails to the state of each meeting.

A model's verdict stands beside each mail: what it says of one is no matter of this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from jeeves.domain.conversation import Conversation, State, Turn
from jeeves.domain.listening import fold, unfold
from jeeves.domain.message import Address, Message
from jeeves.service.deciding import turn
from tests.builders import ACCOUNT, a_message

SAM = Address("Sam Reader", ACCOUNT)
ANA = Address("Ana Lopez", "ana@example.org")
TOM = Address("Tom Hale", "tom@example.org")
#: A Tuesday.
START = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Said:
    """A mail in short."""

    by: Address
    text: str
    asks: bool = False
    subject: str = "Re: hello"
    bulk: bool = False


def ana(text: str) -> Said:
    return Said(ANA, text)


def asks(text: str) -> Said:
    """From Ana; the model says that it needs a place."""
    return Said(ANA, text, asks=True)


def tom(text: str) -> Said:
    return Said(TOM, text)


def sam(text: str) -> Said:
    """By the owner."""
    return Said(SAM, text)


def message_of(said: Said, number: int) -> Message:
    at = START + timedelta(hours=number)
    everybody = (SAM, ANA, TOM) if said.by is TOM else (SAM, ANA)
    return a_message(
        sender=said.by,
        to=tuple(one for one in everybody if one is not said.by),
        subject=said.subject,
        body=said.text,
        own_words=said.text,
        own=said.by is SAM,
        bulk=said.bulk,
        sent_at=at,
        received_at=at,
    )


def turns(*mails: Said) -> list[Turn]:
    """``m1`` is the first."""
    return [
        turn(message_of(said, number), f"m{number}", needs_location=said.asks)
        for number, said in enumerate(mails, 1)
    ]


def heard(*mails: Said) -> Conversation:
    known = list(unfold(turns(*mails)))
    for conversation in known:
        assert_sound(conversation)
    assert fold(turns(*mails)) == known[-1]
    return known[-1]


def assert_sound(conversation: Conversation) -> None:
    """What holds of any conversation."""
    numbers = [meeting.number for meeting in conversation.meetings]
    assert numbers == list(range(1, len(numbers) + 1))
    questions = [meeting.question for meeting in conversation.open_meetings]
    assert len(questions) == len(set(questions))
    for meeting in conversation.meetings:
        settled = meeting.state is State.SETTLED
        assert bool(meeting.place) == settled
        assert (meeting.settled_by is not None) == settled
        assert meeting.due_at is None or meeting.state is State.OPEN
        assert meeting.due_at is None or meeting.alert_at is not None
        assert meeting.opened >= (meeting.state is State.OPEN)


def outcome(
    *mails: Said,
) -> tuple[str, str | None, str | None, str]:
    """State, the mail of the alert, the mail that settled the last meeting, and the place."""
    known = heard(*mails)
    settled = known.settled if known.state is State.SETTLED else None
    return (
        known.state.value,
        known.alert_at,
        settled.settled_by if settled else None,
        settled.place if settled else "",
    )


LUNCH = asks("Want to grab lunch on Thursday?")
CASES: list[tuple[str, Sequence[Said], tuple[str, str | None, str | None, str]]] = [
    # place in reply 2
    (
        "the place comes with the second answer",
        [LUNCH, sam("Yes! 12:30?"), ana("Perfect. Let's go to Nopa.")],
        ("settled", "m1", "m3", "Nopa"),
    ),
    (
        "the owner names the place",
        [LUNCH, sam("Sure, how about Zuni at one?"), ana("Great, see you there.")],
        ("settled", "m1", "m2", "Zuni"),
    ),
    (
        "a first mail that names the place asks for none",
        [ana("Lunch at Nopa on Thursday at 12:30?"), sam("Yes, see you there.")],
        ("settled", None, "m1", "Nopa"),
    ),
    ("nobody has said where yet", [LUNCH, sam("Yes, gladly.")], ("open", "m1", None, "")),
    (
        "a bare name answers the question where",
        [LUNCH, sam("Yes. Where?"), ana("Café Rosa")],
        ("settled", "m1", "m3", "Café Rosa"),
    ),
    # proposed, but refused
    (
        "the place that is refused leaves the question open",
        [LUNCH, sam("Nopa?"), ana("Nopa is closed on Thursdays, sorry.")],
        ("open", "m1", None, ""),
    ),
    (
        "another place is proposed for the one refused",
        [
            *(LUNCH, sam("How about Nopa?"), ana("Too loud for me there.")),
            sam("Then let's do Zuni."),
        ],
        ("settled", "m1", "m4", "Zuni"),
    ),
    (
        "one is refused and another named in one breath",
        [LUNCH, sam("How about Nopa?"), ana("Nopa is fully booked, how about Zuni?")],
        ("settled", "m1", "m3", "Zuni"),
    ),
    (
        "a settled place falls through",
        [
            *(ana("Dinner at Nopa on Friday at 7?"), sam("Great, see you there.")),
            ana("Bad news: Nopa is closed on Friday. Where shall we go?"),
        ],
        ("open", "m3", None, ""),
    ),
    # changed
    (
        "the place changes",
        [
            *(LUNCH, sam("How about Nopa?"), ana("Fine.")),
            ana("Change of plan: let's meet at Zuni instead."),
        ],
        ("settled", "m1", "m4", "Zuni"),
    ),
    (
        "the day changes and the place stands",
        [
            *(ana("Dinner at Nopa on Friday at 7?"), sam("Yes, see you there.")),
            ana("Can we move it to Saturday?"),
            sam("Sure, Saturday works."),
        ],
        ("settled", None, "m1", "Nopa"),
    ),
    (
        "a detail of the place does not change it",
        [
            *(ana("Meet at the Town Hall on Friday at 10?"), sam("Yes, see you there.")),
            ana("I'll wait at the side entrance."),
        ],
        ("settled", None, "m1", "the Town Hall"),
    ),
    (
        "the place that was named first counts from there",
        [
            *(LUNCH, sam("How about Nopa on Mill Road?"), ana("Great.")),
            sam("See you at Nopa on Thursday at 12:30."),
        ],
        ("settled", "m1", "m2", "Nopa"),
    ),
    # as usual
    (
        "my office as usual",
        [ana("Shall we meet on Thursday at 3? My office as usual."), sam("Fine.")],
        ("settled", None, "m1", "My office"),
    ),
    (
        "the usual place",
        [LUNCH, sam("Yes. Usual place?"), ana("Of course.")],
        ("settled", "m1", "m2", "Usual place"),
    ),
    (
        "somebody comes round",
        [asks("Can we have a coffee tomorrow?"), sam("Sure, I'll come to your office at 4.")],
        ("settled", "m1", "m2", "your office"),
    ),
    # call or video only
    (
        "a call needs no place",
        [ana("Can we have a quick call on Thursday at 3?"), sam("Yes, call me.")],
        ("none", None, None, ""),
    ),
    (
        "a video meeting needs no place",
        [
            ana("Let's meet on Zoom on Thursday at 3: https://us02web.zoom.us/j/123456"),
            sam("Works for me."),
        ],
        ("none", None, None, ""),
    ),
    (
        "a lunch that becomes a call is settled by that",
        [LUNCH, sam("I can't leave the office, let's do a call instead."), ana("Ok.")],
        ("settled", "m1", "m2", "call instead"),
    ),
    # own mail asks
    (
        "whoever answers the owner's proposal without a place is told of",
        [sam("Shall we have lunch on Thursday?"), ana("Yes, gladly!")],
        ("open", "m2", None, ""),
    ),
    (
        "the answer to the owner's question settles",
        [sam("Lunch on Thursday? Where would you like to go?"), ana("Yes! Nopa at 12:30?")],
        ("settled", None, "m2", "Nopa"),
    ),
    ("the owner's own mail never alerts", [sam("Lunch on Thursday?")], ("open", None, None, "")),
    # called off, declined
    (
        "it is called off",
        [LUNCH, sam("Yes."), ana("So sorry, I have to cancel lunch.")],
        ("cancelled", "m1", None, ""),
    ),
    ("it is declined", [LUNCH, sam("Sorry, I can't.")], ("cancelled", "m1", None, "")),
    (
        "it is called off and comes up again",
        [
            *(LUNCH, sam("Yes."), ana("I have to cancel lunch, sorry.")),
            ana("Shall we have lunch next Tuesday instead?"),
        ],
        ("open", "m1", None, ""),
    ),
    # none
    (
        "thanks for a lunch that has been",
        [ana("Thanks for lunch yesterday, it was lovely."), sam("It was!")],
        ("none", None, None, ""),
    ),
    (
        "other people's lunch",
        [ana("Priya and Tom are having lunch on Friday, they said."), sam("Nice.")],
        ("none", None, None, ""),
    ),
    (
        "no meeting at all",
        [ana("The invoice is attached."), sam("Thanks, paid.")],
        ("none", None, None, ""),
    ),
]


@pytest.mark.parametrize(
    ("mails", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_conversation_ends_as_its_readers_would_say(
    mails: Sequence[Said], expected: tuple[str, str | None, str | None, str]
) -> None:
    assert outcome(*mails) == expected


def of_each(*mails: Said) -> list[tuple[str, str, str | None]]:
    return [(one.kind, one.state.value, one.place or None) for one in heard(*mails).meetings]


def test_two_meetings_of_one_mail_are_kept_apart() -> None:
    both = asks("How about coffee on Monday and dinner on Friday?")
    assert of_each(both) == [("coffee", "open", None), ("dinner", "open", None)]
    answer = sam("Coffee on Monday: my office. Dinner on Friday is fine.")
    assert of_each(both, answer) == [("coffee", "settled", "my office"), ("dinner", "open", None)]


def test_the_place_of_one_meeting_settles_not_the_other() -> None:
    mails = [
        ana("Lunch at Nopa on Thursday at 12:30?"),
        sam("Yes, see you there."),
        asks("Also, shall we have dinner on Saturday?"),
    ]
    assert of_each(*mails) == [("lunch", "settled", "Nopa"), ("dinner", "open", None)]
    known = heard(*mails)
    assert known.state is State.OPEN
    assert known.alert_at == "m3"


def test_a_call_and_a_lunch_in_one_mail_are_two() -> None:
    mail = asks("Quick call on Wednesday at 10, and lunch on Friday?")
    assert of_each(mail) == [("call", "none", None), ("lunch", "open", None)]


def test_one_of_two_is_called_off() -> None:
    mails = [
        asks("How about coffee on Monday and dinner on Friday?"),
        sam("I have to cancel dinner. Coffee on Monday is fine."),
    ]
    assert of_each(*mails) == [("coffee", "open", None), ("dinner", "cancelled", None)]


EVENT = """\
{head}: Lunch
When: 2026-03-12 12:30 Europe/Berlin
{lines}"""


def test_an_invitation_that_says_where_settles() -> None:
    invitation = ana(EVENT.format(head="Invitation", lines="Where: Nopa, Mill Road 12"))
    assert outcome(LUNCH, sam("Yes."), invitation) == (
        *("settled", "m1", "m3"),
        "Nopa, Mill Road 12",
    )
    assert outcome(invitation) == ("settled", None, "m1", "Nopa, Mill Road 12")


def test_an_invitation_to_a_conference_settles_what_was_open() -> None:
    link = "Link: https://us02web.zoom.us/j/1"
    assert outcome(LUNCH, ana(EVENT.format(head="Invitation", lines=link)))[:3] == (
        *("settled", "m1"),
        "m2",
    )
    assert outcome(ana(EVENT.format(head="Invitation", lines=link)))[0] == "none"


def test_an_invitation_without_a_place_is_open() -> None:
    invitation = ana("Invitation: Lunch\nWhen: 2026-03-12 12:30 Europe/Berlin\n")
    assert outcome(invitation) == ("open", "m1", None, "")


def test_a_cancelled_invitation_calls_off() -> None:
    invitation = ana(EVENT.format(head="Invitation", lines="Where: Nopa"))
    cancelled = ana(EVENT.format(head="Cancelled", lines="Where: Nopa"))
    assert outcome(invitation, cancelled)[0] == "cancelled"


def test_bulk_mail_never_opens_a_meeting() -> None:
    newsletter = replace(asks("Are you free for lunch on Thursday? Join us!"), bulk=True)
    assert outcome(newsletter) == ("none", None, None, "")
    assert outcome(newsletter, newsletter, sam("Please take me off the list."))[1] is None
    # nor does it alert in a conversation that has one
    assert outcome(sam("Lunch on Thursday?"), newsletter)[1] is None


def test_an_invitation_of_a_machine_settles_what_people_have_left_open() -> None:
    """Calendars send their invitations with Auto-Submitted."""
    invitation = ana(EVENT.format(head="Invitation", lines="Where: Nopa"))
    assert outcome(LUNCH, replace(invitation, bulk=True))[:3] == ("settled", "m1", "m2")


def test_what_was_said_before_jeeves_listened_is_known_from_the_quote() -> None:
    quote = "On Mon, 9 Mar 2026 at 18:02, Sam <sam@example.org> wrote:\n> Lunch at Nopa on Friday?"
    message = a_message(
        subject="Re: hi",
        own_words="Yes, gladly! See you there.",
        body=f"Yes, gladly! See you there.\n\n{quote}\n",
        sent_at=START,
        own=False,
    )
    known = fold([turn(message, "m1", needs_location=True)])
    assert known.state is State.SETTLED
    assert known.alert_at is None
    assert [one.place for one in known.meetings] == ["Nopa"]


def test_a_long_thread_is_followed_to_its_end() -> None:
    """Issue: a thread of 500 mails."""
    middle = [ana("Tell me more about the report."), sam("It is long, and full of figures.")]
    mails = [LUNCH, *middle * 249, sam("Let's meet at Nopa on Thursday at 12:30.")]
    assert len(mails) == 500
    assert outcome(*mails) == ("settled", "m1", "m500", "Nopa")


def test_five_hundred_proposals_are_few_meetings_each_with_one_question() -> None:
    mails = [asks("Lunch on Thursday?"), ana("Dinner at Nopa on Friday?")] * 250
    known = heard(*mails)
    assert len(known.meetings) < 10


@pytest.mark.parametrize(
    "text", ["", "\x00", "\ud800", "👍", "?" * 600, "\n" * 100, "Where? " * 200]
)
def test_mail_of_nothing_settles_and_opens_nothing(text: str) -> None:
    assert outcome(ana(text))[1:3] == (None, None)
    assert outcome(LUNCH, ana(text))[:2] == ("open", "m1")
