"""Learning the owner by the command line: relabel, retrain, models, rollback."""

from __future__ import annotations

import json
import re
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest

from jeeves.adapters.postgres.store import PostgresStore
from jeeves.demo.gmail_server import GmailServer
from jeeves.learning.registry import versions
from jeeves.learning.upkeep import one_at_a_time
from tests.builders import raw_mail
from tests.e2e.conftest import Jeeves
from tests.e2e.test_path import until
from tests.gmail_client import ALL_MAIL, connected, uid_of
from tests.model.lessons import mails

ADDRESS = "sam@example.org"
#: Of no mail: what a page may hold of the network.
LINKS = re.compile(r"""(?:src|href|srcset)\s*=\s*["'](?!data:)""")


@pytest.fixture
def owner(jeeves_on_postgres: Jeeves) -> Jeeves:
    """An account that is never reached, its mail stored but not labelled."""
    with closing(PostgresStore(jeeves_on_postgres.environment["DATABASE_URL"])) as store:
        store.ingest(
            ADDRESS,
            [
                replace(
                    one.message,
                    account=ADDRESS,
                    gmail_id=None,
                    message_id=f"{number}@example.org",
                    subject=f"<script>alert({number})</script>",
                )
                for number, one in enumerate(mails())
            ],
            None,
        )
    return jeeves_on_postgres


def table(folder: Path, count: int = 24, *, wrong: bool = False) -> str:
    path = folder / "labels.tsv"
    lines = [
        f"{number}@example.org\t{int((one.label == 'needs_location') is not wrong)}\n"
        for number, one in enumerate(mails())
    ]
    path.write_text("id\tneeds_location\n" + "".join(lines[:count]))
    return str(path)


def judged(owner: Jeeves) -> int:
    """How many live mails have a verdict."""
    with (
        closing(psycopg2.connect(owner.environment["DATABASE_URL"])) as connection,
        connection.cursor() as sql,
    ):
        sql.execute(
            "select count(*) from verdicts v join messages m on m.id = v.message_id where m.uid > 0"
        )
        row = sql.fetchone()
        return int(row[0]) if row else 0


def test_from_labels_to_a_model_and_back(owner: Jeeves, tmp_path: Path) -> None:
    few = owner("relabel", "1", "yes", "--retrain", code=75)
    assert few.stdout == "1 noted\n"
    assert few.stderr == (
        "jeeves: Only 1 of your mails is labelled, and 10 are needed: `jeeves ask` shows which "
        "would teach most.\n"
    )
    owner("relabel", table(tmp_path))
    # whether the gate lets so few pass is not what this is about
    done = owner("retrain", "--force", "--offline")
    assert "Learned from 24 mails: 12 need a place, 12 do not." in done.stdout
    version = re.search(r"models/(\S+), current from now on", done.stdout)
    assert version is not None
    assert "nothing new to learn" in owner("retrain", "--offline").stdout
    assert owner("retrain", "--offline", "--if-due").stdout == ""

    listed = json.loads(owner("models", "--json").stdout)
    assert [line["state"] for line in listed if line["version"] == version[1]] == ["current"]
    assert listed[-1]["starter"]
    head, *lines = owner("models").stdout.splitlines()
    assert head.split()[:2] == ["model", "state"]
    assert lines[0].split()[:2] == [version[1], "current"]
    assert version[1] in owner("status", code=1).stdout

    page = (tmp_path / "models" / version[1] / "report.html").read_text()
    assert "<script" not in page
    assert not LINKS.search(page.replace("&lt;script&gt;", ""))
    assert "http" not in re.sub(r"data:[^\"']*", "", page)

    back = owner("rollback").stdout
    assert back == f"{version[1]} served; from now on the starter does.\n"
    assert "nothing to roll back" in owner("rollback", code=1).stderr


def test_a_model_that_cannot_be_held_to_anything_new_is_refused_with_the_reason(
    owner: Jeeves, tmp_path: Path
) -> None:
    owner("relabel", table(tmp_path))
    owner("retrain", "--force", "--offline", "--no-report")
    owner("relabel", "1", "undo")
    done = owner("retrain", "--offline", "--no-report", code=1)
    assert "Too few mails were labelled since the current model was made" in done.stdout
    assert "The current model goes on serving" in done.stdout
    assert "refused" in owner("models").stdout
    # neither a cron job nor a night is told again and again
    assert owner("retrain", "--offline", "--if-due").stdout == ""


def test_while_another_training_runs_it_says_so(owner: Jeeves, tmp_path: Path) -> None:
    owner("relabel", table(tmp_path))
    with one_at_a_time(tmp_path / "models"):
        refused = owner.cold("retrain", "--offline", code=75)
    assert refused.stderr.startswith("jeeves: Another process is training a model in")
    assert refused.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_a_sentence(owner: Jeeves, tmp_path: Path) -> None:
    owner("relabel", table(tmp_path))
    (tmp_path / "file").write_text("no folder")
    owner.configure(JEEVES_MODELS_DIR=str(tmp_path / "file" / "models"))
    refused = owner("retrain", "--offline", code=1)
    assert "cannot be written into" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_labels_in_gmail_are_pulled_before_it_learns(
    jeeves_on_postgres: Jeeves, gmail: GmailServer
) -> None:
    jeeves = jeeves_on_postgres
    jeeves.watch(gmail)
    mail = gmail.deliver(raw_mail("Lunch on Thursday?", "Want to grab lunch on Thursday?"))
    jeeves("check")
    with connected(gmail, ALL_MAIL, write=True) as client:
        client.add_gmail_labels([uid_of(client, mail)], ["Jeeves/yes"])
    assert "Only 1 of your mails is labelled" in jeeves("retrain", code=75).stderr
    jeeves.configure(IMAP_PORT="1")
    refused = jeeves("retrain", code=75).stderr.splitlines()
    assert refused[0].startswith("jeeves: labels not asked for: ")
    assert "Only 1 of your mails is labelled" in refused[1]


def test_words_are_never_changed(owner: Jeeves, tmp_path: Path) -> None:
    owner("relabel", table(tmp_path))
    owner("relabel", "1", "undo")
    owner("relabel", "1", "yes")
    with (
        closing(psycopg2.connect(owner.environment["DATABASE_URL"])) as connection,
        connection.cursor() as sql,
    ):
        sql.execute("select label, source from labels where message_id = 1 order by id")
        assert sql.fetchall() == [
            ("needs_location", "file"),
            ("withdrawn", "command"),
            ("needs_location", "command"),
        ]


def test_the_daemon_learns_in_the_night_while_it_watches(
    owner: Jeeves, gmail: GmailServer, tmp_path: Path
) -> None:
    owner("relabel", table(tmp_path))
    owner.watch(gmail)
    # it is night now, wherever this runs
    owner.configure(TIMEZONE="UTC", RETRAIN_HOUR=str(datetime.now(UTC).hour))
    daemon = owner.start("run")
    try:
        until(lambda: versions(tmp_path / "models"), "a model is made", 60)
        before = judged(owner)
        gmail.deliver(raw_mail("Lunch on Thursday?", "Want to grab lunch on Thursday?"))
        until(lambda: judged(owner) > before, "new mail is judged")
    finally:
        daemon.terminate()
        out, err = daemon.communicate(timeout=30)
    assert "retraining begins" in out + err
    assert daemon.returncode == 0
