"""What Jeeves would have said about mail that is there already; sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from jeeves.domain.alert import quotable, why_withheld
from jeeves.domain.conversation import Conversation, Meeting, State
from jeeves.domain.listening import unfold
from jeeves.domain.message import FetchedMail, Message, Origin, Unreadable
from jeeves.domain.ports import Scorer
from jeeves.domain.schedule import plan
from jeeves.domain.threading import conversations, when
from jeeves.domain.verdict import Verdict, judge
from jeeves.domain.wording import alert_text
from jeeves.mail.mime import read
from jeeves.service.deciding import takes_back, told_of, turn, zone_of
from jeeves.service.delivery import new_reference
from jeeves.service.terms import Terms

#: Reasons that are told of an alert.
REASONS = 5


@dataclass(frozen=True, slots=True)
class Replayed:
    """What would have been said about one conversation."""

    #: Gmail's id of it, else the Message-ID of its first mail.
    thread: str
    #: Message-IDs in order of date, as they stand in the headers.
    messages: tuple[str, ...]
    state: State
    #: Whether an alert was due at some moment, and with which mail.
    alert: bool
    alert_at: str | None
    #: The mail that first named the place that stands.
    settled_by: str | None
    place: str | None
    #: The text message; None where none was due.
    text: str | None
    #: When it would have gone; None where it would have been cancelled before.
    when: datetime | None
    #: The words of the mail that asked for it.
    why: tuple[str, ...]
    #: What would have taken it back.
    retraction: str | None
    #: Subject of the first mail.
    subject: str
    meetings: tuple[Meeting, ...]

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "thread": self.thread,
            "messages": list(self.messages),
            "alert": self.alert,
            "alert_at": self.alert_at,
            "settled_by": self.settled_by,
            "place": self.place,
            "state": self.state.value,
            "text": self.text,
            "when": self.when.isoformat() if self.when else None,
            "why": list(self.why),
            "retraction": self.retraction,
            "meetings": [
                {
                    "kind": meeting.kind,
                    "state": meeting.state.value,
                    "alert_at": meeting.alert_at,
                    "settled_by": meeting.settled_by,
                    "place": meeting.place or None,
                    "owner_owes": meeting.owner_owes if meeting.state is State.OPEN else None,
                }
                for meeting in self.meetings
            ],
        }


def read_all(
    mails: Iterable[FetchedMail], account: str, aliases: Sequence[str]
) -> Iterator[Message | Unreadable]:
    """The mails that can be read, each once, and those that cannot."""
    seen: set[str] = set()
    for mail in mails:
        message = read(mail, account, Origin.LIVE, aliases)
        if isinstance(message, Message):
            if message.fingerprint in seen:
                continue
            seen.add(message.fingerprint)
        yield message


def replay(messages: Sequence[Message], scorer: Scorer, terms: Terms) -> Iterator[Replayed]:
    """What would have been said about each conversation, in the order of their first mails.

    Mail from before Jeeves counts as if it had come under its eyes.
    """
    sent = [replace(one, origin=Origin.LIVE) for one in messages if not one.draft]
    for thread in conversations(sent):
        yield replay_thread(thread, scorer, terms)


def replay_thread(thread: Sequence[Message], scorer: Scorer, terms: Terms) -> Replayed:
    """What would have been said about one conversation.

    Args:
        thread: Its mails in order of date; each is judged as if it had just arrived.
        scorer: The model.
        terms: The owner's.
    """
    verdicts = [judge(scorer.score(message), scorer.thresholds) for message in thread]
    names = [name_of(message) for message in thread]
    turns = [
        turn(
            # Gmail's archives hold mail without an id: two such must not be taken for one.
            message,
            str(number),
            needs_location=verdict.needs_location,
            why=quotable(verdict, message),
        )
        for number, (message, verdict) in enumerate(zip(thread, verdicts, strict=True))
    ]
    known = list(unfold(turns))
    end = known[-1]
    settled = end.settled if end.state is State.SETTLED else None
    replayed = Replayed(
        thread=_thread_of(thread[0]),
        messages=tuple(names),
        state=end.state,
        alert=False,
        alert_at=None,
        settled_by=_named(settled.settled_by, names) if settled else None,
        place=settled.place if settled else None,
        text=None,
        when=None,
        why=(),
        retraction=None,
        subject=thread[0].subject,
        meetings=tuple(
            replace(
                meeting,
                alert_at=_named(meeting.alert_at, names),
                settled_by=_named(meeting.settled_by, names),
                proposed_by=_named(meeting.proposed_by, names) or "",
            )
            for meeting in end.meetings
        ),
    )
    number = _first_alert(thread, known)
    if number is None:
        return replayed
    return _with_alert(replayed, thread, verdicts[number], known, number, terms)


def name_of(message: Message) -> str:
    """The Message-ID header of a mail; its digest where it has none."""
    return f"<{message.message_id}>" if message.message_id else message.fingerprint


def _first_alert(thread: Sequence[Message], known: Sequence[Conversation]) -> int | None:
    """With which mail the first alert was due."""
    for number, (message, conversation) in enumerate(zip(thread, known, strict=True)):
        due = any(meeting.due_at for meeting in conversation.open_meetings)
        if due and not message.own and why_withheld(message, when(message)) is None:
            return number
    return None


def _with_alert(
    replayed: Replayed,
    thread: Sequence[Message],
    verdict: Verdict,
    known: Sequence[Conversation],
    number: int,
    terms: Terms,
) -> Replayed:
    message, now = thread[number], when(thread[number])
    meeting = next(one for one in known[number].open_meetings if one.due_at)
    why = quotable(verdict, message) or meeting.why
    told = told_of(message, meeting, why, new_reference(), now, terms)
    zone = zone_of(terms.rules, now)
    start = meeting.when.start(zone) if meeting.when else None
    says = plan(start, now, terms.rules, bool(meeting.when and meeting.when.at)).say_at
    closed = next(
        (
            later
            for later in range(number + 1, len(thread))
            if not _open(known[later], meeting.number)
        ),
        None,
    )
    gone = closed is None or when(thread[closed]) >= says
    retraction = None
    if closed is not None and gone and terms.rules.retractions:
        at_end = next(one for one in known[closed].meetings if one.number == meeting.number)
        closing = told_of(message, at_end, "", told.reference, when(thread[closed]), terms)
        retraction = takes_back(closing)[0]
    return replace(
        replayed,
        alert=True,
        alert_at=replayed.messages[number],
        text=alert_text(told),
        when=says.astimezone(zone) if gone else None,
        why=tuple(reason.words for reason in verdict.score.reasons if reason.weight > 0)[:REASONS],
        retraction=retraction,
    )


def _open(conversation: Conversation, number: int) -> bool:
    return any(
        meeting.number == number and meeting.state is State.OPEN
        for meeting in conversation.meetings
    )


def _named(number: str | None, names: Sequence[str]) -> str | None:
    return None if number is None else names[int(number)]


def _thread_of(first: Message) -> str:
    key = first.thread_key
    return key.removeprefix("gm:") if key.startswith("gm:") else name_of(first)
