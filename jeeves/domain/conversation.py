"""One conversation: which meetings it speaks of, and whether each has a place.

The words are read elsewhere (``mail.proposal``), and what they say is folded, mail by mail, in
``listening``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from jeeves.domain.message import Address
from jeeves.domain.remark import Remark
from jeeves.domain.when import When


class State(StrEnum):
    """How a meeting, or a conversation, stands."""

    #: Nothing asks for a place; calls and video meetings need none.
    NONE = "none"
    #: A meeting is wanted and no place stands.
    OPEN = "open"
    SETTLED = "settled"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Turn:
    """One mail of a conversation, read."""

    #: By which the caller knows it.
    id: str
    sender: Address
    #: To whom it was sent, the sender left out.
    others: tuple[Address, ...]
    own: bool
    #: Sent to many by a machine.
    bulk: bool
    remarks: tuple[Remark, ...]
    #: Reads what the mails that it quotes said: most of it was heard before, and is not needed.
    quoted: Callable[[], Sequence[Remark]] = tuple
    #: A model's verdict: it asks to meet and names no place.
    needs_location: bool = False
    #: What the owner says of that, which stands over the verdict and the remarks.
    said: bool | None = None
    #: Words of the mail that made the verdict so, or "".
    why: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting of a conversation, after some of its mails."""

    #: 1 for the first of its conversation.
    number: int
    #: "lunch", "coffee", "visit" ... or "" where it is just a meeting.
    kind: str
    state: State
    when: When | None
    #: In the words of the mail; "" where none stands.
    place: str
    #: The other person: who asked, or who was asked by the owner.
    who: Address
    #: Message that first proposed it.
    proposed_by: str
    #: Message with which an alert was due for the first time; None where it never was.
    alert_at: str | None
    #: The same of the question that is open now.
    due_at: str | None
    #: Message that first named the place that stands.
    settled_by: str | None
    #: How often it has become open: a place that falls through opens it again.
    opened: int
    #: Whether the owner has the next word.
    owner_owes: bool
    #: Words of the mail that say why it is open.
    why: str = ""
    #: Whether people meet by phone or video, so that ``place`` is none to go to.
    online: bool = False

    @property
    def question(self) -> str:
        """Identity of the open question within the conversation."""
        return f"{self.number}.{self.opened}"


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is known of a conversation after its mails so far."""

    meetings: tuple[Meeting, ...] = ()
    #: Number of the meeting that was settled last, of those that stand so.
    settled_last: int = 0

    @property
    def state(self) -> State:
        """Open if any meeting is, else settled if any is, else cancelled if any was."""
        states = {meeting.state for meeting in self.meetings}
        for state in (State.OPEN, State.SETTLED, State.CANCELLED):
            if state in states:
                return state
        return State.NONE

    @property
    def open_meetings(self) -> tuple[Meeting, ...]:
        """The meetings for which a place is wanted, the first one first."""
        return tuple(one for one in self.meetings if one.state is State.OPEN)

    @property
    def settled(self) -> Meeting | None:
        """Of the meetings that stand settled the one settled last; None where none does."""
        settled = [one for one in self.meetings if one.state is State.SETTLED]
        return max(settled, key=lambda m: (m.number == self.settled_last, m.number), default=None)

    @property
    def foremost(self) -> Meeting | None:
        """The meeting that the state is about: the first open one, else the one settled last."""
        return self.open_meetings[0] if self.open_meetings else self.settled

    @property
    def alert_at(self) -> str | None:
        """Message with which the first alert was due."""
        return next((one.alert_at for one in self.meetings if one.alert_at), None)
