"""The end of the program: asked for by signals, in order where that can be, in time anyway."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import structlog

log = structlog.get_logger()

#: How long the parts may take to end by themselves.
GRACE_SECONDS = 1.5
#: A wait that a signal may interrupt looks around this often.
_LOOK_SECONDS = 1.0


class StopFlag(threading.Event):
    """An event that a signal may set, whatever the thread that it interrupts is doing with it.

    The lock of Python's own is taken once only: where a signal comes while its thread begins or
    ends a wait, to set the event waits for that thread, which waits for the end of the signal.
    """

    def __init__(self) -> None:
        super().__init__()
        # of a lock that its thread may take again
        self._changed = threading.Condition(threading.RLock())
        self._is_set = False

    def is_set(self) -> bool:
        """Whether it was set and not cleared since."""
        return self._is_set

    def set(self) -> None:
        """Set it and wake all that wait for it."""
        self._is_set = True
        with self._changed:
            self._changed.notify_all()

    def clear(self) -> None:
        """Take it back."""
        self._is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, at most ``timeout`` seconds; whether it is."""
        # A signal after the look and before the wait wakes nobody: of that thread none is long.
        main = threading.current_thread() is threading.main_thread()
        longest = _LOOK_SECONDS if main else threading.TIMEOUT_MAX
        due = time.monotonic() + (math.inf if timeout is None else timeout)
        with self._changed:
            while not self._is_set and (left := due - time.monotonic()) > 0:
                self._changed.wait(min(left, longest))
        return self._is_set


class StopNow(BaseException):
    """Raised in the main thread when it did not end in time; whatever was open rolls back."""


class Insistence:
    """Whether the main thread may still be torn out of what it does: once at most."""

    def __init__(self) -> None:
        self._over = False

    def insist(self) -> None:
        """Raise StopNow in the main thread, unless it was raised before or the end has begun."""
        if not self._over:
            self._over = True
            raise StopNow

    def end(self) -> None:
        """From now on nothing is interrupted: servers and files are being put away."""
        self._over = True


@contextmanager
def stop_on_signals(stop: StopFlag) -> Iterator[Insistence]:
    """SIGTERM and SIGINT set ``stop``; a second one, or 1.5 s of no effect, raise StopNow.

    Once ``stop`` is set both signals stay ignored after the block, too.
    """
    insistence = Insistence()

    def insist(_signal: int, _frame: FrameType | None) -> None:
        insistence.insist()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            insistence.insist()
            return
        stop.set()
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, insist)
            signal.setitimer(signal.ITIMER_REAL, GRACE_SECONDS)

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield insistence
    except StopNow:
        log.warning("stopped in the middle of a command")
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            # a process that was told to end needs no further telling
            signal.signal(number, signal.SIG_IGN if stop.is_set() else handler)
