"""`jeeves init` as its owner meets it: on a terminal, and with a file of answers."""

from __future__ import annotations

import os
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dotenv import dotenv_values

from jeeves.demo.gmail_server import GmailServer
from tests.builders import raw_mail
from tests.dovecot import free_port
from tests.e2e.conftest import PHONE, SENDER, Jeeves
from tests.terminal import Terminal
from tests.twilio_standin import TwilioStandIn

LUNCH = "Hi Sam, want to meet for lunch on Thursday at 12:30? Let me know if that suits you. Ana"
#: Twilio's test number that is none: https://www.twilio.com/docs/iam/test-credentials
NO_NUMBER = "+15005550001"
WRONG = "wrongwrongwrongw"
STANDS = """\
# what I want
MISS_COST=20   # dear

QUIET_HOURS=23-6
"""


@pytest.fixture
def newcomer(jeeves: Jeeves) -> Jeeves:
    """Somebody whose environment says nothing."""
    for name in ("SPEECH", "QUIET_HOURS"):
        del jeeves.environment[name]
    jeeves.configure(JEEVES_HOME=str(jeeves.home / "state"), TERM="xterm")
    return jeeves


@pytest.fixture
def owner(newcomer: Jeeves, migrated_url: str, twilio: TwilioStandIn, gmail: GmailServer) -> Jeeves:
    """A newcomer with mail of a week ago that asks for a place."""
    twilio.carries_at_once = True
    week_ago = datetime.now(UTC) - timedelta(days=7)
    raw = raw_mail("Lunch on Thursday?", LUNCH, date=week_ago)
    gmail.deliver(raw, received_at=week_ago)
    newcomer.configure(DATABASE_URL=migrated_url, TWILIO_BASE_URL=twilio.base_url)
    return newcomer


def on_terminal(jeeves: Jeeves) -> Terminal:
    command = [sys.executable, "-m", "jeeves", "init"]
    return Terminal(command, jeeves.environment, jeeves.home)


def env_of(jeeves: Jeeves) -> Path:
    return Path(jeeves.environment["JEEVES_HOME"]) / ".env"


def answers(jeeves: Jeeves, gmail: GmailServer, twilio: TwilioStandIn, *more: str) -> Path:
    """A file of answers for all that there is, but for the lines of ``more``."""
    lines = {
        "gmail_address": f'"{gmail.address}"',
        "gmail_app_password": f'"{gmail.password}"',
        "imap_host": f'"{gmail.host}"',
        "imap_port": str(gmail.port),
        "imap_security": '"none"',
        "alert_to": f'"{PHONE}"',
        "twilio_account_sid": f'"{twilio.account_sid}"',
        "twilio_auth_token": f'"{twilio.auth_token}"',
        "twilio_from": f'"{SENDER}"',
        "speech": '"off"',
        "timezone": '"Europe/Berlin"',
    } | dict(line.split(" = ", 1) for line in more)
    path = jeeves.home / "answers.toml"
    path.write_text("".join(f"{name} = {value}\n" for name, value in lines.items()))
    return path


def test_somebody_new_is_led_past_every_mistake_to_what_would_have_been_said(
    owner: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
) -> None:
    with on_terminal(owner) as terminal:
        terminal.answer(
            ("Your mail address:", "nobody"),
            ("is not an e-mail address", gmail.address),
            ("Its IMAP server", gmail.host),
            ("Port (993)", str(gmail.port)),
            ("Encryption", "none"),
            ("Mailbox to read", ""),
        )
        terminal.expect("Password:")
        terminal.enter_unseen(WRONG)
        assert "refused the login" in terminal.expect("What now")
        terminal.enter("again")
        terminal.answer(
            (f"Your mail address ({gmail.address})", ""),
            (f"({gmail.host})", ""),
            (f"Port ({gmail.port})", ""),
            ("(none)", ""),
            ("Mailbox to read", ""),
        )
        terminal.expect("Password (Enter keeps the one you gave):")
        terminal.enter_unseen(gmail.password)
        terminal.expect('ok  127.0.0.1, mailbox "[Gmail]/All Mail", read-only')

        terminal.answer(
            ("Do you want text messages", ""),
            ("Your phone", "0170 1234567"),
            ("is not a phone number in E.164 form", "+1 (500) 555-0001"),
            ("Account SID", twilio.account_sid),
            ("Log in by", ""),
        )
        terminal.expect("Auth token:")
        terminal.enter_unseen(twilio.auth_token)
        terminal.answer(
            ("Your Twilio number", SENDER),
            ("ok  Twilio: account active (full)\n", ""),
        )
        assert f"Send a test text to {NO_NUMBER} now" in terminal.expect("no  ")
        terminal.expect("no valid phone number")
        terminal.expect("https://www.twilio.com/docs/api/errors/21211")
        terminal.answer(
            ("What now", ""),
            ("Do you want text messages", ""),
            ("Your phone", PHONE),
            ("Account SID", ""),
            ("Log in by", ""),
        )
        terminal.expect("Auth token (Enter keeps the one you gave):")
        terminal.enter_unseen("")
        terminal.answer(
            (f"({SENDER})", ""),
            (f"Send a test text to {PHONE} now", ""),
        )
        terminal.expect("ok  the test text has arrived")
        [text] = twilio.messages
        assert text["to"] == PHONE
        assert "Jeeves: this is the test" in text["body"]

        terminal.answer(
            ("Are alerts spoken", "file"),
            ("Time zone", "berlin"),
            ("did you mean Europe/Berlin", "Europe/Berlin"),
            ("Quiet hours", "22"),
            ("is not two times", "22-6"),
        )
        assert not env_of(owner).exists(), "nothing is written before all is answered"
        terminal.answer(("Read your last 30 days", ""))
        terminal.expect(f"The settings are in {env_of(owner)}")
        terminal.expect("1 new, 1 judged")
        terminal.expect("Lunch on Thursday?")
        terminal.expect("No place yet.")
        terminal.expect("1 alert;")
        assert terminal.end() == 0
    for secret in (WRONG, gmail.password, twilio.auth_token):
        assert secret not in terminal.screen
        shown = [line for line in terminal.command_lines if secret in line]
        assert not [line for line in shown if "jeeves.demo.gmail_server" not in line]
    assert dotenv_values(env_of(owner)) == {
        "GMAIL_ADDRESS": gmail.address,
        "GMAIL_APP_PASSWORD": gmail.password,
        "IMAP_HOST": gmail.host,
        "IMAP_PORT": str(gmail.port),
        "IMAP_SECURITY": "none",
        "ALERT_TO": PHONE,
        "TWILIO_ACCOUNT_SID": twilio.account_sid,
        "TWILIO_AUTH_TOKEN": twilio.auth_token,
        "TWILIO_FROM": SENDER,
        "SPEECH": "file",
        "TIMEZONE": "Europe/Berlin",
        "QUIET_HOURS": "22-6",
    }
    assert stat.S_IMODE(env_of(owner).stat().st_mode) == 0o600
    assert len(twilio.messages) == 1, "what was looked back at alerts nobody"


def test_run_again_enter_keeps_what_stands(
    owner: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
) -> None:
    owner("init", "--answers", str(answers(owner, gmail, twilio, "test_text = false", "days = 0")))
    here = owner.home / ".env"
    here.write_text(STANDS + env_of(owner).read_text())
    env_of(owner).unlink()
    before = here.read_text()
    with on_terminal(owner) as terminal:
        terminal.expect(f"The settings go to {here}")
        for words in ("Your mail address", "IMAP server", "Port", "Encryption", "Mailbox"):
            terminal.answer((words, ""))
        terminal.expect("Password (Enter keeps")
        terminal.enter_unseen("")
        for words in ("kept", "Your phone", "Account SID", "Log in by"):
            terminal.answer((words, ""))
        terminal.expect("Auth token (Enter keeps")
        terminal.enter_unseen("")
        terminal.answer(
            (f"({SENDER})", ""),
            ("Send a test text", "n"),
            ("Are alerts spoken", ""),
            ("- for none (Europe/Berlin)", "-"),
            ("(23-6)", "off"),
            ("Read your last 30 days", "n"),
        )
        assert terminal.end() == 0
    zone = "TIMEZONE=Europe/Berlin"
    assert zone in before
    after = before.replace("QUIET_HOURS=23-6", "QUIET_HOURS=off").replace(zone, "TIMEZONE=")
    assert here.read_text() == after
    assert (owner.home / ".env.bak").read_text() == before
    assert stat.S_IMODE(here.stat().st_mode) == 0o600
    assert twilio.messages == []
    assert not env_of(owner).exists()


def test_what_fails_may_be_kept_or_left_out(newcomer: Jeeves) -> None:
    with on_terminal(newcomer) as terminal:
        terminal.answer(
            ("Your mail address", "sam@example.org"),
            ("IMAP server", "127.0.0.1"),
            ("Port", str(free_port())),
            ("Encryption", "none"),
            ("Mailbox", ""),
        )
        terminal.expect("Password:")
        terminal.enter_unseen(WRONG)
        assert "cannot be reached" in terminal.expect("What now")
        terminal.enter("keep")
        terminal.answer(
            ("Do you want text messages", ""),
            ("Your phone", PHONE),
            ("Account SID", "AC123"),
            ("Log in by", ""),
        )
        terminal.expect("Auth token")
        terminal.enter_unseen("hunter2")
        terminal.answer(
            ("Your Twilio number", SENDER),
            ("must be AC and 32 hexadecimal digits", "leave"),
            ("Are alerts spoken", "off"),
            ("Time zone", ""),
            ("Quiet hours", ""),
        )
        terminal.expect("`jeeves run` watches your mail")
        assert terminal.end() == 0
    written = dotenv_values(env_of(newcomer))
    assert written["GMAIL_ADDRESS"] == "sam@example.org"
    assert [name for name in written if name.startswith(("TWILIO", "ALERT", "TIMEZONE"))] == []


@pytest.mark.parametrize("how", ["Ctrl-C", "Ctrl-D", "SIGTERM"])
def test_stopped_at_a_question_nothing_is_written_and_the_terminal_echoes(
    newcomer: Jeeves, how: str
) -> None:
    import signal

    before = STANDS
    (newcomer.home / ".env").write_text(before)
    with on_terminal(newcomer) as terminal:
        terminal.answer(
            ("Your mail address", "sam@gmail.com"),
            ("How may Jeeves log in", ""),
        )
        terminal.expect("https://myaccount.google.com/apppasswords")
        terminal.expect("App password:")
        terminal.wait_for_silence()
        if how == "SIGTERM":
            os.kill(terminal.pid, signal.SIGTERM)
        else:
            terminal.press({"Ctrl-C": "\x03", "Ctrl-D": "\x04"}[how])
            terminal.expect("Stopped: no setting was changed.")
        assert terminal.end() == (128 + signal.SIGTERM if how == "SIGTERM" else 1)
        assert terminal.echoes()
    assert (newcomer.home / ".env").read_text() == before
    assert {one.name for one in newcomer.home.iterdir() if one.name.startswith(".env")} == {".env"}


def test_a_file_of_answers_does_it_without_a_question(
    owner: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
) -> None:
    ran = owner("init", "--answers", str(answers(owner, gmail, twilio)))
    for words in (
        'ok  127.0.0.1, mailbox "[Gmail]/All Mail", read-only',
        "ok  Twilio: account active (full)",
        "ok  the test text has arrived",
        f"The settings are in {env_of(owner)}",
        "No place yet.",
    ):
        assert words in ran.stdout, ran.stdout
    for secret in (gmail.password, twilio.auth_token):
        assert secret not in ran.stdout + ran.stderr
    assert len(twilio.messages) == 1
    written = env_of(owner).read_text()
    owner("init", "--answers", str(answers(owner, gmail, twilio, "test_text = false", "days = 0")))
    assert env_of(owner).read_text() == written
    assert sorted(one.name for one in env_of(owner).parent.glob(".env*")) == [".env"]
    owner("check")


def test_a_link_that_fails_writes_nothing_unless_nothing_is_to_be_tried(
    owner: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
) -> None:
    wrong = [f'gmail_app_password = "{WRONG}"']
    refused = owner("init", "--answers", str(answers(owner, gmail, twilio, *wrong)), code=2)
    assert "refused the login" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    file = answers(owner, gmail, twilio, f'alert_to = "{NO_NUMBER}"')
    refused = owner("init", "--answers", str(file), code=1)
    assert "21211" in refused.stderr
    assert not env_of(owner).exists()
    assert twilio.messages == []

    requests = len(twilio.requests)
    owner("init", "--answers", str(answers(owner, gmail, twilio, *wrong, "try = false")))
    assert dotenv_values(env_of(owner))["GMAIL_APP_PASSWORD"] == WRONG
    assert len(twilio.requests) == requests


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('gmail_adress = "sam@gmail.com"', "gmail_adress is no question of `jeeves init`: did you"),
        ("miss_cost = 3", "miss_cost is no question of `jeeves init`: it knows ALERT_TO,"),
        ('alert_to = "0170"', "alert_to is not a phone number in E.164 form"),
        ('timezone = "Europe/Berlln"', "did you mean Europe/Berlin"),
        ("speech = true", "speech is not a text"),
        ('try = "no"', "try is neither true nor false"),
        ("days = -1", "days is not a whole number"),
        ("= 3", "is no TOML"),
        (f'twilio_messaging_service_sid = "MG1"\ntwilio_from = "{SENDER}"', "gives both"),
        ('gmail_address = "sam@gmail.com"', "GMAIL_APP_PASSWORD is not"),
    ],
)
def test_answers_that_cannot_be_used_are_one_sentence(
    jeeves: Jeeves, line: str, sentence: str
) -> None:
    path = jeeves.home / "answers.toml"
    path.write_text(f"{line}\n")
    refused = jeeves("init", "--answers", str(path), code=2)
    assert sentence in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert not env_of(jeeves).exists()


def test_without_a_terminal_it_names_the_other_way(jeeves: Jeeves) -> None:
    refused = jeeves.cold("init", code=2)
    assert "--answers FILE" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_what_the_environment_says_is_not_asked(owner: Jeeves, gmail: GmailServer) -> None:
    owner.watch(gmail)
    owner.configure(SPEECH="off", QUIET_HOURS="off")
    with on_terminal(owner) as terminal:
        terminal.expect("GMAIL_ADDRESS stands in the environment")
        terminal.answer(
            ("Mailbox to read", ""),
            ("Do you want text messages", "n"),
            ("Time zone", ""),
            ("Read your last 30 days", "n"),
        )
        assert terminal.end() == 0
    assert dotenv_values(env_of(owner)) == {}
