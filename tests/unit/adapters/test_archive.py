"""Mail on disk: files, folders, mbox, Maildir."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jeeves.adapters import archive
from jeeves.adapters.archive import UnreadableFile, mails, octets_of
from jeeves.domain.message import FetchedMail, Message, Origin
from jeeves.errors import ConfigError
from jeeves.mail.mime import read

ENVELOPE = "From ana@example.org Tue Mar  3 09:30:00 2026\n"


def an_eml(text: str = "Hello", date: str = "Tue, 3 Mar 2026 09:30:00 +0100") -> str:
    field = f"Date: {date}\n" if date else ""
    return f"From: ana@example.org\nSubject: {text}\n{field}\n{text}\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", newline="")
    return path


def fetched(items: Iterator[FetchedMail | UnreadableFile]) -> list[FetchedMail]:
    found = list(items)
    assert not [item for item in found if isinstance(item, UnreadableFile)]
    return [item for item in found if isinstance(item, FetchedMail)]


def subject(mail: FetchedMail) -> str:
    message = read(mail, "sam@example.org", Origin.IMPORT)
    assert isinstance(message, Message)
    return message.subject


def test_a_single_file_is_one_mail_with_its_path_and_date(tmp_path: Path) -> None:
    path = write(tmp_path / "one.eml", an_eml())
    (mail,) = fetched(mails(path))
    assert mail.raw == path.read_bytes()
    assert mail.mailbox == str(path)
    assert mail.received_at.isoformat() == "2026-03-03T08:30:00+00:00"
    assert mail.uid is None


@pytest.mark.parametrize("date", ["", "soon", "Thu, 1 Jan 1970 00:00:00 +0000"])
def test_without_a_credible_date_the_time_of_the_file_counts(tmp_path: Path, date: str) -> None:
    path = write(tmp_path / "one.eml", an_eml(date=date))
    changed_at = datetime(2024, 2, 1, 12, 0, tzinfo=UTC)
    os.utime(path, (changed_at.timestamp(), changed_at.timestamp()))
    (mail,) = fetched(mails(path))
    assert mail.received_at == changed_at


def test_a_date_in_the_text_is_not_the_date_of_the_mail(tmp_path: Path) -> None:
    text = "Date: Mon, 14 May 2001 09:30:00 -0700"
    path = write(tmp_path / "one.eml", an_eml(text, date=""))
    (mail,) = fetched(mails(path))
    assert mail.received_at.timestamp() == pytest.approx(path.stat().st_mtime)


def test_a_folder_is_read_in_the_order_of_its_paths(tmp_path: Path) -> None:
    write(tmp_path / "b" / "1.EML", an_eml("third"))
    write(tmp_path / "a" / "2.eml", an_eml("second"))
    write(tmp_path / "a" / "1.eml", an_eml("first"))
    write(tmp_path / "c" / "box.mbox", ENVELOPE + an_eml("fourth"))
    write(tmp_path / "notes.txt", "no mail")
    found = fetched(mails(tmp_path))
    assert [subject(mail) for mail in found] == ["first", "second", "third", "fourth"]


def test_one_bad_file_in_a_folder_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    write(tmp_path / "1.eml", an_eml("first"))
    write(tmp_path / "2.eml", "secret words, and no mail")
    (tmp_path / "3.eml").symlink_to(tmp_path / "nowhere")
    write(tmp_path / "4.eml", an_eml("last"))
    found = list(mails(tmp_path))
    assert [type(item) for item in found] == [
        FetchedMail,
        UnreadableFile,
        UnreadableFile,
        FetchedMail,
    ]
    bad = [item for item in found if isinstance(item, UnreadableFile)]
    assert [item.source for item in bad] == [str(tmp_path / "2.eml"), str(tmp_path / "3.eml")]
    assert all(item.reason.endswith(".") and "secret" not in item.reason for item in bad)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_an_mbox_is_split_and_its_mails_are_counted(tmp_path: Path, ends: str) -> None:
    text = f"{ENVELOPE}{an_eml('one')}\n{ENVELOPE}{an_eml('two')}\n{ENVELOPE}{an_eml('three')}"
    path = write(tmp_path / "all", text.replace("\n", ends))
    found = fetched(mails(path))
    assert [subject(mail) for mail in found] == ["one", "two", "three"]
    assert [mail.mailbox for mail in found] == [f"{path}#{n}" for n in (1, 2, 3)]
    assert found[0].raw == an_eml("one").replace("\n", ends).encode()


@pytest.mark.parametrize(
    "envelope",
    [
        "From - Tue Mar 03 09:30:00 2026",
        "From 1858745612345678901@xxx Tue Mar 03 09:30:00 +0000 2026",
        "From MAILER-DAEMON Tue Mar  3 09:30:00 2026",
        "From ana@example.org Tue, 3 Mar 2026 09:30:00",
    ],
)
def test_envelope_lines_of_many_programs_part_mails(tmp_path: Path, envelope: str) -> None:
    text = f"{envelope}\n{an_eml('one')}\n{envelope}\n{an_eml('two')}\n"
    found = fetched(mails(write(tmp_path / "all.mbox", text)))
    assert [subject(mail) for mail in found] == ["one", "two"]


def test_lines_that_begin_with_from_stay_in_their_mail(tmp_path: Path) -> None:
    body = (
        "one\n\n"
        ">From Monday on I am away.\n"
        ">>From Tuesday on too.\n\n"
        "From here it is 10:30 to 2026.\n"
        "From ana@example.org Tue Mar  3 09:30:00 2026\n\n"
        "From ana@example.org Tue Mar  3 09:30:00 2026\n"
        "and this is no header field.\n"
        "From ana@example.org Tue Mar  3 09:30:00 2026\n"
        "Subject: quoted\n"
    )
    text = f"{ENVELOPE}From: a@example.org\n\n{body}\n{ENVELOPE}{an_eml('two')}"
    first, second = fetched(mails(write(tmp_path / "all.mbox", text)))
    written = body.replace(">From", "From").replace(">>", ">")
    assert first.raw.decode() == f"From: a@example.org\n\n{written}"
    assert subject(second) == "two"


def test_an_mbox_that_ends_in_an_envelope_keeps_that_line(tmp_path: Path) -> None:
    path = write(tmp_path / "all.mbox", f"{ENVELOPE}{an_eml('one')}\n{ENVELOPE}")
    (mail,) = fetched(mails(path))
    assert mail.raw.decode().endswith(ENVELOPE)


def test_a_mail_without_end_is_left_out_and_the_next_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_LONGEST", 1000)
    long = an_eml("long") + "word " * 400 + "\n" + "word\n" * 400
    text = f"{ENVELOPE}{long}\n{ENVELOPE}{an_eml('two')}"
    path = write(tmp_path / "all.mbox", text)
    too_long, second = list(mails(path))
    assert isinstance(too_long, UnreadableFile)
    assert too_long.source == f"{path}#1"
    assert isinstance(second, FetchedMail)
    assert subject(second) == "two"
    assert second.mailbox == f"{path}#2"
    (alone,) = list(mails(write(tmp_path / "long.eml", long)))
    assert isinstance(alone, UnreadableFile)


def test_takeout_tells_thread_and_labels(tmp_path: Path) -> None:
    text = (
        f"{ENVELOPE}X-GM-THRID: 1858745612345678901\n"
        "X-Gmail-Labels: =?UTF-8?Q?Starred,Muy_Importante,Caf=C3=A9,?=\n Inbox\n"
        f"{an_eml('one')}X-Gmail-Labels: not in the header\n"
    )
    (mail,) = fetched(mails(write(tmp_path / "Takeout.mbox", text)))
    assert mail.gmail_thread_id == "1858745612345678901"
    assert mail.labels == ("\\Starred", "Muy Importante", "Café", "\\Inbox")
    assert mail.starred


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        ("Inbox,Sent,Important,Drafts", ("\\Inbox", "\\Sent", "\\Important", "\\Draft")),
        ("Archived,Opened,Unread,Category Updates", ()),
        ('"Clients, old",Inbox,"say ""cheese"""', ("Clients, old", "\\Inbox", 'say "cheese"')),
        ("=?UTF-8?B?IkNhZsOpLCBncm/DnyIs?=\r\n =?UTF-8?B?SW5ib3g=?=", ("Café, groß", "\\Inbox")),
        ("Muy\r\n Importante,\r\n Jeeves/needs place", ("Muy Importante", "Jeeves/needs place")),
        ("Posteingang,Gesendet,Inbox/Inbox", ("Posteingang", "Gesendet", "Inbox/Inbox")),
        (",, Inbox ,Inbox", ("\\Inbox",)),
        ('"never closed, Inbox', ("never closed, Inbox",)),
        ("", ()),
    ],
)
def test_takeouts_labels_become_those_of_gmail(
    tmp_path: Path, written: str, labels: tuple[str, ...]
) -> None:
    path = write(tmp_path / "one.eml", f"X-Gmail-Labels: {written}\n{an_eml('one')}")
    (mail,) = fetched(mails(path))
    assert mail.labels == labels


def test_labels_that_are_not_gmails_own_are_counted(tmp_path: Path) -> None:
    counted: Counter[str] = Counter()
    text = "".join(
        f"{ENVELOPE}X-Gmail-Labels: {labels}\n{an_eml('one')}\n"
        for labels in ("Inbox,Gesendet", "Gesendet,Opened", "Jeeves,Starred")
    )
    fetched(mails(write(tmp_path / "all.mbox", text), counted))
    assert counted == {"Gesendet": 2, "Jeeves": 1}


def test_what_takeout_calls_sent_is_the_owners_under_any_address(tmp_path: Path) -> None:
    path = write(tmp_path / "one.eml", f"X-Gmail-Labels: Sent\n{an_eml('one')}")
    (mail,) = fetched(mails(path))
    message = read(mail, "sam@example.org", Origin.IMPORT)
    assert isinstance(message, Message)
    assert message.own


@pytest.mark.parametrize(
    ("thread_id", "kept"), [("18446744073709551615", True), ("1" * 21, False), ("x1", False)]
)
def test_only_what_can_be_a_thread_id_is_one(tmp_path: Path, thread_id: str, kept: bool) -> None:
    path = write(tmp_path / "one.eml", f"X-GM-THRID: {thread_id}\n{an_eml('one')}")
    (mail,) = fetched(mails(path))
    assert mail.gmail_thread_id == (thread_id if kept else None)


def test_a_maildir_is_read_with_its_flags(tmp_path: Path) -> None:
    box = tmp_path / "Maildir"
    write(box / "cur" / "1700000000.M1P1.host:2,FS", an_eml("seen"))
    write(box / "cur" / "1700000001.M1P1.host:2,S", an_eml("plain"))
    write(box / "new" / "1700000002.M1P1.host", an_eml("new"))
    write(box / "tmp" / "1700000003.M1P1.host", an_eml("unfinished"))
    write(box / ".Sent" / "cur" / "1700000004.M1P1.host:2,S", an_eml("sent"))
    write(box / "cur" / "1700000005.M1P1.host:2,DST", an_eml("draft"))
    write(box / "cur" / ".hidden", "no mail")
    found = fetched(mails(box))
    assert {subject(mail): mail.labels for mail in found if mail.labels} == {
        "draft": ("\\Draft", "\\Trash"),
        "sent": ("\\Sent",),
    }
    assert {subject(mail): mail.starred for mail in found} == {
        "sent": False,
        "seen": True,
        "plain": False,
        "draft": False,
        "new": False,
    }


def test_an_eml_that_begins_like_an_mbox_is_one_mail(tmp_path: Path) -> None:
    (mail,) = fetched(mails(write(tmp_path / "one.eml", ENVELOPE + an_eml("one"))))
    assert subject(mail) == "one"
    assert mail.mailbox == str(tmp_path / "one.eml")


def test_mails_are_given_one_by_one(tmp_path: Path) -> None:
    text = f"{ENVELOPE}{an_eml('one')}\n" * 3
    items = mails(write(tmp_path / "all.mbox", text))
    first = next(items)
    assert isinstance(first, FetchedMail)
    assert subject(first) == "one"


@pytest.mark.parametrize("name", ["missing", "empty.eml", "notes.txt", "picture.mbox", "folder"])
def test_what_holds_no_mail_is_refused_at_once_with_its_path(tmp_path: Path, name: str) -> None:
    write(tmp_path / "empty.eml", "")
    write(tmp_path / "notes.txt", "secret words, and no mail\n\nat all\n")
    (tmp_path / "picture.mbox").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    write(tmp_path / "folder" / "readme.txt", "no mail")
    with pytest.raises(ConfigError) as refused:
        mails(tmp_path / name)
    assert str(tmp_path / name) in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_path_that_cannot_be_opened_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "one.eml", an_eml()) / "below"
    with pytest.raises(ConfigError, match="cannot be read: Not a directory"):
        mails(path)


def test_real_mail_survives_an_mbox(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "data" / "needs-location" / "messages"
    paths = sorted(folder.glob("*.eml"))[::40]
    quoted: list[bytes] = []
    for path in paths:
        raw = path.read_bytes().replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n"
        lines = raw.split(b"\n")
        escaped = [b">" + x if x.lstrip(b">").startswith(b"From ") else x for x in lines]
        quoted.append(ENVELOPE.encode() + b"\n".join(escaped) + b"\n")
    box = tmp_path / "all.mbox"
    box.write_bytes(b"".join(quoted))
    for path, mail in zip(paths, fetched(mails(box)), strict=True):
        (alone,) = fetched(mails(path))
        in_mbox = read(mail, "", Origin.IMPORT)
        in_file = read(alone, "", Origin.IMPORT)
        assert in_mbox.digest == in_file.digest


def test_the_size_of_what_will_be_read_is_known_before(tmp_path: Path) -> None:
    box = write(tmp_path / "a" / "all.mbox", f"{ENVELOPE}{an_eml('one')}\n" * 3)
    write(tmp_path / "b.eml", an_eml("two"))
    write(tmp_path / "notes.txt", "no mail")
    assert octets_of(box) == box.stat().st_size
    assert octets_of(tmp_path) == box.stat().st_size + (tmp_path / "b.eml").stat().st_size
