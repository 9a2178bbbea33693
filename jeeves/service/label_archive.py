"""Labels and what training needs of their mails, as lines of JSON, and taken down from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Any

from jeeves.domain.labelling import LabelledMail, Source, Word
from jeeves.domain.message import Address, Message, Origin
from jeeves.domain.ports import Store
from jeeves.domain.verdict import Label
from jeeves.errors import ArchiveError
from jeeves.service.relabelling import stored_ids

#: Mails that are written in one transaction.
BATCH = 200
#: A line is no longer: the text of a mail is cut before it is stored.
LONGEST_LINE = 64_000_000


@dataclass(frozen=True, slots=True)
class Carried:
    """A labelled mail out of an archive."""

    message: Message
    label: Label
    source: Source


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of the lines."""

    labels: int
    #: Mails that were not stored yet.
    mails: int
    #: Labels that say something new.
    new: int


def line_of(mail: LabelledMail) -> bytes:
    """One line: the label, and the mail that it is of."""
    message = mail.message
    return (
        json.dumps(
            {
                "label": mail.label.value,
                "source": mail.source.value,
                "labelled_at": mail.labelled_at.isoformat(),
                "fingerprint": message.fingerprint,
                "account": message.account,
                "mailbox": message.mailbox,
                "gmail_id": message.gmail_id,
                "message_id": message.message_id,
                "digest": message.digest,
                "thread_key": message.thread_key,
                "references": message.references,
                "sender": _pair(message.sender),
                "to": [_pair(one) for one in message.to],
                "cc": [_pair(one) for one in message.cc],
                "subject": message.subject,
                "body": message.body,
                "own_words": message.own_words,
                "sent_at": message.sent_at.isoformat() if message.sent_at else None,
                "received_at": message.received_at.isoformat(),
                "labels": message.labels,
                "starred": message.starred,
                "bulk": message.bulk,
                "own": message.own,
            },
            # A line of ASCII: a lone surrogate is no obstacle.
            ensure_ascii=True,
        ).encode("ascii")
        + b"\n"
    )


def read_lines(lines: Iterable[bytes]) -> Iterator[Carried]:
    """The labelled mails of these lines.

    Raises:
        ArchiveError: a line is none of ours.
    """
    for number, line in enumerate(lines, start=1):
        try:
            yield _carried(json.loads(line))
        except (ValueError, KeyError, TypeError, RecursionError) as exc:
            # Not `from exc`, which quotes the mail.
            raise ArchiveError(
                f"Label {number} of the archive cannot be used ({type(exc).__name__}): nothing of "
                "it was restored."
            ) from None


def take_down_carried(store: Store, carried: Iterable[Carried]) -> Restored:
    """Store the mails that are not, and say of each what its label says; again, it does nothing.

    Raises:
        StoreError: what was written stays; run again, it goes on.
    """
    labels = mails = new = 0
    for account, several in groupby(carried, key=lambda one: one.message.account):
        while batch := list(islice(several, BATCH)):
            messages = [one.message for one in batch]
            mails += store.ingest(account, messages, None).added
            words = {
                message_id: Word(message_id, one.label, one.source)
                for one, ids in zip(batch, stored_ids(store, account, messages), strict=True)
                for message_id in ids
            }
            labels += len(words)
            new += store.teach(list(words.values()))
    return Restored(labels, mails, new)


def _carried(line: Any) -> Carried:
    def text(name: str) -> str:
        value = line[name]
        if not isinstance(value, str) or "\0" in value:
            raise TypeError(name)
        # No database takes what is no UTF-8.
        value.encode("utf-8")
        return value

    def moment(name: str) -> datetime:
        found = datetime.fromisoformat(text(name))
        if found.tzinfo is None:
            raise ValueError(name)
        return found

    def texts(name: str) -> tuple[str, ...]:
        found = line[name]
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise TypeError(name)
        return tuple(found)

    gmail_id = None if line["gmail_id"] is None else text("gmail_id")
    if gmail_id is not None and not (gmail_id.isascii() and gmail_id.isdecimal()):
        raise ValueError("gmail_id")
    message = Message(
        account=text("account"),
        # It did not arrive here: it never alerts.
        origin=Origin.IMPORT,
        mailbox=text("mailbox"),
        uid=None,
        uidvalidity=None,
        gmail_id=gmail_id,
        message_id=text("message_id"),
        digest=text("digest"),
        thread_key=text("thread_key"),
        references=texts("references"),
        sender=_address(line["sender"]),
        to=tuple(map(_address, line["to"])),
        cc=tuple(map(_address, line["cc"])),
        subject=text("subject"),
        body=text("body"),
        own_words=text("own_words"),
        sent_at=None if line["sent_at"] is None else moment("sent_at"),
        received_at=moment("received_at"),
        # The label is carried by itself: what the mailbox shows now is asked of the mailbox.
        labels=(),
        starred=False,
        bulk=line["bulk"] is True,
        own=line["own"] is True,
    )
    return Carried(message, Label(line["label"]), Source(line["source"]))


def _pair(address: Address) -> tuple[str, str]:
    return address.name, address.address


def _address(pair: Any) -> Address:
    name, address = pair
    if not isinstance(name, str) or not isinstance(address, str) or "\0" in name + address:
        raise TypeError("address")
    return Address(name, address)
