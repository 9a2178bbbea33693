"""`jeeves replay` as its owner runs it: mail from disk without a database, or from the database."""

from __future__ import annotations

import json
import mailbox
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import raw_mail
from tests.e2e.conftest import Jeeves

OWNER = "sam@example.org"
ANA = "Ana Lopez <ana@example.org>"
SAM = f"Sam Reader <{OWNER}>"
START = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
#: As the issue has them.
KEYS = [
    *("thread", "messages", "alert", "alert_at", "settled_by", "place", "state", "text", "when"),
    *("why", "retraction"),
]


def a_mail(name: str, text: str, sender: str = ANA, day: int = 0, **headers: str) -> bytes:
    values = {
        "Message-ID": f"<{name}@example.org>",
        "To": SAM if sender == ANA else ANA,
        **{key.replace("_", "-"): value for key, value in headers.items()},
    }
    subject = values.pop("Subject", "Thursday")
    values = {key.replace("-", "_"): value for key, value in values.items()}
    return raw_mail(subject, text, sender, START + timedelta(days=day), **values)


def thread() -> list[bytes]:
    """A lunch that the owner's answer settles, and a mail about nothing."""
    return [
        a_mail("a1", "Hi Sam,\n\nwant to grab lunch on Thursday?\n\nAna"),
        a_mail("a2", "How about Nopa at 12:30?\n\nSam", SAM, 1, In_Reply_To="<a1@example.org>"),
        a_mail("b1", "The invoice is attached.", day=2, Subject="Invoice"),
    ]


def write(folder: Path, mails: Sequence[bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    # in another order than that of their dates
    for number, raw in enumerate(reversed(mails)):
        (folder / f"{number}.eml").write_bytes(raw)
    return folder


@pytest.fixture
def owned(jeeves: Jeeves) -> Jeeves:
    """The command line with an address and nothing else: no password, no database."""
    jeeves.configure(GMAIL_ADDRESS=OWNER, TIMEZONE="UTC")
    return jeeves


def objects(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def assert_settled(found: list[dict[str, Any]]) -> None:
    lunch, invoice = found
    assert list(lunch)[: len(KEYS)] == list(invoice)[: len(KEYS)] == KEYS
    assert lunch["messages"] == ["<a1@example.org>", "<a2@example.org>"]
    assert lunch["thread"] == "<a1@example.org>"
    assert (lunch["alert"], lunch["alert_at"]) == (True, "<a1@example.org>")
    assert (lunch["state"], lunch["settled_by"]) == ("settled", "<a2@example.org>")
    assert lunch["place"] == "Nopa"
    assert lunch["text"].startswith("Ana Lopez: lunch Thu")
    assert lunch["when"] == "2026-03-10T09:00:00+00:00"
    assert lunch["why"]
    assert lunch["retraction"].startswith("Settled: Nopa")
    assert (invoice["alert"], invoice["state"], invoice["when"]) == (False, "none", None)
    assert (invoice["text"], invoice["place"], invoice["why"]) == (None, None, [])


def assert_untouched(jeeves: Jeeves) -> None:
    """No database was made."""
    assert not list(jeeves.home.glob("postgres-*"))


def test_a_folder_of_files_needs_no_database_and_no_password(owned: Jeeves) -> None:
    folder = write(owned.home / "mail" / "deep", thread())
    assert_settled(objects(owned("replay", str(folder.parent), "--json").stdout))
    assert_untouched(owned)


def test_an_mbox_and_a_maildir_are_read_alike(owned: Jeeves) -> None:
    mbox = mailbox.mbox(owned.home / "all.mbox")
    maildir = mailbox.Maildir(owned.home / "Maildir")
    for raw in reversed(thread()):
        mbox.add(raw)
        maildir.add(raw)
    mbox.close()
    for path in ("all.mbox", "Maildir"):
        assert_settled(objects(owned("replay", str(owned.home / path), "--json").stdout))


def test_several_paths_are_one_mailbox_and_each_mail_counts_once(owned: Jeeves) -> None:
    one = write(owned.home / "one", thread()[:1])
    rest = write(owned.home / "rest", thread())
    assert_settled(objects(owned("replay", str(rest), str(one), "--json").stdout))


def test_people_read_a_table(owned: Jeeves) -> None:
    folder = str(write(owned.home / "mail", thread()))
    shown = owned("replay", folder).stdout
    assert "Settled: Nopa" in shown
    assert "2026-03-10 09:00" in shown
    assert "Invoice" not in shown
    assert shown.splitlines()[-1] == "3 mails, 1 alert; taken back once it was needless: 1"
    assert "Invoice" in owned("replay", folder, "--all").stdout


def test_of_what_is_open_it_tells_whose_word_is_next(owned: Jeeves) -> None:
    asked = write(owned.home / "asked", thread()[:1])
    assert "open, yours to answer" in owned("replay", str(asked)).stdout
    where = a_mail("a2", "Gladly! Where?\n\nSam", SAM, 1, In_Reply_To="<a1@example.org>")
    answered = write(owned.home / "answered", [*thread()[:1], where])
    assert "open, theirs to answer" in owned("replay", str(answered)).stdout


def test_mail_in_which_nobody_wants_to_meet_is_said_to_be_so(owned: Jeeves) -> None:
    folder = write(owned.home / "mail", thread()[2:])
    assert owned("replay", str(folder)).stdout == (
        "1 mail, and in none does anybody want to meet.\n"
    )


def test_what_is_stored_is_replayed_as_if_it_had_just_arrived(jeeves_on_postgres: Jeeves) -> None:
    jeeves = jeeves_on_postgres
    jeeves.configure(GMAIL_ADDRESS=OWNER, GMAIL_APP_PASSWORD="x", TIMEZONE="UTC")
    age = (datetime.now(UTC) - START).days
    jeeves("import", str(write(jeeves.home / "mail", thread())))
    assert_settled(objects(jeeves.cold("replay", "--days", str(age + 10), "--json").stdout))
    # a conversation counts by its newest mail
    assert jeeves("replay", "--days", "1", "--json").stdout == ""
    assert "0 mails" in jeeves("replay", "--days", "1").stdout


def test_the_owner_may_be_named(jeeves: Jeeves) -> None:
    folder = str(write(jeeves.home / "mail", thread()))
    jeeves.configure(TIMEZONE="UTC")
    assert_settled(objects(jeeves.cold("replay", folder, "--account", OWNER, "--json").stdout))
    # to somebody else both are mail of others
    found = objects(jeeves("replay", folder, "--account", "x@example.org", "--json").stdout)
    assert found[0]["messages"] == ["<a1@example.org>", "<a2@example.org>"]


def only_sentence(err: str) -> str:
    [line] = err.splitlines()
    assert line.startswith("jeeves: ")
    return line


def test_without_an_owner_one_sentence_says_what_to_do(jeeves: Jeeves) -> None:
    folder = write(jeeves.home / "mail", thread())
    result = jeeves("replay", str(folder), code=2)
    assert "GMAIL_ADDRESS" in only_sentence(result.stderr)
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ((), "PATH or --days"),
        (("empty", "--days", "3"), "PATH or --days"),
        (("empty",), "no mail in"),
        (("absent",), "no file or folder"),
        (("note.txt",), "holds no mail"),
    ],
)
def test_wrong_usage_is_one_sentence(owned: Jeeves, arguments: Sequence[str], word: str) -> None:
    (owned.home / "empty").mkdir()
    (owned.home / "note.txt").write_text("Buy milk.\n")
    result = owned("replay", *arguments, code=2)
    assert word in only_sentence(result.stderr)
    assert result.stdout == ""


def test_days_must_be_a_number_from_one_on(owned: Jeeves) -> None:
    for days in ("0", "-3", "many"):
        assert "--days" in owned("replay", "--days", days, code=2).stderr


def test_what_cannot_be_read_is_named_and_the_rest_is_replayed(owned: Jeeves) -> None:
    folder = write(owned.home / "mail", thread())
    (folder / "broken.eml").write_bytes(b"\x00\x01\x02")
    (folder / "empty.eml").write_bytes(b"")
    (folder / "gone.eml").symlink_to(folder / "nowhere.eml")
    result = owned("replay", str(folder), "--json", code=1)
    assert_settled(objects(result.stdout))
    lines = sorted(result.stderr.splitlines())
    assert [Path(line.split(":")[0]).name for line in lines] == [
        *("broken.eml", "empty.eml", "gone.eml")
    ]


HEADS = [
    "From: =?utf-8?q?=00=1b[2J=0d=0aBcc:?= <a@example.org>\r\nSubject: STOP",
    "From: \U0001f389\U0001f389 <b@example.org>\r\nSubject: '; DROP TABLE alerts; --",
    f"From: {'x' * 10_000} <c@example.org>\r\nSubject: <script>alert(1)</script>",
    "From: $(reboot) `id` <d@example.org>\r\nSubject: \u202eevil",
    "From: \r\nSubject: ",
    "Date: Mon, 01 Jan 1900 09:00:00 +0000\r\nFrom: e@example.org",
    "Date: Fri, 31 Dec 9999 23:59:59 +0000\r\nFrom: f@example.org",
]


def test_bad_heads_are_harmless(owned: Jeeves) -> None:
    mails = []
    for number, head in enumerate(HEADS):
        date = "" if head.startswith("Date") else "Date: Tue, 10 Mar 2026 09:00:00 +0000\r\n"
        rest = f"To: {OWNER}\r\nMessage-ID: <x{number}@example.org>\r\n\r\n"
        text = "Want to grab lunch tomorrow at 12:30?\r\n"
        mails.append(f"{head}\r\n{date}{rest}{text}".encode())
    folder = write(owned.home / "mail", mails)
    found = objects(owned("replay", str(folder), "--json").stdout)
    assert len(found) == len(HEADS)
    assert sum(one["alert"] for one in found) >= len(HEADS) - 2
    for one in found:
        text = one["text"] or ""
        assert len(text) <= 306
        assert text.isprintable()
    owned("replay", str(folder))


def test_help_gives_an_example_that_runs(owned: Jeeves) -> None:
    shown = owned("replay", "--help").stdout
    assert "Example: jeeves replay ~/Mail/2026 --json" in " ".join(shown.split())
    for option in ("--days", "--account", "--all", "--json"):
        assert option in shown
    write(owned.home / "Mail" / "2026", thread())
    owned.configure(HOME=str(owned.home))
    assert_settled(objects(owned("replay", str(owned.home / "Mail/2026"), "--json").stdout))
