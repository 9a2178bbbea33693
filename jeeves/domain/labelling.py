"""Labels: what the owner's say of a mail, and which ones Jeeves may write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jeeves.domain.conversation import State
from jeeves.domain.message import Marks

#: With a star, the owner's word that a mail needs a place: the rule of the prototype.
TAUGHT = "jeeves"
TAUGHT_YES = "jeeves/yes"
TAUGHT_NO = "jeeves/no"
#: What Jeeves writes, and nothing else; none of them says anything to its training.
NEEDS_PLACE = "Jeeves/needs place"
SETTLED = "Jeeves/settled"
WRITTEN = (NEEDS_PLACE, SETTLED)


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


def training_label(marks: Marks) -> bool | None:
    """Whether the owner says by labels that a mail needs a place; None where nothing is said.

    ``Jeeves`` with a star, or ``Jeeves/yes``, says that it does; ``Jeeves/no`` that it does not.
    Both together say nothing. Case does not matter: neither Gmail nor IMAP keywords heed it.
    """
    labels = {label.casefold() for label in marks.labels}
    yes = TAUGHT_YES in labels or (TAUGHT in labels and marks.starred)
    no = TAUGHT_NO in labels
    return None if yes == no else yes


def wishes(standing: Iterable[tuple[int, State]]) -> list[LabelWish]:
    """What messages that alerted should carry, each by how its conversation stands."""
    return [
        LabelWish(message_id, label, state is where)
        for message_id, state in standing
        for label, where in ((NEEDS_PLACE, State.OPEN), (SETTLED, State.SETTLED))
    ]
