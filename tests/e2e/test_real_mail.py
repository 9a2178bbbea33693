"""Real mail of the shared folder, over real servers, through the program itself."""

from __future__ import annotations

import csv
import email
import json
import random
import re
import signal
import tarfile
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import psycopg2
import pytest

from jeeves.demo.gmail_server import GmailServer
from tests.dovecot import Dovecot
from tests.e2e.conftest import Jeeves
from tests.twilio_standin import TwilioStandIn


@pytest.fixture(scope="module")
def enron(shared_data: Path) -> list[bytes]:
    """200 real messages with distinct Message-IDs, as sent."""
    mails: dict[str, bytes] = {}
    with tarfile.open(shared_data / "data" / "enron-raw.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".eml") else None
            if file is None:
                continue
            raw = re.sub(rb"\r?\n", b"\r\n", file.read())
            message_id = str(email.message_from_bytes(raw)["Message-ID"])
            mails.setdefault(message_id, raw)
            if len(mails) == 200:
                break
    return list(mails.values())


@pytest.fixture(scope="module")
def labelled(shared_data: Path) -> list[bytes]:
    """60 labelled messages, half of them positive, re-dated to now."""
    folder = shared_data / "data" / "needs-location"
    with (folder / "labels.tsv").open(encoding="utf-8") as table:
        rows = [r for r in csv.DictReader(table, delimiter="\t") if r["origin"] == "raw"]
    chance = random.Random(7)
    chosen = [
        row
        for label in ("1", "0")
        for row in chance.sample([r for r in rows if r["needs_location"] == label], 30)
    ]
    now = format_datetime(datetime.now(UTC)).encode("ascii")
    mails = []
    for row in chosen:
        raw = (folder / "messages" / f"{row['id']}.eml").read_bytes()
        raw = re.sub(rb"(?m)^Date: .*$", b"Date: " + now, raw, count=1)
        mails.append(re.sub(rb"\r?\n", b"\r\n", raw))
    return mails


def count(dsn: str, query: str) -> int:
    connection = psycopg2.connect(dsn)
    try:
        cursor = connection.cursor()
        cursor.execute(query)
        row = cursor.fetchone()
        return int(row[0]) if row else 0
    finally:
        connection.close()


def assert_each_once(dsn: str, mails: int) -> None:
    assert count(dsn, "select count(*) from messages") == mails
    assert count(dsn, "select count(distinct message_id) from messages") == mails
    assert count(dsn, "select count(*) from verdicts") == mails
    assert count(dsn, "select count(distinct message_id) from verdicts") == mails
    assert count(dsn, "select count(*) from messages where unreadable is not null") == 0


@pytest.mark.parametrize("kind", ["gmail", "dovecot"])
def test_each_real_mail_is_stored_once_and_judged_once(
    kind: str,
    enron: list[bytes],
    jeeves_on_postgres: Jeeves,
    migrated_url: str,
    request: pytest.FixtureRequest,
) -> None:
    server: GmailServer | Dovecot = request.getfixturevalue(kind)
    if isinstance(server, GmailServer):
        for raw in enron:
            server.deliver(raw)
    else:
        server.deliver(enron)
    jeeves_on_postgres.watch(server)
    first = jeeves_on_postgres("check")
    assert "200 fetched, 200 new, 200 judged, 0 alerts sent" in first.stdout
    assert_each_once(migrated_url, 200)
    assert jeeves_on_postgres("check").stdout == ""
    assert_each_once(migrated_url, 200)


def test_killed_at_any_moment_a_rerun_loses_and_doubles_nothing(
    enron: list[bytes], dovecot: Dovecot, jeeves_on_postgres: Jeeves, migrated_url: str
) -> None:
    """Promise 2."""
    jeeves_on_postgres.watch(dovecot)
    jeeves_on_postgres("check")
    dovecot.deliver(enron)
    ingest_seen = False
    for delay in (0.0, 0.05, 0.1, 0.2, 0.4, 0.8):
        process = jeeves_on_postgres.start("check")
        # One that comes after all is read may have ended before it was seen.
        while process.poll() is None and not count(
            migrated_url,
            "select count(*) from pg_stat_activity where application_name = 'jeeves' "
            "and datname = current_database()",
        ):
            time.sleep(0.01)
        time.sleep(delay)
        ingest_seen |= process.poll() is None
        process.send_signal(signal.SIGKILL)
        said = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), said
    assert ingest_seen
    jeeves_on_postgres("check")
    assert_each_once(migrated_url, 200)


@pytest.mark.parametrize("kind", ["gmail", "dovecot"])
def test_those_above_the_threshold_alert_and_only_those(
    kind: str,
    labelled: list[bytes],
    jeeves_on_postgres: Jeeves,
    migrated_url: str,
    twilio: TwilioStandIn,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    server: GmailServer | Dovecot = request.getfixturevalue(kind)
    folder = tmp_path / "mails"
    folder.mkdir()
    for number, raw in enumerate(labelled):
        (folder / f"{number:02}.eml").write_bytes(raw)
    scored = [
        json.loads(line) for line in jeeves_on_postgres("score", str(folder)).stdout.splitlines()
    ]
    assert len(scored) == 60
    replayed = [
        json.loads(line)
        for line in jeeves_on_postgres(
            "replay", str(folder), "--account", "owner@gmail.com", "--json"
        ).stdout.splitlines()
    ]
    expected = {one["alert_at"].strip("<>") for one in replayed if one["alert"]}
    assert expected
    assert expected <= {line["message_id"] for line in scored if line["needs_location"]}

    jeeves_on_postgres.watch(server)
    jeeves_on_postgres.text_through(twilio)
    jeeves_on_postgres.configure(ALERTS_PER_HOUR="1000")
    jeeves_on_postgres("check")
    if isinstance(server, GmailServer):
        for raw in labelled:
            server.deliver(raw)
    else:
        server.deliver(labelled)
    assert "60 judged" in jeeves_on_postgres("check").stdout
    # What is wanted today at an hour that is over when the tests run is of no use any more.
    alerted = """
        select m.message_id, a.state from alerts a join messages m on m.id = a.message_id
        where a.kind = 'alert' and a.state in ('sent', 'expired')"""
    connection = psycopg2.connect(migrated_url)
    cursor = connection.cursor()
    cursor.execute(alerted)
    alerts = dict(cursor.fetchall())
    connection.close()
    assert set(alerts) == expected
    sent = list(alerts.values()).count("sent")
    assert len(twilio.messages) == sent > len(expected) / 2
    assert jeeves_on_postgres("check").stdout == ""
    assert len(twilio.messages) == sent
