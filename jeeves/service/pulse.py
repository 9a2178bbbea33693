"""How a loop shows that it goes on, so that one that hangs is noticed and started anew."""

from __future__ import annotations

from typing import Protocol


class Pulse(Protocol):
    """Told by the loop of one account, from its own thread, where it stands. Never raises."""

    def goes_on(self) -> None:
        """A step was made; called after each mail and each look around, so it must be cheap."""
        ...

    def read(self) -> None:
        """A cycle went well: all mail that there was is read and judged."""
        ...

    def waits(self, cause: str) -> None:
        """Mail cannot be read for now; ``cause`` is a sentence that holds nothing of a mail."""
        ...


class Silent:
    """A pulse that nobody feels."""

    def goes_on(self) -> None:
        """Nobody listens."""

    def read(self) -> None:
        """Nobody listens."""

    def waits(self, cause: str) -> None:
        """Nobody listens."""


SILENT = Silent()
