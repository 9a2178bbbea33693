"""A deadline for each command, watched by one thread for as long as commands follow each other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Deadline:
    """Calls ``expired``, from a thread of its own, when what is bounded takes too long.

    To start a thread for each command, as threading.Timer does, takes longer than many commands.
    """

    def __init__(self, expired: Callable[[], None]) -> None:
        self._expired = expired
        self._changed = threading.Condition()
        #: By the monotonic clock; None where nothing is bounded.
        self._due: float | None = None
        #: When the thread will look by itself; None without a thread.
        self._next_look: float | None = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Bound what is done inside."""
        outer = self._due
        self._set(time.monotonic() + seconds)
        try:
            yield
        finally:
            self._set(outer)

    def _set(self, due: float | None) -> None:
        with self._changed:
            self._due = due
            if due is None:
                return
            if self._next_look is None:
                self._next_look = due
                threading.Thread(target=self._watch, name="deadline", daemon=True).start()
            elif due < self._next_look:
                self._changed.notify()

    def rest(self) -> None:
        """Bound nothing more, and end the thread."""
        with self._changed:
            self._due = None
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while self._due is not None:
                self._next_look = self._due
                self._changed.wait(self._due - time.monotonic())
                if self._due is not None and self._due <= time.monotonic():
                    self._due = None
                    self._expired()
            self._next_look = None
