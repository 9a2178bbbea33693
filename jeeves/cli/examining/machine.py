"""The machine: settings, room on the disk, its clock and zone."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from jeeves.cli.examining.finding import Found, Grade
from jeeves.cli.status import age
from jeeves.settings import Settings

#: Less free room than this, in bytes, is told; less than the second is too little to go on with.
LITTLE_ROOM, NO_ROOM = 1_000_000_000, 100_000_000
#: A clock that differs by more than this is told; by more than the second mail is taken for old or
#: for too new, quiet hours and reminders are off, and certificates look invalid.
CLOCK_OFF, CLOCK_WRONG = timedelta(minutes=2), timedelta(minutes=10)
#: What sets the clock.
SET_CLOCK = (
    "sudo sntp -sS time.apple.com" if sys.platform == "darwin" else "sudo timedatectl set-ntp true"
)


def files(settings: Settings, folder: Path) -> Found:
    """Where the settings came from, and who else may read them.

    Args:
        settings: As they were read.
        folder: The working folder.
    """
    home = settings.jeeves_home
    read = [path for path in (folder / ".env", home / ".env") if path.is_file()]
    names = " and ".join(map(str, read)) or "the environment"
    says = f"read from {names}; data is kept in {home}"
    for path in read:
        if path.stat().st_mode & 0o077:
            return Found(
                f"{says}; others on this machine may read {path}",
                Grade.WARNING,
                f"chmod 600 {path}",
            )
    return Found(says)


def disk(settings: Settings) -> Found:
    """Whether data can be written where it is kept, and how much room there is."""
    home = settings.jeeves_home
    there = next(folder for folder in (home, *home.parents) if folder.is_dir())
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"room")
    except OSError as exc:
        says = f"{there} cannot be written ({exc.strerror})"
        return Found(says, Grade.BROKEN, f'sudo chown "$(id -un)" {there}, or JEEVES_HOME in .env')
    return room(there, shutil.disk_usage(there).free, remote=settings.database_url is not None)


def room(folder: Path, free: int, *, remote: bool = False) -> Found:
    """What so many free bytes are worth; ``remote``: the database is not in ``folder``."""
    beside = ", for models and sound; the database has its own" if remote else ""
    says = f"{free / 1e9:.1f} GB free in {folder}{beside}"
    if free >= LITTLE_ROOM:
        return Found(says)
    grade = Grade.BROKEN if free < NO_ROOM else Grade.WARNING
    return Found(
        says, grade, f"make room there: `du -xh {folder} | sort -h | tail` shows what is large"
    )


def clock(
    settings: Settings, now: datetime, elsewhere: Mapping[str, datetime], newest: datetime | None
) -> Found:
    """What the clock shows, where, and how far it is from others.

    Args:
        settings: They name the owner's zone.
        now: What this machine's clock shows; aware.
        elsewhere: What other clocks show at the same moment, by whose they are.
        newest: When the newest mail reached the mail server, by the clock there. None: unknown.
    """
    there = now.astimezone(settings.zone)
    zone = settings.timezone or there.tzname() or "no zone"
    says = f"{there:%H:%M} on {there.day} {there:%b}, {zone}"
    # A mail cannot have arrived in the future: then it is this clock that is slow.
    clocks = dict(elsewhere)
    if newest is not None and newest > now:
        clocks["the mail server's"] = newest
    for whose, shows in clocks.items():
        off = shows - now
        if abs(off) > CLOCK_OFF:
            slow = (
                f"{age(abs(off).total_seconds())} {'behind' if off > timedelta(0) else 'ahead of'}"
            )
            grade = Grade.BROKEN if abs(off) > CLOCK_WRONG else Grade.WARNING
            return Found(f"{says}, which is {slow} {whose} clock", grade, SET_CLOCK)
    if settings.timezone is None and there.utcoffset() == timedelta(0) and zone == "UTC":
        return Found(
            f"{says}: quiet hours and times are of UTC, for TIMEZONE is empty",
            Grade.WARNING,
            "TIMEZONE in .env, such as TIMEZONE=Europe/Berlin",
        )
    agrees = f"; agrees with {' and '.join(clocks)} clock" if clocks else ""
    return Found(f"{says}{agrees}")
