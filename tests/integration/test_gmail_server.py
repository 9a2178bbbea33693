"""The demo's mail server, asked by IMAPClient: Gmail's extension, and no process left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from jeeves.demo.gmail_server import Delivered, GmailServer, logged_commands
from jeeves.demo.mails import initial_mails
from jeeves.errors import ConfigError, MailboxError, MailboxUnavailable
from tests.builders import raw_mail

ROOT = Path(__file__).resolve().parents[2]
ALL_MAIL = "[Gmail]/All Mail"
LABELS = [
    "Jeeves",
    "Muy Importante",
    'a "quoted" word',
    "back\\slash",
    "with (parentheses)",
    "star *",
    "100 %",
    "[brackets]",
    "Größe",
    "会議",
    "🎉 party",
    "Clients/Lumen Textiles/Autumn",
    "R&D",
    "\\Important",
    "x" * 100,
]


@pytest.fixture(scope="module")
def wire_log() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "wire.log"


@pytest.fixture(scope="module")
def gmail(wire_log: Path) -> Iterator[GmailServer]:
    with GmailServer(wire_log=wire_log) as server:
        yield server


@contextmanager
def client_of(server: GmailServer) -> Iterator[Any]:
    client = IMAPClient(server.host, server.port, ssl=False, timeout=20)
    try:
        yield client
    finally:
        with suppress(OSError):  # after a logout
            client.shutdown()


@contextmanager
def connected(
    server: GmailServer, mailbox: str | None = None, *, write: bool = False
) -> Iterator[Any]:
    """A client that is logged in and has a mailbox examined, or selected to write."""
    with client_of(server) as client:
        client.login(server.address, server.password)
        if mailbox:
            client.select_folder(mailbox, readonly=not write)
        yield client


def uid_of(client: Any, mail: Delivered) -> int:
    (uid,) = client.search(["X-GM-MSGID", mail.gmail_id])
    return int(uid)


def holds(server: GmailServer, mailbox: str, mail: Delivered) -> bool:
    with connected(server, mailbox) as client:
        return bool(client.search(["X-GM-MSGID", mail.gmail_id]))


class TestAccount:
    def test_only_the_right_password_lets_in(self, gmail: GmailServer) -> None:
        for address, password in [(gmail.address, "wrong"), ("a@example.org", gmail.password)]:
            with client_of(gmail) as client, pytest.raises(LoginError, match="AUTHENTICATION"):
                client.login(address, password)

    def test_address_and_password_can_be_chosen(self) -> None:
        with (
            GmailServer(address="ana@example.org", password='pass "word" \\ 1') as server,
            connected(server, "INBOX") as client,
        ):
            assert server.address == "ana@example.org"
            assert client.search() == []

    def test_gmails_capabilities_are_announced_and_id_is_taken(self, gmail: GmailServer) -> None:
        with connected(gmail) as client:
            for capability in ("IDLE", "ID", "X-GM-EXT-1", "SPECIAL-USE", "LITERAL+"):
                assert client.has_capability(capability)
            client.id_({"name": "test", "version": "1"})

    def test_mails_given_at_the_start_are_there_with_dates_labels_and_flags(self) -> None:
        now = datetime.now(UTC)
        mails = initial_mails(now)
        with GmailServer(mails) as server, connected(server, ALL_MAIL) as client:
            client.normalise_times = False
            found = client.fetch(client.search(), ["INTERNALDATE", "X-GM-LABELS", "FLAGS"])
            kept = [mail for mail in mails if "\\Spam" not in mail.labels]
            assert len(found) == len(kept)
            for uid, mail in zip(sorted(found), kept, strict=True):
                facts = found[uid]
                assert facts[b"INTERNALDATE"] == mail.received_at.replace(microsecond=0)
                assert len(facts[b"X-GM-LABELS"]) == len(mail.labels)
                assert (b"\\Seen" in facts[b"FLAGS"]) == mail.seen


class TestMailboxes:
    @pytest.mark.parametrize(
        ("german", "names"),
        [
            (False, {"All": "All Mail", "Drafts": "Drafts", "Trash": "Trash"}),
            (True, {"All": "Alle Nachrichten", "Drafts": "Entwürfe", "Trash": "Papierkorb"}),
        ],
    )
    def test_system_mailboxes_are_found_by_attribute_in_any_language(
        self, german: bool, names: dict[str, str]
    ) -> None:
        with GmailServer(german=german) as server, connected(server) as client:
            for attribute, name in names.items():
                assert client.find_special_folder(f"\\{attribute}".encode()) == f"[Gmail]/{name}"
            attributes = {name: flags for flags, _, name in client.list_folders()}
            assert b"\\Noselect" in attributes["[Gmail]"]
            found = {flag for flags in attributes.values() for flag in flags}
            assert found >= {b"\\Sent", b"\\Junk", b"\\Flagged", b"\\Important"}
            for name in names.values():
                client.select_folder(f"[Gmail]/{name}", readonly=True)

    def test_a_german_name_crosses_the_wire_in_modified_utf_7(self) -> None:
        with GmailServer(german=True) as server, connected(server) as client:
            client.folder_encode = False
            names = [name for _, _, name in client.list_folders()]
            assert b"[Gmail]/Entw&APw-rfe" in names

    def test_special_use_and_all_mail_can_be_left_out(self) -> None:
        with GmailServer(special_use=False, all_mail=False) as server, connected(server) as client:
            assert not client.has_capability("SPECIAL-USE")
            folders = client.list_folders()
            assert ALL_MAIL not in {name for _, _, name in folders}
            special = {b"\\All", b"\\Sent", b"\\Junk", b"\\Trash", b"\\Drafts"}
            assert not special & {flag for flags, _, _ in folders for flag in flags}

    def test_a_mail_is_in_inbox_and_all_mail_under_two_uids_and_one_id(
        self, gmail: GmailServer
    ) -> None:
        raw = raw_mail("One mail, two mailboxes")
        received = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
        mail = gmail.deliver(raw, received_at=received)
        items = ["X-GM-MSGID", "X-GM-THRID", "INTERNALDATE", "BODY.PEEK[]"]
        seen = []
        with connected(gmail) as client:
            client.normalise_times = False
            for mailbox in ("INBOX", ALL_MAIL):
                client.select_folder(mailbox, readonly=True)
                uid = uid_of(client, mail)
                facts = client.fetch([uid], items)[uid]
                assert str(facts[b"X-GM-MSGID"]) == mail.gmail_id
                assert str(facts[b"X-GM-THRID"]) == mail.thread_id
                assert facts[b"INTERNALDATE"] == received
                assert facts[b"BODY[]"].replace(b"\r\n", b"\n") == raw.replace(b"\r\n", b"\n")
                seen.append(uid)
        assert seen[0] != seen[1]

    @pytest.mark.parametrize("label", ["\\Spam", "\\Trash"])
    def test_all_mail_shows_neither_spam_nor_trash(self, gmail: GmailServer, label: str) -> None:
        mail = gmail.deliver(raw_mail(), labels=["\\Inbox", label])
        assert not holds(gmail, ALL_MAIL, mail)
        assert not holds(gmail, "INBOX", mail)
        assert holds(gmail, f"[Gmail]/{label[1:]}", mail)

    @pytest.mark.parametrize(
        "raw",
        [
            b"Subject: nothing but a header",
            b"Subject: no last line end\r\n\r\nthe end",
            b"\r\nno header at all\r\n",
            b"Subject: \xfcber\r\n\r\n8 bit \xe4\xf6\xfc \x00 and a NUL\r\n",
            b"Subject: long\r\n\r\n" + b"a" * 200_000 + b"\r\n",
            b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nnever ended",
        ],
    )
    def test_odd_mails_come_back_byte_for_byte(self, gmail: GmailServer, raw: bytes) -> None:
        mail = gmail.deliver(raw)
        with connected(gmail, "INBOX") as client:
            uid = uid_of(client, mail)
            returned = client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"]
        assert returned.rstrip(b"\r\n") == raw.rstrip(b"\r\n")


class TestThreads:
    def test_replies_share_the_thread_whatever_their_subject(self, gmail: GmailServer) -> None:
        first = gmail.deliver(raw_mail("Lunch", Message_ID="<t1@example.org>"))
        reply = gmail.deliver(raw_mail("AW: Mittagessen", In_Reply_To="<t1@example.org>"))
        third = gmail.deliver(raw_mail("Re: Lunch", References="<t0@example.org> <t1@example.org>"))
        other = gmail.deliver(raw_mail("Lunch"))
        assert reply.thread_id == third.thread_id == first.thread_id == first.gmail_id
        assert other.thread_id == other.gmail_id

    def test_a_reply_that_comes_first_is_joined_by_what_it_answers(
        self, gmail: GmailServer
    ) -> None:
        reply = gmail.deliver(raw_mail(References="<late@example.org>"))
        late = gmail.deliver(raw_mail(Message_ID="<late@example.org>"))
        assert late.thread_id == reply.thread_id

    def test_ids_grow_and_fit_into_64_bits(self, gmail: GmailServer) -> None:
        ids = [int(gmail.deliver(raw_mail()).gmail_id) for _ in range(3)]
        assert ids == sorted(set(ids))
        assert 2**60 < ids[0] < ids[-1] < 2**64


class TestLabels:
    @pytest.mark.parametrize("label", LABELS)
    def test_a_label_is_added_read_searched_and_removed(
        self, gmail: GmailServer, label: str
    ) -> None:
        mail = gmail.deliver(raw_mail())
        with connected(gmail, ALL_MAIL, write=True) as client:
            uid = uid_of(client, mail)
            assert label in client.add_gmail_labels([uid], [label])[uid]
            assert set(client.get_gmail_labels([uid])[uid]) == {"\\Inbox", label}
            assert uid in client.search(["X-GM-LABELS", label], "UTF-8")
            if not label.startswith("\\"):
                assert holds(gmail, label, mail)
            assert label not in client.remove_gmail_labels([uid], [label])[uid]
            assert client.get_gmail_labels([uid])[uid] == ["\\Inbox"]

    def test_all_labels_fit_into_one_answer(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail(), labels=LABELS)
        with connected(gmail, ALL_MAIL) as client:
            uid = uid_of(client, mail)
            assert sorted(client.get_gmail_labels([uid])[uid]) == sorted(LABELS)

    def test_setting_labels_replaces_them_and_moves_the_mail(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail())
        with connected(gmail, "INBOX", write=True) as client:
            uid = uid_of(client, mail)
            client.set_gmail_labels([uid], ["Archive"], silent=True)
            assert client.search(["X-GM-MSGID", mail.gmail_id]) == []
        assert holds(gmail, "Archive", mail)
        assert holds(gmail, ALL_MAIL, mail)

    def test_the_label_of_the_selected_mailbox_is_left_out(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail(), labels=["\\Inbox", "Left out"])
        left = {"INBOX": ["Left out"], "Left out": ["\\Inbox"], ALL_MAIL: ["Left out", "\\Inbox"]}
        for mailbox, labels in left.items():
            with connected(gmail, mailbox) as client:
                uid = uid_of(client, mail)
                assert client.get_gmail_labels([uid])[uid] == labels

    def test_starred_is_flagged_and_flagged_is_starred(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail(), labels=["\\Inbox", "\\Starred"])
        with connected(gmail, "INBOX", write=True) as client:
            uid = uid_of(client, mail)
            assert b"\\Flagged" in client.get_flags([uid])[uid]
            client.remove_flags([uid], [b"\\Flagged"])
            assert client.get_gmail_labels([uid])[uid] == []
            client.add_flags([uid], [b"\\Flagged"])
            assert client.get_gmail_labels([uid])[uid] == ["\\Starred"]
        assert holds(gmail, "[Gmail]/Starred", mail)

    def test_a_label_that_is_deleted_is_on_no_mail(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail(), labels=["\\Inbox", "Short-lived"])
        with connected(gmail, ALL_MAIL) as client:
            client.delete_folder("Short-lived")
            uid = uid_of(client, mail)
            assert client.get_gmail_labels([uid])[uid] == ["\\Inbox"]

    def test_copy_adds_a_label_and_move_exchanges_it(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail())
        with connected(gmail, "INBOX", write=True) as client:
            client.create_folder("Copied")
            client.copy([uid_of(client, mail)], "Copied")
            assert holds(gmail, "INBOX", mail)
            assert holds(gmail, "Copied", mail)
            client.move([uid_of(client, mail)], "[Gmail]/Trash")
        assert not holds(gmail, ALL_MAIL, mail)
        assert holds(gmail, "[Gmail]/Trash", mail)

    def test_append_puts_a_mail_under_the_mailboxs_label(self, gmail: GmailServer) -> None:
        raw = raw_mail("Appended", Message_ID="<appended@example.org>")
        with connected(gmail) as client:
            client.append("[Gmail]/Sent Mail", raw, flags=[b"\\Seen"])
            client.select_folder(ALL_MAIL, readonly=True)
            (uid,) = client.gmail_search("rfc822msgid:appended@example.org")
            assert client.get_gmail_labels([uid])[uid] == ["\\Sent"]
            assert b"\\Seen" in client.get_flags([uid])[uid]


class TestReading:
    def test_an_examined_mailbox_cannot_be_changed(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail())
        with connected(gmail, "INBOX") as client:
            uid = uid_of(client, mail)
            for change in (client.add_gmail_labels, client.add_flags):
                with pytest.raises(IMAPClientError, match="READ-ONLY"):
                    change([uid], [b"Changed"])
            client.fetch([uid], ["BODY[]"])
            assert b"\\Seen" not in client.get_flags([uid])[uid]

    def test_body_marks_as_read_everywhere_and_peek_does_not(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail())
        with connected(gmail, "INBOX", write=True) as client:
            uid = uid_of(client, mail)
            client.fetch([uid], ["BODY.PEEK[]"])
            assert b"\\Seen" not in client.get_flags([uid])[uid]
            client.fetch([uid], ["BODY[]"])
            client.select_folder(ALL_MAIL, readonly=True)
            uid = uid_of(client, mail)
            assert b"\\Seen" in client.get_flags([uid])[uid]

    def test_keywords_are_kept(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail())
        with connected(gmail, "INBOX", write=True) as client:
            client.add_flags([uid_of(client, mail)], ["$Forwarded", "Jeeves"])
        with connected(gmail, "INBOX") as client:
            uid = uid_of(client, mail)
            assert {b"$Forwarded", b"Jeeves"} <= set(client.get_flags([uid])[uid])
            assert uid in client.search(["KEYWORD", "Jeeves"])

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("marzipan", True),
            ("marzi", False),
            ('"café in the park"', True),
            ('"park in the café"', False),
            ("marzipan -café", False),
            ("from:lopez subject:raw", True),
            ("subject:marzipan", False),
            ("label:muy-importante in:inbox", True),
            ("in:sent", False),
            ("is:unread", True),
            ("is:starred", False),
            ("in:anywhere to:reader", True),
        ],
    )
    def test_gmails_search_words_find_what_they_say(
        self, gmail: GmailServer, query: str, found: bool
    ) -> None:
        mail = gmail.deliver(
            raw_mail("Raw search", "Cake of marzipan at the café in the park, 3 pm"),
            labels=["\\Inbox", "Muy Importante"],
        )
        with connected(gmail, ALL_MAIL) as client:
            assert (uid_of(client, mail) in client.gmail_search(query)) is found

    def test_ids_can_be_searched_and_combined(self, gmail: GmailServer) -> None:
        one, two = gmail.deliver(raw_mail()), gmail.deliver(raw_mail())
        with connected(gmail, ALL_MAIL) as client:
            uids = [uid_of(client, one), uid_of(client, two)]
            either = ["OR", "X-GM-MSGID", one.gmail_id, "X-GM-THRID", two.thread_id]
            assert client.search(either) == uids
            assert client.search([either, "NOT", "X-GM-MSGID", one.gmail_id]) == uids[1:]

    def test_a_command_line_of_many_uids_is_taken(self, gmail: GmailServer) -> None:
        with connected(gmail, "INBOX") as client:
            assert client.fetch(range(10**8, 10**8 + 40_000, 2), ["UID"]) == {}


class TestNews:
    def test_idle_hears_of_a_delivery(self, gmail: GmailServer) -> None:
        with connected(gmail, ALL_MAIL) as client:
            client.idle()
            delivery = threading.Timer(0.2, gmail.deliver, [raw_mail()])
            delivery.start()
            heard = client.idle_check(timeout=10)
            delivery.join()
            client.idle_done()
        assert b"EXISTS" in {response[1] for response in heard}

    def test_idle_hears_of_what_was_delivered_just_before_it(self, gmail: GmailServer) -> None:
        with connected(gmail, ALL_MAIL) as client:
            gmail.deliver(raw_mail())
            client.idle()
            heard = client.idle_check(timeout=1)
            # IMAPClient overlooks what came in one segment with "+ idling" until DONE
            heard += client.idle_done()[1]
        assert b"EXISTS" in {response[1] for response in heard}

    def test_a_new_mail_is_seen_after_noop(self, gmail: GmailServer) -> None:
        with connected(gmail, "INBOX") as client:
            before = client.search()
            gmail.deliver(raw_mail())
            client.noop()
            assert len(client.search()) == len(before) + 1

    def test_an_erased_mail_is_gone_from_every_mailbox(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail(), labels=["\\Inbox", "Erased"])
        with connected(gmail, "INBOX") as client:
            uid = uid_of(client, mail)
            gmail.expunge(mail.gmail_id)
            client.fetch([uid], ["BODY.PEEK[]"])  # is no error (RFC 2180, 4.1)
            client.noop()
            assert client.search(["X-GM-MSGID", mail.gmail_id]) == []
        assert not holds(gmail, ALL_MAIL, mail)
        assert not holds(gmail, "Erased", mail)
        with pytest.raises(MailboxError):
            gmail.expunge(mail.gmail_id)

    def test_expunge_takes_off_a_label_but_erases_in_all_mail(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail())
        with connected(gmail, "INBOX", write=True) as client:
            client.delete_messages([uid_of(client, mail)])
            client.expunge()
        assert holds(gmail, ALL_MAIL, mail)
        with connected(gmail, ALL_MAIL, write=True) as client:
            uid = uid_of(client, mail)
            assert b"\\Deleted" not in client.get_flags([uid])[uid]
            client.delete_messages([uid])
            client.expunge()
        assert not holds(gmail, ALL_MAIL, mail)

    def test_a_new_uidvalidity_voids_all_uids_and_ends_all_connections(self) -> None:
        with GmailServer() as server:
            mails = [server.deliver(raw_mail(f"Number {n}")) for n in range(3)]
            with connected(server) as client:
                old = client.select_folder("INBOX", readonly=True)[b"UIDVALIDITY"]
                old_uids = client.search()
                new = server.change_uidvalidity("INBOX")
                assert new > old
                with pytest.raises((IMAPClientError, OSError)):
                    client.noop()
            with connected(server) as client:
                assert client.select_folder("INBOX", readonly=True)[b"UIDVALIDITY"] == new
                ids = client.fetch(client.search(), ["X-GM-MSGID"])
                found = [str(ids[uid][b"X-GM-MSGID"]) for uid in sorted(ids)]
                assert found == [mail.gmail_id for mail in mails]
                assert str(ids[old_uids[1]][b"X-GM-MSGID"]) == mails[0].gmail_id

    def test_dropped_clients_can_come_back(self, gmail: GmailServer) -> None:
        with connected(gmail, "INBOX") as client:
            gmail.drop_connections()
            with pytest.raises((IMAPClientError, OSError)):
                client.noop()
        with connected(gmail, "INBOX") as client:
            client.noop()


class TestWireLog:
    def test_it_lists_every_command_without_literals_and_passwords(
        self, gmail: GmailServer, wire_log: Path
    ) -> None:
        before = len(logged_commands(wire_log))
        with connected(gmail) as client:
            client.append("[Gmail]/Drafts", raw_mail("A secret subject"))
            client.select_folder("INBOX", readonly=True)
            client.gmail_search("geheim für mich")
            client.idle()
            client.idle_done()
            client.logout()
        commands = logged_commands(wire_log)[before:]
        names = [command.split()[0] for command in commands]
        assert [n for n in names if n != "CAPABILITY"] == [
            "LOGIN", "APPEND", "EXAMINE", "UID", "IDLE", "LOGOUT",
        ]  # fmt: skip
        text = wire_log.read_bytes()
        assert b"UID SEARCH CHARSET UTF-8 X-GM-RAW" in text
        assert b" DONE\n" in text
        for kept_out in (b"secret", b"geheim", gmail.password.encode(), b"From:"):
            assert kept_out not in text

    def test_a_sasl_password_is_left_out_as_well(self, gmail: GmailServer, wire_log: Path) -> None:
        with client_of(gmail) as client:
            client.plain_login(gmail.address, gmail.password)
        lines = wire_log.read_text().splitlines()
        sasl = [n for n, line in enumerate(lines) if "AUTHENTICATE" in line]
        assert lines[sasl[-1]].endswith("AUTHENTICATE PLAIN")
        assert not any(line.startswith(" ") and line != " DONE" for line in lines[sasl[-1] :])

    def test_no_log_is_an_empty_log(self, tmp_path: Path) -> None:
        assert logged_commands(tmp_path / "none.log") == []


def ended(pid: int) -> bool:
    """Whether a process is gone, or only waits to be reaped by somebody else."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def ends(pid: int) -> bool:
    """Whether a process ends within ten seconds."""
    deadline = time.monotonic() + 10
    while not ended(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return ended(pid)


class TestProcess:
    def test_none_is_left_after_the_block(self) -> None:
        with GmailServer() as server:
            pid = server.pid
            assert not ended(pid)
        assert ended(pid)
        server.close()
        with pytest.raises(MailboxUnavailable):
            server.deliver(raw_mail())

    def test_none_is_left_after_an_error_in_the_block(self) -> None:
        pids = []

        def fail() -> None:
            with GmailServer() as server:
                pids.append(server.pid)
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert ended(pids[0])

    def test_sigterm_ends_it_and_the_next_request_says_so(self) -> None:
        with GmailServer() as server:
            os.kill(server.pid, signal.SIGTERM)
            assert ends(server.pid)
            with pytest.raises(MailboxUnavailable, match="mail server"):
                server.deliver(raw_mail())

    def test_it_ends_when_its_parent_is_killed(self) -> None:
        script = (
            "import time; from jeeves.demo.gmail_server import GmailServer\n"
            "with GmailServer() as s: print(s.pid, flush=True); time.sleep(60)"
        )
        parent = subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not ended(pid)
        parent.kill()
        parent.wait()
        parent.stdout.close()
        assert ends(pid)

    def test_by_hand_it_tells_its_port_and_ends_with_its_input(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "jeeves.demo.gmail_server"],
            cwd=ROOT, input=b"", capture_output=True, timeout=30, check=True,
        )  # fmt: skip
        assert b'"port": ' in done.stdout
        assert done.stderr == b""

    def test_pymap_stays_out_of_the_process_that_starts_it(self) -> None:
        script = (
            "import sys; from jeeves.demo.gmail_server import GmailServer\n"
            "with GmailServer() as s: s.deliver(b'Subject: x\\n\\n')\n"
            "assert not [m for m in sys.modules if m.startswith('pymap')]"
        )
        subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=30, check=True)

    def test_a_port_in_use_is_one_sentence(self) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(MailboxUnavailable, match="is the port free"):
                GmailServer(port=port).__enter__()

    def test_another_version_of_pymap_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("jeeves.demo.gmail_server.version", lambda _name: "0.37.0")
        with pytest.raises(ConfigError, match=r"needs pymap 0\.36\.7, and version 0\.37\.0"):
            GmailServer().__enter__()
