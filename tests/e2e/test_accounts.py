"""Several accounts in one program."""

from __future__ import annotations

import json
from pathlib import Path

from jeeves.demo.gmail_server import GmailServer
from tests.builders import raw_mail
from tests.e2e.conftest import PHONE, Jeeves
from tests.twilio_standin import TwilioStandIn

OTHER_PHONE = "+15558675310"
ALIAS = "sam.at.home@example.net"


def watch_two(jeeves: Jeeves, first: GmailServer, second: GmailServer) -> None:
    jeeves.watch(first)
    (jeeves.home / "second.secret").write_text(second.password, encoding="utf-8")
    (jeeves.home / "accounts.toml").write_text(
        f"""
        [[account]]
        address = "{second.address}"
        password_file = "second.secret"
        aliases = ["{ALIAS}"]
        host = "{second.host}"
        port = {second.port}
        security = "none"
        alert_to = "{OTHER_PHONE}"
        """,
        encoding="utf-8",
    )


def deliver(server: GmailServer, subject: str, sender: str = "Ana <ana@example.org>") -> None:
    text = f"{subject} Want to grab lunch on Thursday at 12:30? Let me know what suits you."
    server.deliver(raw_mail(subject=subject, text=text, sender=sender))


def test_each_account_is_read_and_texts_its_own_phone_and_one_that_is_away_stops_no_other(
    jeeves_on_postgres: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
) -> None:
    jeeves = jeeves_on_postgres
    jeeves.text_through(twilio)
    with GmailServer(address="olga@example.org") as second:
        watch_two(jeeves, gmail, second)
        jeeves("check")
        deliver(gmail, "Lunch, Sam?")
        deliver(second, "Lunch, Olga?", sender="Ben <ben@example.org>")
        deliver(second, "Lunch with me?", sender=f"Sam <{ALIAS}>")
        jeeves("check")
        texts = {(text["to"], text["body"]) for text in twilio.messages}
        assert sorted(to for to, _ in texts) == sorted([PHONE, OTHER_PHONE])
        assert all("Ana" in body if to == PHONE else "Ben" in body for to, body in texts)
        status = json.loads(jeeves("status", "--json").stdout)
        assert len(status["seconds_since_read"]) == 2
        assert None not in status["seconds_since_read"]
        findings = json.loads(jeeves("doctor", "--json", code=None).stdout)
        assert {one["link"] for one in findings if one["ok"]} >= {"mail 1", "mail 2"}
    deliver(gmail, "Lunch again, Sam?", sender="Ben <ben@example.org>")
    away = jeeves("check", code=75)
    assert "cannot be reached" in away.stderr
    assert len(twilio.messages) == 3


def test_a_mistake_in_the_file_is_one_sentence(jeeves: Jeeves) -> None:
    Path(jeeves.home, "accounts.toml").write_text('[[account]]\naddress = "x"\n', encoding="utf-8")
    refused = jeeves("check", code=2)
    assert "accounts.toml, account 1: address is not an e-mail address" in refused.stderr
