"""What a decision about a conversation changes in the outbox, and what it is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jeeves.domain.alert import Alert, AlertKind
from jeeves.domain.conversation import Conversation, Meeting, State
from jeeves.domain.message import Message
from jeeves.domain.verdict import Band

#: The rows of a conversation that were put into the outbox, by question and kind.
Told = Mapping[tuple[str, AlertKind], Sequence[Alert]]


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """A stored message of a conversation."""

    #: The short id by which people name it.
    id: int
    message: Message
    #: By the newest verdict; None where there is none.
    band: Band | None


@dataclass(frozen=True, slots=True)
class Thread:
    """The stored messages of a conversation, in the order in which they were received."""

    messages: tuple[ThreadMessage, ...]

    @property
    def read_up_to(self) -> int:
        """The highest id among them; 0 where there is none."""
        return max((one.id for one in self.messages), default=0)


@dataclass(frozen=True, slots=True)
class Closing:
    """A question is no longer open: what was not said of it is cancelled."""

    question: str
    #: What takes back an alert that was written, and one that was spoken; the reference is added
    #: to what is written. None: it is not taken back.
    sms_text: str | None = None
    spoken_text: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided about a conversation."""

    account: str
    thread_key: str
    #: The highest id of a stored message of the conversation that the decision has seen.
    read_up_to: int
    decided_at: datetime
    conversation: Conversation
    #: Id of the message that first named the place that stands.
    settled_by: int | None = None
    #: New rows of the kinds alert and reminder, each with its question.
    alerts: tuple[Alert, ...] = ()
    closed: tuple[Closing, ...] = ()
    #: When the meeting starts that the state is about.
    meeting_at: datetime | None = None

    @property
    def meeting(self) -> Meeting | None:
        """The meeting that the state is about: the first that is open, else the last so."""
        state = self.conversation.state
        meetings = [one for one in self.conversation.meetings if one.state is state]
        if not meetings:
            return None
        return meetings[0] if state is State.OPEN else meetings[-1]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of verdicts and decisions."""

    #: Rows that are new in the outbox, retractions not counted.
    alerts: int = 0
    #: Conversations about which newer mail was stored meanwhile: nothing was decided, and the
    #: messages that were to be judged are still unjudged.
    again: frozenset[str] = frozenset()
