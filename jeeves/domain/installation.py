"""What is to be started by whatever starts programs on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: Stands in each file that Jeeves installs; one without it is somebody else's.
MARK = "Written by `jeeves service install`; `jeeves uninstall` takes it away."
_CONTROL = [chr(code) for code in (*range(32), 127)]


@dataclass(frozen=True, slots=True)
class Installation:
    """How Jeeves is started: no secret is in it, these are read from .env at each start."""

    #: The command line before the command's name; the first word is an absolute path.
    program: tuple[str, ...]
    #: The working folder, where .env is looked for first.
    folder: Path
    #: JEEVES_HOME.
    home: Path
    #: Whose rights it has; None: those of whoever installs it.
    account: str | None = None
    #: Further folders that it writes to.
    writes: tuple[Path, ...] = ()
    #: Further files and folders that it reads.
    reads: tuple[Path, ...] = ()

    def unspeakable(self) -> str | None:
        """A path that no configuration file can hold, for it has a control character; else None."""
        for path in (*self.program, self.folder, self.home, *self.writes):
            if any(sign in str(path) for sign in _CONTROL):
                return repr(str(path))
        return None
