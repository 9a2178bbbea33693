"""Names of settings that nobody knows: slips of the pen, told with what was meant."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Set
from pathlib import Path

from jeeves.errors import ConfigError

#: An environment variable that begins like ours and is spelt almost like one of them is a slip.
OURS = tuple(
    "JEEVES_ GMAIL_ IMAP_ TWILIO_ ALERT_ POLL_ BACKFILL_ DATABASE_ ACCOUNTS_ "
    "QUIET_ SILENT_ REMINDER_ HEARTBEAT_ BODY_ KEEP_".split()
)
ALMOST = 0.85


def dotenv(path: Path) -> Mapping[str, str | None]:
    """The names and values of a .env file; empty where there is none.

    Raises:
        ConfigError: the file cannot be read.
    """
    from dotenv import dotenv_values

    try:
        return dotenv_values(path) if path.is_file() else {}
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path} cannot be read ({type(exc).__name__}).") from exc


def refuse_unknown(path: Path, names: Set[str]) -> None:
    """Raise ConfigError if a .env file names a setting that is none of ``names``."""
    for name in dotenv(path):
        if name.upper() not in names:
            raise ConfigError(f"{path} has an unknown setting {name}{suggestion(name, names)}.")


def refuse_slips(environment: Mapping[str, str], names: Set[str]) -> None:
    """Raise ConfigError if an environment variable looks like one of ``names`` spelt wrongly."""
    for name in environment:
        if name.startswith(OURS) and name not in names:
            close = difflib.get_close_matches(name, names, n=1, cutoff=ALMOST)
            if close:
                raise ConfigError(
                    f"The environment has an unknown setting {name}: did you mean {close[0]}?"
                )


def suggestion(name: str, names: Set[str]) -> str:
    """`: did you mean ...?`, or where to look."""
    close = difflib.get_close_matches(name.upper(), names, n=1)
    return f": did you mean {close[0]}" if close else ": .env.example lists all there are"
