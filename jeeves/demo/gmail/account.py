"""One account as Gmail keeps it: each mail once, shown in every mailbox its labels name."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser

from pymap.backend.dict.mailbox import MailboxSet
from pymap.exceptions import NotSupportedError
from pymap.mime import MessageContent
from pymap.parsing.specials import ObjectId
from pymap.parsing.specials.flag import Flag, Flagged

from jeeves.demo.gmail.mailbox import (
    ALL_MAIL,
    INBOX,
    SENT,
    SPAM,
    STARRED,
    TRASH,
    GmailMailbox,
)
from jeeves.demo.gmail.message import StoredMail

#: Mailboxes start at UIDs this far apart, so that one mail never has the same UID in two.
UID_STEP = 10_000


@dataclass(frozen=True, slots=True)
class SystemMailbox:
    """A mailbox every account has."""

    label: str
    #: Attribute in LIST (RFC 6154), without its backslash.
    attribute: bytes
    english: str
    german: str


SYSTEM_MAILBOXES = (
    SystemMailbox(ALL_MAIL, b"All", "[Gmail]/All Mail", "[Gmail]/Alle Nachrichten"),
    SystemMailbox("\\Draft", b"Drafts", "[Gmail]/Drafts", "[Gmail]/Entwürfe"),
    SystemMailbox("\\Important", b"Important", "[Gmail]/Important", "[Gmail]/Wichtig"),
    SystemMailbox(SENT, b"Sent", "[Gmail]/Sent Mail", "[Gmail]/Gesendet"),
    SystemMailbox(SPAM, b"Junk", "[Gmail]/Spam", "[Gmail]/Spam"),
    SystemMailbox(STARRED, b"Flagged", "[Gmail]/Starred", "[Gmail]/Markiert"),
    SystemMailbox(TRASH, b"Trash", "[Gmail]/Trash", "[Gmail]/Papierkorb"),
)
#: Labels of Gmail's own; \Muted has no mailbox.
SYSTEM_LABELS = frozenset({INBOX, "\\Muted", *(m.label for m in SYSTEM_MAILBOXES if m.label)})


class GmailAccount(MailboxSet):
    """All mails and mailboxes of one account."""

    def __init__(self, *, german: bool = False, all_mail: bool = True) -> None:
        super().__init__()
        self._mails: dict[int, StoredMail] = {}
        self._last_id = 0
        #: Message-ID to X-GM-THRID, for every Message-ID ever named in a header.
        self._threads: dict[str, int] = {}
        self._by_label: dict[str, GmailMailbox] = {}
        #: Name of a mailbox to its attribute in LIST.
        self.attributes: dict[str, bytes] = {}
        self._inbox = self._new_mailbox(INBOX)
        for system in SYSTEM_MAILBOXES:
            if all_mail or system.label != ALL_MAIL:
                name = system.german if german else system.english
                self._set[name] = self._new_mailbox(system.label)
                self.attributes[name] = system.attribute

    def _new_mailbox(self, label: str) -> GmailMailbox:
        mailbox = GmailMailbox(self, label, len(self._by_label) * UID_STEP + 1)
        self._by_label[label] = mailbox
        return mailbox

    async def deliver(
        self,
        raw: bytes,
        *,
        labels: Iterable[str],
        received_at: datetime | None = None,
        flags: Iterable[Flag] = (),
    ) -> StoredMail:
        """Store a mail, with CRLF line ends, and show it wherever it belongs."""
        raw = re.sub(rb"\r?\n", b"\r\n", raw)
        if b"\r\n\r\n" not in raw:
            # pymap loses the last byte of a mail whose header is not ended by an empty line
            raw += b"\r\n\r\n"
        # Gmail's ids grow with time in the same way: milliseconds in the upper bits.
        gmail_id = self._last_id = max(int(time.time() * 1000) << 20, self._last_id + 1)
        mail = StoredMail(
            gmail_id=gmail_id,
            thread_id=self._thread_id(raw, gmail_id),
            content=MessageContent.parse(raw),
            received_at=received_at or datetime.now(UTC),
            labels=set(labels),
            flags=frozenset(flags),
        )
        if Flagged in mail.flags:
            mail.labels.add(STARRED)
        self._mails[gmail_id] = mail
        await self.settle(mail)
        return mail

    def _thread_id(self, raw: bytes, gmail_id: int) -> int:
        """The thread a mail belongs to: that of any mail it names, else its own id.

        pymap's own thread ids ask for equal subjects too, and know only English "Re:".
        """
        headers = BytesHeaderParser().parsebytes(raw)
        names = ("Message-ID", "In-Reply-To", "References")
        text = " ".join(str(value) for name in names for value in headers.get_all(name, []))
        message_ids = re.findall(r"<[^<>\s]+>", text)
        known = (self._threads[m] for m in message_ids if m in self._threads)
        thread_id = next(known, gmail_id)
        for message_id in message_ids:
            self._threads.setdefault(message_id, thread_id)
        return thread_id

    async def settle(self, mail: StoredMail) -> None:
        r"""Show ``mail`` in exactly the mailboxes its labels name; \Starred is \Flagged."""
        starred = {Flagged} if STARRED in mail.labels else frozenset[Flag]()
        mail.flags = mail.flags - {Flagged} | starred
        hidden = mail.labels & {SPAM, TRASH}
        wanted = hidden or {ALL_MAIL, *mail.labels}
        for label in wanted - SYSTEM_LABELS - self._by_label.keys() - {ALL_MAIL}:
            await self.add_mailbox(label)
        for label, mailbox in list(self._by_label.items()):
            if label in wanted:
                await mailbox.show(mail)
            else:
                await mailbox.hide(mail)

    async def change(
        self,
        mail: StoredMail,
        *,
        add_labels: Iterable[str] = (),
        remove_labels: Iterable[str] = (),
        add_flags: Iterable[Flag] = (),
        remove_flags: Iterable[Flag] = (),
    ) -> None:
        r"""Add to and take from a mail's labels and flags; \Flagged is \Starred."""
        added, removed = frozenset(add_flags), frozenset(remove_flags)
        mail.flags = mail.flags - removed | added
        mail.labels -= {*remove_labels, *({STARRED} if Flagged in removed else ())}
        mail.labels |= {*add_labels, *({STARRED} if Flagged in added else ())}
        await self.settle(mail)

    async def erase(self, mail: StoredMail) -> None:
        """Remove ``mail`` from the account."""
        for mailbox in list(self._by_label.values()):
            await mailbox.hide(mail)
        self._mails.pop(mail.gmail_id, None)

    def mail(self, gmail_id: int) -> StoredMail:
        """The mail with this X-GM-MSGID; KeyError where there is none."""
        return self._mails[gmail_id]

    async def add_mailbox(self, name: str) -> ObjectId:
        """Create a label (CREATE)."""
        if name in self._set:
            raise ValueError(name)
        self._set[name] = mailbox = self._new_mailbox(name)
        return mailbox.mailbox_id

    async def delete_mailbox(self, name: str) -> None:
        """Take a label off every mail and forget it (DELETE); system mailboxes stay."""
        if name in self.attributes:
            raise NotSupportedError("A system mailbox cannot be deleted.")
        await super().delete_mailbox(name)
        del self._by_label[name]
        for mail in self._mails.values():
            if name in mail.labels:
                mail.labels.remove(name)
                await self.settle(mail)

    async def rename_mailbox(
        self,
        before: str,  # noqa: ARG002 - pymap's signature
        after: str,  # noqa: ARG002 - pymap's signature
    ) -> None:
        """Refused: pymap would move mails without their labels."""
        raise NotSupportedError("RENAME is not offered.")
