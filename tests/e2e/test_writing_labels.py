"""GMAIL_WRITE_LABELS, as the owner sets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jeeves.demo.gmail_server import GmailServer, logged_commands
from jeeves.domain.labelling import NEEDS_PLACE, SETTLED
from tests.builders import raw_mail
from tests.e2e.conftest import Jeeves
from tests.gmail_client import ALL_MAIL, connected, uid_of

NEEDS = "Hi Sam, want to grab lunch on Thursday? Where should we meet?"


@pytest.mark.parametrize("asked", [True, False])
def test_labels_are_written_where_the_owner_asked_for_it_and_only_there(
    jeeves_on_postgres: Jeeves, tmp_path: Path, asked: bool
) -> None:
    """Promise 1: without it no mailbox is ever selected."""
    wire_log = tmp_path / "wire.log"
    with GmailServer(wire_log=wire_log) as server:
        jeeves_on_postgres.watch(server)
        jeeves_on_postgres.configure(SPEECH="file")
        if asked:
            jeeves_on_postgres.configure(GMAIL_WRITE_LABELS="true")
        jeeves_on_postgres("check")
        findings = json.loads(jeeves_on_postgres("doctor", "--json", code=None).stdout)
        assert ("labels" in {one["link"] for one in findings if one["ok"]}) is asked
        mail = server.deliver(raw_mail("Lunch on Thursday?", NEEDS))
        assert "1 alerts sent" in jeeves_on_postgres("check").stdout
        jeeves_on_postgres("check")
        selected = any(command.startswith("SELECT") for command in logged_commands(wire_log))
        with connected(server, ALL_MAIL) as owner:
            uid = uid_of(owner, mail)
            labels = set(owner.get_gmail_labels([uid])[uid])
    assert labels == ({"\\Inbox", NEEDS_PLACE} if asked else {"\\Inbox"})
    assert selected is asked


def test_a_mail_whose_place_is_settled_is_labelled_so(jeeves_on_postgres: Jeeves) -> None:
    with GmailServer() as server:
        jeeves_on_postgres.watch(server)
        jeeves_on_postgres.configure(SPEECH="file", GMAIL_WRITE_LABELS="true")
        jeeves_on_postgres("check")
        asked = raw_mail("Lunch on Thursday?", NEEDS, Message_ID="<asked@example.org>")
        mail = server.deliver(asked)
        jeeves_on_postgres("check")
        answer = raw_mail(
            "Re: Lunch on Thursday?",
            "Blue Bottle on Main Street at 12:30. See you there.",
            f"Sam <{server.address}>",
            In_Reply_To="<asked@example.org>",
        )
        server.deliver(answer, labels=["\\Sent"])
        jeeves_on_postgres("check")
        with connected(server, ALL_MAIL) as owner:
            uid = uid_of(owner, mail)
            assert set(owner.get_gmail_labels([uid])[uid]) == {"\\Inbox", SETTLED}
