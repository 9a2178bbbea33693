"""A mailbox as Gmail has it: all mails with one label.

pymap's in-memory mailbox (pymap.backend.dict) subclassed where Gmail differs from plain IMAP.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from pymap.backend.dict.mailbox import (
    MailboxData,
    Message,
    _ContentCache,
    _ThreadCache,
)
from pymap.concurrent import Event
from pymap.exceptions import NotSupportedError
from pymap.flags import FlagOp
from pymap.interfaces.message import CachedMessage
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import ObjectId
from pymap.parsing.specials.flag import Deleted, Flag, Flagged, Wildcard
from pymap.selected import SelectedMailbox

from jeeves.demo.gmail.condstore import ModSequences, gmail_selected
from jeeves.demo.gmail.message import GmailMessage, StoredMail, gmail_message, mail_of

INBOX, SENT, SPAM, STARRED, TRASH = "\\Inbox", "\\Sent", "\\Spam", "\\Starred", "\\Trash"
#: All Mail has no label: everything is in it but spam and trash.
ALL_MAIL = ""


class Account(Protocol):
    """What a mailbox asks of the account it belongs to."""

    async def deliver(
        self,
        raw: bytes,
        *,
        labels: Iterable[str],
        received_at: datetime | None = None,
        flags: Iterable[Flag] = (),
    ) -> StoredMail:
        """Store a mail and show it wherever it belongs."""
        ...

    async def settle(self, mail: StoredMail) -> None:
        """Show ``mail`` in exactly the mailboxes its labels name."""
        ...

    async def erase(self, mail: StoredMail) -> None:
        """Remove ``mail`` from every mailbox."""
        ...


class GmailMailbox(MailboxData):
    """A mailbox that shows all mails with one label."""

    def __init__(self, account: Account, label: str, first_uid: int) -> None:
        super().__init__(_ContentCache(), _ThreadCache())
        self._mod_sequences = ModSequences()
        self.account = account
        self.label = label
        self._max_uid = first_uid - 1
        self._uids: dict[int, int] = {}
        #: UIDs with \Deleted: the one flag that a mail does not have everywhere.
        self._deleted: set[int] = set()

    @property
    def permanent_flags(self) -> frozenset[Flag]:
        r"""pymap's, and ``\*``: without it keywords are dropped silently."""
        return super().permanent_flags | {Wildcard}

    def uid_of(self, mail: StoredMail) -> int | None:
        """The UID of ``mail`` in this mailbox, or None where it is not shown."""
        return self._uids.get(mail.gmail_id)

    async def show(self, mail: StoredMail) -> None:
        """``mail`` is in this mailbox, with the flags and labels it has now."""
        uid = self.uid_of(mail)
        async with self.messages_lock.write_lock():
            if uid is None:
                self._max_uid = uid = self._max_uid + 1
                self._messages[uid] = message = GmailMessage(uid, mail, recent=True)
                self._uids[mail.gmail_id] = uid
            else:
                message = gmail_message(self._messages[uid])
                flags = mail.flags | ({Deleted} if uid in self._deleted else frozenset[Flag]())
                if message.permanent_flags == flags and message.labels == mail.labels:
                    return
                message.permanent_flags = flags
                message.labels = frozenset(mail.labels)
            self._mod_sequences.update([uid])
            message.mod_sequence = self._mod_sequences.highest
        self._updated.set()

    async def hide(self, mail: StoredMail) -> None:
        """``mail`` is not in this mailbox."""
        uid = self._uids.pop(mail.gmail_id, None)
        if uid is not None:
            self._deleted.discard(uid)
            await super().delete([uid])

    async def renumber(self) -> int:
        """A new UIDVALIDITY, which is returned.

        Every old UID but the first now names the mail before: whoever goes on using UIDs
        of before gets wrong mails, not merely none.
        """
        messages, self._messages = self._messages, {}
        self._uid_validity += 1
        self._mailbox_id = ObjectId.random_mailbox_id()
        self._mod_sequences = ModSequences()
        self._max_uid = min(messages, default=self._max_uid)
        self._uids.clear()
        self._deleted.clear()
        for message in messages.values():
            await self.show(mail_of(message))
        return self._uid_validity

    async def update_selected(
        self, selected: SelectedMailbox, *, wait_on: Event | None = None
    ) -> SelectedMailbox:
        """As pymap, but IDLE does not wait where there is something to tell already.

        pymap waits for the next change even if one came between two waits or before IDLE,
        so that a client would hear of a mail only when another one arrives.
        """
        known = selected.mod_sequence
        pending = known != self._mod_sequences.highest
        await super().update_selected(selected, wait_on=None if pending else wait_on)
        if known is not None:
            updated, _ = self._mod_sequences.find_updated(known + 1)
            gmail_selected(selected).touched |= updated
        return selected

    async def claim_recent(self, selected: SelectedMailbox) -> None:
        r"""\Recent is this session's from now on; to pymap that is a change of the message."""
        async for message in self.messages():
            if message.recent:
                message.recent = False
                selected.session_flags.add_recent(message.uid)

    async def append(
        self,
        append_msg: AppendMessage,
        *,
        recent: bool = False,  # noqa: ARG002 - pymap's signature
    ) -> Message:
        """Deliver a mail with this mailbox's label (APPEND)."""
        mail = await self.account.deliver(
            append_msg.literal,
            labels={self.label} - {ALL_MAIL},
            received_at=append_msg.when,
            flags=append_msg.flag_set,
        )
        uid = self.uid_of(mail)
        if uid is None:
            raise NotSupportedError("This mailbox cannot be appended to.")
        return self._messages[uid]

    async def copy(
        self,
        uid: int,
        destination: MailboxData,
        *,
        recent: bool = False,  # noqa: ARG002 - pymap's signature
    ) -> int | None:
        """Add the destination's label (COPY)."""
        return await self._relabel(uid, destination, leave=False)

    async def move(
        self,
        uid: int,
        destination: MailboxData,
        *,
        recent: bool = False,  # noqa: ARG002 - pymap's signature
    ) -> int | None:
        """Exchange this mailbox's label for the destination's (MOVE)."""
        return await self._relabel(uid, destination, leave=True)

    async def _relabel(self, uid: int, destination: MailboxData, *, leave: bool) -> int | None:
        message = self._messages.get(uid)
        if message is None or not isinstance(destination, GmailMailbox):
            return None
        mail = mail_of(message)
        if leave:
            mail.labels.discard(self.label)
        mail.labels |= {destination.label} - {ALL_MAIL}
        await self.account.settle(mail)
        return destination.uid_of(mail)

    async def get(self, uid: int, cached_msg: CachedMessage) -> Message:
        """The message with this UID; if it is gone, what is known of it, marked expunged."""
        message = self._messages.get(uid)
        if message is not None:
            return message
        if not isinstance(cached_msg, GmailMessage):
            raise TypeError(cached_msg)
        return GmailMessage(uid, cached_msg.mail, expunged=True)

    async def update(
        self, uid: int, cached_msg: CachedMessage, flag_set: frozenset[Flag], mode: FlagOp
    ) -> Message:
        r"""Change the mail's flags, \Deleted here only; \Flagged is the label \Starred."""
        message = await self.get(uid, cached_msg)
        if not message.expunged:
            mail = mail_of(message)
            flags = mode.apply(message.permanent_flags, flag_set)
            mail.flags = flags - {Deleted}
            if Deleted in flags:
                self._deleted.add(uid)
            else:
                self._deleted.discard(uid)
            if Flagged in flags:
                mail.labels.add(STARRED)
            else:
                mail.labels.discard(STARRED)
            await self.account.settle(mail)
        return message

    async def delete(self, uids: Iterable[int]) -> None:
        """Expunge: a label is taken off; in All Mail, Spam and Trash the mail is erased."""
        for uid in list(uids):
            message = self._messages.get(uid)
            if message is None:
                continue
            mail = mail_of(message)
            if self.label in {ALL_MAIL, SPAM, TRASH}:
                await self.account.erase(mail)
            else:
                mail.labels.discard(self.label)
                await self.account.settle(mail)
