"""What a person is shown of the database: rows for `list`, `show` and `status`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jeeves.domain.alert import Alert, AlertKind, AlertState, Channel
from jeeves.domain.message import Message
from jeeves.domain.outbox import Mute
from jeeves.domain.verdict import Label, Reason, Verdict


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One outbox row, in short."""

    reference: str
    #: Short id of the message; None for a notice.
    message_id: int | None
    channel: Channel
    state: AlertState
    text: str
    attempts: int
    created_at: datetime
    settled_at: datetime | None
    #: The provider's id or the path of a wav file; "" where there is none yet.
    receipt: str
    #: What the channel or its error said.
    note: str
    #: What carried the verdict on its message, strongest first; words of the mail.
    reasons: tuple[Reason, ...] = ()
    kind: AlertKind = AlertKind.ALERT
    #: What the provider last said of a text that it took, such as "queued"; "" where nothing.
    delivery: str = ""
    #: When it was known to have arrived; None where it is not.
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What took an alert back."""

    reference: str
    state: AlertState
    text: str
    #: When the channel took it, or it was given up; None while it waits.
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class ToldAlert:
    """One outbox row with everything that became of it."""

    alert: Alert
    #: The mail's own words that speak for a meeting, or "".
    why: str
    #: It was due and could not go: it waits for others like it.
    held: bool
    #: Since when its question is no longer open.
    closed_at: datetime | None
    #: Reference of the digest that holds it, or "".
    digest: str
    #: Of a digest, the references of what it holds.
    parts: tuple[str, ...]
    taken_back: TakenBack | None


@dataclass(frozen=True, slots=True)
class MutedLine:
    """What is muted, and the newest message of a muted conversation."""

    account: str
    mute: Mute
    #: Short id; None where nothing of the conversation is stored, and of a sender.
    message_id: int | None
    sender: str
    subject: str


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """One stored message with what was made of it."""

    id: int
    #: None where the mail could not be parsed.
    message: Message | None
    received_at: datetime
    unreadable: str | None
    verdict: Verdict | None
    withheld: str | None
    label: Label | None
    alerts: tuple[AlertLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Backlog:
    """Counts of what is stored and what still waits."""

    messages: int
    unreadable: int
    unjudged: int
    #: Alerts that are due, not yet sent and not given up.
    alerts_open: int
    #: Alerts that were given up within the last 24 hours.
    alerts_failed: int
    #: Alerts that wait for their time, such as reminders.
    alerts_waiting: int = 0
