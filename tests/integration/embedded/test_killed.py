"""Whatever is killed, the embedded Postgres comes back whole."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import psycopg2

from jeeves.adapters.embedded import EmbeddedPostgres, running
from jeeves.adapters.postgres import schema
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.message import Cursor
from jeeves.domain.ports import Judgement
from tests.builders import ACCOUNT, NOW, a_message, a_verdict
from tests.integration.embedded.processes import (
    execute,
    first_line,
    kill,
    kill_server,
    leave,
    postmaster_pid,
    run_client,
    server_pids,
    stranger_process,
    until,
)

#: Uses the database until it is interrupted.
INTERRUPTED = """
import pathlib, sys
from jeeves.adapters.embedded import EmbeddedPostgres
with EmbeddedPostgres(pathlib.Path(sys.argv[1])):
    sys.stdin.read()
"""


def test_after_a_killed_user_the_next_stop_really_stops(home: Path) -> None:
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


def test_after_a_killed_server_the_same_object_serves_the_same_rows(home: Path) -> None:
    server = EmbeddedPostgres(home)
    dsn = server.start()
    for n in range(3):
        execute(dsn, f"INSERT INTO kept VALUES ({n})")
        os.kill(postmaster_pid(home), signal.SIGKILL)
        assert server.start() == dsn
    assert execute(dsn, "SELECT count(*) FROM kept") == [(3,)]
    assert server.stop() is True


def test_of_a_killed_server_mail_is_left_up_to_the_cursor_and_what_was_judged_for_good(
    home: Path,
) -> None:
    server = EmbeddedPostgres(home)
    dsn = server.start()
    schema.migrate(dsn)
    uid = 0
    for _ in range(3):
        store = PostgresStore(dsn)
        for _ in range(5):
            uid += 1
            store.ingest(ACCOUNT, [a_message(uid=uid)], Cursor("INBOX", 1, uid, 1, NOW))
        judged = [one.id for one in store.unjudged(ACCOUNT, 100)]
        store.record([Judgement(one, a_verdict()) for one in judged])
        store.ingest(ACCOUNT, [a_message(uid=uid + 1)], Cursor("INBOX", 1, uid + 1, 1, NOW))
        os.kill(postmaster_pid(home), signal.SIGKILL)
        store.close()
        assert server.start() == dsn
        ((newest, last_uid),) = execute(
            dsn, "SELECT (SELECT max(uid) FROM messages), (SELECT last_uid FROM cursors)"
        )
        assert newest == last_uid
        assert newest in (uid, uid + 1)
        assert execute(dsn, "SELECT count(*) FROM verdicts") == [(uid,)]
        uid = newest
    assert server.stop() is True


def test_a_second_user_revives_a_killed_server_for_the_first(home: Path) -> None:
    first = EmbeddedPostgres(home)
    dsn = first.start()
    os.kill(postmaster_pid(home), signal.SIGKILL)
    client = run_client(home)
    assert first_line(client) == dsn
    assert execute(dsn, "SELECT 1") == [(1,)]
    assert leave(client) == "False"
    assert first.stop() is True


def test_stop_after_a_killed_server_says_that_it_stopped_nothing(home: Path) -> None:
    server = EmbeddedPostgres(home)
    server.start()
    sockets = (home / "postgres-18/socket").readlink()
    os.kill(postmaster_pid(home), signal.SIGKILL)
    until(lambda: not running(home))
    assert server.stop() is False
    assert not sockets.exists()
    until(lambda: server_pids(home) == [])


def test_a_working_session_of_a_killed_server_ends_before_the_next_server_writes(
    home: Path,
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


def test_a_stale_pid_file_that_names_a_living_stranger_is_no_obstacle(home: Path) -> None:
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


def test_an_empty_pid_file_is_no_obstacle(home: Path) -> None:
    kill_server(home)
    (home / "postgres-18/cluster/postmaster.pid").write_text("")
    with EmbeddedPostgres(home) as dsn:
        assert execute(dsn, "SELECT count(*) FROM kept") == [(0,)]


def test_a_first_start_killed_half_way_is_made_good_by_the_next(new_home: Path) -> None:
    draft = new_home / "postgres-18/cluster.new"
    client = run_client(new_home)
    until(lambda: (draft / "global").exists())
    kill(client)
    assert not (new_home / "postgres-18/cluster").exists()
    with EmbeddedPostgres(new_home) as dsn:
        assert execute(dsn, "SELECT 1") == [(1,)]
    assert not draft.exists()


def test_a_half_made_cluster_is_never_preferred_to_a_whole_one(home: Path) -> None:
    (home / "postgres-18/cluster.new").mkdir()
    with EmbeddedPostgres(home) as dsn:
        assert execute(dsn, "SELECT count(*) FROM kept") == [(0,)]


def test_an_interrupt_while_the_server_starts_leaves_no_server(home: Path) -> None:
    client = run_client(home, script=INTERRUPTED)
    until(lambda: server_pids(home) != [])
    starting = server_pids(home)[0]
    # Held up, so that it cannot be ready before the interrupt comes.
    os.kill(starting, signal.SIGSTOP)
    client.send_signal(signal.SIGINT)
    time.sleep(0.2)
    os.kill(starting, signal.SIGCONT)
    assert leave(client).endswith("KeyboardInterrupt")
    until(lambda: server_pids(home) == [])
