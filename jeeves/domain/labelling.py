"""Labels: what the owner's say of a mail, and which ones Jeeves may write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from jeeves.domain.conversation import State
from jeeves.domain.message import Marks, Message
from jeeves.domain.verdict import Label, Verdict

#: With a star, the owner's word that a mail needs a place: the rule of the prototype.
TAUGHT = "jeeves"
TAUGHT_YES = "jeeves/yes"
TAUGHT_NO = "jeeves/no"
#: What Jeeves writes, and nothing else; none of them says anything to its training.
NEEDS_PLACE = "Jeeves/needs place"
SETTLED = "Jeeves/settled"
WRITTEN = (NEEDS_PLACE, SETTLED)


class Source(StrEnum):
    """Where an owner said it."""

    MAILBOX = "mailbox"
    COMMAND = "command"
    FILE = "file"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Word:
    """What the owner says of a stored message; it is only ever added to what was said before."""

    #: Short id of the message.
    message_id: int
    #: None takes back what was said.
    label: Label | None
    source: Source


@dataclass(frozen=True, slots=True)
class LabelledMail:
    """A stored message with what the owner says of it now."""

    id: int
    message: Message
    label: Label
    source: Source
    labelled_at: datetime
    #: Words are numbered as they come: this one's number.
    word: int


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """A judged message of which the owner says nothing."""

    #: Short id.
    id: int
    message: Message
    #: Whether something was said lately of another message of its conversation.
    answered: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A message whose label would teach much, and what the model that serves makes of it."""

    #: Short id.
    id: int
    message: Message
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class LastWord:
    """Up to where something knows what the owner has said."""

    number: int
    #: Words of another database may have the same numbers, but not the same times.
    at: datetime


@dataclass(frozen=True, slots=True)
class SaidAfter:
    """What was said after a word."""

    #: The number of that word; 0 where this database has no such word, and all was said after it.
    word: int
    #: The last word of all; None where there is none.
    last: LastWord | None
    #: Messages of which anything was said, taking back included.
    messages: int


@dataclass(frozen=True, slots=True)
class Unheard:
    """A word that its conversation does not know of yet."""

    word: int
    thread_key: str
    #: Whether anything was decided about the conversation.
    decided: bool


@dataclass(frozen=True, slots=True)
class LabelWish:
    """That a stored message should carry a label of ours (``on``), or should not."""

    #: Short id of the message.
    message_id: int
    label: str
    on: bool


@dataclass(frozen=True, slots=True)
class LabelChange:
    """A wish that the mailbox does not yet show."""

    wish: LabelWish
    #: The message in the mailbox that is written to.
    uid: int


class TeachingStore(Protocol):
    """The database as far as the owner's labels go. Each method is one transaction."""

    def teach(self, words: Sequence[Word]) -> int:
        """Add what is said, of one message the last; how many of them say anything new."""
        ...

    def labelled(self) -> Iterator[LabelledMail]:
        """Every labelled mail of all accounts, the oldest first; a page at a time is held."""
        ...

    def unlabelled(self, since: datetime | None, lately: datetime, limit: int) -> list[Unlabelled]:
        """Judged mail of others, not sent to many, of which nothing is said; the newest first.

        Args:
            since: None, or when it was received at the earliest.
            lately: What was said of its conversation since then, was said lately.
            limit: As many at most.
        """
        ...

    def said_after(self, word: LastWord | None) -> SaidAfter:
        """What was said after this word; None: all."""
        ...

    def stored_as(
        self, ids: Collection[int], message_ids: Collection[str]
    ) -> list[tuple[int, str]]:
        """Short id and Message-ID of the readable messages that have one of these."""
        ...

    def stored_alike(
        self, account: str, digests: Collection[str], message_ids: Collection[str]
    ) -> list[tuple[int, str, str]]:
        """Short id, digest and Message-ID of the readable messages that have one of these."""
        ...

    def unheard_accounts(self) -> list[str]:
        """Accounts with words that their conversations do not know of yet."""
        ...

    def unheard(self, account: str, limit: int) -> list[Unheard]:
        """Words that their conversations do not know of yet, the oldest first."""
        ...

    def heard(self, words: Sequence[int]) -> None:
        """Remember that the conversations of these words were judged anew."""
        ...


def training_label(marks: Marks) -> bool | None:
    """Whether the owner says by labels that a mail needs a place; None where nothing is said.

    ``Jeeves`` with a star, or ``Jeeves/yes``, says that it does; ``Jeeves/no`` that it does not.
    Both together say nothing. Case does not matter: neither Gmail nor IMAP keywords heed it.
    """
    labels = {label.casefold() for label in marks.labels}
    yes = TAUGHT_YES in labels or (TAUGHT in labels and marks.starred)
    no = TAUGHT_NO in labels
    return None if yes == no else yes


def label_of(said: bool | None) -> Label | None:
    """The label that a yes or a no is."""
    if said is None:
        return None
    return Label.NEEDS_LOCATION if said else Label.OTHER


def wishes(standing: Iterable[tuple[int, State]]) -> list[LabelWish]:
    """What messages that alerted should carry, each by how its conversation stands."""
    return [
        LabelWish(message_id, label, state is where)
        for message_id, state in standing
        for label, where in ((NEEDS_PLACE, State.OPEN), (SETTLED, State.SETTLED))
    ]
