"""A database that another version of PostgreSQL wrote is brought over, or refused in a sentence."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from jeeves import preserving
from jeeves.adapters.embedded import EmbeddedPostgres, clearing, upgrading
from jeeves.adapters.embedded.binaries import MAJOR, Programs, server_account, spawn
from jeeves.adapters.embedded.cluster import Room
from jeeves.adapters.embedded.server import Server, create_database
from jeeves.adapters.postgres import schema
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.errors import ConfigError, StoreUnavailable
from jeeves.settings import Settings
from tests.builders import ACCOUNT, a_message
from tests.integration.embedded.processes import end_servers, execute

INSTALL = "apt-get install postgresql"


@pytest.fixture
def open_home(
    tmp_path_factory: pytest.TempPathFactory, discard_database: Callable[[Path], None]
) -> Iterator[Path]:
    """A home that does not exist yet."""
    folder = tmp_path_factory.mktemp("moved") / "home"
    yield folder
    left_behind = end_servers(folder)
    discard_database(folder)
    assert not left_behind


@pytest.fixture(scope="session")
def old_programs() -> Programs:
    """An older PostgreSQL of this machine."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        version = folder.parent.name
        if version.isdigit() and int(version) < MAJOR and (folder / "initdb").exists():
            return Programs(folder, server_account(), int(version))
    pytest.skip(f"no PostgreSQL older than {MAJOR} is installed; install one with: {INSTALL}")


def an_old_home(home: Path, programs: Programs) -> int:
    """The home of a Jeeves that carried an older PostgreSQL; how many mails are in it."""
    home.mkdir(parents=True, mode=0o711)
    # Made by root's server in a place that it reaches.
    with EmbeddedPostgres(home / "ours"):
        pass
    room = home / f"postgres-{programs.major}"
    (home / "ours" / f"postgres-{MAJOR}").rename(room)
    (home / "ours").rmdir()
    folder = room.resolve()
    shutil.rmtree(folder / "cluster")
    cluster = folder / "cluster"
    cluster.mkdir(mode=0o700)
    if programs.account:
        os.chown(cluster, programs.account.uid, programs.account.gid)
    options = ["--username=postgres", "--auth-local=trust", "--encoding=UTF8", "--locale=C"]
    made = spawn(
        programs.command("initdb", *options, "--pgdata", str(cluster)), account=programs.account
    )
    assert made.returncode == 0, made.stdout
    old = upgrading.find_old(home)
    assert old is not None
    server = Server(old.room, programs)
    with closing(server.connection()) as connection:
        create_database(connection)
    server.shut_down()
    with upgrading.serving_old(old, programs) as dsn:
        schema.migrate(dsn)
        with closing(PostgresStore(dsn)) as store:
            store.ingest(ACCOUNT, [a_message() for _ in range(7)], None)
    return 7


def settings_of(home: Path) -> Settings:
    return Settings(_env_file=None, jeeves_home=home)  # type: ignore[call-arg]


def mails(home: Path) -> list[tuple[object, ...]]:
    with EmbeddedPostgres(home) as dsn:
        return execute(dsn, "select count(*) from messages")


def test_a_database_of_an_older_postgres_is_brought_over_and_put_aside(
    open_home: Path, old_programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = an_old_home(open_home, old_programs)
    with pytest.raises(ConfigError, match="`jeeves database upgrade`"):
        EmbeddedPostgres(open_home).start()
    # Killed when the new one is whole but not yet in its place: all is as it was.
    with monkeypatch.context() as patched:
        patched.setattr(upgrading, "_put_in_place", killed)
        with pytest.raises(KeyboardInterrupt):
            preserving.upgrade(settings_of(open_home), old_programs.folder)
    with pytest.raises(ConfigError, match="`jeeves database upgrade`"):
        EmbeddedPostgres(open_home).start()
    done = preserving.upgrade(settings_of(open_home), None)
    assert done is not None
    copied, aside = done
    assert copied.mails == count
    assert [path.name for path in aside] == [f"set-aside-postgres-{old_programs.major}"]
    assert mails(open_home) == [(count,)]
    assert preserving.upgrade(settings_of(open_home), None) is None
    assert not (open_home / upgrading.NEW).exists()
    shutil.rmtree(aside[0].resolve())


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_without_the_old_programs_it_is_said_what_to_do_and_a_backup_takes_its_place(
    new_home: Path, tmp_path: Path
) -> None:
    settings = settings_of(new_home)
    with EmbeddedPostgres(new_home) as dsn:
        schema.migrate(dsn)
        with closing(PostgresStore(dsn)) as store:
            store.ingest(ACCOUNT, [a_message()], None)
    preserving.back_up(settings, tmp_path / "backup.zip")
    cluster = (new_home / f"postgres-{MAJOR}").resolve() / "cluster"
    (cluster / "PG_VERSION").write_text("9\n")
    with pytest.raises(ConfigError, match=r"PostgreSQL 9 .*`jeeves database restore FILE`"):
        EmbeddedPostgres(new_home).start()
    with pytest.raises(ConfigError, match=r"no programs of PostgreSQL 9 .* Nothing was changed"):
        preserving.upgrade(settings, tmp_path)
    copied, aside = preserving.bring_back(settings, tmp_path / "backup.zip", replace=False)
    assert copied.mails == 1
    assert mails(new_home) == [(1,)]
    assert (cluster.parent / "set-aside-cluster-9" / "PG_VERSION").read_text() == "9\n"
    assert aside == [cluster.parent / "set-aside-cluster-9"]


def test_a_kill_between_the_two_renames_loses_nothing(home: Path) -> None:
    room = Room((home / f"postgres-{MAJOR}").resolve(), server_account())
    with EmbeddedPostgres(home) as dsn:
        execute(dsn, "insert into kept values (1)")
    # The old one is aside already, the new one not yet in its place.
    room.cluster.rename(room.path / "cluster.upgraded")
    with EmbeddedPostgres(home) as dsn:
        assert execute(dsn, "select count(*) from kept") == [(1,)]


def test_a_database_in_use_is_neither_removed_nor_put_aside(home: Path) -> None:
    with EmbeddedPostgres(home) as dsn:
        with pytest.raises(StoreUnavailable, match="is in use"):
            clearing.remove(home)
        assert execute(dsn, "select 1") == [(1,)]


def test_a_removed_database_is_gone_with_its_folder(new_home: Path) -> None:
    assert clearing.remove(new_home) is False
    with EmbeddedPostgres(new_home):
        pass
    folder = (new_home / f"postgres-{MAJOR}").resolve()
    assert clearing.remove(new_home) is True
    assert not folder.exists()
    assert not os.path.lexists(new_home / f"postgres-{MAJOR}")


def test_a_move_to_a_server_of_another_version_keeps_every_row(
    new_home: Path, open_home: Path, old_programs: Programs, tmp_path: Path
) -> None:
    settings = settings_of(new_home)
    with EmbeddedPostgres(new_home) as dsn:
        schema.migrate(dsn)
        with closing(PostgresStore(dsn)) as store:
            store.ingest(ACCOUNT, [a_message() for _ in range(3)], None)
        with (
            closing(psycopg2.connect(dsn, application_name="jeeves")),
            pytest.raises(StoreUnavailable, match="Another Jeeves uses the database"),
            preserving.moving(settings, "postgresql://nowhere/x"),
        ):
            pass
    an_old_home(open_home, old_programs)
    old = upgrading.find_old(open_home)
    assert old is not None
    with upgrading.serving_old(old, old_programs) as target:
        execute(target, "truncate messages cascade")
        with preserving.moving(settings, target) as copied:
            assert copied.mails == 3
        assert execute(target, "select count(*) from messages") == [(3,)]
        version = execute(target, "show server_version")
        assert re.match(str(old_programs.major), str(version[0][0]))
    assert mails(new_home) == [(3,)]
    assert [path.name for path in new_home.glob(".moving*")] == []
