"""Whether anything runs Jeeves: by when mail was last read, and by what is installed for it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from jeeves.adapters import crontab
from jeeves.cli.examining.finding import Found, Grade
from jeeves.cli.status import age
from jeeves.errors import ConfigError, NotInstalled
from jeeves.service.telling import READ_BEAT
from jeeves.settings import Settings

SERVICE, CRON = "jeeves service install", "jeeves cron install"
#: Units of systemd, of this user (in the folder of his settings) and of the system, and agents and
#: daemons of launchd.
UNITS = (
    ("CONFIG/systemd/user", "*jeeves*.service"),
    ("/etc/systemd/system", "*jeeves*.service"),
    ("~/Library/LaunchAgents", "*jeeves*.plist"),
    ("/Library/LaunchDaemons", "*jeeves*.plist"),
)
#: Crontabs of the system; that of this user is asked for.
CRONTABS = ("/etc/crontab", "/etc/cron.d/jeeves")
#: A line of a crontab that reads mail, and is not commented out.
READS_MAIL = re.compile(r"^\s*[^#\s].*\bjeeves\b.*\bcheck\b", re.MULTILINE)
#: What the makers of containers put into them.
IN_CONTAINER = ("/.dockerenv", "/run/.containerenv")


def look(
    settings: Settings, beats: Mapping[tuple[str, str], tuple[datetime, str]] | None, now: datetime
) -> Found:
    """What runs Jeeves.

    Args:
        settings: Which accounts are read, and how long they may be silent.
        beats: The last beat of every (account, name), and its detail; None: not known.
        now: Aware.
    """
    if beats is None:
        says = "not known: the database, which knows when mail was read, could not be asked"
        return Found(says, Grade.WARNING)
    accounts = [account.address.lower() for account in settings.accounts]
    read_at = [
        beats[account, READ_BEAT][0] for account in accounts if (account, READ_BEAT) in beats
    ]
    # The account that was left alone the longest tells; one that was never read is its own link.
    quiet = now - min(read_at) if read_at else None
    silent_after = timedelta(minutes=settings.silent_minutes)
    root = Path("/")
    return judged(installed(root, Path.home()), quiet, silent_after, contained=is_container(root))


def judged(
    found: Sequence[str],
    quiet: timedelta | None,
    silent_after: timedelta,
    *,
    contained: bool = False,
) -> Found:
    """What that means.

    Args:
        found: What is installed to run Jeeves, in words.
        quiet: For how long an account was not read; None: none ever was.
        silent_after: Longer than this is too long.
        contained: Whether this is a container, which whoever made it starts again.
    """
    by = " and ".join(found)
    ago = "" if quiet is None else age(quiet.total_seconds())
    last = f"mail was read {ago} ago" if ago else "mail was never read"
    if quiet is not None and quiet < silent_after:
        if found:
            return Found(f"{last}; {by} runs it")
        if contained:
            return Found(f"{last}, in a container: whoever started that starts it again")
        return Found(
            f"{last}, but Jeeves is not running by itself: nothing starts it again after a restart "
            "of the machine",
            Grade.WARNING,
            SERVICE,
        )
    if found:
        grade = Grade.WARNING if quiet is None else Grade.BROKEN
        return Found(f"{by} is there, but {last}", grade, shows(found))
    return Found(f"not running by itself: {last}", Grade.WARNING, f"{SERVICE} (or {CRON})")


def installed(root: Path, home: Path) -> list[str]:
    """What is installed on this machine, and for this user, to run Jeeves; in words."""
    begins = {
        "CONFIG": Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config"),
        "~": home,
        "": root,
    }
    found = []
    for folder, pattern in UNITS:
        begin, _, rest = folder.partition("/")
        place = begins[begin] / rest
        found += [f"the service {path.name}" for path in sorted(place.glob(pattern))]
    texts = [own_crontab(), *(readable(root / name[1:]) for name in CRONTABS)]
    if any(map(READS_MAIL.search, texts)):
        found.append("cron")
    return found


def is_container(root: Path) -> bool:
    """Whether the machine with this root is a container."""
    return any((root / name[1:]).exists() for name in IN_CONTAINER)


def readable(path: Path) -> str:
    """What a file says; "" where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def own_crontab() -> str:
    """This user's crontab; "" where there is none."""
    try:
        return crontab.read().decode("utf-8", "replace")
    except (ConfigError, NotInstalled):
        return ""


def shows(found: Sequence[str]) -> str:
    """The command that shows why what is installed does not read."""
    if not any(one.startswith("the service") for one in found):
        return "jeeves check"
    if shutil.which("journalctl") is None:
        return "jeeves check"
    system = "" if hasattr(os, "geteuid") and os.geteuid() == 0 else "--user "
    return f"journalctl {system}-u jeeves -n 50"
