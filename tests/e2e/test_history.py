"""Backfill, audit and import as their owner runs them, killed in the middle too."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest

from jeeves.demo.gmail_server import GmailServer, logged_commands
from tests.builders import raw_mail
from tests.dovecot import Dovecot
from tests.e2e.conftest import COMMAND_SECONDS, Jeeves
from tests.read_only import READ_ONLY, verb

LONG_AGO = datetime.now(UTC) - timedelta(days=100)
MAILS = 60
#: The command line with small transactions, so that it can be killed between many.
SLOW = """
import sys
from jeeves.service import backfill, history
backfill.BATCH, backfill.LISTED, history.BATCH = 3, 10, 3
from jeeves.cli import main
sys.argv = ["jeeves", *sys.argv[1:]]
main()
"""


class Database:
    """What a test sees of the database beside the program."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg2.connect(dsn)
        self._connection.autocommit = True

    def one(self, statement: str) -> int:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone()
        return int(row[0]) if row else 0

    def do(self, statement: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)

    def messages(self) -> int:
        return self.one("select count(*) from messages")

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    with closing(Database(migrated_url)) as database:
        yield database


def run_and_kill(jeeves: Jeeves, database: Database, *arguments: str) -> bool:
    """Kill -9 the command as soon as it has stored something more; False if it ended before."""
    before = database.messages()
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, *arguments],
        env=jeeves.environment,
        cwd=jeeves.home,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + COMMAND_SECONDS
    while process.poll() is None and database.messages() <= before:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    killed = process.poll() is None
    process.kill()
    process.wait()
    return killed


@pytest.fixture(params=["gmail", "dovecot"])
def full(request: pytest.FixtureRequest) -> GmailServer | Dovecot:
    """A server with old mail."""
    server: GmailServer | Dovecot = request.getfixturevalue(request.param)
    raws = [raw_mail(f"Lunch {n}?", date=LONG_AGO) for n in range(MAILS)]
    if isinstance(server, GmailServer):
        for raw in raws:
            server.deliver(raw, received_at=LONG_AGO)
    else:
        server.deliver(raws, received_at=LONG_AGO)
    return server


def test_a_backfill_that_is_killed_again_and_again_stores_every_mail_once(
    jeeves_on_postgres: Jeeves, database: Database, full: GmailServer | Dovecot
) -> None:
    jeeves = jeeves_on_postgres
    jeeves.watch(full)
    kills = sum(run_and_kill(jeeves, database, "backfill", "--all") for _ in range(2))
    assert kills >= 1
    stored = database.messages()
    assert f"{MAILS - stored} fetched" in jeeves.cold("backfill", "--all").stdout
    assert database.messages() == MAILS
    assert database.one("select count(distinct subject) from messages") == MAILS
    assert database.one("select count(*) from verdicts") == MAILS
    assert database.one("select count(*) from alerts") == 0
    assert jeeves("audit").stdout.startswith(f"{MAILS} expected, 0 missing")
    assert jeeves("check").stdout == ""
    assert jeeves("backfill", "--all").stdout.startswith(f"{MAILS} of {MAILS} looked at, 0 fetched")


def test_an_import_that_is_killed_again_and_again_stores_every_mail_once(
    jeeves_on_postgres: Jeeves, database: Database, tmp_path: Path
) -> None:
    jeeves_on_postgres.configure(GMAIL_ADDRESS="sam@example.org", GMAIL_APP_PASSWORD="x")
    box = tmp_path / "Takeout.mbox"
    mails = [
        b"From 1858745612345678901@xxx Tue Mar 03 09:30:00 +0000 2026\n"
        b"X-GM-THRID: 1858745612345678901\nX-Gmail-Labels: Gesendet,Opened\n"
        + raw_mail(f"Lunch {n}?").replace(b"\r\n", b"\n")
        for n in range(MAILS)
    ]
    box.write_bytes(b"\n".join(mails))
    kills = sum(run_and_kill(jeeves_on_postgres, database, "import", str(box)) for _ in range(2))
    assert kills >= 1
    stored = database.messages()
    assert stored > 0
    said = jeeves_on_postgres("import", str(box)).stdout
    assert f"{MAILS} read, {MAILS - stored} new, {MAILS} judged, 0 unreadable" in said
    # Counted, but not named where this may land in a log
    assert "Labels taken for the owner's own: 1." in said
    assert "Gesendet" not in said
    assert database.one("select count(distinct subject) from messages") == MAILS
    assert database.one("select count(distinct thread_key) from messages") == 1


def test_the_bandwidth_of_a_day_ends_a_backfill_with_75(
    jeeves_on_postgres: Jeeves, database: Database, gmail: GmailServer
) -> None:
    jeeves = jeeves_on_postgres
    jeeves.watch(gmail)
    for n in range(3):
        gmail.deliver(raw_mail(f"Lunch {n}?", date=LONG_AGO), received_at=LONG_AGO)
    jeeves.configure(BACKFILL_MB_PER_DAY="1")
    today = datetime.now(UTC).date()
    database.do(f"insert into bandwidth values ('{gmail.address}', '{today}', 999999)")
    first = jeeves("backfill", "--all", code=75)
    assert "1 fetched" in first.stdout
    assert [line for line in first.stderr.splitlines() if "go on after" in line]
    assert database.messages() == 1
    # The next day
    database.do("update bandwidth set day = day - 1")
    assert "2 new" in jeeves("backfill", "--all").stdout


def test_a_gap_is_shown_without_content_and_mended(
    jeeves_on_postgres: Jeeves, database: Database, full: GmailServer | Dovecot
) -> None:
    jeeves = jeeves_on_postgres
    jeeves.watch(full)
    jeeves("backfill", "--days", "200")
    database.do("delete from messages where id in (select id from messages limit 2)")
    shown = jeeves.cold("audit", code=1)
    assert f"{MAILS} expected, 2 missing" in shown.stdout
    assert "Lunch" not in shown.stdout + shown.stderr
    found = json.loads(jeeves("audit", "--json", code=1).stdout)
    assert {len(one) for one in found["missing"]} == {4}
    assert len(found["missing"]) == 2
    mended = jeeves("audit", "--fix").stdout
    assert "2 new" in mended
    assert f"{MAILS} expected, 0 missing" in mended
    assert database.one("select count(*) from alerts") == 0


def test_a_backfill_beside_the_daemon_loses_nothing_and_only_live_mail_alerts(
    jeeves_on_postgres: Jeeves, database: Database, gmail: GmailServer
) -> None:
    jeeves = jeeves_on_postgres
    jeeves.watch(gmail)
    jeeves.configure(SPEECH="file", POLL_SECONDS="1")
    for n in range(MAILS):
        gmail.deliver(raw_mail(f"Lunch {n}?", date=LONG_AGO), received_at=LONG_AGO)
    daemon = jeeves.start("run")
    try:
        until(lambda: database.one("select count(*) from cursors") == 1)
        # The model of the daemon is sure about this one.
        live = "Hi Sam, want to meet for lunch on Thursday at 12:30? Let me know. Ana"
        gmail.deliver(raw_mail("Lunch on Thursday?", live))
        jeeves("backfill", "--all")
        until(lambda: database.messages() == MAILS + 1)
        until(lambda: database.one("select count(*) from alerts where kind = 'alert'") == 1)
    finally:
        daemon.terminate()
        daemon.communicate(timeout=COMMAND_SECONDS)
    assert database.one("select count(*) from messages where origin = 'live'") == 1
    assert database.one("select count(distinct gmail_id) from messages") == MAILS + 1


def test_history_is_read_with_nothing_but_reading_commands(
    jeeves_on_postgres: Jeeves, database: Database, tmp_path: Path
) -> None:
    """Promise 1."""
    log = tmp_path / "wire.log"
    with GmailServer(wire_log=log) as server:
        jeeves_on_postgres.watch(server)
        for n in range(3):
            server.deliver(raw_mail(f"Lunch {n}?", date=LONG_AGO), received_at=LONG_AGO)
        jeeves_on_postgres("backfill", "--all")
        database.do("delete from messages where id in (select id from messages limit 1)")
        jeeves_on_postgres("audit", "--fix")
    commands = logged_commands(log)
    assert {"EXAMINE", "UID FETCH"} <= {verb(command) for command in commands}
    for command in commands:
        assert verb(command) in READ_ONLY, command
        assert "BODY[" not in command.upper(), command
        assert "RFC822 " not in command.upper(), command


@pytest.mark.parametrize("arguments", [(), ("--days", "3", "--all"), ("--days", "0")])
def test_how_far_back_must_be_said_once(jeeves: Jeeves, arguments: tuple[str, ...]) -> None:
    said = jeeves("backfill", *arguments, code=2).stderr
    assert "--days" in said


def until(holds: Callable[[], bool]) -> None:
    """Wait for what must come true."""
    deadline = time.monotonic() + COMMAND_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
