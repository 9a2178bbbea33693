"""An alert: what it may quote, when it may be said, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from jeeves.domain.message import Message, Origin
from jeeves.domain.verdict import Reason, Verdict

#: A live mail older than this, by its arrival or its Date header, is history.
OLD_AFTER = timedelta(days=14)
#: An alert that could not be delivered for this long would only confuse.
STALE_AFTER = timedelta(hours=24)
WORD = r"\w+"
#: Waits between attempts in seconds; the last one repeats until the alert is stale.
RETRY_SECONDS = (5, 15, 60, 300, 900, 1800)
#: No l, 1, o, 0, i, u: read aloud or typed, nothing is confused (after Crockford's base 32).
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class Channel(StrEnum):
    """A way to reach the owner."""

    SMS = "sms"
    SPEECH = "speech"
    #: Whatever the addresses in ALERT_URLS name.
    URL = "url"


class AlertKind(StrEnum):
    """What an outbox row is about: a conversation, or Jeeves itself."""

    #: Somebody wants to meet and no place stands.
    ALERT = "alert"
    #: The meeting is near and still no place stands.
    REMINDER = "reminder"
    #: What an alert asked for is no longer needed.
    RETRACTION = "retraction"
    #: Several alerts and reminders that could not go when they were due, in one.
    DIGEST = "digest"
    #: Jeeves cannot read mail or cannot deliver: silence is never success.
    NOTICE = "notice"


class AlertState(StrEnum):
    """A row of the outbox in its life."""

    PENDING = "pending"
    SENDING = "sending"
    #: An attempt was made and nobody knows whether it succeeded.
    UNKNOWN = "unknown"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    #: No longer wanted before it went: its question was closed, or the owner muted it.
    CANCELLED = "cancelled"
    #: Said by a digest.
    DIGESTED = "digested"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The proof that a channel took an alert."""

    #: The provider's id (Twilio: SM...), or a path.
    id: str
    #: What the channel adds in words, such as "synthesised, not played: no player".
    note: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """One row of the outbox: one text on one channel about one conversation."""

    #: Short and unique (``jv-`` and 8 characters); stands in the text of the SMS.
    reference: str
    account: str
    #: The conversation; of a notice, what it is about. One row each, question, kind and channel.
    thread_key: str
    #: Short id of the message that asked; None for a notice.
    message_id: int | None
    channel: Channel
    text: str
    created_at: datetime
    kind: AlertKind = AlertKind.ALERT
    #: Which question of the conversation it is about (`Meeting.question`), such as "1.1"; else "".
    question: str = ""
    state: AlertState = AlertState.PENDING
    attempts: int = 0
    not_before: datetime | None = None
    receipt: Receipt | None = None
    error: str = ""
    #: An earlier attempt may have been delivered: ask the channel before sending.
    in_doubt: bool = False
    #: It must not be said now. Whether an attempt in doubt said it may still be asked.
    barred: bool = False
    #: After this nobody would thank us for it; None is a day after it was made.
    expires_at: datetime | None = None
    meeting_at: datetime | None = None
    #: The meeting is so near that quiet hours do not count.
    urgent: bool = False
    #: What the provider last said of a text that it took.
    delivery: str = ""
    #: When to ask the provider next; None where there is nothing to ask.
    follow_at: datetime | None = None
    delivered_at: datetime | None = None
    #: When it was first tried to say it.
    tried_at: datetime | None = None
    #: When the channel took it, or it was given up.
    settled_at: datetime | None = None
    #: How often it was sent anew because it had not arrived.
    resent: int = 0

    def stale(self, now: datetime) -> bool:
        """Whether saying it now would be worse than silence."""
        return now > (self.expires_at or self.created_at + STALE_AFTER)


def make_reference(randbelow: Callable[[int], int]) -> str:
    """A reference that no other alert has: 30^8 are possible.

    Args:
        randbelow: as `secrets.randbelow`.
    """
    return "jv-" + "".join(ALPHABET[randbelow(len(ALPHABET))] for _ in range(8))


def why_withheld(message: Message, now: datetime) -> str | None:
    """Why ``message`` must never alert whatever its verdict; None if it may."""
    if message.origin is not Origin.LIVE:
        return "arrived before Jeeves watched"
    if message.draft:
        return "a draft, not sent"
    if message.own:
        return "written by the owner"
    if message.bulk:
        return "sent by a machine to many"
    if now - message.received_at > OLD_AFTER:
        return "received long ago"
    if message.sent_at is not None and now - message.sent_at > OLD_AFTER:
        return "written long ago"
    return None


def quotable(verdict: Verdict, message: Message) -> str:
    """The mail's own words that did most to make the verdict positive, or "".

    Other reasons, such as the length of a mail, are no words of the sender's.
    """
    return quoted(verdict.score.reasons, f"{message.subject} {message.body}")


def quoted(reasons: Iterable[Reason], text: str) -> str:
    """The first of the reasons that speaks for a meeting and stands in ``text``, or ""."""
    written = plain(text)
    for reason in reasons:
        parts = [plain(part) for part in reason.words.split("...")]
        if reason.weight > 0 and all(part.strip() and part in written for part in parts):
            return reason.words
    return ""


def plain(text: str) -> str:
    """``text`` in lower case, each run of other than letters and digits one blank."""
    return f" {' '.join(re.findall(WORD, text.lower()))} "


def next_attempt(
    attempts: int, now: datetime, retry_after: float | None, jitter: float
) -> datetime:
    """When to try again after ``attempts`` failed ones; ``jitter`` in 0..1 spreads the waits."""
    wait = RETRY_SECONDS[min(max(attempts, 1), len(RETRY_SECONDS)) - 1] * (1 + jitter / 2)
    return now + timedelta(seconds=max(wait, retry_after or 0))
