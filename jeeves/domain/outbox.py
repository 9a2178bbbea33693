"""What decisions about conversations change in the outbox, and what else becomes of its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from jeeves.domain.alert import Alert, AlertKind, AlertState, Channel
from jeeves.domain.conversation import Conversation
from jeeves.domain.message import Message
from jeeves.domain.schedule import Rules
from jeeves.domain.sms import segments, shortened
from jeeves.domain.verdict import Band, Label

#: The rows of a conversation that were put into the outbox, by question and kind.
Asked = Mapping[tuple[str, AlertKind], Sequence[Alert]]
#: Makes the text of a digest from its parts, all of one channel, and its reference, which must
#: stand in what is written.
DigestText = Callable[[Sequence[Alert], str], str]

#: When to ask the provider how a text that it took fares, in seconds after it took it; then every
#: FOLLOW_EVERY, until FOLLOW_FOR: by then Twilio has given it up (its ValidityPeriod).
FOLLOW_SECONDS = (15, 60, 300, 1800)
FOLLOW_EVERY = 1800
FOLLOW_FOR = 4 * 3600
#: Twilio's words for a text that it has not yet passed on to any carrier.
WAITING = frozenset({"accepted", "scheduled", "queued", "sending"})
#: Its words for a text of which more is to be heard.
ON_ITS_WAY = WAITING | {"sent"}
#: A text that did not arrive and may the next time is sent anew this often, so far apart.
MOST_RESENT = 3
RESEND_AFTER = timedelta(minutes=30)
#: A text message has at most so many.
MOST_SEGMENTS = 2
#: Of each alert in a digest at least so many characters are said.
LEAST_HEAD = 24


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """A stored message of a conversation."""

    #: The short id by which people name it.
    id: int
    message: Message
    #: By the newest verdict; None where there is none.
    band: Band | None
    #: What the owner says of it; None where nothing is said.
    label: Label | None = None

    @property
    def said(self) -> bool | None:
        """Whether the owner says that it needs a place; None where nothing is said."""
        return None if self.label is None else self.label is Label.NEEDS_LOCATION

    @property
    def needs_location(self) -> bool:
        """By the owner's word, else by the verdict."""
        return self.band is Band.ALERT if self.said is None else self.said


@dataclass(frozen=True, slots=True)
class Thread:
    """The stored messages of a conversation, in the order in which they were received."""

    messages: tuple[ThreadMessage, ...]
    #: The number of the last word that the owner said of any of them; 0 where there is none.
    heard_up_to: int = 0

    @property
    def read_up_to(self) -> int:
        """The highest id among them; 0 where there is none."""
        return max((one.id for one in self.messages), default=0)


@dataclass(frozen=True, slots=True)
class Closing:
    """A question is no longer open: what was not said of it is cancelled."""

    question: str
    #: What takes back an alert that was written, and one that was spoken. None: it is not taken
    #: back.
    sms_text: str | None = None
    spoken_text: str | None = None
    #: The reference that stands in ``sms_text``; "": one is made and added to it.
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided about a conversation."""

    account: str
    thread_key: str
    #: The highest id of a stored message of the conversation that the decision has seen.
    read_up_to: int
    #: The number of the owner's last word about any of them that it has heard.
    heard_up_to: int
    decided_at: datetime
    conversation: Conversation
    #: New rows of the kinds alert and reminder, each with its question.
    alerts: tuple[Alert, ...] = ()
    closed: tuple[Closing, ...] = ()
    #: Rows that are there, as they should be now that their meeting is at another time.
    moved: tuple[Alert, ...] = ()
    #: When its foremost meeting starts.
    meeting_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of verdicts and decisions."""

    #: Rows that are new in the outbox, retractions not counted.
    alerts: int = 0
    #: Conversations to which newer mail, or a word of the owner, has come meanwhile: nothing was
    #: decided, and the messages that were to be judged are still unjudged.
    again: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an alert that a channel had taken."""

    #: The provider's own word, such as "delivered".
    status: str
    #: Whether it cannot change any more.
    final: bool
    delivered: bool
    #: Whether another attempt may succeed.
    retry: bool = False
    #: Why it did not arrive, and the way out; "" where it did or may still.
    error: str = ""


@dataclass(frozen=True, slots=True)
class Swept:
    """What was dropped from the outbox without an attempt."""

    expired: tuple[Alert, ...] = ()
    #: The month's texts are spent.
    overspent: tuple[Alert, ...] = ()


class MuteKind(StrEnum):
    """What can be muted."""

    THREAD = "thread"
    SENDER = "sender"


@dataclass(frozen=True, slots=True)
class Mute:
    """What the owner does not want to be told of."""

    kind: MuteKind
    #: A thread_key, or an address in lower case.
    value: str
    muted_at: datetime


class OutboxStore(Protocol):
    """The outbox. Each method is one transaction."""

    def thread(self, account: str, thread_key: str) -> Thread:
        """The stored messages of a conversation."""
        ...

    def questions(self, account: str, thread_key: str) -> Asked:
        """What was told, or is to be told, of a conversation."""
        ...

    def announce(self, alerts: Sequence[Alert]) -> int:
        """Put notices into the outbox; the number of those that are new."""
        ...

    def end_silence(self, account: str, about: str, over: Sequence[Alert], now: datetime) -> int:
        """Say that something is over about which there were notices; how often it is said.

        Args:
            account: Whose.
            about: How the keys of these notices begin.
            over: What to say, one for each channel. It goes where a notice went, once; a notice
                that has not gone yet is cancelled instead.
            now: When it is over.
        """
        ...

    def claim(
        self,
        account: str,
        channels: Sequence[Channel],
        now: datetime,
        lease_seconds: float,
        rules: Rules = ...,
        make_digest: DigestText = ...,
    ) -> Alert | None:
        """Take one due alert for this process alone until the lease ends (SKIP LOCKED).

        What a pause, quiet hours, ALERTS_PER_HOUR or SMS_PER_MONTH hold back is not taken; of
        several that were held back one digest is made. An alert whose lease ran out in flight
        comes back with ``in_doubt`` set.
        """
        ...

    def settle(self, alert: Alert, now: datetime) -> None:
        """Write what became of a claimed alert (its state, receipt, error, not_before)."""
        ...

    def sweep(
        self, account: str, channel: Channel, now: datetime, overspent: str, rules: Rules = ...
    ) -> Swept:
        """Drop what is no longer wanted, and remember what could not go when it was due.

        Cancelled: what is muted, and retractions of what was never said. Expired: what is too old
        to be of use. Failed, with the sentence ``overspent``: texts beyond SMS_PER_MONTH.
        """
        ...

    def claim_follow(
        self, account: str, channel: Channel, now: datetime, lease_seconds: float
    ) -> Alert | None:
        """Take one sent alert about which the provider is to be asked now."""
        ...

    def follow_now(self, receipt: str, now: datetime) -> bool:
        """Ask at once how a text fares, for its provider reports something; whether it is ours."""
        ...

    def fall_back(
        self,
        account: str,
        first: Channel,
        fallback: Channel,
        now: datetime,
        silent_after: timedelta,
        new_reference: Callable[[], str],
    ) -> list[Alert]:
        """Put into the outbox for ``fallback`` what ``first`` could not deliver; the new rows.

        That is what failed there while it was still of use. What is certain not to have arrived
        and was to be tried again is given up on ``first``: when the provider has reported it, or
        when it was tried for ``silent_after``. So it is told on one of the two. Retractions
        follow the alerts that they take back.
        """
        ...

    def write_follow(self, asked: Alert, alert: Alert) -> None:
        """Write what the provider said; ``asked`` is the alert as it was claimed for that."""
        ...

    def mute(self, account: str, kind: MuteKind, value: str, now: datetime) -> bool:
        """Never tell of a conversation or a sender, nor what waits; whether that is new."""
        ...

    def unmute(self, account: str, kind: MuteKind, value: str) -> bool:
        """Tell of it again; whether it was muted."""
        ...

    def mutes(self, account: str) -> list[Mute]:
        """What is muted, oldest first."""
        ...

    def pause(self, account: str, until: datetime) -> None:
        """Say nothing but notices until then; a later pause stands over an earlier one."""
        ...

    def resume(self, account: str, now: datetime) -> bool:
        """End a pause; whether there was one."""
        ...

    def paused_until(self, account: str, now: datetime) -> datetime | None:
        """When the pause ends; None where there is none."""
        ...


def followed(alert: Alert, delivery: Delivery, now: datetime) -> Alert:
    """A sent alert after the provider was asked how it fares."""
    alert = replace(alert, delivery=delivery.status, error=delivery.error)
    if delivery.delivered:
        return replace(alert, delivered_at=now, follow_at=None)
    if not delivery.final:
        return replace(alert, follow_at=next_follow(alert.settled_at or alert.created_at, now))
    again_at = now + RESEND_AFTER
    if delivery.retry and alert.resent < MOST_RESENT and not alert.stale(again_at):
        return replace(
            alert,
            state=AlertState.PENDING,
            not_before=again_at,
            follow_at=None,
            resent=alert.resent + 1,
        )
    return replace(alert, state=AlertState.FAILED, follow_at=None)


def next_follow(taken_at: datetime, now: datetime) -> datetime | None:
    """When to ask next about a text that was taken at ``taken_at``; None: never again."""
    for seconds in (*FOLLOW_SECONDS, *range(2 * FOLLOW_EVERY, FOLLOW_FOR + 1, FOLLOW_EVERY)):
        due = taken_at + timedelta(seconds=seconds)
        if due > now:
            return due
    return None


def digest_text(parts: Sequence[Alert], reference: str) -> str:
    """Several alerts in one: the beginning of each, as far as two segments hold them."""
    head = f"{len(parts)} meetings have no place yet"
    if parts[0].channel is Channel.SPEECH:
        return f"{head}. " + " ".join(part.text for part in parts)
    # behind the reference stands at most a link, which is no use when it is cut
    texts = [part.text.partition(part.reference)[0].strip() for part in parts]
    for each in range(max(LEAST_HEAD, *map(len, texts)), LEAST_HEAD - 1, -1):
        said = "; ".join(shortened(text, each) for text in texts)
        if segments(text := f"{head}: {said} {reference}") <= MOST_SEGMENTS:
            return text
    for count in range(len(texts) - 1, 0, -1):
        said = "; ".join(shortened(text, LEAST_HEAD) for text in texts[:count])
        text = f"{head}: {said}; and {len(texts) - count} more {reference}"
        if segments(text) <= MOST_SEGMENTS:
            return text
    return f"{head} {reference}"
