"""A training in a process of its own: its memory and its libraries go when it ends."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import suppress
from tempfile import TemporaryFile

#: The mailbox has told its labels to whoever starts this.
COMMAND = (sys.executable, "-m", "jeeves", "retrain", "--if-due", "--offline")
#: Exit codes that are no failure: done, and refused by the gate.
EXPECTED = (0, 1)
#: Where a bug can be seen whole, by whoever may read mail.
SEE = "`jeeves retrain` shows it"
_SAID = 500
_TRACEBACK = "Traceback (most recent call last)"


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
        """Why it failed, or "" where it did not; None while it is under way.

        Of a bug only its class: the message may hold anything of a mail.
        """
        code = self._child.poll()
        if code is None:
            return None
        self._said.seek(0)
        said = self._said.read().decode("utf-8", "replace").strip()
        self._said.close()
        if _TRACEBACK in said:
            return f"It ended with exit code {code}, by a bug ({_raised(said)}): {SEE}."
        said = said[:_SAID]
        if code == 0 or (code in EXPECTED and not said):
            return ""
        return said or f"It ended with exit code {code}."

    def stop(self) -> None:
        """End it; what serves stays."""
        with suppress(ProcessLookupError):
            self._child.terminate()
        self._child.wait()
        self._said.close()


def _raised(traceback: str) -> str:
    """The class that a traceback names, without the message behind it."""
    frames_and_message = traceback.rpartition(_TRACEBACK)[2].splitlines()[1:]
    # Frames are indented; a message may have several lines.
    named = next((line for line in frames_and_message if not line.startswith(" ")), "")
    found = re.match(r"[\w.]+", named)
    return found[0] if found else "of an unknown kind"
