"""A program on a terminal of its own, as somebody who types meets it."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

#: Longer than anything takes on a busy machine, in seconds.
PATIENCE = 60.0


class Terminal:
    """Runs a command in a session of its own; ends it with the context."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], cwd: Path) -> None:
        self.pid, self._descriptor = pty.fork()
        if not self.pid:
            try:
                os.chdir(cwd)
                os.execve(command[0], list(command), dict(environment))
            finally:
                os._exit(127)
        #: All that was shown so far.
        self.screen = ""
        self._seen = 0
        #: The command lines of all processes, at each moment at which something was awaited.
        self.command_lines: set[str] = set()
        self.code: int | None = None

    def expect(self, words: str) -> str:
        """Wait until ``words`` are shown; what was shown before them since the last time."""
        end = time.monotonic() + PATIENCE
        while words not in plain(self.screen)[self._seen :]:
            assert time.monotonic() < end, f"{words!r} is not shown:\n{plain(self.screen)}"
            assert self._read(), f"ended before {words!r}:\n{plain(self.screen)}"
        self.command_lines |= command_lines()
        shown = plain(self.screen)
        found = shown.index(words, self._seen)
        before = shown[self._seen : found]
        self._seen = found + len(words)
        return before

    def enter(self, line: str) -> None:
        """Type a line and Enter."""
        os.write(self._descriptor, f"{line}\n".encode())

    def enter_unseen(self, line: str) -> None:
        """Type a line once the terminal does not echo; what was typed before is thrown away."""
        self.wait_for_silence()
        self.enter(line)

    def wait_for_silence(self) -> None:
        """Wait until the terminal does not echo."""
        end = time.monotonic() + PATIENCE
        while self.echoes():
            assert time.monotonic() < end, f"the terminal echoes:\n{plain(self.screen)}"
            self._read(0.01)

    def echoes(self) -> bool:
        """Whether what is typed is shown."""
        return bool(termios.tcgetattr(self._descriptor)[3] & termios.ECHO)

    def press(self, key: str) -> None:
        os.write(self._descriptor, key.encode())

    def answer(self, *dialogue: tuple[str, str]) -> None:
        """Type each second part where the first is shown."""
        for words, line in dialogue:
            self.expect(words)
            self.enter(line)

    def end(self) -> int:
        """Wait for the end of the command; its exit code, negative where a signal ended it."""
        while self._read():
            pass
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        assert "Traceback" not in self.screen, self.screen
        return self.code

    def _read(self, seconds: float = 1.0) -> bool:
        """Take what is shown; False once nothing more can come."""
        if not select.select([self._descriptor], [], [], seconds)[0]:
            return True
        try:
            came = os.read(self._descriptor, 65536)
        except OSError:  # the other side is closed
            return False
        self.screen += came.decode("utf-8", "replace")
        return bool(came)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._descriptor)


def plain(screen: str) -> str:
    """What is to be read, without what moves the cursor or gives colour."""
    return re.sub(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07)", "", screen).replace("\r", "")


def command_lines() -> set[str]:
    """What `ps` would show of every process, where /proc tells."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.add(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
    return found
