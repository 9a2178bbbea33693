"""Answers of one key each: from a terminal without Enter, or from a pipe."""

from __future__ import annotations

import os
import select
import signal
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Protocol

from jeeves.errors import ConfigError

CTRL_C, CTRL_D, ESCAPE = b"\x03", b"\x04", b"\x1b"
#: What a key sends besides its escape character arrives within this.
_REST_SECONDS = 0.05
#: What may stand between answers in a pipe.
_BETWEEN = b"\r\n"


class Keys(Protocol):
    """Where answers come from."""

    def next(self) -> str | None:
        """What the next key stands for; None where no more come.

        Raises:
            ConfigError: what comes from a pipe is no answer.
            KeyboardInterrupt: Ctrl-C was pressed.
        """
        ...


@contextmanager
def keys(answers: Mapping[str, str], descriptor: int = 0) -> Iterator[Keys]:
    """The keys of standard input; a terminal is as it was before when this is left.

    Args:
        answers: What each key stands for; keys in lower case, upper case is the same.
        descriptor: Where they come from in its place.
    """
    if not os.isatty(descriptor):
        yield _Pipe(descriptor, answers)
        return
    with _one_by_one(descriptor):
        yield _Terminal(descriptor, answers)


class _Pipe:
    """A character an answer."""

    def __init__(self, descriptor: int, answers: Mapping[str, str]) -> None:
        self._descriptor = descriptor
        self._answers = answers

    def next(self) -> str | None:
        """The next answer."""
        while (key := os.read(self._descriptor, 1)) and key in _BETWEEN:
            pass
        if not key or key in (CTRL_C, CTRL_D):
            return None
        answer = self._answers.get(_letter(key))
        if answer is None:
            # To go on after one that is none would give the next mail the wrong answer.
            raise ConfigError(
                "Standard input holds a character that is no answer: give one character for each "
                f"message, of {', '.join(map(repr, self._answers))}. Answers before it are kept."
            )
        return answer


class _Terminal:
    """A key an answer; others are passed over."""

    def __init__(self, descriptor: int, answers: Mapping[str, str]) -> None:
        self._descriptor = descriptor
        self._answers = answers

    def next(self) -> str | None:
        """The next answer."""
        # Ctrl-C is a key while one is waited for: a signal may come just before the wait begins,
        # and end nothing.
        with _without(self._descriptor, termios.ISIG, termios.TCSANOW):
            while (key := self._read(1)) not in (b"", CTRL_C, CTRL_D):
                if key == ESCAPE:
                    # Of an arrow or a function key no character is an answer.
                    while select.select([self._descriptor], [], [], _REST_SECONDS)[0]:
                        if not self._read(32):
                            return None
                elif answer := self._answers.get(_letter(key)):
                    return answer
        return None

    def _read(self, most: int) -> bytes:
        try:
            return os.read(self._descriptor, most)
        except OSError:  # the terminal is gone
            return b""


def _letter(key: bytes) -> str:
    return key.decode("ascii", "replace").lower()


@contextmanager
def _one_by_one(descriptor: int) -> Iterator[None]:
    """Keys arrive without Enter, and unseen; none suspends or ends this unheard."""

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    ended = signal.signal(signal.SIGTERM, end)
    try:
        # What was typed before the first message was seen is no answer to it.
        with _without(descriptor, termios.ICANON | termios.ECHO, termios.TCSAFLUSH):
            yield
    finally:
        signal.signal(signal.SIGTERM, ended)


@contextmanager
def _without(descriptor: int, modes: int, when: int) -> Iterator[None]:
    """A terminal without these local modes, and without keys that would suspend or abort."""
    before = termios.tcgetattr(descriptor)
    now = termios.tcgetattr(descriptor)
    # Without NOFLSH a Ctrl-C between two keys would throw away what is just being written.
    now[3] = now[3] & ~modes | termios.NOFLSH
    no_key = bytes([os.fpathconf(descriptor, "PC_VDISABLE") & 0xFF])
    now[6][termios.VSUSP] = now[6][termios.VQUIT] = no_key
    now[6][termios.VMIN], now[6][termios.VTIME] = 1, 0
    try:
        termios.tcsetattr(descriptor, when, now)
        yield
    finally:
        with suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(descriptor, termios.TCSANOW, before)
