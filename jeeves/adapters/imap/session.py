"""One connection: connect, authenticate, EXAMINE; every command has a deadline."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from imapclient.exceptions import CapabilityError, LoginError

from jeeves.adapters.imap.account import ImapAccount, Timing
from jeeves.adapters.imap.client import FAILURES, Client, Declined
from jeeves.adapters.imap.deadline import Deadline
from jeeves.adapters.imap.refusals import OVER_QUOTA, login_error, over_quota, passes
from jeeves.adapters.imap.tokens import decode_label, mailboxes
from jeeves.domain.ports import MailboxStatus
from jeeves.errors import ConfigError, MailboxError, MailboxUnavailable

ALL_MAIL = b"\\All"


class Session:
    """A connection made on demand and given up at the first failure. One thread only."""

    def __init__(self, account: ImapAccount, timing: Timing) -> None:
        self.status: MailboxStatus | None = None
        self._account = account
        self._timing = timing
        self._client: Client | None = None
        self._capabilities: frozenset[bytes] = frozenset()
        #: A second descriptor of the TCP connection, to end it whoever owns the first: TLS takes
        #: that away from under us.
        self._socket: socket.socket | None = None
        self._deadline = Deadline(self._cut)
        self._examine_at = 0.0
        #: The server has told of mail on this connection since it was last asked: in IDLE.
        self.told = False

    @property
    def client(self) -> Client:
        """The connection.

        Raises:
            MailboxUnavailable: there is none.
        """
        if self._client is None:
            raise MailboxUnavailable("The mail server closed the connection: trying again.")
        return self._client

    def has(self, capability: str) -> bool:
        """Whether the server announces ``capability``; not without a connection."""
        return capability.upper().encode() in self._capabilities

    def open(self) -> MailboxStatus:
        """Connect, authenticate and EXAMINE where that is not yet done, else NOOP.

        No NOOP after ``told``: the server has just said what it would answer (RFC 3501, 7.3.1).
        """
        with self.command():
            if self._client is None:
                self._client = self._connect()
            if self.status is None or time.monotonic() >= self._examine_at:
                self.status = self._examine(self._client)
                self._examine_at = time.monotonic() + self._timing.examine
            elif not self.told:
                # A session that only searches is not told of new mail.
                self._client.noop()
            self.told = False
        return self.status

    def command(self, seconds: float = 0.0) -> AbstractContextManager[None]:
        """Bound what is asked inside, and turn what the connection raises into our own errors.

        Args:
            seconds: How much longer than usual it may take.
        """
        return self._within(self._timing.command + seconds)

    @contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        whole = False
        try:
            with self._deadline.within(seconds):
                yield
        except LoginError as exc:
            # IMAPClient says so of whatever went wrong meanwhile
            cause = exc.__context__
            if isinstance(cause, Declined) and cause.refused:
                by_token = self._account.token is not None
                raise login_error(str(exc), self._account.host, by_token) from exc
            raise self._unavailable(cause or exc) from exc
        except ssl.SSLCertVerificationError as exc:
            raise ConfigError(
                f"The certificate of {self._account.host} is not trusted "
                f"({exc.verify_message}): check IMAP_HOST, or name its authority in IMAP_CA_FILE."
            ) from exc
        except CapabilityError as exc:
            raise ConfigError(
                f"{self._account.host} does not offer STARTTLS: set IMAP_SECURITY=tls."
            ) from exc
        except FAILURES as exc:
            raise self._unavailable(exc) from exc
        else:
            whole = True
        finally:
            if not whole:
                # Also when told to stop: half an answer may still be on its way.
                self.drop()

    def close(self) -> None:
        """Log out if connected. Never raises."""
        with suppress(MailboxError, ConfigError):
            if self._client is not None:
                with self._within(self._timing.logout):
                    self._client.socket().settimeout(self._timing.logout)
                    self._client.logout()
        self.drop()

    def drop(self) -> None:
        """Give up the connection without a word to the server."""
        self._deadline.rest()
        client, self._client = self._client, None
        self.status = None
        self._capabilities = frozenset()
        if client is not None:
            with suppress(*FAILURES):
                client.shutdown()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
            self._socket = None

    def _cut(self) -> None:
        """End the connection from the thread that watches the deadline: whoever reads wakes up."""
        connection = self._socket
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _unavailable(self, cause: BaseException) -> MailboxUnavailable:
        if OVER_QUOTA in str(cause).lower():
            return over_quota(self._account.host)
        if isinstance(cause, Declined):
            return MailboxUnavailable(
                f"The mail server {self._account.host}:{self._account.port} declined a command: "
                "nothing is lost, Jeeves tries again."
            )
        return MailboxUnavailable(
            f"The mail server {self._account.host}:{self._account.port} cannot be reached or "
            f"broke off ({type(cause).__name__}): check the network and IMAP_HOST; nothing is "
            "lost, Jeeves tries again."
        )

    def _connect(self) -> Client:
        account = self._account
        context = None
        if account.security != "none":
            try:
                context = ssl.create_default_context(cafile=account.ca_file)
            except (OSError, ssl.SSLError) as exc:
                raise ConfigError(
                    f"IMAP_CA_FILE {account.ca_file} cannot be read as certificates: "
                    "give a PEM file or leave it empty."
                ) from exc
        client = Client(account, self._timing, context, self._opened)
        try:
            if account.security == "starttls":
                client.starttls(context)
            self._authenticate(client)
            self._capabilities = frozenset(client.capabilities())
            if self.has("ID"):
                with suppress(Declined):
                    client.introduce("Jeeves")
            if self.has("CONDSTORE") and self.has("ENABLE"):
                # Some servers tell HIGHESTMODSEQ only then (RFC 7162, 3.1).
                with suppress(Declined):
                    client.enable("CONDSTORE")
        except BaseException:
            with suppress(*FAILURES):
                client.shutdown()
            raise
        return client

    def _opened(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # IMAPClient sends a command in pieces: the second would wait for the first's receipt.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = connection.dup()

    def _authenticate(self, client: Client) -> None:
        account = self._account
        if account.token is None:
            client.login(account.address, account.password)
            return
        try:
            _xoauth2(client, account.address, account.token(False))
        except LoginError as exc:
            if "AUTHENTICATIONFAILED" not in str(exc):
                raise
            # Revoked or aged before its time: a new one once, then it is a refusal.
            _xoauth2(client, account.address, account.token(True))

    def _examine(self, client: Client) -> MailboxStatus:
        wanted = self._account.mailbox
        mailbox = wanted or _all_mail(client) or "INBOX"
        try:
            state = client.select_folder(mailbox, readonly=True)
        except Declined as exc:
            if not exc.refused or passes(str(exc)):
                raise
            raise ConfigError(
                f'The mail server has no mailbox "{mailbox}" to read: check IMAP_MAILBOX and, '
                'for Gmail, that the label is set to "Show in IMAP".'
            ) from exc
        # A server may leave UIDNEXT out (RFC 3501, 6.3.1); then the last UID tells.
        uidnext = state.get(b"UIDNEXT")
        last = [] if uidnext else client.search(["UID", "*"])
        modseq = state.get(b"HIGHESTMODSEQ")
        return MailboxStatus(
            mailbox=mailbox,
            uidvalidity=int(state[b"UIDVALIDITY"]),
            uidnext=int(uidnext) if uidnext else max(last, default=0) + 1,
            highest_modseq=_number(modseq),
        )


def _xoauth2(client: Client, address: str, token: str) -> None:
    """Authenticate with an access token (developers.google.com, XOAUTH2 protocol)."""
    first = f"user={address}\x01auth=Bearer {token}\x01\x01"
    # A refusal comes as a challenge, which must be answered with an empty line.
    client.sasl_login("XOAUTH2", lambda challenge: b"" if challenge else first)


def _all_mail(client: Client) -> str | None:
    # Not IMAPClient's own: a label with an opening bracket ends it.
    _, said = client._imap.list()
    for flags, name in mailboxes(said):
        if ALL_MAIL in flags:
            return decode_label(name)
    return None


def _number(value: Any) -> int | None:
    """HIGHESTMODSEQ as IMAPClient gives it: a number, or a list of one."""
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    return int(value) if value else None
