"""CONDSTORE of the demo's mail server, and what its sessions hear of each other's changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from imapclient.exceptions import IMAPClientError

from jeeves.demo.gmail_server import Delivered, GmailServer
from jeeves.errors import MailboxError
from tests.builders import raw_mail
from tests.gmail_client import ALL_MAIL, connected, examining, holds, uid_of


@pytest.fixture(scope="module")
def gmail() -> Iterator[GmailServer]:
    with GmailServer() as server:
        yield server


def highest(client: Any, mailbox: str = ALL_MAIL) -> int:
    return int(client.select_folder(mailbox, readonly=True)[b"HIGHESTMODSEQ"])


def changed(client: Any, since: int, *items: str) -> dict[int, Any]:
    """UID to the answer of every mail changed after ``since``."""
    # IMAPClient sends 1:*, but cannot read the answer to it
    everything = client.search()
    asked = ["X-GM-MSGID", *items]
    found = client.fetch(everything, asked, modifiers=[f"CHANGEDSINCE {since}"])
    # What NOOP has told stands among the answers, under its sequence number for want of a UID
    return {uid: answer for uid, answer in found.items() if b"X-GM-MSGID" in answer}


class TestModSequences:
    @pytest.mark.parametrize("mailbox", ["INBOX", ALL_MAIL, "[Gmail]/Trash"])
    def test_every_mailbox_has_a_highest_one_from_the_start(self, mailbox: str) -> None:
        with GmailServer() as server, connected(server) as client:
            assert highest(client, mailbox) == 1

    @pytest.mark.parametrize("mailbox", ["INBOX", ALL_MAIL, "Seen in three"])
    @pytest.mark.parametrize(
        "change",
        [
            {"add_labels": ["Changed"]},
            {"remove_labels": ["Old"]},
            {"add_flags": ["\\Seen"]},
            {"remove_flags": ["Keyword"]},
        ],
    )
    def test_a_change_raises_it_in_every_mailbox_that_shows_the_mail(
        self, gmail: GmailServer, mailbox: str, change: dict[str, list[str]]
    ) -> None:
        mail = gmail.deliver(raw_mail(), labels=["\\Inbox", "Seen in three", "Old"])
        gmail.change(mail.gmail_id, add_flags=["Keyword"])
        gmail.deliver(raw_mail("Another"), labels=["\\Inbox", "Seen in three"])
        with connected(gmail, mailbox) as client:
            before = highest(client, mailbox)
            assert changed(client, before) == {}
            gmail.change(mail.gmail_id, **change)
            client.noop()
            ((uid, answer),) = changed(client, before).items()
            assert str(answer[b"X-GM-MSGID"]) == mail.gmail_id
            assert answer[b"MODSEQ"] == (highest(client, mailbox),)
            assert answer[b"MODSEQ"][0] > before
            assert uid == uid_of(client, mail)

    def test_a_delivery_raises_it(self, gmail: GmailServer) -> None:
        with connected(gmail) as client:
            before = highest(client)
            mail = gmail.deliver(raw_mail())
            assert highest(client) > before
            assert list(changed(client, before)) == [uid_of(client, mail)]

    def test_what_changes_nothing_raises_nothing(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail(), seen=True)
        with connected(gmail) as client:
            before = highest(client)
            gmail.change(mail.gmail_id, add_labels=["\\Inbox"], add_flags=["\\Seen"])
            for mailbox in (ALL_MAIL, "INBOX"):
                client.select_folder(mailbox)
                client.fetch(client.search(), ["BODY.PEEK[]"])
            assert highest(client) == before

    def test_the_change_is_fetched_with_its_mod_sequence(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail(), labels=["\\Inbox"])
        with connected(gmail) as client:
            before = highest(client)
            gmail.change(mail.gmail_id, add_labels=["Jeeves", "\\Starred"])
            client.noop()
            (answer,) = changed(client, before, "FLAGS", "X-GM-LABELS").values()
            assert set(answer[b"X-GM-LABELS"]) == {b"\\Inbox", b"\\Starred", b"Jeeves"}
            assert b"\\Flagged" in answer[b"FLAGS"]
            assert answer[b"MODSEQ"][0] > before

    def test_sequence_numbers_are_taken_as_well_as_uids(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail())
        with connected(gmail) as client:
            client.use_uid = False
            before = highest(client)
            gmail.change(mail.gmail_id, add_labels=["Numbered"])
            client.noop()
            (answer,) = changed(client, before).values()
            assert str(answer[b"X-GM-MSGID"]) == mail.gmail_id

    def test_the_whole_mailbox_can_be_asked_for(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail())
        with connected(gmail) as client:
            before = highest(client, "INBOX")
            uid = uid_of(client, mail)
        gmail.change(mail.gmail_id, add_labels=["Asked for"])
        with examining(gmail) as ask:
            fetch = f"A3 UID FETCH 1:* (FLAGS X-GM-LABELS) (CHANGEDSINCE {before})"
            answer = ask(fetch, b"A3 OK")
            assert answer.count(b"* ") == 1
            assert f"UID {uid}".encode() in answer
            assert b'X-GM-LABELS ("Asked for")' in answer

    def test_a_label_that_is_deleted_changes_its_mails(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail(), labels=["\\Inbox", "Deleted later"])
        with connected(gmail) as client:
            before = highest(client)
            client.delete_folder("Deleted later")
            client.noop()
            assert list(changed(client, before)) == [uid_of(client, mail)]

    def test_it_can_be_left_out(self) -> None:
        with GmailServer(condstore=False) as server:
            server.deliver(raw_mail())
            with connected(server) as client:
                assert not client.has_capability("CONDSTORE")
                assert client.enable("CONDSTORE") == []
                assert b"HIGHESTMODSEQ" not in client.select_folder("INBOX", readonly=True)
                with pytest.raises(IMAPClientError, match="CONDSTORE is not offered"):
                    changed(client, 1)

    def test_a_conditional_store_is_refused_rather_than_done(self, gmail: GmailServer) -> None:
        gmail.deliver(raw_mail())
        with connected(gmail, "INBOX", write=True) as client:
            kind, _ = client._imap._simple_command(
                "STORE", "1", "(UNCHANGEDSINCE 1)", "+FLAGS", r"(\Flagged)"
            )
            assert kind == "NO"


class TestUnsolicited:
    @pytest.mark.parametrize("enabled", [False, True])
    def test_idle_hears_of_labels_without_their_names(
        self, gmail: GmailServer, enabled: bool
    ) -> None:
        mail = gmail.deliver(raw_mail())
        with examining(gmail) as ask:
            if enabled:
                assert b"* ENABLED CONDSTORE\r\n" in ask("A3 ENABLE X-OTHER CONDSTORE", b"A3 OK")
            ask("A4 IDLE", b"+ ")
            gmail.change(mail.gmail_id, add_labels=["Whispered"])
            heard = ask("", b"\r\n")
            assert heard.count(b" FETCH ") == 1
            assert b"FLAGS (" in heard
            assert b"X-GM-LABELS" not in heard
            assert b"Whispered" not in heard
            assert (b"MODSEQ (" in heard) is enabled

    @pytest.mark.parametrize(
        "enabling",
        ["NOOP", "EXAMINE INBOX (CONDSTORE)", "FETCH * MODSEQ", "FETCH * FLAGS (CHANGEDSINCE 1)"],
    )
    def test_noop_hears_of_them_too_with_modseq_once_condstore_is_in_use(
        self, gmail: GmailServer, enabling: str
    ) -> None:
        mail = gmail.deliver(raw_mail())
        with examining(gmail) as ask:
            ask(f"A3 {enabling}", b"A3 OK")
            gmail.change(mail.gmail_id, add_labels=["Once more"])
            heard = ask("A4 NOOP", b"A4 OK")
            assert heard.count(b" FETCH ") == 1
            assert b"X-GM-LABELS" not in heard
            assert (b"MODSEQ (" in heard) is (enabling != "NOOP")
            assert b"FETCH" not in ask("A5 NOOP", b"A5 OK")

    def test_a_star_is_heard_as_a_flag(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail())
        with examining(gmail) as ask:
            gmail.change(mail.gmail_id, add_labels=["\\Starred"])
            assert b"FETCH (FLAGS (\\Flagged" in ask("A3 NOOP", b"A3 OK")

    def test_who_asked_for_silence_hears_nothing_but_the_mod_sequence(
        self, gmail: GmailServer
    ) -> None:
        gmail.deliver(raw_mail())
        with examining(gmail) as ask:
            ask("A3 SELECT INBOX", b"A3 OK")
            for tag, item in [("A4", "+FLAGS.SILENT ($One)"), ("A5", "+X-GM-LABELS.SILENT (One)")]:
                assert b"FETCH" not in ask(f"{tag} STORE * {item}", f"{tag} OK".encode())
            ask("A6 FETCH * MODSEQ", b"A6 OK")
            for tag, item in [("A7", "+FLAGS.SILENT ($Two)"), ("A8", "+X-GM-LABELS.SILENT (Two)")]:
                heard = ask(f"{tag} STORE * {item}", f"{tag} OK".encode())
                assert b"MODSEQ (" in heard
                assert b"X-GM-LABELS" not in heard


class TestChange:
    def found(self, gmail: GmailServer, mail: Delivered) -> dict[bytes, Any]:
        with connected(gmail, ALL_MAIL) as client:
            answer: dict[bytes, Any]
            (answer,) = client.fetch([uid_of(client, mail)], ["FLAGS", "X-GM-LABELS"]).values()
            return answer

    def test_labels_and_flags_are_added_and_taken(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail(), labels=["\\Inbox", "Old"])
        gmail.change(mail.gmail_id, add_labels=["New"], remove_labels=["Old", "\\Inbox"])
        gmail.change(mail.gmail_id, add_flags=["\\Seen", "Kept"])
        assert self.found(gmail, mail)[b"X-GM-LABELS"] == (b"New",)
        assert {b"\\Seen", b"Kept"} <= set(self.found(gmail, mail)[b"FLAGS"])
        assert holds(gmail, "New", mail)
        assert not holds(gmail, "INBOX", mail)
        gmail.change(mail.gmail_id, remove_flags=["\\Seen"])
        assert b"\\Seen" not in self.found(gmail, mail)[b"FLAGS"]

    def test_the_flag_of_a_star_is_its_label(self, gmail: GmailServer) -> None:
        mail = gmail.deliver(raw_mail(), labels=["\\Inbox"])
        gmail.change(mail.gmail_id, add_flags=["\\Flagged"])
        assert set(self.found(gmail, mail)[b"X-GM-LABELS"]) == {b"\\Inbox", b"\\Starred"}
        gmail.change(mail.gmail_id, remove_flags=["\\Flagged"])
        assert self.found(gmail, mail)[b"X-GM-LABELS"] == (b"\\Inbox",)

    def test_a_mail_that_is_not_there_is_an_error(self, gmail: GmailServer) -> None:
        with pytest.raises(MailboxError):
            gmail.change("1", add_labels=["New"])
