"""Whom the demo's mail server lets in, how often, and what Jeeves makes of its refusals."""

from __future__ import annotations

import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from imapclient.exceptions import LoginError

from jeeves.adapters.gmail import GmailMailbox
from jeeves.adapters.imap import ImapAccount
from jeeves.demo.gmail.refusals import TOKEN_CHALLENGE, Refusal
from jeeves.demo.gmail_server import GmailServer, logged_commands
from jeeves.errors import LoginRefused, MailboxUnavailable
from tests.builders import raw_mail
from tests.gmail_client import client_of, connected, talking

GOOD, NEW = "ya29.a-good-token", "ya29.a-new-token"


@pytest.fixture(scope="module")
def wire_log() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "wire.log"


@pytest.fixture(scope="module")
def server(wire_log: Path) -> Iterator[GmailServer]:
    with GmailServer(wire_log=wire_log, connections=3, tokens=[GOOD]) as server:
        server.deliver(raw_mail())
        yield server


@pytest.fixture
def gmail(server: GmailServer) -> Iterator[GmailServer]:
    """The server, which lets in again after the test."""
    yield server
    server.drop_connections()
    server.throttle(0)
    server.refuse_logins(None)
    server.accept_tokens([GOOD])


def response(gmail: GmailServer, token: str, address: str = "") -> str:
    """The client's response of XOAUTH2."""
    text = f"user={address or gmail.address}\x01auth=Bearer {token}\x01\x01"
    return b64encode(text.encode()).decode()


def account(gmail: GmailServer, token: Callable[[bool], str] | None = None) -> ImapAccount:
    return ImapAccount(
        address=gmail.address,
        password=gmail.password,
        host=gmail.host,
        port=gmail.port,
        security="none",
        token=token,
    )


class TestConnections:
    def test_one_too_many_is_refused_and_let_in_once_another_ends(self, gmail: GmailServer) -> None:
        with ExitStack() as stack:
            for _ in range(2):
                stack.enter_context(connected(gmail, "INBOX"))
            with connected(gmail) as third, client_of(gmail) as client:
                with pytest.raises(LoginError) as refused:
                    client.login(gmail.address, gmail.password)
                assert Refusal.CONNECTIONS in str(refused.value)
                # Gmail does not tell a stranger (github.com/jstedfast/MailKit/issues/377)
                with pytest.raises(LoginError, match="Invalid credentials"):
                    client.login(gmail.address, "wrong")
                third.logout()
            with connected(gmail, "INBOX") as client:
                client.noop()

    def test_it_is_fifteen_unless_told_otherwise(self) -> None:
        with GmailServer() as server, ExitStack() as stack:
            for _ in range(15):
                stack.enter_context(connected(server))
            with client_of(server) as client, pytest.raises(LoginError, match="Too many simul"):
                client.login(server.address, server.password)

    def test_connections_that_are_cut_are_counted_no_more(self, gmail: GmailServer) -> None:
        for _ in range(3):
            with ExitStack() as stack:
                for _ in range(3):
                    stack.enter_context(connected(gmail, "INBOX")).idle()
                gmail.drop_connections()
        with connected(gmail, "INBOX") as client:
            client.noop()

    def test_jeeves_tries_again_later(self, gmail: GmailServer) -> None:
        with ExitStack() as stack, closing(GmailMailbox(account(gmail))) as mailbox:
            others = [stack.enter_context(connected(gmail)) for _ in range(3)]
            with pytest.raises(MailboxUnavailable, match="no more connections"):
                mailbox.open()
            others[0].logout()
            assert mailbox.open().uidvalidity


class TestThrottle:
    def test_so_many_logins_and_commands_are_refused_and_no_more(self, gmail: GmailServer) -> None:
        login = f'LOGIN "{gmail.address}" "{gmail.password}"'
        refused = f" NO {Refusal.QUOTA}\r\n".encode()
        with talking(gmail) as ask:
            gmail.throttle(2)
            ask("A1 CAPABILITY", b"A1 OK")
            assert ask(f"A2 {login}", b"\r\n") == b"A2" + refused
            ask(f"A3 AUTHENTICATE XOAUTH2 {response(gmail, GOOD)}", b"+ ")
            assert ask("\r\n", b"\r\n") == b"A3" + refused
            ask(f"A3 {login}", b"A3 OK")
            ask("A4 EXAMINE INBOX", b"A4 OK")
            gmail.throttle(3)
            for command in ("UID SEARCH ALL", "IDLE", "UID FETCH 1:* FLAGS"):
                ask("A5 NOOP", b"A5 OK")
                assert ask(f"A6 {command}", b"\r\n") == b"A6" + refused
            ask("A7 UID SEARCH ALL", b"A7 OK")

    def test_jeeves_tries_again_later(self, gmail: GmailServer) -> None:
        with closing(GmailMailbox(account(gmail))) as mailbox:
            gmail.throttle(1)
            with pytest.raises(MailboxUnavailable):
                mailbox.open()
            mailbox.open()
            gmail.throttle(1)
            with pytest.raises(MailboxUnavailable):
                mailbox.uids_after(0)
            assert mailbox.uids_after(0)


class TestRefusals:
    @pytest.mark.parametrize("reason", Refusal)
    def test_logins_are_refused_in_gmails_words(self, gmail: GmailServer, reason: Refusal) -> None:
        gmail.refuse_logins(reason)
        for _ in range(2):
            with client_of(gmail) as client, pytest.raises(LoginError) as refused:
                client.login(gmail.address, gmail.password)
            assert reason in str(refused.value)
        gmail.refuse_logins(None)
        with connected(gmail, "INBOX") as client:
            client.noop()

    @pytest.mark.parametrize(
        ("reason", "advice"),
        [
            (Refusal.CREDENTIALS, "refused the login"),
            (Refusal.APP_PASSWORD, "Gmail wants an app password"),
            (Refusal.IMAP_OFF, "switched off"),
        ],
    )
    def test_jeeves_says_what_to_do(self, gmail: GmailServer, reason: Refusal, advice: str) -> None:
        gmail.refuse_logins(reason)
        with (
            closing(GmailMailbox(account(gmail))) as mailbox,
            pytest.raises(LoginRefused, match=advice),
        ):
            mailbox.open()


class TestTokens:
    @pytest.mark.parametrize("at_once", [True, False])
    def test_a_good_token_lets_in_with_the_command_or_after_it(
        self, gmail: GmailServer, at_once: bool
    ) -> None:
        with talking(gmail) as ask:
            capabilities = ask("A1 CAPABILITY", b"A1 OK")
            assert b"AUTH=XOAUTH2" in capabilities
            assert b"SASL-IR" in capabilities
            if at_once:
                ask(f"A2 AUTHENTICATE XOAUTH2 {response(gmail, GOOD)}", b"A2 OK")
            else:
                assert ask("A2 AUTHENTICATE XOAUTH2", b"\r\n") == b"+ \r\n"
                ask(response(gmail, GOOD), b"A2 OK")
            ask("A3 EXAMINE INBOX", b"A3 OK")

    @pytest.mark.parametrize("at_once", [True, False])
    def test_a_bad_one_is_answered_by_a_challenge_and_then_refused(
        self, gmail: GmailServer, at_once: bool
    ) -> None:
        with talking(gmail) as ask:
            for bad in (response(gmail, "bad"), response(gmail, GOOD, "other@example.org")):
                if at_once:
                    challenge = ask(f"A1 AUTHENTICATE XOAUTH2 {bad}", b"\r\n")
                else:
                    ask("A1 AUTHENTICATE XOAUTH2", b"+ \r\n")
                    challenge = ask(bad, b"\r\n")
                assert challenge == b"+ " + b64encode(TOKEN_CHALLENGE) + b"\r\n"
                refused = ask("\r\n", b"\r\n")
                assert refused == f"A1 NO {Refusal.CREDENTIALS}\r\n".encode()
            ask("A2 NOOP", b"A2 OK")

    @pytest.mark.parametrize("junk", ["!", "AAA", "AAAA", "=", "AAAA AAAA"])
    def test_what_is_no_response_is_bad(self, gmail: GmailServer, junk: str) -> None:
        with talking(gmail) as ask:
            assert ask(f"A1 AUTHENTICATE XOAUTH2 {junk}", b"\r\n").startswith(b"A1 BAD")
            ask(f"A2 AUTHENTICATE XOAUTH2 {response(gmail, GOOD)}", b"A2 OK")

    def test_passwords_may_come_with_the_command_as_well(self, gmail: GmailServer) -> None:
        plain = b64encode(f"\0{gmail.address}\0{gmail.password}".encode()).decode()
        wrong = b64encode(f"\0{gmail.address}\0wrong".encode()).decode()
        with talking(gmail) as ask:
            assert b"NO [AUTHENTICATIONFAILED]" in ask(f"A1 AUTHENTICATE PLAIN {wrong}", b"\r\n")
            ask(f"A2 AUTHENTICATE PLAIN {plain}", b"A2 OK")

    def test_other_refusals_follow_the_challenge_too(self, gmail: GmailServer) -> None:
        with ExitStack() as stack, talking(gmail) as ask:
            for _ in range(3):
                stack.enter_context(connected(gmail))
            ask(f"A1 AUTHENTICATE XOAUTH2 {response(gmail, GOOD)}", b"+ ")
            assert Refusal.CONNECTIONS.encode() in ask("\r\n", b"\r\n")

    def test_those_given_at_the_start_let_in_from_the_start(self) -> None:
        with GmailServer(tokens=iter([GOOD])) as server, talking(server) as ask:
            ask(f"A1 AUTHENTICATE XOAUTH2 {response(server, GOOD)}", b"A1 OK")

    def test_the_good_ones_can_be_changed(self, gmail: GmailServer) -> None:
        gmail.accept_tokens([NEW])
        for token, answer in ((GOOD, b"+ ey"), (NEW, b"A1 OK")):
            with talking(gmail) as ask:
                ask(f"A1 AUTHENTICATE XOAUTH2 {response(gmail, token)}", answer)

    def test_no_token_and_no_password_is_logged(self, gmail: GmailServer, wire_log: Path) -> None:
        with talking(gmail) as ask:
            ask(f"B1 AUTHENTICATE XOAUTH2 {response(gmail, 'bad')}", b"+ ")
            ask("\r\n", b"B1 NO")
            ask("B2 AUTHENTICATE XOAUTH2", b"+ ")
            ask(response(gmail, GOOD), b"B2 OK")
        with talking(gmail) as ask:
            ask(f"B3 authenticate xoauth2 {response(gmail, GOOD)}", b"B3 OK")
            ask("B4 NOOP", b"B4 OK")
        log = wire_log.read_text()
        assert "B4 NOOP" in log
        assert "AUTHENTICATE XOAUTH2" in logged_commands(wire_log)
        for secret in (gmail.password, GOOD, response(gmail, GOOD), response(gmail, "bad")):
            assert secret not in log
        assert b64encode(b"user=").decode()[:6] not in log


class TestJeevesWithTokens:
    def test_a_good_token_opens_the_mailbox(self, gmail: GmailServer) -> None:
        asked: list[bool] = []

        def token(new: bool) -> str:
            asked.append(new)
            return GOOD

        with closing(GmailMailbox(account(gmail, token))) as mailbox:
            assert mailbox.open().mailbox == "[Gmail]/All Mail"
            assert mailbox.uids_after(0)
        assert asked == [False]

    def test_an_aged_one_is_replaced_by_a_new_one(self, gmail: GmailServer) -> None:
        gmail.accept_tokens([NEW])
        with closing(GmailMailbox(account(gmail, lambda new: NEW if new else GOOD))) as mailbox:
            assert mailbox.open().mailbox == "[Gmail]/All Mail"

    def test_one_that_ages_while_connected_is_replaced_at_the_next_connection(
        self, gmail: GmailServer
    ) -> None:
        with closing(GmailMailbox(account(gmail, lambda new: NEW if new else GOOD))) as mailbox:
            mailbox.open()
            gmail.accept_tokens([NEW])
            mailbox.open()
            gmail.drop_connections()
            with pytest.raises(MailboxUnavailable):
                mailbox.open()
            mailbox.open()

    def test_access_that_was_taken_away_is_a_refusal(self, gmail: GmailServer) -> None:
        gmail.accept_tokens([])
        asked: list[bool] = []

        def token(new: bool) -> str:
            asked.append(new)
            return NEW if new else GOOD

        with closing(GmailMailbox(account(gmail, token))) as mailbox:
            with pytest.raises(LoginRefused) as refused:
                mailbox.open()
            assert asked == [False, True]
            assert GOOD not in str(refused.value)
            assert NEW not in str(refused.value)
