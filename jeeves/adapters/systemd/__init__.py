"""systemd: the unit of Jeeves is written, enabled and started, or stopped and taken away."""

from __future__ import annotations

import grp
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jeeves.adapters.systemd.unit import unit
from jeeves.adapters.unit_file import holds, put, require_ours, take_away
from jeeves.domain.installation import MARK, Installation
from jeeves.errors import ConfigError, NotInstalled

__all__ = ["UNIT", "Systemd", "unit"]

UNIT = "jeeves.service"
#: Where the system's own units are that no package brought.
SYSTEM_UNITS = Path("/etc/systemd/system")
#: How long a start is watched for an early failure, in seconds.
START_SECONDS = 10.0
#: Longer than TimeoutStopSec of the unit.
COMMAND_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Systemd:
    """One service manager: the system's, or a user's own."""

    system: bool
    #: The folder of its units.
    units: Path

    @classmethod
    def of(cls, environment: Mapping[str, str], *, system: bool) -> Systemd:
        """The system's, or that of the user whose environment it is."""
        if system:
            return cls(True, SYSTEM_UNITS)
        config = environment.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return cls(False, Path(config) / "systemd" / "user")

    @property
    def file(self) -> Path:
        """The unit of Jeeves."""
        return self.units / UNIT

    def installed(self) -> bool:
        """Whether a unit is there that Jeeves wrote."""
        return self.file.is_file() and MARK in self.file.read_text("utf-8", "replace")

    def text(self, installation: Installation) -> str:
        """The unit of an installation."""
        try:
            sound = bool(grp.getgrnam("audio"))
        except KeyError:
            sound = False
        return unit(installation, sound=sound)

    def require(self) -> None:
        """Raise ConfigError unless this service manager runs and its unit's place is ours."""
        try:
            self._ask("show", "--property=Version")
        except NotInstalled as exc:
            mend = (
                "run it as the user whose service it shall be, in a login of that user"
                if not self.system
                else "`jeeves cron install` does without"
            )
            raise ConfigError(f"This needs systemd. {exc} To mend it: {mend}.") from exc
        require_ours(self.file, self.installed())

    def install(self, text: str) -> str:
        """The unit ``text`` is there, begins with the machine (or login) and runs; how it does.

        One that is there already and runs goes on, unless its text is another.

        Raises:
            ConfigError: as ``require``; nothing was changed.
            NotInstalled: it cannot be written or started; what was there may be replaced.
        """
        self.require()
        changed = not holds(self.file, text)
        if changed:
            put(self.file, text)
            self._ask("daemon-reload")
        self._ask("enable", UNIT)
        # Its start ends when mail was read; nobody wants to wait for that here.
        self._ask("restart" if changed else "start", "--no-block", UNIT)
        return self._how_it_starts()

    def uninstall(self) -> bool:
        """No unit of Jeeves is left here; whether one was.

        Raises:
            NotInstalled: it cannot be stopped or removed; it is there as before.
        """
        if not self.installed():
            return False
        self._ask("disable", "--now", UNIT)
        take_away(self.file)
        self._ask("daemon-reload")
        return True

    def _how_it_starts(self) -> str:
        deadline = time.monotonic() + START_SECONDS
        while True:
            shown = self._ask("show", "--property=ActiveState,StatusText", UNIT)
            found = dict(line.partition("=")[::2] for line in shown.splitlines())
            state, says = found.get("ActiveState", ""), found.get("StatusText", "")
            if state == "active":
                return f"It runs. {says}".strip()
            if state == "failed":
                journal = "journalctl" if self.system else "journalctl --user"
                raise NotInstalled(
                    f"{self.file} is written, but Jeeves ended at its start: `{journal} -u jeeves` "
                    "tells why, and `jeeves doctor` what mends it."
                )
            if time.monotonic() > deadline:
                return f"It starts. {says}".strip()
            time.sleep(0.2)

    def _ask(self, *words: str) -> str:
        return ask("systemctl", *(() if self.system else ("--user",)), *words)


def ask(program: str, *words: str) -> str:
    """What ``program`` answers.

    Raises:
        NotInstalled: it is not there, or it failed.
    """
    command: Sequence[str] = (program, *words)
    try:
        ran = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it does not end"
        raise NotInstalled(f"`{' '.join(command)}` cannot be run: {why}.") from exc
    if ran.returncode:
        said = " ".join(ran.stderr.split()) or f"exit code {ran.returncode}"
        raise NotInstalled(f"`{' '.join(command)}` failed: {said.rstrip('.')}.")
    return ran.stdout


def lingers(user: str) -> bool:
    """Whether the services of ``user`` run without a login, from now on."""
    try:
        ask("loginctl", "enable-linger", user)
    except NotInstalled:
        return False
    return True
