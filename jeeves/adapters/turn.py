"""Whose turn it is: of processes that do the same for one home, one at a time does it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jeeves.errors import ConfigError

if sys.platform != "win32":
    import fcntl


@contextmanager
def take_turn(home: Path, name: str) -> Iterator[bool]:
    """Whether it is ours to do what ``name`` says; while it is, it is nobody else's.

    The kernel gives the turn back when the process that has it ends, however it ends: the file
    JEEVES_HOME/NAME.lock that stays behind says nothing.

    Raises:
        ConfigError: the home cannot be made or written.
    """
    try:
        make_home(home)
        # Closed when another program is started: a server that we start does not keep the turn.
        lock = os.open(home / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as exc:
        raise ConfigError(
            f"{home} cannot be written ({exc.strerror}), so that two `jeeves {name}` at once could "
            "not be kept apart: give it to the user who runs Jeeves, or set JEEVES_HOME to another "
            "folder."
        ) from exc
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(lock)


def make_home(home: Path) -> None:
    """There is a folder ``home``; of root's, others may pass through, as root's Postgres does."""
    if not home.is_dir():
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)
