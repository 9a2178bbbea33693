"""A training in a process of its own: its memory and its libraries go when it ends."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from tempfile import TemporaryFile

#: The mailbox has told its labels to whoever starts this.
COMMAND = (sys.executable, "-m", "jeeves", "retrain", "--if-due", "--offline")
#: Exit codes that are no failure: done, and refused by the gate.
EXPECTED = (0, 1)
_SAID = 500


class RetrainingChild:
    """Runs ``jeeves retrain --if-due`` with the settings of this process."""

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        # A pipe that nobody empties would stop it.
        self._said = TemporaryFile()  # noqa: SIM115  # closed when it has ended
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._said,
            # A Ctrl-C is meant for us, and we end it then.
            start_new_session=True,
        )

    def ended(self) -> str | None:
        """Why it failed, or "" where it did not; None while it is under way."""
        code = self._child.poll()
        if code is None:
            return None
        self._said.seek(0)
        said = self._said.read(_SAID).decode("utf-8", "replace").strip()
        self._said.close()
        if code == 0 or (code in EXPECTED and not said):
            return ""
        return said or f"It ended with exit code {code}."

    def stop(self) -> None:
        """End it; what serves stays."""
        with suppress(ProcessLookupError):
            self._child.terminate()
        self._child.wait()
        self._said.close()
