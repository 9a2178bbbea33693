"""One conversation: which meetings it speaks of, and whether each has a place.

The words are read elsewhere (``mail.proposal``): here what they say is folded into a state.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jeeves.domain.message import Address
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
    #: Message that first named the place that stands.
    settled_by: str | None
    #: How often it has become open: a place that falls through opens it again.
    opened: int
    #: Whether the owner has the next word.
    owner_owes: bool
    #: Words of the mail that say why it is open.
    why: str = ""

    @property
    def question(self) -> str:
        """Identity of the open question within the conversation."""
        return f"{self.number}.{self.opened}"


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is known of a conversation after its mails so far."""

    meetings: tuple[Meeting, ...] = ()

    @property
    def state(self) -> State:
        """Open if any meeting is, else settled if any is, else cancelled if any was."""
        states = {meeting.state for meeting in self.meetings}
        for state in (State.OPEN, State.SETTLED, State.CANCELLED):
            if state in states:
                return state
        return State.NONE
