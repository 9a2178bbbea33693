"""`jeeves relabel` as its owner runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jeeves.demo.gmail_server import GmailServer
from jeeves.domain.labelling import NEEDS_PLACE
from tests.builders import raw_mail
from tests.e2e.conftest import Jeeves
from tests.e2e.test_history import Database, database
from tests.gmail_client import ALL_MAIL, connected, uid_of

__all__ = ["database"]

ASKS = "Hi Sam, want to grab lunch on Thursday? Where should we meet?"
STATES = "select count(*) from conversations where state = 'open'"
LABELS = "select count(*) from labels"


@pytest.fixture
def owner(jeeves_on_postgres: Jeeves) -> Jeeves:
    jeeves_on_postgres.configure(GMAIL_ADDRESS="sam@example.org", GMAIL_APP_PASSWORD="x")
    return jeeves_on_postgres


def test_a_no_is_heard_at_once_and_the_label_that_jeeves_wrote_goes(
    jeeves_on_postgres: Jeeves, database: Database
) -> None:
    jeeves = jeeves_on_postgres
    with GmailServer() as server:
        jeeves.watch(server)
        jeeves.configure(SPEECH="file", GMAIL_WRITE_LABELS="true")
        jeeves("check")
        mail = server.deliver(raw_mail("Lunch on Thursday?", ASKS))
        jeeves("check")
        assert database.one(STATES) == 1
        assert jeeves("relabel", "1", "NO").stdout == "1 noted\n"
        assert database.one(STATES) == 0
        assert jeeves("relabel", "1", "no").stdout == "0 noted, 1 as before\n"
        head, line = jeeves("list").stdout.splitlines()
        assert line[head.index("you") :].startswith("no ")
        jeeves("check")
        with connected(server, ALL_MAIL) as owner:
            uid = uid_of(owner, mail)
            assert NEEDS_PLACE not in owner.get_gmail_labels([uid])[uid]
    assert database.one("select count(*) from alerts where kind = 'retraction'") == 0


def test_what_cannot_be_taken_down_is_one_sentence_and_nothing_is_labelled(
    owner: Jeeves, database: Database, tmp_path: Path
) -> None:
    database.do(
        "insert into messages (account, origin, mailbox, message_id, digest, thread_key, "
        "received_at) select 'sam@example.org', 'import', 'a', n || '@x', n::text, n::text, now() "
        "from generate_series(1, 2) n"
    )
    table = tmp_path / "labels.tsv"
    table.write_text("id\tneeds_location\n1\t1\n<1@x>\t0\n")
    for arguments, code, told in (
        (("1", "99", "yes"), 1, "no such message (message 99)"),
        (("9" * 30, "yes"), 1, "no such message (message 999"),
        (("labels.tsv",), 1, "line 2 and labels.tsv, line 3 say different things"),
        (("1", "labels.tsv"), 2, "not both at once"),
        (("labels.tsv", "yes"), 2, "give it alone"),
        (("1",), 2, "yes, no or undo"),
        (("yes",), 2, "Give its id"),
        (("1", "maybe"), 2, "yes, no or undo"),
        (("gone.mbox", "yes"), 2, "no file or folder gone.mbox"),
    ):
        failed = owner("relabel", *arguments, code=code)
        assert told in failed.stderr
        assert failed.stderr.count("\n") == 1
        assert failed.stdout == ""
    assert database.one(LABELS) == 0
    table.write_text("id\tneeds_location\n1\tyes\n1\t1\n2@x\t0\n")
    assert owner("relabel", "labels.tsv").stdout == "2 noted\n"


def test_labels_come_with_an_archive_and_of_what_carries_none_nothing_is_said(
    owner: Jeeves, database: Database, tmp_path: Path
) -> None:
    def mail(labels: str) -> bytes:
        return (
            b"From 1@xxx Tue Mar 03 09:30:00 +0000 2026\nX-Gmail-Labels: "
            + labels.encode()
            + b"\n"
            + raw_mail("Lunch?", ASKS).replace(b"\r\n", b"\n")
        )

    box = tmp_path / "Takeout.mbox"
    found = ["Inbox,Jeeves/yes", "Jeeves,Starred", "Jeeves/no", "Jeeves", "Starred", "Opened"]
    box.write_bytes(b"\n".join(map(mail, found)))
    assert owner("relabel", str(box)).stdout == "3 noted\n"
    current = "select count(*) from current_labels where label = '{}'"
    assert database.one(current.format("needs_location")) == 2
    assert database.one(current.format("other")) == 1
    assert database.one("select count(*) from messages") == len(found)
    assert database.one("select count(*) from alerts") == 0
    (tmp_path / "folder").mkdir()
    box.rename(tmp_path / "folder" / "some.mbox")
    (tmp_path / "folder" / "broken.eml").write_bytes(b"\x00\x01")
    broken = owner("relabel", str(tmp_path / "folder"), "yes", code=1)
    assert broken.stdout == "4 noted, 2 as before, 1 unreadable\n"
    assert "broken.eml: The file is no mail." in broken.stderr
    assert database.one(current.format("needs_location")) == len(found)
