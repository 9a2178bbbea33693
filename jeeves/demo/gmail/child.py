"""The parent's side of the pipe to the process that serves the mail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from jeeves.errors import MailboxError, MailboxUnavailable

ROOT = Path(__file__).resolve().parents[3]
#: A child that has not answered after this time is taken for stuck and killed.
ANSWER_SECONDS = 30.0
#: A child that has not ended this long after its stdin was closed is killed.
END_SECONDS = 5.0


class Child:
    """A running server process, which answers one request at a time; any thread may ask."""

    def __init__(self, arguments: Sequence[str]) -> None:
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self._lock = threading.Lock()
        self._stderr = TemporaryFile()  # noqa: SIM115 - closed with the child
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jeeves.demo.gmail_server", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env={**os.environ, "PYTHONPATH": path},
            # Ctrl-C is for the parent, which then closes the child.
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ask(self, **request: object) -> dict[str, Any]:
        """The answer to a request.

        Raises:
            MailboxUnavailable: the child has ended or is stuck.
            MailboxError: it cannot do what is asked.
        """
        with self._lock:
            try:
                if self._process.stdin is not None:
                    self._process.stdin.write(json.dumps(request).encode() + b"\n")
                    self._process.stdin.flush()
            except (OSError, ValueError) as exc:
                raise MailboxUnavailable(
                    "The demo's mail server has ended: start the demo again."
                ) from exc
            answer = self.read()
        if "error" in answer:
            raise MailboxError(f"The demo's mail server refused a request ({answer['error']}).")
        return answer

    def read(self) -> dict[str, Any]:
        """The next line the child says.

        Raises:
            MailboxUnavailable: there is none.
        """
        watchdog = threading.Timer(ANSWER_SECONDS, self._process.kill)
        watchdog.start()
        try:
            line = self._process.stdout.readline() if self._process.stdout is not None else b""
        except ValueError:
            line = b""  # closed by another thread
        finally:
            watchdog.cancel()
        if not line:
            raise MailboxUnavailable(
                f"The demo's mail server does not answer or did not start ({self._last_words()}): "
                "is the port free?"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        """The last line the child wrote to stderr: the name and text of an exception."""
        self._stderr.seek(0)
        lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def close(self) -> None:
        """End the child and wait for its end. Never raises; only the first call does anything."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None or stdout.closed:
            return
        # Not under the lock: the end of stdin also ends a request that another thread waits for.
        with suppress(OSError):
            stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        stdout.close()
        self._stderr.close()
