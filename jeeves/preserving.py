"""Wires what keeps the database: backups, another server, another version of PostgreSQL."""
# Imports stand in the functions: a command loads only what it uses.

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jeeves.bootstrap import Database, now, open_database, open_server
from jeeves.errors import ConfigError, StoreUnavailable
from jeeves.settings import Settings

if TYPE_CHECKING:
    from jeeves.adapters.postgres.dumping import Copied


def refuse_company(database: Database) -> None:
    """Do nothing if we alone use the database.

    Raises:
        StoreUnavailable: another Jeeves does.
    """
    with closing(database.erasing()) as store:
        if store.others():
            raise StoreUnavailable(
                "Another Jeeves uses the database: stop it (and cron's), then try again. Nothing "
                "was changed."
            )


def back_up(settings: Settings, path: Path) -> Copied:
    """Write the database into a new file; whoever uses it goes on.

    Raises:
        ArchiveError: the file cannot be written.
        StoreUnavailable, SchemaOutOfDate: the database cannot be read.
    """
    with open_database(settings) as database:
        return write_backup(database.dsn, path)


def write_backup(dsn: str, path: Path) -> Copied:
    """The same of the database at ``dsn``."""
    from jeeves.adapters.container import writing
    from jeeves.adapters.postgres.dumping import snapshot

    with writing(path) as file, snapshot(dsn, now()) as write:
        return write(file)


def bring_back(settings: Settings, path: Path, *, replace: bool) -> tuple[Copied, list[Path]]:
    """Load a backup into the database in use; where clusters of other versions were put aside.

    Raises:
        ArchiveError: it is no backup, not whole, or of a newer version.
        NotEmpty: the database holds something, and ``replace`` is not said.
        StoreError: it cannot be loaded; the database is as it was.
    """
    from jeeves.adapters.container import reading
    from jeeves.adapters.postgres.dumping import FORMAT_VERSION, KIND, restore

    with reading(path, KIND, FORMAT_VERSION) as source:
        aside: list[Path] = []
        if settings.database_url is None:
            from jeeves.adapters.embedded import clearing, upgrading

            old = upgrading.find_old(settings.jeeves_home)
            if old is not None:
                # The old one is put aside only when the new one is whole.
                with upgrading.new_database(settings.jeeves_home) as new:
                    copied = restore(new.dsn, source)
                return copied, new.aside
            aside = clearing.set_aside(settings.jeeves_home)
        with open_server(settings) as dsn:
            refuse_company(Database(dsn))
            return restore(dsn, source, replace=replace), aside


@contextmanager
def moving(settings: Settings, url: str) -> Iterator[Copied]:
    """The database in use is at ``url`` too, every row compared; nobody writes to it meanwhile.

    Raises:
        ConfigError: ``url`` is the database in use.
        NotEmpty: there is something at ``url``.
        StoreError: it cannot be reached or loaded; it is as it was.
    """
    from jeeves.adapters.container import reading, writing
    from jeeves.adapters.postgres.dumping import (
        FORMAT_VERSION,
        KIND,
        place_of,
        restore,
        snapshot,
    )

    with open_database(settings) as database:
        refuse_company(database)
        if place_of(url) == place_of(database.dsn):
            raise ConfigError("The address is that of the database in use: name another one.")
        # Not in the temporary folder, which may be memory.
        settings.jeeves_home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".moving-", dir=settings.jeeves_home) as folder:
            path = Path(folder, "backup")
            with snapshot(database.dsn, now(), hold=True) as write:
                with writing(path) as file:
                    write(file)
                with reading(path, KIND, FORMAT_VERSION) as source:
                    copied = restore(url, source)
                yield copied


def upgrade(settings: Settings, programs: Path | None) -> tuple[Copied, list[Path]] | None:
    """Bring a database of another version of PostgreSQL to ours; and where the old one is now.

    None where there is nothing to be done.

    Raises:
        ConfigError: the programs of the old version are not there.
        StoreError: it cannot be served or loaded; it stays as it was.
    """
    from jeeves.adapters.container import reading
    from jeeves.adapters.embedded import upgrading
    from jeeves.adapters.postgres import schema
    from jeeves.adapters.postgres.dumping import FORMAT_VERSION, KIND, restore

    home = settings.jeeves_home
    if settings.database_url is not None:
        raise ConfigError(
            "DATABASE_URL names a server of your own, which is upgraded by its own means; this "
            "command is for the embedded database."
        )
    old = upgrading.find_old(home)
    if old is None:
        return None
    found = upgrading.find_old_programs(old.major, programs)
    with tempfile.TemporaryDirectory(prefix=".upgrading-", dir=home) as folder:
        path = Path(folder, "backup")
        with upgrading.serving_old(old, found) as dsn:
            if schema.revision(dsn) is None:
                schema.migrate(dsn)
            write_backup(dsn, path)
        with reading(path, KIND, FORMAT_VERSION) as source, upgrading.new_database(home) as new:
            copied = restore(new.dsn, source)
    return copied, new.aside
