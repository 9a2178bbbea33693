"""`jeeves auth google` as its owner meets it, then mail that is read with the token."""

from __future__ import annotations

import re
import stat
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.builders import raw_mail
from tests.dovecot import ADDRESS, Dovecot, a_dovecot
from tests.e2e.conftest import COMMAND_SECONDS, Jeeves
from tests.google_standin import GoogleStandIn
from tests.terminal import Terminal

LUNCH = "Hi Sam, want to meet for lunch on Thursday at 12:30? Let me know if that suits you. Ana"


@pytest.fixture
def google() -> Iterator[GoogleStandIn]:
    with GoogleStandIn(email=ADDRESS) as standin:
        yield standin


@pytest.fixture
def mail_server(
    google: GoogleStandIn, needs_program: Callable[[str, str], str]
) -> Iterator[Dovecot]:
    """An IMAP server that asks the stand-in about each access token."""
    url = f"{google.base_url}/tokeninfo?access_token="
    with a_dovecot(needs_program, tokeninfo_url=url) as server:
        yield server


@pytest.fixture
def owner(jeeves_on_postgres: Jeeves, google: GoogleStandIn, mail_server: Dovecot) -> Jeeves:
    """The program with an OAuth client and no password."""
    jeeves_on_postgres.configure(
        GMAIL_ADDRESS=ADDRESS,
        GMAIL_OAUTH_CLIENT_FILE=str(google.client_file(jeeves_on_postgres.home / "client.json")),
        IMAP_HOST=mail_server.host,
        IMAP_PORT=str(mail_server.port),
        IMAP_SECURITY="none",
    )
    return jeeves_on_postgres


def consent(jeeves: Jeeves, *options: str, code: int = 0) -> tuple[str, str]:
    """`jeeves auth google`, its address opened by the test; all that it says."""
    process = jeeves.start("auth", "google", *options)
    try:
        assert process.stdout is not None
        said = ""
        while not (found := re.search(r"(?m)^  (http\S+)\n(.*\n)*Waiting", said)):
            line = process.stdout.readline()
            assert line, process.communicate()
            said += line
        allow(found[1])
        out, err = process.communicate(timeout=COMMAND_SECONDS)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    assert "Traceback" not in err, err
    assert process.returncode == code, (said + out, err)
    return said + out, err


def allow(address: str) -> None:
    """Consent, as the owner does in the browser."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=10) as page:
        assert b"can be closed" in page.read()


def test_consent_is_given_once_and_mail_is_read_with_it(
    owner: Jeeves, google: GoogleStandIn, mail_server: Dovecot
) -> None:
    refused = owner("check", code=2)
    assert "run `jeeves auth google`" in refused.stderr

    said, _ = consent(owner, "--no-browser")
    assert re.search(r"ssh -L (\d+):127\.0\.0\.1:\1 ", said)
    assert 'The login at 127.0.0.1 works; the mailbox "INBOX" can be read.' in said
    assert "Testing" not in said
    token_file = owner.home / "oauth" / f"{ADDRESS}.json"
    assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
    # From now on neither the client file nor its setting is needed.
    (owner.home / "client.json").unlink()
    del owner.environment["GMAIL_OAUTH_CLIENT_FILE"]

    owner("check")
    mail_server.deliver([raw_mail("Lunch on Thursday?", LUNCH)])
    asked = len(google.requests)
    assert "1 fetched" in owner("check", code=None).stdout
    assert len(google.requests) == asked

    # The mail server forgets the token before its time: one new one, and mail is read.
    google.access_tokens.clear()
    mail_server.deliver([raw_mail("Dinner on Friday?", LUNCH)])
    assert "1 fetched" in owner("check", code=None).stdout
    assert len(google.requests) == asked + 1

    google.revoke()
    refused = owner("check", code=2)
    assert "no longer accepts the consent" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_the_guided_set_up_signs_in_by_google(owner: Jeeves, google: GoogleStandIn) -> None:
    del owner.environment["GMAIL_ADDRESS"]
    owner.configure(TERM="xterm")
    command = [sys.executable, "-m", "jeeves", "init"]
    with Terminal(command, owner.environment, owner.home) as terminal:
        terminal.answer(
            ("Your mail address", ADDRESS),
            ("Mailbox to read", ""),
            ("[password/google] (google)", ""),
        )
        shown = terminal.expect("Waiting for your consent")
        found = re.search(r"(?m)^  (http\S+)$", shown)
        assert found is not None
        allow(found[1])
        terminal.expect('ok  127.0.0.1 by Google sign-in, mailbox "INBOX", read-only')
        terminal.answer(
            ("Do you want text messages", "n"),
            ("Time zone", ""),
            ("Read your last 30 days", "n"),
        )
        assert terminal.end() == 0
    assert dotenv_values(owner.home / ".env") == {"GMAIL_ADDRESS": ADDRESS}
    owner("check")


def test_consent_in_testing_is_told_with_its_end(owner: Jeeves, google: GoogleStandIn) -> None:
    google.testing = True
    said, _ = consent(owner)
    assert re.search(r"It dies on \d\d \w+ \d{4}, for the consent screen is in Testing: pub", said)
    examined = owner("doctor", code=None).stdout
    assert re.search(r"(?m)^mail +ok .*; the consent dies on \d\d \w+ \d{4}$", examined)
    assert re.search(
        r"(?m)^leaves .*; new access tokens from Google: nothing of any mail$", examined
    )


def test_the_browser_is_opened_where_there_is_one(owner: Jeeves, tmp_path: Path) -> None:
    browser = tmp_path / "browser.py"
    browser.write_text("import sys, urllib.request as r; r.urlopen(sys.argv[1])", encoding="utf-8")
    owner.configure(BROWSER=f"{sys.executable} {browser} %s")
    said = owner("auth", "google").stdout
    assert said.startswith("Your browser opens this address:")
    assert "ssh -L" not in said
    assert "works" in said


def test_consent_of_another_account_is_found_out_at_once(
    owner: Jeeves, google: GoogleStandIn
) -> None:
    google.email = "somebody.else@example.org"
    said, err = consent(owner, code=2)
    assert "works" not in said
    assert "consent as the very account" in err


def test_another_account_and_another_client_may_be_named(
    owner: Jeeves, google: GoogleStandIn
) -> None:
    for name in ("GMAIL_ADDRESS", "GMAIL_OAUTH_CLIENT_FILE"):
        del owner.environment[name]
    said, _ = consent(owner, "--account", ADDRESS, "--client", str(owner.home / "client.json"))
    assert "works" in said
    owner.configure(GMAIL_ADDRESS=ADDRESS)
    owner("check")


def test_an_app_password_that_goes_first_is_told(owner: Jeeves, mail_server: Dovecot) -> None:
    owner.configure(GMAIL_APP_PASSWORD=mail_server.password)
    said, _ = consent(owner)
    assert "has a password, which goes first" in said


@pytest.mark.parametrize(
    ("removed", "options", "sentence"),
    [
        (["GMAIL_ADDRESS"], [], "Give --account ADDRESS"),
        (["GMAIL_ADDRESS", "GMAIL_OAUTH_CLIENT_FILE"], ["--account", ADDRESS], "set GMAIL_OAUTH"),
        ([], ["--account", "nobody"], "is not an e-mail address"),
        ([], ["--client", "/not/there.json"], "cannot be read"),
    ],
)
def test_what_is_missing_is_one_sentence(
    jeeves: Jeeves, tmp_path: Path, removed: list[str], options: list[str], sentence: str
) -> None:
    jeeves.configure(GMAIL_ADDRESS=ADDRESS, GMAIL_OAUTH_CLIENT_FILE=str(tmp_path / "client.json"))
    for name in removed:
        del jeeves.environment[name]
    refused = jeeves("auth", "google", *options, code=2)
    assert sentence in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_an_address_cannot_lead_out_of_the_folder(jeeves: Jeeves, tmp_path: Path) -> None:
    from jeeves.settings import Settings

    path = Settings(jeeves_home=tmp_path).google_token_file("../../X@example.org")
    assert path == tmp_path / "oauth" / "..%2F..%2Fx@example.org.json"
