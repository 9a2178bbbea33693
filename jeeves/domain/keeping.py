"""What is kept of mail, for how long, and what is erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from jeeves.domain.message import Listed, Message, Unreadable


@dataclass(frozen=True, slots=True)
class Aged:
    """What came of one look at old mail."""

    #: Mails whose conversations are over now.
    mails: int
    #: Where to look next; None where all was looked at.
    after: int | None


class RetentionStore(Protocol):
    """The database as far as old text goes. Each method is one transaction."""

    def age(self, after: int, before: datetime, stored_before: datetime, now: datetime) -> Aged:
        """Find old conversations that are over, and forget what was told of them.

        Args:
            after: Mails with higher ids are looked at, so many that it takes a moment.
            before: Conversations whose last mail was received before this are old.
            stored_before: What was stored later stays for now.
            now: Aware.
        """
        ...

    def drop_texts(self, now: datetime, *, keep_labelled: bool) -> int:
        """Drop the words of some mails of these conversations; how many, 0 when none is left."""
        ...

    def forget_digests(self, before: datetime) -> None:
        """Forget what digests from before then said."""
        ...

    def last_run(self) -> datetime | None:
        """When all old text had been dropped for the last time."""
        ...

    def ran(self, now: datetime) -> None:
        """Remember that all of it is dropped."""
        ...


@dataclass(frozen=True, slots=True)
class Erasure:
    """How much is erased, or would be."""

    messages: int
    #: Of these so many were labelled.
    labelled: int
    #: Further mails of the same conversations, of which the text is dropped.
    answers: int
    alerts: int
    mutes: int

    def __str__(self) -> str:
        parts = [
            f"{self.messages:,} mails ({self.labelled:,} of them labelled) with their verdicts",
            f"{self.alerts:,} alerts",
            f"{self.mutes:,} mutes",
        ]
        if self.answers:
            parts.insert(1, f"the text of {self.answers:,} other mails in the same conversations")
        return ", ".join(parts)


def identities(message: Message | Unreadable) -> list[str]:
    """By which an erased mail is known again, should it be read anew; nothing can be read from it.

    A mail is the erased one where any of these is among those that were remembered of it.
    """
    message_id = message.message_id if isinstance(message, Message) else ""
    return hashed(message.account, message.gmail_id, message_id, message.digest)


def listed_identities(account: str, listed: Listed) -> list[str]:
    """The same of a mail of which the server tells no more than this."""
    return hashed(account, listed.gmail_id, listed.message_id, "")


def remembered(
    account: str, gmail_id: str | None, message_id: str | None, digest: str
) -> Sequence[str]:
    """What is remembered of a mail that is erased.

    Two mails of Gmail with one Message-ID are two: by it alone only a mail from elsewhere is the
    same as one of Gmail.
    """
    if not gmail_id:
        return hashed(account, None, message_id, digest)
    kinds = [("gm", gmail_id), *([("id of gm", message_id)] if message_id else [])]
    return [_hash(account, kind, value) for kind, value in kinds]


def hashed(account: str, gmail_id: str | None, message_id: str | None, digest: str) -> list[str]:
    """The hashes by which a mail is looked for."""
    kinds = []
    if gmail_id:
        kinds.append(("gm", gmail_id))
    if message_id:
        kinds.append(("id", message_id))
        if not gmail_id:
            kinds.append(("id of gm", message_id))
    elif digest and not gmail_id:
        kinds.append(("digest", digest))
    return [_hash(account, kind, value) for kind, value in kinds]


def _hash(account: str, kind: str, value: str) -> str:
    return sha256(f"{account}\0{kind}\0{value}".encode("utf-8", "surrogatepass")).hexdigest()
