"""A mail of the account, and the message as which one mailbox shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pymap.backend.dict.mailbox import Message
from pymap.mime import MessageContent
from pymap.parsing.specials import ObjectId
from pymap.parsing.specials.flag import Flag


@dataclass(eq=False, slots=True)
class StoredMail:
    """One mail, however many mailboxes show it."""

    #: X-GM-MSGID and X-GM-THRID.
    gmail_id: int
    thread_id: int
    content: MessageContent
    received_at: datetime
    labels: set[str]
    flags: frozenset[Flag] = field(default=frozenset())


class GmailMessage(Message):
    """A mail as one mailbox shows it, under a UID of its own."""

    __slots__ = ["labels", "mail", "mod_sequence"]

    def __init__(
        self, uid: int, mail: StoredMail, *, recent: bool = False, expunged: bool = False
    ) -> None:
        super().__init__(
            uid,
            mail.received_at,
            mail.flags,
            expunged=expunged,
            email_id=ObjectId(b"M%016x" % mail.gmail_id),
            thread_id=ObjectId(b"T%016x" % mail.thread_id),
            recent=recent,
            content=mail.content,
        )
        self.mail = mail
        #: The mail's labels when the mod-sequence was given.
        self.labels = frozenset(mail.labels)
        #: MODSEQ (RFC 7162) in this mailbox.
        self.mod_sequence = 1


def gmail_message(message: object) -> GmailMessage:
    """``message``, which any mailbox here shows, by its true class."""
    if not isinstance(message, GmailMessage):
        raise TypeError(type(message).__name__)
    return message


def mail_of(message: object) -> StoredMail:
    """The mail that a message of any mailbox here shows."""
    return gmail_message(message).mail
