"""launchd, which starts programs on macOS: the property list of Jeeves comes and goes."""

from __future__ import annotations

import os
import plistlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeeves.adapters.unit_file import holds, put, require_ours, take_away
from jeeves.domain.installation import MARK, Installation
from jeeves.errors import ConfigError, NotInstalled

LABEL = "jeeves"
#: Two starts are at least so many seconds apart.
THROTTLE_SECONDS = 60
COMMAND_SECONDS = 90.0
#: Our mark; launchd reads past keys that it does not know.
COMMENT = "Comment"


@dataclass(frozen=True, slots=True)
class Launchd:
    """One domain: the system's, or that of a user's login."""

    system: bool
    #: The folder of its property lists.
    agents: Path

    @classmethod
    def of(cls, *, system: bool) -> Launchd:
        """The system's daemons, or the agents of whoever we are."""
        library = Path("/Library") if system else Path.home() / "Library"
        return cls(system, library / ("LaunchDaemons" if system else "LaunchAgents"))

    @property
    def file(self) -> Path:
        """The property list of Jeeves."""
        return self.agents / f"{LABEL}.plist"

    @property
    def domain(self) -> str:
        """As launchctl names it."""
        return "system" if self.system else f"gui/{os.getuid()}"

    def installed(self) -> bool:
        """Whether a property list is there that Jeeves wrote."""
        try:
            content = plistlib.loads(self.file.read_bytes())
        except (OSError, plistlib.InvalidFileException, ValueError):
            return False
        return isinstance(content, dict) and content.get(COMMENT) == MARK

    def text(self, installation: Installation) -> str:
        """The property list of an installation."""
        return property_list(installation)

    def require(self) -> None:
        """Raise ConfigError unless there is a launchd and the property list's place is ours."""
        launchctl("version")
        require_ours(self.file, self.installed())

    def install(self, text: str) -> str:
        """The property list ``text`` is there, begins with login or machine, and is started.

        Raises:
            ConfigError: as ``require``; nothing was changed.
            NotInstalled: it cannot be written or started.
        """
        self.require()
        loaded = launchctl("print", f"{self.domain}/{LABEL}").returncode == 0
        if loaded and holds(self.file, text):
            return "It runs as before."
        if loaded:
            self._do("bootout", f"{self.domain}/{LABEL}")
        put(self.file, text)
        self._do("bootstrap", self.domain, str(self.file))
        return "It starts."

    def uninstall(self) -> bool:
        """No property list of Jeeves is left here; whether one was.

        Raises:
            NotInstalled: it cannot be stopped or removed.
        """
        if not self.installed():
            return False
        if launchctl("print", f"{self.domain}/{LABEL}").returncode == 0:
            self._do("bootout", f"{self.domain}/{LABEL}")
        take_away(self.file)
        return True

    @staticmethod
    def _do(*words: str) -> None:
        ran = launchctl(*words)
        if ran.returncode:
            said = " ".join(ran.stderr.split()) or f"exit code {ran.returncode}"
            raise NotInstalled(f"`launchctl {' '.join(words)}` failed: {said.rstrip('.')}.")


def property_list(installation: Installation) -> str:
    """The property list of an installation (launchd.plist(5)), as XML."""
    content: dict[str, Any] = {
        "Label": LABEL,
        COMMENT: MARK,
        # Patient, for launchd knows no exit code after which to give up, and a mail server locks
        # an account whose password is wrong too often.
        "ProgramArguments": [*installation.program, "run", "--patient"],
        "WorkingDirectory": str(installation.folder),
        "EnvironmentVariables": {"JEEVES_HOME": str(installation.home)},
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": THROTTLE_SECONDS,
        "ExitTimeOut": 60,
        "ProcessType": "Background",
        "Umask": 0o077,
        "StandardOutPath": str(installation.home / "jeeves.log"),
        "StandardErrorPath": str(installation.home / "jeeves.log"),
    }
    if installation.account is not None:
        content["UserName"] = installation.account
    return plistlib.dumps(content).decode()


def launchctl(*words: str) -> subprocess.CompletedProcess[str]:
    """Run launchctl(1).

    Raises:
        ConfigError: there is none.
        NotInstalled: it does not end.
    """
    try:
        return subprocess.run(
            ["launchctl", *words],  # noqa: S607  # its place is the system's to know
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except FileNotFoundError as exc:
        raise ConfigError("There is no launchd here (no program launchctl).") from exc
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise NotInstalled(f"launchctl cannot be run ({type(exc).__name__}).") from exc
