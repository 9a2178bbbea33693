"""A clock that processes share and one of them sets forward, so that nobody sits out a wait."""

from __future__ import annotations

import mmap
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

#: The cells of the file; the last is that of the first worker.
_START, _AHEAD, _PACE, _TURN, _WORKERS = range(5)
_CELL = 8
#: In a worker's cell: it ended with an error.
_CRASHED = -1.0


class SharedClock:
    """`jeeves.domain.ports.Clock` for several processes, and the turns that they take.

    In a turn each worker does what is due and then rests until the next turn. When all rest, the
    clock can be set forward to what is due next: nobody alive is in the middle of anything.

    A cell is one float of eight bytes, aligned: it is written and read whole.
    """

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        self._cells = memoryview(self._map).cast("d")

    @classmethod
    def make(cls, path: Path, workers: int, pace: float) -> Self:
        """A new clock that shows the present.

        Args:
            path: Its file, which must not exist.
            workers: How many take turns.
            pace: How fast it goes by itself: 1 as any clock, 0 not at all.
        """
        path.write_bytes(bytes(_CELL * (_WORKERS + workers)))
        clock = cls(path)
        clock._cells[_START] = time.time()
        clock._cells[_PACE] = pace
        clock._cells[_TURN] = 1
        return clock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with closing(self._map):
            self._cells.release()

    def __call__(self) -> datetime:
        """What it shows, in UTC."""
        start, ahead, pace = (self._cells[cell] for cell in (_START, _AHEAD, _PACE))
        seconds = ahead + pace * (time.time() - start)
        return datetime.fromtimestamp(start, UTC) + timedelta(seconds=seconds)

    def set_forward(self, to: datetime) -> None:
        """Show ``to``, or go on where that is past."""
        self._cells[_AHEAD] += max(0.0, (to - self()).total_seconds())

    @property
    def turn(self) -> float:
        """The number of the turn."""
        return self._cells[_TURN]

    def next_turn(self) -> None:
        """Let everybody look again for what is due."""
        self._cells[_TURN] += 1

    def rest(self, worker: int, turn: float) -> None:
        """Worker ``worker`` found nothing more to do in ``turn``."""
        self._cells[_WORKERS + worker] = turn

    def replaced(self, worker: int) -> None:
        """A new worker, which has done nothing yet, takes the place of one that was killed."""
        self.rest(worker, 0)

    def crashed(self, worker: int) -> None:
        """Worker ``worker`` ended with an error."""
        self.rest(worker, _CRASHED)

    def resting(self) -> list[bool]:
        """Of each worker, whether it rests in this turn.

        Raises:
            RuntimeError: one of them ended with an error.
        """
        cells = self._cells[_WORKERS:].tolist()
        if _CRASHED in cells:
            raise RuntimeError("a worker ended with an error; what it said stands above")
        return [cell == self.turn for cell in cells]
