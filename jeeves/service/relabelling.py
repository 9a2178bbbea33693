"""What the owner says of mails: taken down, and heard by their conversations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Literal

import structlog

from jeeves.domain.alert import Channel
from jeeves.domain.labelling import Source, Word, label_of, training_label
from jeeves.domain.message import FetchedMail, Marks, Message, Origin
from jeeves.domain.ports import Store
from jeeves.domain.verdict import Label
from jeeves.errors import LabelError
from jeeves.mail.mime import read
from jeeves.service.deciding import conclude
from jeeves.service.terms import Terms

log = structlog.get_logger()

#: Words of which the conversations are looked at together, and mails of a file.
BATCH = 400
#: As many mistakes of a table are told.
MISTAKES_TOLD = 5
#: A longer number is no id.
LONGEST_ID = 18

Said = Literal["yes", "no", "undo"]
SAID: dict[Said, Label | None] = {
    "yes": Label.NEEDS_LOCATION,
    "no": Label.OTHER,
    "undo": None,
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a table of labels."""

    #: Where it stands, for sentences.
    where: str
    #: Short id or Message-ID of a message.
    name: str
    label: Label | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of words."""

    #: Messages of which something was said.
    messages: int = 0
    #: Those of which it was not said before.
    changed: int = 0
    #: Messages whose words stand nowhere in the database.
    unknown: int = 0


def take_down(store: Store, lines: Sequence[Line], source: Source) -> Taken:
    """Add what these lines say: all of them, or nothing.

    Raises:
        LabelError: a line names no stored message, or two lines contradict each other.
    """
    stored = _found(store, [line.name for line in lines])
    unknown = [line for line in lines if line.name not in stored]
    if unknown:
        named = "; ".join(
            one.where if one.where.endswith(one.name) else f"{one.where}: {one.name}"
            for one in unknown[:MISTAKES_TOLD]
        )
        more = len(unknown) - MISTAKES_TOLD
        raise LabelError(
            f"There is no such message ({named}{f'; and {more} more' if more > 0 else ''}): "
            "`jeeves list` shows the ids. Nothing was labelled."
        )
    first: dict[int, Line] = {}
    for line in lines:
        for message_id in stored[line.name]:
            before = first.setdefault(message_id, line)
            if before.label is not line.label:
                raise LabelError(
                    f"{before.where} and {line.where} say different things of the message "
                    f"{line.name}: keep one of them. Nothing was labelled."
                )
    words = [Word(message_id, line.label, source) for message_id, line in first.items()]
    return Taken(len(words), store.teach(words))


def take_down_mails(
    store: Store,
    mails: Iterable[FetchedMail],
    account: str,
    aliases: Sequence[str],
    said: Said | None,
) -> Taken:
    """Add what is said of stored mails that lie on disk too.

    Args:
        store: Where they are stored.
        mails: As they lie there.
        account: Whose mail it is.
        aliases: Further addresses of its owner.
        said: Of each of them. None: what the labels say that came with them.
    """
    taken = Taken()
    left = iter(mails)
    while several := list(islice(left, BATCH)):
        labels = {
            message.digest: label
            for message in (read(mail, account, Origin.IMPORT, aliases) for mail in several)
            if isinstance(message, Message)
            for label in [SAID[said] if said else _own_label(message)]
            if said or label
        }
        if not labels:
            continue
        known = store.stored_digests(account, list(labels))
        words = [Word(known[digest], labels[digest], Source.FILE) for digest in known]
        changed = store.teach(words)
        taken = replace(
            taken,
            messages=taken.messages + len(words),
            changed=taken.changed + changed,
            unknown=taken.unknown + len(labels) - len(words),
        )
    return taken


def reconsider(
    account: str, store: Store, channels: Sequence[Channel], now: datetime, terms: Terms
) -> int:
    """Judge anew the conversations of which something was said since; how many these were.

    Nobody is told of what he has just said himself: only what is no longer so is taken back.

    Raises:
        StoreError: what was not heard yet is heard the next time.
    """
    reconsidered = 0
    while unheard := store.unheard(account, BATCH):
        threads = list(dict.fromkeys(one.thread_key for one in unheard if one.decided))
        outcomes = [
            conclude(
                account,
                thread_key,
                store.thread(account, thread_key),
                store.questions(account, thread_key),
                (),
                {},
                channels,
                now,
                terms,
            )
            for thread_key in threads
        ]
        if outcomes:
            # What newer mail has come to is decided with it, and that decision hears the word too.
            store.record([], outcomes)
        store.heard([one.word for one in unheard])
        reconsidered += len(threads)
    if reconsidered:
        log.info("labels heard", conversations=reconsidered)
    return reconsidered


def lines_said(names: Iterable[str], said: Said) -> Iterator[Line]:
    """The same of each of these messages."""
    return (Line(f"message {name}", name, SAID[said]) for name in names)


def _own_label(message: Message) -> Label | None:
    return label_of(training_label(Marks(message.labels, message.starred)))


def _found(store: Store, names: Sequence[str]) -> dict[str, list[int]]:
    """The short ids of the messages with these names."""
    ids = {int(name): name for name in names if is_id(name)}
    message_ids = {name for name in names if not is_id(name)}
    found: dict[str, list[int]] = {}
    for short, message_id in store.stored_as(ids, message_ids):
        if short in ids:
            found.setdefault(ids[short], []).append(short)
        if message_id in message_ids:
            found.setdefault(message_id, []).append(short)
    return found


def is_id(name: str) -> bool:
    """Whether it can be a short id."""
    return name.isascii() and name.isdecimal() and len(name) <= LONGEST_ID
