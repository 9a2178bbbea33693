"""The mailbox adapters on real servers: a Gmail-like one and Dovecot."""

from __future__ import annotations

import re
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from jeeves.adapters.gmail import GmailMailbox
from jeeves.adapters.imap import ImapAccount, Timing
from jeeves.adapters.imap.fetching import BATCH_MAILS, MAIL_BYTES, batches
from jeeves.demo.gmail_server import GmailServer, logged_commands
from jeeves.errors import ConfigError, LoginRefused, MailboxUnavailable
from jeeves.service.triage import BATCH
from scripts.bench.ingesting.fetching import BATCH as BENCH_BATCH
from tests.builders import raw_mail
from tests.dovecot import Dovecot, a_dovecot, free_port
from tests.read_only import those_that_change, verb


def account_of(server: GmailServer | Dovecot, **changes: Any) -> ImapAccount:
    values: dict[str, Any] = {
        "address": server.address,
        "password": server.password,
        "host": server.host,
        "port": server.port,
        "security": "none",
    }
    return ImapAccount(**{**values, **changes})


@pytest.fixture(scope="module")
def wire_log() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "wire.log"


@pytest.fixture(scope="module")
def gmail(wire_log: Path) -> Iterator[GmailServer]:
    with GmailServer(wire_log=wire_log) as server:
        yield server


@pytest.fixture(scope="module")
def dovecot(needs_program: Callable[[str, str], str]) -> Iterator[Dovecot]:
    with a_dovecot(needs_program) as server:
        yield server


def newest(mailbox: GmailMailbox) -> int:
    return mailbox.uids_after(0)[-1]


def test_gmails_ids_conversation_and_labels_come_along(gmail: GmailServer) -> None:
    labels = [
        "\\Inbox",
        "\\Starred",
        "Muy Importante",
        'a "quoted" (one)',
        "back\\slash",
        "Füße/🎉",
        "42",
    ]
    delivered = gmail.deliver(raw_mail(), labels=labels)
    with closing(GmailMailbox(account_of(gmail))) as mailbox:
        status = mailbox.open()
        assert status.mailbox == "[Gmail]/All Mail"
        [mail] = mailbox.fetch([newest(mailbox)])
    assert mail.gmail_id == delivered.gmail_id
    assert mail.gmail_thread_id == delivered.thread_id
    assert set(mail.labels) == set(labels)
    assert mail.starred


def test_the_label_of_the_mailbox_that_is_read_is_not_lost(gmail: GmailServer) -> None:
    gmail.deliver(raw_mail(), labels=["\\Inbox", "Jeeves"])
    for name, label in (("INBOX", "\\Inbox"), ("Jeeves", "Jeeves")):
        with closing(GmailMailbox(account_of(gmail, mailbox=name))) as mailbox:
            mailbox.open()
            [mail] = mailbox.fetch([newest(mailbox)])
            assert {"\\Inbox", "Jeeves"} <= set(mail.labels), label


def test_all_mail_is_found_in_any_language_and_inbox_where_it_is_hidden() -> None:
    with GmailServer(german=True) as server, closing(GmailMailbox(account_of(server))) as mailbox:
        assert mailbox.open().mailbox == "[Gmail]/Alle Nachrichten"
    with (
        GmailServer(all_mail=False) as server,
        closing(GmailMailbox(account_of(server))) as mailbox,
    ):
        assert mailbox.open().mailbox == "INBOX"


def test_a_filter_in_gmails_own_words_lets_only_its_mail_through(
    gmail: GmailServer, dovecot: Dovecot
) -> None:
    wanted = 'from:"Ana Lopez" -"the café"'
    with closing(GmailMailbox(account_of(gmail, gmail_filter=wanted))) as mailbox:
        last = mailbox.open().uidnext - 1
        gmail.deliver(raw_mail(sender="Ben <ben@example.org>"))
        gmail.deliver(raw_mail(sender="Ana Lopez <ana@example.org>", text="In the café?"))
        assert mailbox.open()
        assert mailbox.uids_after(last) == []
        gmail.deliver(raw_mail(sender="Ana Lopez <ana@example.org>", text="At noon?"))
        mailbox.open()
        [uid] = mailbox.uids_after(last)
        [mail] = mailbox.fetch([uid])
        assert b"At noon?" in mail.raw
    with (
        closing(GmailMailbox(account_of(dovecot, gmail_filter=wanted))) as plain,
        pytest.raises(ConfigError, match="does not offer Gmail's search"),
    ):
        plain.uids_after(0)


@pytest.mark.parametrize(("seconds", "examined"), [(0.0, 3), (3600.0, 1)])
def test_a_connection_that_lasts_asks_for_the_uidvalidity_anew(
    gmail: GmailServer, wire_log: Path, seconds: float, examined: int
) -> None:
    before = len(logged_commands(wire_log))
    with closing(GmailMailbox(account_of(gmail), Timing(examine=seconds))) as mailbox:
        for _ in range(3):
            mailbox.open()
    commands = [verb(command) for command in logged_commands(wire_log)[before:]]
    assert commands.count("EXAMINE") == examined
    assert commands.count("LOGIN") == 1


def test_only_read_only_commands_are_sent(gmail: GmailServer, wire_log: Path) -> None:
    """Promise 1: nothing that could change a mailbox crosses the wire."""
    before = len(logged_commands(wire_log))
    gmail.deliver(raw_mail())
    with closing(GmailMailbox(account_of(gmail))) as mailbox:
        mailbox.open()
        uids = mailbox.uids_since(datetime.now(UTC) - timedelta(days=1))
        assert list(mailbox.fetch(uids))
        mailbox.wait(0.2, lambda: False)
        mailbox.open()
        mailbox.uids_after(uids[-1])
    commands = logged_commands(wire_log)[before:]
    assert {"EXAMINE", "UID FETCH", "UID SEARCH", "IDLE"} <= {verb(c) for c in commands}
    assert those_that_change(commands) == []


@pytest.mark.parametrize("kind", ["gmail", "dovecot"])
class TestEveryServer:
    """What holds for any IMAP server."""

    @pytest.fixture
    def server(self, kind: str, request: pytest.FixtureRequest) -> GmailServer | Dovecot:
        server: GmailServer | Dovecot = request.getfixturevalue(kind)
        return server

    @pytest.fixture
    def mailbox(self, server: GmailServer | Dovecot) -> Iterator[GmailMailbox]:
        mailbox = GmailMailbox(account_of(server))
        mailbox.open()
        yield mailbox
        mailbox.close()

    @staticmethod
    def deliver(server: GmailServer | Dovecot, raw: bytes) -> None:
        if isinstance(server, GmailServer):
            server.deliver(raw)
        else:
            server.deliver([raw])

    def test_a_mail_comes_as_its_very_bytes(
        self, server: GmailServer | Dovecot, mailbox: GmailMailbox
    ) -> None:
        raw = raw_mail(text="Zwölf Uhr? " * 500)
        self.deliver(server, raw)
        mailbox.open()
        [mail] = mailbox.fetch([newest(mailbox)])
        assert mail.raw == raw
        assert mail.uidvalidity == mailbox.open().uidvalidity
        assert abs(datetime.now(UTC) - mail.received_at) < timedelta(minutes=5)

    def test_nothing_new_is_an_empty_list_though_the_server_names_the_last(
        self, server: GmailServer | Dovecot, mailbox: GmailMailbox
    ) -> None:
        self.deliver(server, raw_mail())
        mailbox.open()
        assert mailbox.uids_after(newest(mailbox)) == []

    def test_an_expunged_uid_is_left_out(
        self, server: GmailServer | Dovecot, mailbox: GmailMailbox
    ) -> None:
        self.deliver(server, raw_mail())
        mailbox.open()
        last = newest(mailbox)
        assert [mail.uid for mail in mailbox.fetch([last, last + 1000])] == [last]

    def test_idle_wakes_when_mail_arrives(
        self, server: GmailServer | Dovecot, mailbox: GmailMailbox
    ) -> None:
        last = max(mailbox.uids_after(0), default=0)
        timer = threading.Timer(0.3, self.deliver, (server, raw_mail()))
        timer.start()
        # a response cut in two by the network ends the connection; the next open heals it
        with suppress(MailboxUnavailable):
            assert mailbox.wait(20, lambda: False)
        timer.join()
        mailbox.open()
        assert len(mailbox.uids_after(last)) == 1

    def test_mail_that_arrives_just_before_idle_is_not_missed(
        self, server: GmailServer | Dovecot, mailbox: GmailMailbox
    ) -> None:
        last = max(mailbox.uids_after(0), default=0)
        for _ in range(10):
            assert mailbox.uids_after(last) == []
            self.deliver(server, raw_mail())
            with suppress(MailboxUnavailable):
                assert mailbox.wait(8, lambda: False)
            mailbox.open()
            [last] = mailbox.uids_after(last)

    def test_waiting_ends_when_it_is_told_to(self, mailbox: GmailMailbox) -> None:
        stop = threading.Event()
        mailbox.uids_after(0)
        threading.Timer(0.2, stop.set).start()
        assert mailbox.wait(60, stop.is_set) is False

    def test_a_wrong_password_is_one_sentence_without_the_password(
        self, server: GmailServer | Dovecot
    ) -> None:
        mailbox = GmailMailbox(account_of(server, password="hunter2"))
        with pytest.raises(LoginRefused, match="check GMAIL_ADDRESS and GMAIL_APP_PASSWORD") as got:
            mailbox.open()
        assert "hunter2" not in str(got.value) + repr(account_of(server, password="hunter2"))

    def test_a_missing_mailbox_is_one_sentence(self, server: GmailServer | Dovecot) -> None:
        mailbox = GmailMailbox(account_of(server, mailbox="Nowhere"))
        with pytest.raises(ConfigError, match="check IMAP_MAILBOX"):
            mailbox.open()

    @pytest.mark.parametrize("alone", [True, False], ids=["one part", "many parts"])
    def test_of_a_large_mail_headers_and_text_are_fetched(
        self, server: GmailServer | Dovecot, mailbox: GmailMailbox, alone: bool
    ) -> None:
        large = EmailMessage()
        large["Subject"], large["From"] = "Füße am Montag", "Ana <ana@example.org>"
        large.set_content(
            "Lunch on Monday? Schöne Grüße\n" + ("filler\n" * 400_000 if alone else "")
        )
        if not alone:
            large.add_alternative("<p>Lunch on Monday?</p>", subtype="html")
            large.add_attachment(bytes(MAIL_BYTES), maintype="image", subtype="png")
            large.add_attachment("the list", filename="list.txt")
        self.deliver(server, large.as_bytes())
        self.deliver(server, raw_mail(text="small one"))
        mailbox.open()
        first, second = mailbox.fetch(mailbox.uids_after(0)[-2:])
        assert len(first.raw) < MAIL_BYTES / 2
        found = message_from_bytes(first.raw, policy=policy.default)
        assert found["Subject"] == "Füße am Montag"
        texts = [
            part.get_content() for part in found.walk() if part.get_content_maintype() == "text"
        ]
        assert texts[0].startswith("Lunch on Monday? Schöne Grüße")
        assert [text.strip() for text in texts[1:]] == (
            [] if alone else ["<p>Lunch on Monday?</p>", "the list"]
        )
        assert b"small one" in second.raw


def test_plain_imap_reads_keywords_as_labels_and_the_flag_as_star(dovecot: Dovecot) -> None:
    client = dovecot.client()
    client.append("INBOX", raw_mail(), flags=["\\Flagged", "Project"])
    client.logout()
    with closing(GmailMailbox(account_of(dovecot))) as mailbox:
        mailbox.open()
        [mail] = mailbox.fetch([newest(mailbox)])
    assert mail.labels == ("Project",)
    assert mail.starred
    assert mail.gmail_id is None


def test_reading_leaves_mail_unread(dovecot: Dovecot) -> None:
    """Promise 1, seen from the other side: flags are as before."""
    dovecot.deliver([raw_mail()])
    with closing(GmailMailbox(account_of(dovecot))) as mailbox:
        mailbox.open()
        assert list(mailbox.fetch(mailbox.uids_after(0)))
    client = dovecot.client()
    client.select_folder("INBOX", readonly=True)
    flags = client.get_flags(client.search())
    client.logout()
    assert not any(b"\\Seen" in found for found in flags.values())


def test_no_server_there_is_one_sentence_and_worth_a_retry() -> None:
    account = ImapAccount("a@example.org", "x", "127.0.0.1", free_port(), "none")
    with pytest.raises(MailboxUnavailable, match="cannot be reached"):
        GmailMailbox(account).open()


def test_an_untrusted_certificate_and_a_bad_ca_file_are_configuration(tmp_path: Path) -> None:
    account = ImapAccount("a@example.org", "x", "127.0.0.1", 1, "tls", ca_file=str(tmp_path / "no"))
    with pytest.raises(ConfigError, match="IMAP_CA_FILE"):
        GmailMailbox(account).open()


def test_a_dropped_connection_is_noticed_and_the_next_open_heals_it(gmail: GmailServer) -> None:
    with closing(GmailMailbox(account_of(gmail))) as mailbox:
        mailbox.open()
        gmail.drop_connections()
        with pytest.raises(MailboxUnavailable):
            mailbox.wait(5, lambda: False)
        mailbox.open()


class ScriptedServer:
    """Greets, answers LOGIN with a fixed line, and closes."""

    def __init__(self, answer: bytes | None) -> None:
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        peer, _ = self._socket.accept()
        with peer, peer.makefile("rwb") as wire:
            wire.write(b"* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n")
            wire.flush()
            while line := wire.readline():
                tag, _, rest = line.partition(b" ")
                if rest.upper().startswith(b"LOGIN"):
                    if self._answer is None:
                        return
                    wire.write(tag + b" " + self._answer + b"\r\n")
                else:
                    wire.write(tag + b" OK done\r\n")
                wire.flush()


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (
            b"NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)",
            LoginRefused,
            "refused the login",
        ),
        (b"NO [ALERT] Application-specific password required", LoginRefused, "an app password"),
        (
            b"NO [ALERT] Your account is not enabled for IMAP use",
            LoginRefused,
            "IMAP is switched off",
        ),
        (b"NO [ALERT] Too many simultaneous connections. (Failure)", MailboxUnavailable, "no more"),
        (None, MailboxUnavailable, "broke off"),
    ],
)
def test_a_refused_login_is_told_from_a_lost_connection(
    answer: bytes | None, error: type[Exception], sentence: str
) -> None:
    server = ScriptedServer(answer)
    account = ImapAccount("a@example.org", "x", "127.0.0.1", server.port, "none")
    with pytest.raises(error, match=re.escape(sentence)):
        GmailMailbox(account).open()


def test_no_fetch_is_larger_than_its_bounds_and_none_comes_before_a_smaller_uid() -> None:
    sizes = {n: {b"RFC822.SIZE": 1_500_000} for n in range(1, 21)}
    sizes[7] = {b"RFC822.SIZE": MAIL_BYTES + 1}
    found = list(batches(sizes))
    assert [uid for batch in found for uid in batch] == list(range(1, 21))
    assert [7] in found
    assert all(len(batch) <= 5 for batch in found)


def test_the_bare_fetch_of_the_bench_asks_in_the_same_batches() -> None:
    assert BENCH_BATCH == BATCH_MAILS == BATCH
