"""What the owner says of mails: taken down, and heard by their conversations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Literal

import structlog

from jeeves.domain.alert import Channel
from jeeves.domain.labelling import Source, Word, label_of, training_label
from jeeves.domain.message import FetchedMail, Marks, Message, Origin
from jeeves.domain.outbox import Closing, Outcome
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
    #: Those of which it was not yet said there.
    new: int = 0
    #: Mails that cannot be read.
    unreadable: int = 0


def take_down(store: Store, lines: Sequence[Line], source: Source) -> Taken:
    """Add what these lines say: all of them, or nothing.

    Raises:
        LabelError: a line names no stored message, or two lines contradict each other.
    """
    stored = _found(store, [line.name for line in lines])
    unknown = [line for line in lines if line.name not in stored]
    if unknown:
        named = "; ".join(
            one.where if one.where == f"message {one.name}" else f"{one.where}: {one.name}"
            for one in unknown[:MISTAKES_TOLD]
        )
        more = len(unknown) - MISTAKES_TOLD
        raise LabelError(
            f"There is no such message ({named}{f'; and {more} more' if more > 0 else ''}): "
            "`jeeves list` shows the ids. Nothing was labelled."
        )
    first: dict[int, Line] = {}
    for line in lines:
        for message_id in sorted(stored[line.name]):
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
    # One raw mail at a time is held.
    left = (read(mail, account, Origin.IMPORT, aliases) for mail in mails)
    while messages := list(islice(left, BATCH)):
        readable = [one for one in messages if isinstance(one, Message)]
        labels = [(one, SAID[said] if said else _own_label(one)) for one in readable]
        meant = [(one, label) for one, label in labels if said or label]
        found = stored_ids(store, account, [one for one, _ in meant])
        words = {
            message_id: Word(message_id, label, Source.FILE)
            for (_, label), ids in zip(meant, found, strict=True)
            for message_id in ids
        }
        taken = Taken(
            taken.messages + len(words),
            taken.new + store.teach(list(words.values())),
            taken.unreadable + len(messages) - len(readable),
        )
    return taken


def reconsider(
    account: str, store: Store, channels: Sequence[Channel], now: datetime, terms: Terms
) -> int:
    """Judge anew the conversations of which something was said since; how many these were.

    Nobody is told of what he has just said himself: what was not yet sent is cancelled, and of
    what was sent nothing more is said.

    Raises:
        StoreError: what was not heard yet is heard the next time.
    """
    reconsidered = 0
    while unheard := store.unheard(account, BATCH):
        threads = list(dict.fromkeys(one.thread_key for one in unheard if one.decided))
        outcomes = [
            silent(
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
            )
            for thread_key in threads
        ]
        again = store.record([], outcomes).again if outcomes else frozenset()
        # Where more was said, or newer mail has come meanwhile, it is decided again with that.
        store.heard([one.word for one in unheard if one.thread_key not in again])
        reconsidered += len(threads) - len(again)
    if reconsidered:
        log.info("labels heard", conversations=reconsidered)
    return reconsidered


def silent(outcome: Outcome) -> Outcome:
    """The decision without a word to the owner about what is open no more."""
    return replace(outcome, closed=tuple(Closing(one.question) for one in outcome.closed))


def lines_said(names: Iterable[str], said: Said) -> Iterator[Line]:
    """The same of each of these messages."""
    return (Line(f"message {name}", name, SAID[said]) for name in names)


def _own_label(message: Message) -> Label | None:
    return label_of(training_label(Marks(message.labels, message.starred)))


def _found(store: Store, names: Collection[str]) -> dict[str, set[int]]:
    """The short ids of the stored messages with these names; of none where there is none."""
    ids = [int(name) for name in names if is_id(name)]
    # No database can hold a NUL in a text, nor be asked for one.
    message_ids = {name.strip("<>") for name in names if not is_id(name) and "\0" not in name}
    by_id: dict[int, set[int]] = {}
    by_message_id: dict[str, set[int]] = {}
    for short, message_id in store.stored_as(ids, message_ids):
        by_id[short] = {short}
        if message_id:
            by_message_id.setdefault(message_id, set()).add(short)
    found = {
        name: by_id.get(int(name)) if is_id(name) else by_message_id.get(name.strip("<>"))
        for name in names
    }
    return {name: ids for name, ids in found.items() if ids}


def stored_ids(store: Store, account: str, mails: Sequence[Message]) -> list[set[int]]:
    """The short ids of each of these mails as it is stored.

    As at ingest its Message-ID decides, and what it says where it has none; of several with one
    Message-ID those are meant that say the same, if any do: lists change what they pass on.
    """
    found: dict[str, list[tuple[int, str]]] = {}
    message_ids = {one.message_id for one in mails if one.message_id}
    digests = {one.digest for one in mails if not one.message_id}
    for short, digest, message_id in store.stored_alike(account, digests, message_ids):
        found.setdefault(message_id or digest, []).append((short, digest))
    stored = []
    for one in mails:
        alike = found.get(one.message_id or one.digest, [])
        same = {short for short, digest in alike if digest == one.digest}
        stored.append(same or {short for short, _ in alike})
    return stored


def is_id(name: str) -> bool:
    """Whether it can be a short id."""
    return name.isascii() and name.isdecimal() and len(name) <= LONGEST_ID
