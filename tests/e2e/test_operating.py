"""What its owner sees of how Jeeves does: doctor, status --watch, and the digest of the week."""

from __future__ import annotations

import json
import re
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jeeves.demo.gmail_server import GmailServer
from tests.builders import raw_mail
from tests.e2e.conftest import Jeeves
from tests.twilio_standin import TwilioStandIn

LUNCH = "Hi Sam, want to meet for lunch on Thursday at 12:30? Let me know if that suits you. Ana"


def test_doctor_says_what_mends_and_its_exit_code_whether_anything_is_broken(
    jeeves_on_postgres: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
) -> None:
    jeeves_on_postgres.watch(gmail)
    jeeves_on_postgres.text_through(twilio)
    jeeves_on_postgres.configure(IMAP_MAILBOX="INBOX")
    jeeves_on_postgres("check")
    warned = jeeves_on_postgres("doctor").stdout
    assert re.search(r"(?m)^mail +warning .*\n +-> IMAP_MAILBOX=", warned)
    assert "sender and recipient are in order" in warned
    jeeves_on_postgres.configure(GMAIL_APP_PASSWORD="wrong")
    twilio.numbers = {}
    broken = jeeves_on_postgres("doctor", code=1).stdout
    assert re.search(r"(?m)^mail +BROKEN .*\n +-> the password in .env$", broken)
    assert re.search(r"(?m)^sms +BROKEN .*not a number of this Twilio account\n +-> https", broken)


def test_doctor_tells_that_all_mail_is_hidden(jeeves_on_postgres: Jeeves) -> None:
    with GmailServer(all_mail=False) as hiding:
        jeeves_on_postgres.watch(hiding)
        told = jeeves_on_postgres("doctor", code=None).stdout
    assert re.search(r'(?m)^mail +warning .*hidden from IMAP\n +-> "Show in IMAP" beside', told)


def test_doctor_tells_settings_that_cannot_be_read_and_a_database_that_is_away(
    jeeves: Jeeves,
) -> None:
    jeeves.configure(DATABASE_URL="postgresql://nobody@127.0.0.1:9/nothing")
    away = jeeves("doctor", code=1).stdout
    assert re.search(r"(?m)^database +BROKEN .*\n +-> start that server", away)
    assert re.search(r"(?m)^model +ok ", away)
    jeeves.configure(WEEKLY_DIGEST="whenever")
    wrong = jeeves("doctor", code=1).stdout
    assert re.search(r"^settings +BROKEN +WEEKLY_DIGEST is not off, on, or a day and", wrong)


def test_status_watched_without_a_terminal_tells_changes_and_nothing_of_the_mail(
    jeeves_on_postgres: Jeeves, gmail: GmailServer
) -> None:
    jeeves_on_postgres.watch(gmail)
    jeeves_on_postgres.configure(SPEECH="file")
    jeeves_on_postgres("check")
    process = jeeves_on_postgres.start("status", "--watch")
    assert process.stdout is not None
    first = process.stdout.readline()
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d well, reading, 0 messages", first)
    gmail.deliver(raw_mail("Lunch with zzcassowary?", LUNCH))
    jeeves_on_postgres("check")
    told = process.stdout.readline()
    while "by speech: sent" not in told:
        told = process.stdout.readline()
    assert re.search(r"1 messages, .*, last jv-\w{8} by speech: sent$", told.strip())
    process.send_signal(signal.SIGINT)
    rest, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert "cassowary" not in first + told + rest


def test_whoever_has_read_enough_of_what_is_watched_ends_it(
    jeeves_on_postgres: Jeeves, tmp_path: Path
) -> None:
    process = jeeves_on_postgres.start("status", "--watch", "--json")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["healthy"] is False
    process.stdout.close()
    mail = tmp_path / "a.eml"
    mail.write_bytes(raw_mail())
    jeeves_on_postgres("import", str(mail), "--account", "sam@example.org")
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(30) == 0


def test_the_figures_of_a_week_are_not_watched(jeeves: Jeeves) -> None:
    assert "--watch" in jeeves("status", "--watch", "--details", code=2).stderr


def test_the_digest_of_the_week_is_texted_once(
    jeeves_on_postgres: Jeeves, gmail: GmailServer, twilio: TwilioStandIn
) -> None:
    jeeves_on_postgres.watch(gmail)
    jeeves_on_postgres.text_through(twilio)
    just_now = datetime.now(UTC) - timedelta(minutes=1)
    jeeves_on_postgres.configure(TIMEZONE="UTC", WEEKLY_DIGEST=f"{just_now:%a %H:%M}")
    for _ in range(2):
        jeeves_on_postgres("check")
    (text,) = twilio.messages
    assert re.match(r"Your week to \d+ \w+: 0 mails judged, no alerts", text["body"])
    assert "arrived" not in jeeves_on_postgres("status").stdout
