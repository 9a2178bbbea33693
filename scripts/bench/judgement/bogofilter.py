"""bogofilter, taught which mails need a place as if they were spam."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

INSTALL = "bogofilter is not installed, so its rows are missing: apt-get install bogofilter."
_SEPARATOR = b"From bench@example.org Thu Jan  1 00:00:00 2026\n"


def installed() -> str | None:
    """Path of the program, or None."""
    return shutil.which("bogofilter")


def mbox(mails: Iterable[bytes]) -> bytes:
    """The mails in the mboxrd format."""
    return b"".join(
        _SEPARATOR + re.sub(rb"(?m)^(>*From )", rb">\1", raw).rstrip(b"\n") + b"\n\n"
        for raw in mails
    )


class Bogofilter:
    """A word list in a folder of its own, without the configuration of the machine."""

    def __init__(self, program: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._command = [program, "-C", "-d", str(folder)]

    def train(self, needed: Iterable[bytes], others: Iterable[bytes]) -> None:
        """Count the words of mails that need a place and of others."""
        for option, mails in (("-s", needed), ("-n", others)):
            subprocess.run([*self._command, "-M", option], input=mbox(mails), check=True)

    def bulk(self, mails: Path) -> list[str]:
        """The command that scores an mbox file."""
        return [*self._command, "-M", "-T", "-I", str(mails)]

    def one(self, mail: Path) -> list[str]:
        """The command that scores one mail."""
        return [*self._command, "-T", "-I", str(mail)]

    def scores(self, mails: Sequence[bytes]) -> list[float]:
        """What it says of each mail, 0 to 1."""
        # its exit code says what the last mail was
        said = subprocess.run(
            [*self._command, "-M", "-T"], input=mbox(mails), capture_output=True, check=False
        ).stdout.split(b"\n")
        found = [float(line.split()[1]) for line in said if line]
        if len(found) != len(mails):
            raise SystemExit(f"judge: bogofilter scored {len(found)} of {len(mails)} mails.")
        return found
