"""What the owner has in hand: alerts, mute, unmute, pause; and how texts are followed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from jeeves.demo.gmail_server import GmailServer
from tests.builders import raw_mail
from tests.dovecot import Dovecot
from tests.e2e.conftest import Jeeves
from tests.twilio_standin import TwilioStandIn

ASKED = "<asked@example.org>"
LUNCH = "Hi Sam, want to grab lunch on Thursday? Where should we meet?"


@pytest.fixture
def watching(jeeves_on_postgres: Jeeves, gmail: GmailServer, twilio: TwilioStandIn) -> Jeeves:
    """Jeeves with text messages, whose mailbox has been seen: what comes now is live."""
    jeeves_on_postgres.watch(gmail)
    jeeves_on_postgres.text_through(twilio)
    jeeves_on_postgres.configure(REMINDER_HOURS="0")
    jeeves_on_postgres("check")
    return jeeves_on_postgres


def asks(server: GmailServer, sender: str = "Ana Lopez <ana@example.org>") -> None:
    server.deliver(raw_mail("Lunch on Thursday?", LUNCH, sender, Message_ID=ASKED))


def settles(server: GmailServer) -> None:
    text = "Blue Bottle on Main Street at 12:30. See you there."
    sender = f"Sam <{server.address}>"
    mail = raw_mail("Re: Lunch on Thursday?", text, sender, In_Reply_To=ASKED)
    server.deliver(mail, labels=["\\Sent"])


def alerts(jeeves: Jeeves, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(jeeves("alerts", "--json", *arguments).stdout)
    return found


class TestAlerts:
    def test_an_alert_its_delivery_and_what_took_it_back(
        self, watching: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
    ) -> None:
        asks(gmail)
        watching("check")
        settles(gmail)
        watching("check")
        retraction, alert = alerts(watching)
        assert (alert["kind"], alert["channel"], alert["state"]) == ("alert", "sms", "sent")
        assert alert["text"] == twilio.messages[0]["body"]
        assert alert["receipt"] == twilio.messages[0]["sid"]
        assert alert["why"] in LUNCH
        assert alert["message"] == 1
        assert alert["created_at"] <= alert["sent_at"]
        assert alert["taken_back"]["reference"] == retraction["reference"]
        assert alert["taken_back"]["text"] == retraction["text"] == twilio.messages[1]["body"]
        assert retraction["kind"] == "retraction"
        assert alert["digest"] is None
        assert len(alerts(watching, "--limit", "1")) == 1

    def test_for_a_person_it_is_a_table_of_80_columns(
        self, watching: Jeeves, gmail: GmailServer
    ) -> None:
        assert "No alerts yet" in watching.cold("alerts").stdout
        asks(gmail, "Ana [bold]Lopez[/bold] <ana@example.org>")
        watching("check")
        settles(gmail)
        watching("check")
        watching.configure(COLUMNS="80")
        shown = watching("alerts").stdout
        assert max(map(len, shown.splitlines())) <= 80
        [alert] = [one for one in alerts(watching) if one["kind"] == "alert"]
        plain = re.sub(r"\s+", " ", shown)
        assert alert["reference"] in plain
        assert re.search(r"taken back \d\d \w{3} \d\d:\d\d by jv-", plain)
        assert "[bold]" in plain or "bold" not in alert["text"]
        # what a list of messages says of one whose alert was cancelled or digested, too
        watching("list")

    def test_a_cancelled_alert_is_shown(
        self, watching: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
    ) -> None:
        watching("pause", "2h")
        asks(gmail)
        watching("check")
        settles(gmail)
        watching("check")
        [alert] = alerts(watching)
        assert (alert["state"], alert["error"]) == ("cancelled", "settled before it was said")
        for command in (["alerts"], ["list"], ["show", "1"]):
            assert "not needed" in watching(*command).stdout
        assert twilio.messages == []


class TestMute:
    def test_a_conversation_is_muted_by_any_of_its_messages(
        self, watching: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
    ) -> None:
        asks(gmail)
        watching("check")
        assert watching("mute").stdout.startswith("Nothing is muted")
        said = watching.cold("mute", "1").stdout
        assert said == "Muted: the conversation of message 1.\n"
        settles(gmail)
        watching("check")
        assert len(twilio.messages) == 1, "neither alert nor retraction"
        assert watching("mute", "2").stdout.startswith("Already muted")
        assert "Lunch on Thursday?" in watching("mute").stdout
        assert watching.cold("unmute", "2").stdout.startswith("No longer muted")
        assert watching("unmute", "1").stdout.startswith("Not muted")

    def test_a_sender_is_muted_and_what_waits_is_dropped(
        self, watching: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
    ) -> None:
        watching("pause", "2h")
        asks(gmail)
        watching("check")
        assert [one["state"] for one in alerts(watching)] == ["pending"]
        assert watching("mute", "Ana <Ana@Example.org>").stdout == "Muted: ana@example.org.\n"
        assert [(one["state"], one["error"]) for one in alerts(watching)] == [
            ("cancelled", "muted")
        ]
        watching("pause", "resume")
        asks(gmail, "Ben <ben@example.org>")
        gmail.deliver(raw_mail("Dinner on Friday?", "Dinner on Friday? Where?"))
        watching("check")
        assert all("Ana" not in text["body"] for text in twilio.messages)
        assert "ana@example.org" in watching("mute").stdout

    def test_what_names_nothing_is_one_sentence(self, watching: Jeeves) -> None:
        for target, sentence in (
            ("99", "no readable message 99"),
            ("9" * 40, "no readable message"),
            ("ana", "Name a conversation by the id"),
            ("'; drop table mutes; --", "Name a conversation by the id"),
        ):
            for command in ("mute", "unmute"):
                refused = watching(command, target, code=2)
                assert sentence in refused.stderr, target
                assert len(refused.stderr.splitlines()) == 1, target
        assert "No account has this address" in (
            watching("mute", "ana@example.org", "--account", "x@y.zz", code=2).stderr
        )


class TestPause:
    def test_nothing_is_said_until_it_is_over(
        self, watching: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
    ) -> None:
        watching.configure(TIMEZONE="Europe/Berlin")
        assert watching("pause").stdout == "Not paused.\n"
        said = watching.cold("pause", "2h").stdout
        assert re.fullmatch(r"Paused until \w{3} \d+ \w{3}( \d{4})? \d\d:\d\d\.\n", said)
        assert watching("pause").stdout == said
        assert said.strip()[:-1] in watching("alerts").stdout
        assert "paused         until" in watching("status", code=None).stdout
        asks(gmail)
        watching.cold("check")
        assert twilio.messages == []
        assert watching("pause", "resume").stdout == "Alerts go again.\n"
        assert watching("pause", "resume").stdout == "There was no pause.\n"
        watching("check")
        assert len(twilio.messages) == 1

    def test_it_may_be_said_in_several_words(self, watching: Jeeves, gmail: GmailServer) -> None:
        assert "09:30" in watching("pause", "until", "tomorrow", "9:30").stdout
        assert "09:30" in watching("pause", "--account", gmail.address).stdout

    def test_what_is_no_time_is_one_sentence(self, watching: Jeeves) -> None:
        for words in (["soon"], ["until", "never"], ["0h"], ["99999d"]):
            refused = watching("pause", *words, code=2)
            assert len(refused.stderr.splitlines()) == 1, words
            assert "until tomorrow" in refused.stderr, words

    def test_without_an_account_there_is_nothing_to_pause(self, jeeves_on_postgres: Jeeves) -> None:
        assert "No account is configured" in jeeves_on_postgres("pause", "2h", code=2).stderr

    def test_one_account_is_paused_and_the_other_is_not(
        self, watching: Jeeves, gmail: GmailServer
    ) -> None:
        (watching.home / "second.secret").write_text("x", encoding="utf-8")
        (watching.home / "accounts.toml").write_text(
            '[[account]]\naddress = "olga@example.org"\npassword_file = "second.secret"\n',
            encoding="utf-8",
        )
        watching("pause", "2h", "--account", "olga@example.org")
        first, second = watching("pause").stdout.splitlines()
        assert first == f"{gmail.address.lower()}: Not paused."
        assert second.startswith("olga@example.org: Paused until")
        watching("pause", "3h")
        assert watching("pause").stdout.count("\n") == 1


class TestLinks:
    def test_a_text_about_a_mail_in_gmail_ends_with_its_link(
        self, watching: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
    ) -> None:
        watching.configure(ALERT_LINKS="true")
        asks(gmail)
        watching("check")
        settles(gmail)
        watching("check")
        alert, retraction = (text["body"] for text in twilio.messages)
        assert re.search(r" jv-\w{8} https://mail\.google\.com/mail/u/0/#all/[0-9a-f]+$", alert)
        assert re.search(r"^[^/]* jv-\w{8}$", retraction), retraction
        assert retraction.count("jv-") == 1

    def test_on_another_server_there_is_none(
        self, jeeves_on_postgres: Jeeves, dovecot: Dovecot, twilio: TwilioStandIn
    ) -> None:
        jeeves = jeeves_on_postgres
        jeeves.watch(dovecot)
        jeeves.text_through(twilio)
        jeeves.configure(ALERT_LINKS="true")
        jeeves("check")
        dovecot.deliver([raw_mail("Lunch on Thursday?", LUNCH)])
        jeeves("check")
        [text] = twilio.messages
        assert "http" not in text["body"]
