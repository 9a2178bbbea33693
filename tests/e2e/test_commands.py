"""Commands, and bad input: one sentence, the right exit code, no traceback, nothing lost."""

from __future__ import annotations

import json
import mailbox
import re
from pathlib import Path

import pytest

from jeeves.adapters.postgres import schema
from jeeves.demo.gmail_server import GmailServer
from tests.builders import raw_mail
from tests.dovecot import free_port
from tests.e2e.conftest import Jeeves

LUNCH = "Hi Sam, want to meet for lunch on Thursday at 12:30? Let me know if that suits you. Ana"


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    folder = tmp_path / "letters with a space"
    folder.mkdir()
    (folder / "a.eml").write_bytes(raw_mail("Lunch on Thursday?", LUNCH))
    (folder / "b.eml").write_bytes(raw_mail("Your invoice", "Please find the invoice attached."))
    return folder


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_score_prints_a_line_for_each_mail_and_its_sums_are_right(
    jeeves: Jeeves, letters: Path
) -> None:
    import math

    found = lines(jeeves.cold("score", str(letters)).stdout)
    assert [Path(str(line["source"])).name for line in found] == ["a.eml", "b.eml"]
    for line in found:
        assert set(line) == {
            "source", "message_id", "probability", "needs_location", "band", "threshold",
            "reasons", "rest", "model",
        }  # fmt: skip
        reasons = line["reasons"]
        assert isinstance(reasons, list)
        log_odds = sum(weight for _, weight in reasons) + line["rest"]
        probability = line["probability"]
        assert isinstance(probability, float)
        assert math.log(probability / (1 - probability)) == pytest.approx(log_odds, abs=1e-9)
        strengths = [abs(weight) for _, weight in reasons]
        assert strengths == sorted(strengths, reverse=True)
    assert found[0]["needs_location"] is True
    assert found[0]["band"] == "alert"
    assert found[1]["band"] == "quiet"


def test_score_reads_mbox_and_maildir_alike(jeeves: Jeeves, letters: Path, tmp_path: Path) -> None:
    mbox = mailbox.mbox(tmp_path / "all.mbox")
    maildir = mailbox.Maildir(tmp_path / "maildir")
    for path in sorted(letters.iterdir()):
        mbox.add(path.read_bytes())
        maildir.add(path.read_bytes())
    mbox.close()
    wanted = {
        (li["message_id"], li["probability"]) for li in lines(jeeves("score", str(letters)).stdout)
    }
    for place in ("all.mbox", "maildir"):
        found = lines(jeeves("score", str(tmp_path / place)).stdout)
        assert {(line["message_id"], line["probability"]) for line in found} == wanted


def test_a_corrupt_file_is_a_line_with_an_error_and_the_rest_is_scored(
    jeeves: Jeeves, letters: Path
) -> None:
    (letters / "aa.eml").write_bytes(b"\x00\x01\xff garbage")
    (letters / "ab.eml").write_bytes(b"")
    result = jeeves("score", str(letters), code=1)
    found = lines(result.stdout)
    assert ["error" in line for line in found] == [False, True, True, False]


def test_an_empty_folder_and_a_missing_path_are_wrong_usage(jeeves: Jeeves, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for path in (empty, tmp_path / "nowhere"):
        result = jeeves("score", str(path), code=2)
        assert path.name in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_import_stores_once_and_says_nothing(jeeves_on_postgres: Jeeves, letters: Path) -> None:
    first = jeeves_on_postgres.cold("import", str(letters), "--account", "sam@example.org")
    assert "2 read, 2 new, 2 judged" in first.stdout
    again = jeeves_on_postgres("import", str(letters), "--account", "sam@example.org")
    assert "2 read, 0 new, 0 judged" in again.stdout
    assert "arrived before Jeeves" in jeeves_on_postgres.cold("list").stdout


def test_import_needs_to_know_whose_mail_it_is(jeeves_on_postgres: Jeeves, letters: Path) -> None:
    assert "--account" in jeeves_on_postgres("import", str(letters), code=2).stderr


def test_an_imported_mail_that_is_in_the_mailbox_is_one(
    jeeves_on_postgres: Jeeves, letters: Path, gmail: GmailServer
) -> None:
    jeeves_on_postgres.watch(gmail)
    for path in letters.iterdir():
        gmail.deliver(path.read_bytes())
    jeeves_on_postgres("import", str(letters))
    assert "2 fetched, 0 new" in jeeves_on_postgres("check").stdout


def test_a_wrong_password_is_one_sentence(jeeves_on_postgres: Jeeves, gmail: GmailServer) -> None:
    jeeves_on_postgres.watch(gmail)
    jeeves_on_postgres.configure(GMAIL_APP_PASSWORD="hunter2")
    for command in ("check", "run"):
        result = jeeves_on_postgres(command, code=2)
        assert "refused the login" in result.stderr
        assert "hunter2" not in result.stderr


def test_no_network_is_worth_a_retry(jeeves_on_postgres: Jeeves, gmail: GmailServer) -> None:
    jeeves_on_postgres.watch(gmail)
    jeeves_on_postgres.configure(IMAP_PORT=str(free_port()))
    result = jeeves_on_postgres("check", code=75)
    assert "cannot be reached" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_no_postgres_is_worth_a_retry(jeeves: Jeeves, gmail: GmailServer) -> None:
    jeeves.watch(gmail)
    jeeves.configure(DATABASE_URL=f"postgresql://me:hunter2@127.0.0.1:{free_port()}/none")
    for command in ("check", "run", "status", "list"):
        result = jeeves(command, code=75)
        assert "Postgres cannot be used" in result.stderr
        assert "hunter2" not in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_a_stale_schema_names_the_command_that_mends_it(
    jeeves: Jeeves, gmail: GmailServer, database_url: str
) -> None:
    jeeves.watch(gmail)
    jeeves.configure(DATABASE_URL=database_url)
    assert "jeeves migrate" in jeeves("check", code=1).stderr
    assert f"none before, {schema.HEAD} now" in jeeves.cold("migrate").stdout
    jeeves("check")


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("GMAIL_ADRESS", "x", "did you mean GMAIL_ADDRESS"),
        ("ALERT_TO", "0151 23456", "E.164"),
        ("IMAP_SECURITY", "none", "on this machine only"),
    ],
)
def test_a_wrong_setting_is_one_sentence(
    jeeves: Jeeves, setting: str, value: str, sentence: str
) -> None:
    jeeves.configure(**{setting: value})
    result = jeeves("check", code=2)
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_no_account_is_one_sentence(jeeves: Jeeves) -> None:
    assert "jeeves demo" in jeeves("check", code=2).stderr


def test_an_unknown_id_is_one_sentence(jeeves_on_postgres: Jeeves) -> None:
    assert "no message 99" in jeeves_on_postgres("show", "99", code=2).stderr


def test_a_broken_model_of_ones_own_is_refused_and_the_starter_serves(
    jeeves: Jeeves, letters: Path
) -> None:
    """Promise 4."""
    own = jeeves.home / "models" / "2026-01-01T00-00-00-abcdef"
    own.mkdir(parents=True)
    (own.parent / "current").write_text(own.name + "\n", encoding="utf-8")
    (own / "manifest.json").write_text("{", encoding="utf-8")
    result = jeeves.cold("score", str(letters))
    assert len(lines(result.stdout)) == 2
    assert own.name in result.stderr


def test_status_and_doctor_say_what_is_wrong(jeeves_on_postgres: Jeeves) -> None:
    status = jeeves_on_postgres.cold("status", code=1).stdout
    assert "never" in status
    assert "needless texts for every 1,000 mails" in status
    doctor = jeeves_on_postgres.cold("doctor", code=1).stdout
    assert "No account is configured" in doctor
    found = {
        f["link"]: f["ok"] for f in lines_of_json(jeeves_on_postgres("doctor", "--json", code=1))
    }
    assert found["database"]
    assert found["model"]
    assert not found["mail"]


def lines_of_json(result: object) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(getattr(result, "stdout", "[]"))
    return found


def test_status_says_what_to_expect_at_the_volume_of_the_mailbox(
    jeeves_on_postgres: Jeeves, gmail: GmailServer
) -> None:
    jeeves_on_postgres.watch(gmail)
    jeeves_on_postgres.configure(SPEECH="file")
    for _ in range(3):
        gmail.deliver(raw_mail("Lunch on Thursday?", LUNCH))
    jeeves_on_postgres("check")
    words = r"catches about 9 of 10 mails .* a month at your volume \(\d+ mails? a day\)"
    assert re.search(words, jeeves_on_postgres("status", code=None).stdout)
    assert re.search(words, jeeves_on_postgres("doctor", code=None).stdout)
    report = json.loads(jeeves_on_postgres("status", "--json", code=None).stdout)
    assert re.fullmatch(words, report["expected"])


def test_status_tells_the_figures_of_the_week_and_a_journal_no_words(
    jeeves_on_postgres: Jeeves, gmail: GmailServer
) -> None:
    jeeves_on_postgres.watch(gmail)
    gmail.deliver(raw_mail("Lunch on Thursday?", f"{LUNCH} cassowary"))
    jeeves_on_postgres("check")
    told = jeeves_on_postgres("status", "--details", code=None).stdout
    assert re.search(r"as of now +week to \d+ \w+: 1 mail judged", told)
    assert "scores         1 mail of the week, 0 of the 12 weeks before" in told
    assert "missed         in 30 days: none found" in told
    assert "cassowary" not in told
    plain = json.loads(jeeves_on_postgres("status", "--details", "--json", code=None).stdout)
    assert plain["watch"]["judged"] == 1
    assert plain["weeks"] == [None]
    assert "watch" not in json.loads(jeeves_on_postgres("status", "--json", code=None).stdout)


def test_doctor_finds_all_well(jeeves_on_postgres: Jeeves, gmail: GmailServer) -> None:
    jeeves_on_postgres.watch(gmail)
    jeeves_on_postgres.configure(SPEECH="file", TIMEZONE="Europe/Berlin")
    gmail.deliver(raw_mail("Lunch on Thursday?", LUNCH))
    jeeves_on_postgres("check")
    found = {f["link"]: f for f in lines_of_json(jeeves_on_postgres("doctor", "--json", code=None))}
    # nothing is sent anywhere, and nothing runs by itself here
    assert {link for link, f in found.items() if f["state"] != "ok"} - {"scheduler"} == {"sms"}
    assert {"settings", "database", "disk", "clock", "model", "speech"} <= set(found)
    assert "read-only" in str(found["mail"]["says"])
    assert "All Mail" in str(found["mail"]["says"])
    assert "agrees with Postgres's" in str(found["clock"]["says"])
    assert "mail was read" in str(found["scheduler"]["says"])
    assert found["leaves"]["says"] == "the IMAP session with 127.0.0.1"


def test_the_embedded_database_serves_where_none_is_named(
    jeeves: Jeeves, gmail: GmailServer
) -> None:
    jeeves.watch(gmail)
    gmail.deliver(raw_mail("Lunch on Thursday?", LUNCH))
    assert "1 fetched, 1 new, 1 judged" in jeeves.cold("check").stdout
    assert jeeves("check").stdout == ""
    assert "Lunch on Thursday?" in jeeves.cold("show", "1").stdout
