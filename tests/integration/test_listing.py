"""What a server tells of mails without their bytes, on real servers and a scripted one."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jeeves.adapters.gmail import GmailMailbox
from jeeves.adapters.imap import ImapAccount
from jeeves.demo.gmail_server import GmailServer, logged_commands
from jeeves.errors import OverQuota
from tests.builders import raw_mail
from tests.dovecot import Dovecot, a_dovecot

RECEIVED = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def gmail(folder: Path) -> Iterator[GmailServer]:
    with GmailServer(wire_log=folder / "wire.log") as server:
        yield server


@pytest.fixture(scope="module")
def dovecot(needs_program: Callable[[str, str], str]) -> Iterator[Dovecot]:
    with a_dovecot(needs_program) as server:
        yield server


def mailbox_of(server: GmailServer | Dovecot) -> GmailMailbox:
    return GmailMailbox(
        ImapAccount(server.address, server.password, server.host, server.port, "none")
    )


@pytest.mark.parametrize("kind", ["gmail", "dovecot"])
def test_every_server_lists_size_date_and_message_id(
    kind: str, request: pytest.FixtureRequest
) -> None:
    server: GmailServer | Dovecot = request.getfixturevalue(kind)
    with closing(mailbox_of(server)) as mailbox:
        before = max(mailbox.uids_after(0), default=0)
        whole = raw_mail(Message_ID="<first@example.org>")
        folded = whole.replace(b"Message-ID: <first@", b"Message-Id:\r\n <second@")
        nameless = b"\r\n".join(x for x in whole.split(b"\r\n") if b"Message-ID" not in x)
        for raw in (whole, folded, nameless):
            if isinstance(server, GmailServer):
                server.deliver(raw, received_at=RECEIVED)
            else:
                server.deliver([raw], received_at=RECEIVED)
        mailbox.open()
        uids = mailbox.uids_after(before)
        found = list(mailbox.listed([uids[2], 99_999_999, uids[0], uids[1]]))
        assert [one.uid for one in found] == [uids[2], uids[0], uids[1]]
        assert [one.message_id for one in found] == ["", "first@example.org", "second@example.org"]
        assert [one.size for one in found] == [len(nameless), len(whole), len(folded)]
        assert {one.received_at for one in found} == {RECEIVED}
        mails = {mail.uid: mail for mail in mailbox.fetch(uids)}
        for one in found:
            assert one.gmail_id == mails[one.uid].gmail_id
            assert one.gmail_thread_id == mails[one.uid].gmail_thread_id
            assert (one.gmail_id is not None) == (kind == "gmail")


def test_listing_reads_and_changes_nothing(gmail: GmailServer, folder: Path) -> None:
    """Promise 1, for the new command."""
    gmail.deliver(raw_mail())
    with closing(mailbox_of(gmail)) as mailbox:
        uids = mailbox.uids_after(0)
        before = len(logged_commands(folder / "wire.log"))
        assert list(mailbox.listed(uids))
    commands = logged_commands(folder / "wire.log")[before:]
    fetches = [command for command in commands if "FETCH" in command.upper()]
    assert fetches
    assert all("BODY.PEEK[HEADER.FIELDS" in command.upper() for command in fetches)
    assert not [command for command in commands if "BODY[" in command.upper()]


class MeanServer:
    """Opens a mailbox of two mails, or not even that, and says that the bandwidth is used up."""

    def __init__(self, last_words: bytes, at_login: bool = False) -> None:
        self._last_words, self._at_login = last_words, at_login
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with self._socket:
            peer, _ = self._socket.accept()
        with peer, peer.makefile("rwb") as wire:
            wire.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
            wire.flush()
            while line := wire.readline():
                tag, _, rest = line.strip().partition(b" ")
                verb = rest.upper()
                if verb.startswith(b"EXAMINE"):
                    wire.write(b"* 2 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 3] n\r\n")
                if verb == b"CAPABILITY":
                    wire.write(b"* CAPABILITY IMAP4rev1\r\n")
                refused = b"LOGIN" if self._at_login else b"UID FETCH"
                if verb.startswith(refused):
                    wire.write(self._last_words.replace(b"TAG", tag) + b"\r\n")
                    if self._last_words.startswith(b"*"):
                        wire.flush()
                        return
                else:
                    wire.write(tag + b" OK done\r\n")
                wire.flush()


@pytest.mark.parametrize("at_login", [False, True], ids=["at fetch", "at login"])
@pytest.mark.parametrize(
    "last_words",
    [
        b"TAG NO [OVERQUOTA] Account exceeded command or bandwidth limits.",
        b"* BYE [OVERQUOTA] Account exceeded command or bandwidth limits.",
    ],
    ids=["no", "bye"],
)
def test_a_server_that_gives_no_more_today_is_told_from_one_that_is_away(
    last_words: bytes, at_login: bool
) -> None:
    server = MeanServer(last_words, at_login)
    account = ImapAccount("a@example.org", "x", "127.0.0.1", server.port, "none")
    with (
        closing(GmailMailbox(account)) as mailbox,
        pytest.raises(OverQuota, match="try again tomorrow"),
    ):
        list(mailbox.listed([1, 2]))
