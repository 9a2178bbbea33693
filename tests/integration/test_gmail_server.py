"""The demo's mail server as Gmail's: mailboxes, news, and a log of what crosses the wire."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from imapclient.exceptions import IMAPClientError, LoginError

from jeeves.demo.gmail_server import GmailServer, logged_commands
from jeeves.demo.mails import initial_mails
from jeeves.errors import MailboxError
from tests.builders import raw_mail
from tests.gmail_client import ALL_MAIL, client_of, connected, examining, holds, uid_of


@pytest.fixture(scope="module")
def wire_log() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "wire.log"


@pytest.fixture(scope="module")
def gmail(wire_log: Path) -> Iterator[GmailServer]:
    with GmailServer(wire_log=wire_log) as server:
        yield server


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
            for capability in ("IDLE", "ID", "X-GM-EXT-1", "SPECIAL-USE", "LITERAL+", "CONDSTORE"):
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
            b"Subject: nothing but a line\r\n",
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
        assert returned in (raw, raw + b"\r\n\r\n")


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
        with examining(gmail) as ask:
            gmail.deliver(raw_mail())
            assert ask("A3 IDLE", b"EXISTS").startswith(b"+ ")

    def test_news_come_in_whole_lines(self, gmail: GmailServer) -> None:
        with examining(gmail) as ask:
            ask("A3 IDLE", b"+ ")
            for _ in range(5):
                gmail.deliver(raw_mail())
                for line in ask("", b"FETCH").splitlines(keepends=True):
                    assert line.startswith(b"* ")
                    assert line.endswith(b"\r\n")

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
        assert not holds(gmail, "INBOX", mail)
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
