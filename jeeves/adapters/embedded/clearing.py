"""Clusters that are put aside or removed: nothing of theirs is served any more."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from jeeves.adapters.embedded.binaries import MAJOR, find_programs, server_account
from jeeves.adapters.embedded.cluster import UPGRADED, Room, other_major
from jeeves.adapters.embedded.server import Server
from jeeves.errors import StoreUnavailable


def remove(home: Path) -> bool:
    """No database is left in ``home``; False where there was none.

    Raises:
        StoreUnavailable: somebody uses it.
        ConfigError: its server cannot be stopped on this machine.
        OSError: it cannot be removed.
    """
    name = home / f"postgres-{MAJOR}"
    if not os.path.lexists(name):
        return False
    if not name.exists():
        name.unlink()
        return True
    room = Room(name.resolve(), server_account())
    with alone(room):
        if room.cluster.exists() and other_major(room) is None:
            Server(room, find_programs()).shut_down()
        # The cluster first: what is left of a killed removal is no database.
        if room.cluster.exists():
            gone = room.path / "cluster.new"
            shutil.rmtree(gone, ignore_errors=True)
            room.cluster.rename(gone)
        shutil.rmtree(room.path)
    if name.is_symlink():
        name.unlink()
    return True


def set_aside(home: Path) -> list[Path]:
    """Clusters of other versions stand under names that nobody looks for; where they are now.

    Raises:
        StoreUnavailable: somebody uses one.
        OSError: it cannot be renamed.
    """
    moved = []
    for folder in sorted(home.glob("postgres-*")):
        version = folder.name.removeprefix("postgres-")
        if not version.isdigit():
            continue
        room = Room(folder.resolve(), None)
        if version != str(MAJOR):
            target = unused(home / f"set-aside-postgres-{version}")
            folder.rename(target)
            moved.append(target)
        elif (major := other_major(room)) is not None:
            with alone(room):
                target = unused(room.path / f"set-aside-cluster-{major}")
                room.cluster.rename(target)
                moved.append(target)
                if (room.path / UPGRADED).exists():
                    (room.path / UPGRADED).rename(room.cluster)
    return moved


def unused(path: Path) -> Path:
    """``path``, or where that exists the first of path-2, path-3 ... that does not."""
    number, found = 1, path
    while os.path.lexists(found):
        number += 1
        found = path.with_name(f"{path.name}-{number}")
    return found


@contextlib.contextmanager
def alone(room: Room) -> Iterator[None]:
    """Nobody uses, starts or stops the server of ``room`` inside.

    Raises:
        StoreUnavailable: somebody does.
    """
    with contextlib.ExitStack() as held:
        for lock in ("start", "use"):
            descriptor = room.lock(lock, seconds=1)
            if descriptor is None:
                raise StoreUnavailable(
                    f"The database in {room.path} is in use: stop Jeeves, then try again."
                )
            held.callback(os.close, descriptor)
        yield
