"""What follows from new mail for its conversation: alerts, reminders, and what takes them back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from jeeves.domain.alert import Alert, AlertKind, AlertState, Channel, quotable, why_withheld
from jeeves.domain.conversation import Conversation, Meeting, State, Turn
from jeeves.domain.listening import fold
from jeeves.domain.message import Message, Origin
from jeeves.domain.outbox import Asked, Closing, Outcome, Thread, ThreadMessage
from jeeves.domain.ports import Judgement, Scorer, Store, StoredMessage
from jeeves.domain.schedule import Rules, plan
from jeeves.domain.verdict import judge
from jeeves.domain.wording import (
    Told,
    alert_text,
    gmail_link,
    reminder_text,
    retraction_text,
    spoken_alert,
    spoken_reminder,
    spoken_retraction,
)
from jeeves.mail import proposal
from jeeves.service.delivery import new_reference
from jeeves.service.hearing import heard_of
from jeeves.service.terms import Terms

#: A question whose row stands so was taken back, or never said.
CLOSED = frozenset({AlertState.CANCELLED})


def judgement(stored: StoredMessage, scorer: Scorer, now: datetime) -> Judgement:
    """The verdict about one message, and why no alert may follow."""
    verdict = judge(scorer.score(stored.message), scorer.thresholds)
    withheld = why_withheld(stored.message, now) if verdict.needs_location else None
    return Judgement(stored.id, verdict, withheld)


def turn(
    message: Message, name: str, *, needs_location: bool, why: str = "", said: bool | None = None
) -> Turn:
    """A mail as the conversation hears it; ``name`` is what it is called by there."""
    heard = proposal.read(message)
    sender = message.sender.address
    return Turn(
        id=name,
        sender=message.sender,
        others=tuple(one for one in (*message.to, *message.cc) if one.address != sender),
        own=message.own,
        bulk=message.bulk,
        remarks=heard.remarks,
        quoted=heard.quoted,
        needs_location=needs_location,
        why=why,
        said=said,
    )


def decide(
    pending: Sequence[StoredMessage],
    judgements: Sequence[Judgement],
    store: Store,
    channels: Sequence[Channel],
    now: datetime,
    terms: Terms,
) -> list[Outcome]:
    """One decision for each conversation to which live mail has come.

    Raises:
        StoreError: the conversations cannot be read.
    """
    judged = {one.message_id: one for one in judgements}
    live: dict[tuple[str, str], list[StoredMessage]] = {}
    for stored in pending:
        message = stored.message
        if message.origin is Origin.LIVE and not message.draft:
            live.setdefault((message.account, message.thread_key), []).append(stored)
    return [
        conclude(*key, *_known(store, key, news), news, judged, channels, now, terms)
        for key, news in live.items()
    ]


def _known(
    store: Store, key: tuple[str, str], news: Sequence[StoredMessage]
) -> tuple[Thread, Asked]:
    """The mails of a conversation, ``news`` among them, and what was told of it."""
    if len(news) == 1 and news[0].alone:
        return Thread((ThreadMessage(news[0].id, news[0].message, band=None),)), {}
    return store.thread(*key), store.questions(*key)


def conclude(
    account: str,
    thread_key: str,
    thread: Thread,
    told: Asked,
    news: Sequence[StoredMessage],
    judged: Mapping[int, Judgement],
    channels: Sequence[Channel],
    now: datetime,
    terms: Terms,
) -> Outcome:
    """The decision about one conversation.

    Args:
        account: Address of the account.
        thread_key: Identity of the conversation.
        thread: Its stored mails.
        told: What was put into the outbox about it.
        news: Those of its mails that are judged now.
        judged: Their verdicts, by id.
        channels: On which the owner is told.
        now: Aware.
        terms: The owner's.
    """
    conversation = fold(
        turn(
            one.message,
            str(one.id),
            needs_location=_needs_location(one, judged),
            why=_why(one.message, judged.get(one.id)),
            said=one.said,
        )
        for one in heard_of(thread)
    )
    open_now = [meeting for meeting in conversation.open_meetings if meeting.due_at]
    alerts: list[Alert] = []
    asking = [one for one in news if not one.message.own and not why_withheld(one.message, now)]
    for meeting in open_now if asking else ():
        if not _standing(told, meeting):
            why = _why(asking[-1].message, judged.get(asking[-1].id)) or meeting.why
            alerts += alerts_about(meeting, asking[-1], why, channels, now, terms)
    messages = {one.id: one.message for one in thread.messages}
    denied = {one.id for one in thread.messages if one.said is False}
    moved, more = _moved(conversation, told, messages, channels, now, terms)
    return Outcome(
        account=account,
        thread_key=thread_key,
        read_up_to=thread.read_up_to,
        heard_up_to=thread.heard_up_to,
        decided_at=now,
        conversation=conversation,
        alerts=(*alerts, *more),
        moved=moved,
        closed=tuple(_closings(conversation, told, messages, denied, now, terms)),
        meeting_at=_meeting_at(conversation, now, terms),
    )


def alerts_about(
    meeting: Meeting,
    stored: StoredMessage,
    why: str,
    channels: Sequence[Channel],
    now: datetime,
    terms: Terms,
) -> Iterable[Alert]:
    """The alert about an open question on each channel, and its reminder."""
    zone = zone_of(terms.rules, now)
    start = meeting.when.start(zone) if meeting.when else None
    hour_known = bool(meeting.when and meeting.when.at)
    times = plan(start, now, terms.rules, hour_known)
    kinds = [(AlertKind.ALERT, times.say_at)]
    if times.remind_at is not None:
        kinds.append((AlertKind.REMINDER, times.remind_at))
    for channel in channels:
        for kind, say_at in kinds:
            reference = new_reference()
            words = told_of(stored.message, meeting, why, reference, now, terms)
            yield Alert(
                reference=reference,
                account=stored.message.account,
                thread_key=stored.message.thread_key,
                message_id=stored.id,
                channel=channel,
                text=_worded(kind, channel, words),
                created_at=now,
                kind=kind,
                not_before=say_at if say_at > now else None,
                question=meeting.question,
                expires_at=times.expires_at,
                meeting_at=start,
                urgent=times.urgent,
            )


def _moved(
    conversation: Conversation,
    told: Asked,
    messages: Mapping[int, Message],
    channels: Sequence[Channel],
    now: datetime,
    terms: Terms,
) -> tuple[tuple[Alert, ...], tuple[Alert, ...]]:
    """What was not yet said of meetings that are at another time now, and reminders of those."""
    moved: list[Alert] = []
    more: list[Alert] = []
    for meeting in conversation.open_meetings:
        rows = told.get((meeting.question, AlertKind.ALERT), ())
        start = meeting.when.start(zone_of(terms.rules, now)) if meeting.when else None
        if not rows or all(row.meeting_at == start for row in rows):
            continue
        message = messages.get(rows[0].message_id or 0)
        if message is None:
            continue
        known = {
            (row.kind, row.channel): row
            for kind in (AlertKind.ALERT, AlertKind.REMINDER)
            for row in told.get((meeting.question, kind), ())
        }
        stored = StoredMessage(rows[0].message_id or 0, message)
        for alert in alerts_about(meeting, stored, meeting.why, channels, now, terms):
            row = known.get((alert.kind, alert.channel))
            if row is None and alert.kind is AlertKind.REMINDER:
                more.append(alert)
            elif row is not None and row.meeting_at != start:
                text = alert.text.replace(alert.reference, row.reference)
                moved.append(replace(alert, reference=row.reference, text=text))
    return tuple(moved), tuple(more)


def told_of(
    message: Message,
    meeting: Meeting,
    why: str,
    reference: str,
    now: datetime,
    terms: Terms,
) -> Told:
    """What there is to tell of a meeting that ``message`` speaks of."""
    link = gmail_link(message.gmail_id) if terms.links and message.gmail_id else None
    return Told(
        who=meeting.who if meeting.who.address or meeting.who.name else message.sender,
        subject=message.subject,
        meeting=meeting,
        zone=zone_of(terms.rules, now),
        now=now,
        why=why,
        reference=reference,
        link=link,
        templates=terms.templates,
    )


def takes_back(told: Told) -> tuple[str, str]:
    """What takes an alert back, written (without a reference) and spoken."""
    # There is nothing left to look at: it needs no link.
    written = retraction_text(replace(told, link=None)).removesuffix(told.reference).rstrip()
    return written, spoken_retraction(told)


def zone_of(rules: Rules, now: datetime) -> tzinfo:
    """The owner's zone, or that of this machine."""
    zone = rules.zone or now.astimezone().tzinfo
    assert zone is not None  # noqa: S101  # of an aware moment it is known
    return zone


def _worded(kind: AlertKind, channel: Channel, told: Told) -> str:
    if channel is Channel.SPEECH:
        return spoken_reminder(told) if kind is AlertKind.REMINDER else spoken_alert(told)
    return reminder_text(told) if kind is AlertKind.REMINDER else alert_text(told)


def _needs_location(one: ThreadMessage, judged: Mapping[int, Judgement]) -> bool:
    if one.label is None and one.id in judged:
        return judged[one.id].verdict.needs_location
    return one.needs_location


def _why(message: Message, judged: Judgement | None) -> str:
    return quotable(judged.verdict, message) if judged is not None else ""


def _standing(told: Asked, meeting: Meeting) -> bool:
    """Whether the owner was told that this meeting has no place, and it was not taken back.

    What was never taken back stands for a place that fell through later, too.
    """
    for number in range(1, meeting.opened + 1):
        question = f"{meeting.number}.{number}"
        rows = told.get((question, AlertKind.ALERT), ())
        if number == meeting.opened and rows:
            return True
        if told.get((question, AlertKind.RETRACTION)):
            continue
        if any(row.state not in CLOSED for row in rows):
            return True
    return False


def _closings(
    conversation: Conversation,
    told: Asked,
    messages: Mapping[int, Message],
    denied: Collection[int],
    now: datetime,
    terms: Terms,
) -> Iterable[Closing]:
    """The questions that were told and are open no more.

    ``denied`` are the messages of which the owner says that they need no place: he is not told.
    """
    meetings = {meeting.number: meeting for meeting in conversation.meetings}
    for (question, kind), rows in told.items():
        if kind is not AlertKind.ALERT or told.get((question, AlertKind.RETRACTION)):
            continue
        meeting = meetings.get(int(question.partition(".")[0] or 0))
        if meeting is not None and meeting.state is State.OPEN:
            continue
        asked_by = rows[0].message_id or 0
        message = messages.get(asked_by)
        silent = asked_by in denied or not terms.rules.retractions
        if meeting is None or message is None or silent:
            yield Closing(question)
            continue
        words = told_of(message, meeting, "", rows[0].reference, now, terms)
        yield Closing(question, *takes_back(words))


def _meeting_at(conversation: Conversation, now: datetime, terms: Terms) -> datetime | None:
    meeting = conversation.foremost
    if meeting is None or meeting.when is None:
        return None
    return meeting.when.start(zone_of(terms.rules, now))
