"""`jeeves ask`, as its owner runs it."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from contextlib import closing

import psycopg2
import pytest

from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.labelling import Source, Word
from jeeves.domain.ports import Judgement
from jeeves.domain.verdict import Label
from tests.builders import ACCOUNT, a_message, a_verdict, an_outcome
from tests.e2e.conftest import COMMAND_SECONDS, Jeeves
from tests.model.small_corpus import NEEDS_LOCATION

IDS = range(1, 4)
PROMPT = "Does it need a place?"


@pytest.fixture
def asking(jeeves_on_postgres: Jeeves) -> Jeeves:
    """Three judged mails, each of a conversation about which something was decided."""
    jeeves_on_postgres.configure(GMAIL_ADDRESS=ACCOUNT, GMAIL_APP_PASSWORD="none")
    with closing(PostgresStore(jeeves_on_postgres.environment["DATABASE_URL"])) as store:
        messages = [
            a_message(subject=subject, body=text, own_words=text)
            for subject, text in NEEDS_LOCATION[:3]
        ]
        store.ingest(ACCOUNT, messages, None)
        store.record(
            [Judgement(one.id, a_verdict(0.1)) for one in store.unjudged(ACCOUNT, 9)],
            [an_outcome(thread_key=message.thread_key) for message in messages],
        )
    return jeeves_on_postgres


def answered(jeeves: Jeeves, sent: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jeeves", "ask"],
        env=jeeves.environment,
        cwd=jeeves.home,
        input=sent,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        check=False,
    )


def words(jeeves: Jeeves) -> list[tuple[str, str, bool]]:
    """Label, source and whether it was heard, of all that was said."""
    with (
        closing(psycopg2.connect(jeeves.environment["DATABASE_URL"])) as connection,
        connection.cursor() as sql,
    ):
        sql.execute("select label, source, heard_at is not null from labels order by id")
        return sql.fetchall()


def test_answers_come_from_a_pipe_and_are_kept_and_heard(asking: Jeeves) -> None:
    done = answered(asking, "y\n\n n\n")
    assert (done.returncode, done.stderr) == (0, ""), "nothing of a mail is logged"
    assert "1 of 3" in done.stdout
    assert done.stdout.count(PROMPT) == 3
    assert done.stdout.endswith("\n2 labelled anew. `jeeves retrain` learns from them.\n")
    assert words(asking) == [("needs_location", "asked", True), ("other", "asked", True)]

    with closing(PostgresStore(asking.environment["DATABASE_URL"])) as store:
        store.teach([Word(one, Label.OTHER, Source.COMMAND) for one, _ in store.stored_as(IDS, [])])
    said = words(asking)
    nothing = answered(asking, "y")
    assert (nothing.returncode, nothing.stderr) == (0, "")
    assert nothing.stdout.startswith("There is nothing to ask")
    assert words(asking) == said


def test_what_is_no_answer_ends_it_and_those_before_are_kept(asking: Jeeves) -> None:
    done = answered(asking, "yes")
    assert done.returncode == 2
    assert done.stderr.startswith("jeeves: Standard input holds a character that is no answer")
    assert done.stderr.count("\n") == 1
    assert words(asking) == [("needs_location", "asked", True)]


def test_json_names_the_messages_and_asks_nothing(asking: Jeeves) -> None:
    found = json.loads(asking("ask", "--json", "--count", "3").stdout)
    assert {one["subject"] for one in found} == {subject for subject, _ in NEEDS_LOCATION[:3]}
    assert all(set(one) == {"id", "from", "subject", "received_at", "probability", "own_words"}
               for one in found)  # fmt: skip
    assert words(asking) == []


def test_on_a_terminal_one_key_answers_and_ctrl_c_stops(asking: Jeeves) -> None:
    terminal, descriptor = pty.openpty()
    asking.configure(TERM="xterm")
    with subprocess.Popen(
        [sys.executable, "-c", "import fcntl, termios, jeeves.cli, sys\n"
         "fcntl.ioctl(0, termios.TIOCSCTTY, 0); sys.argv = ['jeeves', 'ask']; jeeves.cli.main()"],
        env=asking.environment,
        cwd=asking.home,
        stdin=descriptor,
        stdout=descriptor,
        stderr=descriptor,
        start_new_session=True,
    ) as process:  # fmt: skip
        os.close(descriptor)
        until(terminal, "1 of 3", PROMPT, "stop: ")
        os.write(terminal, b"y")
        assert "needs a place" in until(terminal, "2 of 3", PROMPT, "stop: ")
        os.write(terminal, b"\x03")
        said = until(terminal, "learns from it.")
        assert "1 labelled anew" in said
        assert process.wait(COMMAND_SECONDS) == 0
    os.close(terminal)
    assert words(asking) == [("needs_location", "asked", True)]


def until(terminal: int, *expected: str) -> str:
    """What the program writes until it has written these, in their order."""
    said = ""
    deadline = time.monotonic() + COMMAND_SECONDS
    while not re.search(".*".join(map(re.escape, expected)), said, re.DOTALL):
        assert time.monotonic() < deadline, said
        if select.select([terminal], [], [], 1)[0]:
            said += os.read(terminal, 4096).decode(errors="replace")
    return said
