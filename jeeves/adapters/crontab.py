"""The crontab of a user: lines of ours come and go, every other line stays as it is."""

from __future__ import annotations

import os
import re
import shlex
import subprocess

from jeeves.domain.installation import Installation
from jeeves.errors import ConfigError, NotInstalled

#: Ends each line of ours; for the shell that runs it, a comment.
MARK = b"# by `jeeves cron install`"
#: How the programs called crontab say that there is none yet.
NONE_YET = re.compile(rb"no crontab for|can't open '[^']*': no such file", re.IGNORECASE)
#: Longer than any takes.
SECONDS = 30.0


def lines(installation: Installation, every: int, retrain_hour: int | None) -> list[bytes]:
    """The lines of ours.

    Args:
        installation: What to start.
        every: Minutes between two looks at the mailbox, 1 to 59.
        retrain_hour: When to learn from new labels; None for never.
    """
    program = " ".join(shlex.quote(word) for word in installation.program)
    home = shlex.quote(str(installation.home))
    begin = f"cd {shlex.quote(str(installation.folder))} && JEEVES_HOME={home} {program}"
    minutes = "*" if every == 1 else f"*/{every}"
    wanted = [f"{minutes} * * * * {begin} check"]
    if retrain_hour is not None:
        # Not on the hour, when everybody's jobs begin.
        wanted.append(f"17 {retrain_hour} * * * {begin} retrain --if-due")
    # crontab(5): a percent sign that is not escaped ends the line.
    return [os.fsencode(line.replace("%", "\\%")) + b" " + MARK for line in wanted]


def install(wanted: list[bytes]) -> bool:
    """The lines ``wanted`` are in the crontab, and no other of ours; whether that is new.

    Raises:
        ConfigError: there is no cron.
        NotInstalled: the crontab cannot be read or written; it is as it was.
    """
    before = read()
    return write(before, [*others(before), *wanted])


def uninstall() -> bool:
    """No line of ours is in the crontab; whether one was. Where there is no cron, none was.

    Raises:
        NotInstalled: as ``install``.
    """
    try:
        before = read()
    except ConfigError:
        return False
    return write(before, others(before))


def others(crontab: bytes) -> list[bytes]:
    """The lines that are not ours."""
    return [line for line in crontab.split(b"\n")[:-1] if not line.rstrip().endswith(MARK)]


def write(before: bytes, after: list[bytes]) -> bool:
    """Make the lines ``after`` the crontab; False where it is that already."""
    crontab = b"".join(line + b"\n" for line in after)
    if crontab == before:
        return False
    ran = ask("-r") if not crontab else ask("-", given=crontab)
    if ran.returncode:
        raise NotInstalled(f"The crontab cannot be written, and is as it was: {words(ran.stderr)}.")
    return True


def read() -> bytes:
    """The crontab; it ends with the end of a line, where it is not empty."""
    ran = ask("-l")
    if ran.returncode:
        if NONE_YET.search(ran.stderr):
            return b""
        raise NotInstalled(f"The crontab cannot be read, and stays as it is: {words(ran.stderr)}.")
    return ran.stdout if ran.stdout.endswith(b"\n") or not ran.stdout else ran.stdout + b"\n"


def ask(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run crontab(1)."""
    try:
        return subprocess.run(
            ["crontab", *arguments],  # noqa: S607  # whichever cron there is
            input=given,
            capture_output=True,
            # What it says is compared with English.
            env={**os.environ, "LC_ALL": "C"},
            timeout=SECONDS,
            check=False,
        )
    except FileNotFoundError as exc:
        raise ConfigError(
            "There is no cron here (no program crontab): install one, on Debian and Ubuntu with "
            "apt-get install cron, or use `jeeves service install`."
        ) from exc
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise NotInstalled(f"crontab cannot be run ({type(exc).__name__}).") from exc


def words(said: bytes) -> str:
    """What a program complained of, as one clause."""
    return " ".join(said.decode("utf-8", "replace").split()).rstrip(".") or "no reason is given"
