"""What is told of the work as it is done, for figures: counts and seconds, nothing of any mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from jeeves.domain.alert import Alert, AlertKind, AlertState, Channel
from jeeves.domain.verdict import Band

if TYPE_CHECKING:
    # What lists a backlog knows most of the domain; what counts is in every process.
    from jeeves.domain.listing import Backlog

#: How many rows of the outbox there are of a kind, on a channel, in a state.
Outbox = Mapping[tuple[AlertKind, Channel, AlertState], int]


class Meter(Protocol):
    """Is told of the work by several threads. Never raises, and returns at once."""

    def committed(self, new: int, known: int, unreadable: int, seconds: float) -> None:
        """A batch of mail is stored, ``seconds`` after the mailbox was looked at.

        That is after the server told of mail (EXISTS), where it did. The unreadable ones are among
        the new and the known.
        """
        ...

    def judged(self, bands: Sequence[Band], seconds: float) -> None:
        """Verdicts are committed, ``seconds`` after it was looked for mail without one."""
        ...

    def requested(self, channel: Channel, seconds: float) -> None:
        """An alert is about to be sent for the first time, ``seconds`` after it was decided."""
        ...

    def attempted(self, settled: Alert) -> None:
        """What became of an attempt to deliver."""
        ...

    def commanded(self, seconds: float) -> None:
        """The mail server has answered a command."""
        ...

    def failed(self, why: str) -> None:
        """A cycle was given up; ``why`` is one word: unavailable, refused or failed."""
        ...

    def retrained(self, failed: bool) -> None:
        """A training of the night has ended."""
        ...


class Unmetered:
    """Nobody asks for figures."""

    def committed(self, new: int, known: int, unreadable: int, seconds: float) -> None:
        """Nothing."""

    def judged(self, bands: Sequence[Band], seconds: float) -> None:
        """Nothing."""

    def requested(self, channel: Channel, seconds: float) -> None:
        """Nothing."""

    def attempted(self, settled: Alert) -> None:
        """Nothing."""

    def commanded(self, seconds: float) -> None:
        """Nothing."""

    def failed(self, why: str) -> None:
        """Nothing."""

    def retrained(self, failed: bool) -> None:
        """Nothing."""


UNMETERED = Unmetered()


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand, for machines that watch this one. It holds no mail and no address."""

    #: By the rules of `jeeves status`.
    healthy: bool
    #: Seconds since each account was read, in the order of the settings; None: never.
    read_ages: Sequence[float | None]
    backlog: Backlog
    outbox: Outbox
    #: Version of the model that serves.
    model: str
    #: Whether it is the newest there is; False where a newer one was refused.
    newest: bool
    #: Whether the owner has asked for silence, for any account.
    paused: bool = False

    def as_json(self) -> dict[str, Any]:
        """The answer of /healthz; the names are those of `jeeves status --json`."""
        return {
            "healthy": self.healthy,
            "seconds_since_read": [
                None if age is None else round(age, 1) for age in self.read_ages
            ],
            "unjudged": self.backlog.unjudged,
            "alerts_open": self.backlog.alerts_open,
            "alerts_failed": self.backlog.alerts_failed,
            "model": self.model,
            "model_is_newest": self.newest,
        }
