"""What the use cases ask of the database about mail that never alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from jeeves.domain.message import Listed, Message, Unreadable
from jeeves.domain.ports import Ingested, StoredMessage


@dataclass(frozen=True, slots=True)
class Backfill:
    """How far the history of a mailbox was read back, the newest mail first."""

    mailbox: str
    uidvalidity: int
    #: Mail received on this day (UTC) or later is read; None is all there is.
    since: date | None
    #: UIDs below are still to be read.
    next_uid: int
    finished_at: datetime | None = None

    def covers(self, since: date | None) -> bool:
        """Whether whoever reads all that this asks for reads what ``since`` asks for."""
        return self.since is None or (since is not None and self.since <= since)


@dataclass(frozen=True, slots=True)
class Window:
    """Which mail of a mailbox should be stored."""

    #: The first read took in mail received on the day of this time or later; None before it.
    first_read: datetime | None
    backfills: tuple[Backfill, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """What a server lists beside what is stored."""

    #: Ids of the stored messages that are listed.
    stored: frozenset[int]
    #: What is not stored, in the order it was listed.
    missing: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class StoredPlace:
    """Where a stored message was when it was last seen in a mailbox."""

    id: int
    uidvalidity: int
    uid: int
    readable: bool


class History(Protocol):
    """The database, as far as it is about mail that never alerts. Each method is one transaction.

    Raises as `Store` does.
    """

    def window(self, account: str, mailbox: str) -> Window:
        """What was read of a mailbox, under whatever UIDVALIDITY."""
        ...

    def add(
        self,
        account: str,
        batch: Sequence[Message | Unreadable],
        octets: int,
        day: date,
        reached: Backfill | None,
    ) -> Ingested:
        """Write the messages, what fetching them cost on ``day``, and how far that reached."""
        ...

    def octets(self, account: str, day: date) -> int:
        """What was fetched on ``day`` (UTC)."""
        ...

    def compare(
        self, account: str, mailbox: str, uidvalidity: int, listed: Sequence[Listed]
    ) -> Compared:
        """Which of the mails that a server lists are stored, however they came."""
        ...

    def place(
        self, account: str, mailbox: str, uidvalidity: int, listed: Sequence[Listed]
    ) -> Compared:
        """As ``compare``; the stored ones learn where in this mailbox they are.

        Mail that was imported learns its X-GM-MSGID and X-GM-THRID, too.
        """
        ...

    def known_digests(self, account: str, digests: Sequence[str]) -> set[str]:
        """Those that a stored message has."""
        ...

    def places(self, account: str, mailbox: str) -> list[StoredPlace]:
        """The messages stored from a mailbox."""
        ...

    def unjudged(self, account: str, limit: int) -> list[StoredMessage]:
        """Readable messages without any verdict that cannot alert, oldest first."""
        ...
