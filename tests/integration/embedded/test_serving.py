"""The embedded Postgres serves one process or many."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psycopg2
import pytest

from jeeves.adapters.embedded import EmbeddedPostgres, running
from tests.integration.embedded.processes import (
    CLIENT,
    execute,
    first_line,
    kill,
    leave,
    postmaster_pid,
    run_client,
    server_pids,
)


def test_the_first_start_makes_a_database_that_keeps_its_rows(new_home: Path) -> None:
    server = EmbeddedPostgres(new_home)
    dsn = server.start()
    execute(dsn, "CREATE TABLE kept AS SELECT 'é' AS letter")
    assert server.stop() is True
    with EmbeddedPostgres(new_home) as again:
        assert execute(again, "SELECT letter FROM kept") == [("é",)]
    assert not running(new_home)


def test_nothing_is_left_after_stop_but_the_home(home: Path) -> None:
    with EmbeddedPostgres(home):
        sockets = (home / "postgres-18/socket").readlink()
        assert len(server_pids(home)) > 1
        assert running(home)
    assert server_pids(home) == []
    assert not sockets.exists()
    assert not running(home)


def test_the_role_is_no_superuser_and_owns_its_database(home: Path) -> None:
    with EmbeddedPostgres(home) as dsn:
        found = execute(
            dsn,
            "SELECT rolname, rolsuper, pg_get_userbyid(datdba), current_database()"
            " FROM pg_roles, pg_database WHERE rolname = current_user"
            " AND datname = current_database()",
        )
    assert found == [("jeeves", False, "jeeves", "jeeves")]


def test_writes_are_durable_and_no_network_port_is_open(home: Path) -> None:
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


def test_text_search_does_not_take_curly_quotation_marks_for_letters(home: Path) -> None:
    with EmbeddedPostgres(home) as dsn:
        found = execute(dsn, "SELECT to_tsvector('english', 'Shall we “Meet”?')")
    assert found == [("'meet':3 'shall':1",)]


def test_a_statement_that_fails_leaves_none_of_its_words_in_the_log(home: Path) -> None:
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
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGPORT": "1", "PGDATA": "/nowhere", "PGUSER": "x"}.items():
        monkeypatch.setenv(name, value)
    with EmbeddedPostgres(home) as dsn:
        assert execute(dsn, "SELECT current_user") == [("jeeves",)]


def test_a_long_log_starts_afresh(home: Path) -> None:
    log = home / "postgres-18/postgres.log"
    log.write_text("x" * 1_000_001)
    with EmbeddedPostgres(home):
        pass
    assert log.stat().st_size < 10_000
    assert log.with_suffix(".log.1").stat().st_size == 1_000_001


def test_two_processes_share_one_server_and_the_last_one_out_stops_it(home: Path) -> None:
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


def test_the_first_one_may_leave_last(home: Path) -> None:
    first = EmbeddedPostgres(home)
    first.start()
    client = run_client(home)
    first_line(client)
    assert leave(client) == "False"
    assert first.stop() is True


def test_two_objects_of_one_process_count_as_two(home: Path) -> None:
    one, other = EmbeddedPostgres(home), EmbeddedPostgres(home)
    assert one.start() == other.start() == one.start()
    assert one.stop() is False
    assert one.stop() is False
    assert other.stop() is True


def test_four_first_starts_at_once_all_succeed(new_home: Path) -> None:
    clients = [run_client(new_home) for _ in range(4)]
    lines = [first_line(client) for client in clients]
    ends = [leave(client) for client in clients]
    assert lines == [lines[0]] * 4
    assert lines[0].startswith("host=")
    assert sorted(ends) == ["False", "False", "False", "True"]
    assert server_pids(new_home) == []


def test_a_process_with_another_temporary_folder_finds_the_server(
    home: Path, tmp_path: Path
) -> None:
    with EmbeddedPostgres(home) as dsn:
        client = run_client(home, TMPDIR=str(tmp_path))
        assert first_line(client) == dsn
        assert leave(client) == "False"


def test_stop_without_start_stops_no_server(home: Path) -> None:
    client = run_client(home)
    first_line(client)
    kill(client)
    assert EmbeddedPostgres(home).stop() is False
    assert running(home)
    with EmbeddedPostgres(home):
        pass


def test_the_server_has_its_own_session_no_input_and_none_of_our_descriptors(
    home: Path, tmp_path: Path
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


def test_a_start_in_a_folder_that_is_gone_succeeds(home: Path) -> None:
    script = (
        "import os, tempfile\ngone = tempfile.mkdtemp(); os.chdir(gone); os.rmdir(gone)\n" + CLIENT
    )
    client = run_client(home, script=script)
    assert first_line(client).startswith("host=")
    assert leave(client) == "True"
