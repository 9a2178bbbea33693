"""What the use cases ask of the outside world. Adapters implement these by shape."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from jeeves.domain.alert import Alert, Channel, Receipt
from jeeves.domain.conversation import State
from jeeves.domain.labelling import LabelChange, LabelWish
from jeeves.domain.labelling import TeachingStore as TeachingStore
from jeeves.domain.message import Cursor, FetchedMail, Listed, Marks, Message, Unreadable
from jeeves.domain.outbox import Delivery as Delivery
from jeeves.domain.outbox import OutboxStore, Outcome, Recorded
from jeeves.domain.verdict import Score, Thresholds, Verdict
from jeeves.domain.watching import WatchStore

#: Returns the current time; aware, UTC.
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class MailboxStatus:
    """What EXAMINE answered (RFC 3501, 6.3.2)."""

    mailbox: str
    uidvalidity: int
    uidnext: int
    #: HIGHESTMODSEQ (RFC 7162); None where the server has no CONDSTORE.
    highest_modseq: int | None = None


@dataclass(frozen=True, slots=True)
class MarkChanges:
    """Marks that changed, by UID."""

    marks: Mapping[int, Marks]
    #: Every change up to this mod-sequence (RFC 7162) is among them, or was known before.
    highest_modseq: int


class Mailbox(Protocol):
    """One mailbox of one account, read-only.

    Every method raises MailboxUnavailable when the connection fails; the next ``open``
    starts afresh. ``open`` also raises LoginRefused.
    """

    #: Address of the account, lower case.
    account: str
    #: Further addresses of its owner, lower case: what comes from them is own mail.
    aliases: tuple[str, ...]

    def open(self) -> MailboxStatus:
        """Connect and EXAMINE where that is not yet done, else NOOP; tell the state."""
        ...

    def uids_after(self, uid: int) -> list[int]:
        """All UIDs greater than ``uid``, ascending."""
        ...

    def uids_since(self, day: datetime) -> list[int]:
        """All UIDs received on the day of ``day`` or later (INTERNALDATE), ascending."""
        ...

    def fetch(self, uids: Sequence[int]) -> Generator[FetchedMail, None, None]:
        """The mails with these UIDs, ascending; UIDs expunged meanwhile are left out.

        Nothing else is asked of the mailbox meanwhile; who does not want them all closes it.
        """
        ...

    def listed(self, uids: Sequence[int]) -> Iterator[Listed]:
        """What the server tells of these mails without their bytes, in the order of ``uids``."""
        ...

    def wait(self, seconds: float, stopped: Callable[[], bool]) -> bool:
        """Sleep until mail may have arrived (True), ``seconds`` passed or ``stopped()``."""
        ...

    def close(self) -> None:
        """Log out if connected. Never raises."""
        ...

    def status(self) -> MailboxStatus:
        """The mailbox as EXAMINE told of it; asks nothing while the connection stands."""
        ...

    def marks(self, uids: Sequence[int]) -> Mapping[int, Marks]:
        """Labels and stars of the mails with these UIDs; those expunged are left out."""
        ...

    def changed_since(self, modseq: int) -> MarkChanges | None:
        """What changed after ``modseq``; None where the server has no CONDSTORE (RFC 7162)."""
        ...


class LabelWriter(Protocol):
    """The mailbox of an account, to put our own labels on mails and to take them off.

    Every method raises MailboxUnavailable when the connection fails, LoginRefused, and
    ConfigError where the server has no labels to write.
    """

    #: Address of the account, lower case.
    account: str

    def open(self) -> MailboxStatus:
        """Connect and SELECT where that is not yet done; tell the state."""
        ...

    def write(self, changes: Sequence[LabelChange]) -> None:
        """Carry out the changes; one that is already so stays so."""
        ...

    def close(self) -> None:
        """Log out if connected. Never raises."""
        ...


class Scorer(Protocol):
    """A model that serves."""

    version: str
    thresholds: Thresholds

    def score(self, message: Message) -> Score:
        """P(needs location) of ``message``, with its reasons."""
        ...

    def unknown(self, message: Message) -> tuple[Sequence[str], int]:
        """The words of ``message`` that the model does not know, and how many it has in all."""
        ...


class Notifier(Protocol):
    """One channel by which alerts reach the owner."""

    channel: Channel

    def send(self, alert: Alert) -> Receipt:
        """Deliver ``alert`` once.

        Raises:
            DeliveryDelayed: certainly not delivered, a later attempt may succeed.
            DeliveryUnknown: it may have been delivered.
            DeliveryRefused: it will never be delivered as it is.
        """
        ...

    def find(self, alert: Alert) -> Receipt | None:
        """The receipt of an earlier attempt whose outcome is unknown; None if there was none.

        Raises: as ``send``.
        """
        ...

    def follow(self, alert: Alert) -> Delivery | None:
        """The final delivery of a sent alert as the provider tells.

        None where the channel has nothing to follow.

        Raises: as ``send``.
        """
        ...

    def check(self) -> str:
        """How the channel stands, in one clause, without alerting anybody.

        Raises: as ``send``.
        """
        ...


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message and the short id by which people name it."""

    id: int
    message: Message
    #: Whether nothing else is known of its conversation: no other mail of it, nothing that was told
    #: of it, and no word of the owner's. False where that was not looked for.
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict about a stored message."""

    message_id: int
    verdict: Verdict
    #: Why no alert may follow although the verdict says one is due; one clause.
    withheld: str | None = None


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one batch."""

    added: int
    #: Already stored, however they came before.
    known: int


@dataclass(frozen=True, slots=True)
class MarksKnown:
    """How far the marks of a mailbox are known."""

    #: Changes up to this mod-sequence; None where that cannot be told.
    highest_modseq: int | None = None
    #: When the marks of every stored mail were last compared with the server's.
    swept_at: datetime | None = None


class MarkStore(Protocol):
    """The database as far as marks go. Each method is one transaction."""

    def marks_known(self, account: str, status: MailboxStatus) -> MarksKnown | None:
        """How far the marks of the mailbox are known; None before its first cursor."""
        ...

    def stored_uids(
        self, account: str, status: MailboxStatus, since: datetime | None = None
    ) -> list[int]:
        """UIDs of the stored mails of the mailbox, ascending; those received since then."""
        ...

    def write_marks(
        self, account: str, status: MailboxStatus, marks: Mapping[int, Marks], known: MarksKnown
    ) -> int:
        """Write marks, and how far they are known, together; the number of mails that changed."""
        ...


class LabelStore(Protocol):
    """The database as far as labels go that are written back. Each method is one transaction."""

    def mislabelled(self, account: str) -> list[tuple[int, State]]:
        """Messages that alerted and whose wishes do not fit how their conversation stands.

        Each with that state; one about whose conversation nothing was decided is open.
        """
        ...

    def wish_labels(self, wishes: Sequence[LabelWish]) -> None:
        """Remember what messages should carry; a later wish stands over an earlier one."""
        ...

    def due_labels(self, account: str, status: MailboxStatus, limit: int) -> list[LabelChange]:
        """Wishes that the mailbox does not yet show, oldest message first."""
        ...

    def labels_due(self, account: str) -> bool:
        """Whether there is any such wish in the mailbox that was read last."""
        ...

    def labels_written(self, changes: Sequence[LabelChange]) -> None:
        """Remember that the mailbox shows these wishes."""
        ...


class Store(MarkStore, OutboxStore, TeachingStore, WatchStore, Protocol):
    """The database. Each method is one transaction.

    Every method raises StoreUnavailable when the connection fails, and reconnects by itself
    on the next call.
    """

    def cursor(self, account: str, mailbox: str) -> Cursor | None:
        """The newest cursor of a mailbox."""
        ...

    def ingest(
        self, account: str, batch: Sequence[Message | Unreadable], cursor: Cursor | None
    ) -> Ingested:
        """Write the messages and the cursor that covers them together."""
        ...

    def unjudged(self, account: str, limit: int) -> list[StoredMessage]:
        """Readable messages without any verdict, oldest first."""
        ...

    def record(self, judgements: Sequence[Judgement], outcomes: Sequence[Outcome] = ()) -> Recorded:
        """Write verdicts and what was decided because of them together.

        A message that has a verdict by then, and a question that has a row of the same kind and
        channel, are left as they are. A decision is left out where a newer message of its
        conversation has been stored since, or the owner has said something of one (see
        ``Recorded.again``), and where somebody else has meanwhile judged all the messages of the
        conversation that are among ``judgements``.
        """
        ...

    def beat(self, account: str, name: str, now: datetime, detail: str = "") -> datetime | None:
        """Remember that ``name`` last went well at ``now``; when it had before."""
        ...

    def heartbeats(self) -> Mapping[tuple[str, str], tuple[datetime, str]]:
        """The last beat of every (account, name), and its detail."""
        ...
