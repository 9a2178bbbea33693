"""What a mail is, from the moment it is fetched to the moment it is stored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_LAST_NAME_FIRST = re.compile(
    r"(?P<last>[^,()]*[^,()\s])\s*,\s*(?P<first>[^,()\s][^,()]*?)(?P<rest>\s*\([^()]*\))?"
)
#: What stands after a comma and is no first name.
_AFTER_A_NAME = frozenset(
    "inc llc ltd gmbh corp co ag sa plc jr sr ii iii iv phd dphil md dds rn esq jd cpa mba ma "
    "msc "
    "ba bsc pe".split()
)


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox of an address header (RFC 5322, 3.4), decoded."""

    #: Display name as written, or "".
    name: str
    #: ``local@domain`` in lower case, or "" where the header held none.
    address: str

    @property
    def called(self) -> str:
        """The display name in the order of speech, ``Ana Smith`` for ``Smith, Ana``; or ""."""
        name = self.name.strip().strip("\"'").strip()
        turned = _LAST_NAME_FIRST.fullmatch(name)
        if turned is None or turned["first"].lower().replace(".", "") in _AFTER_A_NAME:
            return name
        return f"{turned['first']} {turned['last']}{turned['rest'] or ''}"

    @property
    def display(self) -> str:
        """The name a person would say: ``Smith, Ana`` becomes ``Ana Smith``."""
        return self.called or self.address.partition("@")[0] or "Somebody"

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


#: Label of a mail that is still being written: Gmail's own, and IMAP's flag of that name.
DRAFT = "\\Draft"
#: Gmail's label of what the owner sent, from whatever address.
SENT = "\\Sent"


class Origin(StrEnum):
    """How a message came to be known. Only live mail can alert."""

    LIVE = "live"
    BACKFILL = "backfill"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a mailbox has been read (RFC 3501, 2.3.1.1), and what there counts as live."""

    mailbox: str
    uidvalidity: int
    #: Highest UID whose message is stored; 0 when none is.
    last_uid: int
    #: First UID that counts as live: the UIDNEXT seen when the mailbox was first opened.
    live_from: int
    #: History is read from this day on.
    history_from: datetime
    #: After a changed UIDVALIDITY: mail received later than this is live whatever its UID.
    live_since: datetime | None = None

    @property
    def reads_history(self) -> bool:
        """Whether mail that was there before Jeeves is still to be read."""
        return self.last_uid < self.live_from - 1

    def origin(self, uid: int, received_at: datetime) -> Origin:
        """Whether the message with this UID arrived under Jeeves's eyes."""
        if uid >= self.live_from:
            return Origin.LIVE
        if self.live_since is not None and received_at > self.live_since:
            return Origin.LIVE
        return Origin.BACKFILL


@dataclass(frozen=True, slots=True)
class FetchedMail:
    """The bytes of one mail and what its mailbox or archive says about it."""

    raw: bytes
    #: Name of the IMAP mailbox, or path of the archive.
    mailbox: str
    #: When the server received it (INTERNALDATE); aware.
    received_at: datetime
    uid: int | None = None
    uidvalidity: int | None = None
    #: X-GM-MSGID and X-GM-THRID as decimal text: they may exceed a signed 64-bit integer.
    gmail_id: str | None = None
    gmail_thread_id: str | None = None
    #: Gmail's X-GM-LABELS or the server's keywords, decoded.
    labels: tuple[str, ...] = ()
    starred: bool = False


@dataclass(frozen=True, slots=True)
class Marks:
    """What an owner can change about a mail: its labels, and whether it is starred."""

    #: Gmail's X-GM-LABELS or the server's keywords, decoded.
    labels: tuple[str, ...] = ()
    starred: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """What a server tells of a mail without its bytes: enough to know whether it is stored."""

    uid: int
    #: RFC822.SIZE in octets.
    size: int
    received_at: datetime
    #: X-GM-MSGID as decimal text.
    gmail_id: str | None = None
    #: X-GM-THRID as decimal text.
    gmail_thread_id: str | None = None
    #: Message-ID without angle brackets, or "".
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One mail, decoded but not cleaned."""

    #: Address of the account it belongs to, in lower case; "" where there is none.
    account: str
    origin: Origin
    mailbox: str
    uid: int | None
    uidvalidity: int | None
    gmail_id: str | None
    #: Message-ID without angle brackets, or "".
    message_id: str
    #: SHA-256 over sender, date, subject and text: identity where there is no other.
    digest: str
    thread_key: str
    #: Message-IDs of the mails this one answers, oldest first.
    references: tuple[str, ...]
    sender: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    #: The whole text, quotes and signature included.
    body: str
    #: What the sender wrote, without quotes and signature.
    own_words: str
    #: The Date header; aware, with the sender's offset; None where missing or absurd.
    sent_at: datetime | None
    received_at: datetime
    labels: tuple[str, ...] = ()
    starred: bool = False
    #: Sent to many by a machine: List-Id, Precedence: bulk, Auto-Submitted, no-reply.
    bulk: bool = False
    #: Written by the owner of the account.
    own: bool = False

    @property
    def draft(self) -> bool:
        """Whether it has not been sent."""
        return DRAFT in self.labels

    @property
    def fingerprint(self) -> str:
        """The strongest identity there is: X-GM-MSGID, else Message-ID, else the digest."""
        if self.gmail_id:
            return f"gm:{self.gmail_id}"
        return f"id:{self.message_id}" if self.message_id else f"sha256:{self.digest}"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A mail that cannot be parsed: stored as a value, so that it never stops the queue."""

    account: str
    origin: Origin
    mailbox: str
    uid: int | None
    uidvalidity: int | None
    gmail_id: str | None
    digest: str
    received_at: datetime
    #: One sentence without any of the mail's content.
    reason: str
