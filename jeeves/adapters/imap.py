"""Any IMAP server, read-only: EXAMINE, UID FETCH BODY.PEEK[], IDLE (RFC 3501, RFC 2177)."""

from __future__ import annotations

import imaplib
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, IMAPClientError, LoginError
from imapclient.imap_utf7 import decode as decode_utf7

from jeeves.domain.message import FetchedMail
from jeeves.domain.ports import MailboxStatus
from jeeves.errors import ConfigError, LoginRefused, MailboxUnavailable

Security = Literal["tls", "starttls", "none"]

CONNECT_SECONDS = 15.0
#: Bounds every command: a server that says nothing for this long is taken for gone.
READ_SECONDS = 60.0
#: RFC 2177 asks for a renewal within 29 minutes; routers and Gmail forget sooner.
IDLE_RENEW_SECONDS = 540.0
#: IDLE looks up this often whether it should stop.
STOP_SECONDS = 0.5
LOGOUT_SECONDS = 2.0
#: At most this many mails, and bytes, in one FETCH.
BATCH_MAILS = 200
BATCH_BYTES = 8_000_000
#: Of a larger mail only this much is fetched: headers and text come before attachments.
MAIL_BYTES = 2_000_000

ALL_MAIL = b"\\All"
Response = Mapping[bytes, Any]


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """How to reach one account."""

    address: str
    password: str = field(repr=False)
    host: str
    port: int
    security: Security
    #: PEM file of the authorities to trust in place of the system's.
    ca_file: str | None = None
    #: None chooses All Mail by SPECIAL-USE (RFC 6154), else INBOX.
    mailbox: str | None = None


class ImapMailbox:
    """`jeeves.domain.ports.Mailbox` on one connection, made on demand. One thread only."""

    def __init__(self, account: ImapAccount) -> None:
        self.account = account.address.lower()
        self._settings = account
        self._client: IMAPClient | None = None
        self._mailbox = ""
        self._uidvalidity = 0
        self._uidnext = 0

    def open(self) -> MailboxStatus:
        """Connect and EXAMINE where that is not yet done, else NOOP; tell the state."""
        with self._errors():
            if self._client is None:
                self._client = self._connect()
                self._examine(self._client)
            else:
                self._client.noop()
        return MailboxStatus(self._mailbox, self._uidvalidity, self._uidnext)

    def uids_after(self, uid: int) -> list[int]:
        """All UIDs greater than ``uid``, ascending."""
        # `n:*` names the last message even where its UID is below n (RFC 3501, 6.4.8)
        return [u for u in self._search(["UID", f"{uid + 1}:*"]) if u > uid]

    def uids_since(self, day: datetime) -> list[int]:
        """All UIDs received on the day of ``day`` or later (INTERNALDATE), ascending."""
        return self._search(["SINCE", day.date()])

    def fetch(self, uids: Sequence[int]) -> Iterator[FetchedMail]:
        """The mails with these UIDs, ascending; UIDs expunged meanwhile are left out."""
        client = self._require()
        with self._errors():
            facts: dict[int, Response] = {}
            for start in range(0, len(uids), BATCH_MAILS):
                facts.update(client.fetch(list(uids[start : start + BATCH_MAILS]), self._facts()))
            for batch, item in batches(facts):
                bodies = client.fetch(batch, [item])
                for uid in batch:
                    raw = body_of(bodies.get(uid, {}))
                    if raw is not None:
                        yield self._fetched(uid, raw, facts[uid])

    def wait(self, seconds: float, stopped: Callable[[], bool]) -> bool:
        """Sleep until mail may have arrived (True), ``seconds`` passed or ``stopped()``."""
        client = self._require()
        deadline = time.monotonic() + min(seconds, IDLE_RENEW_SECONDS)
        with self._errors():
            if not client.has_capability("IDLE"):
                while not stopped() and (left := deadline - time.monotonic()) > 0:
                    time.sleep(min(left, STOP_SECONDS))
                return False
            client.idle()
            arrived = announced(client) or self._idle(client, deadline, stopped)
            _, last_words = client.idle_done()
            return arrived or tells_of_mail(last_words)

    @staticmethod
    def _idle(client: IMAPClient, deadline: float, stopped: Callable[[], bool]) -> bool:
        while not stopped() and (left := deadline - time.monotonic()) > 0:
            patience = min(left, STOP_SECONDS)
            asked = time.monotonic()
            responses = client.idle_check(timeout=patience)
            if tells_of_mail(responses):
                return True
            if not responses and time.monotonic() - asked < patience / 2:
                # A closed peer makes idle_check return at once, for ever: end IDLE, which
                # finds out.
                return False
        return False

    def close(self) -> None:
        """Log out if connected. Never raises."""
        if self._client is not None:
            with suppress(IMAPClientError, OSError):
                self._client.socket().settimeout(LOGOUT_SECONDS)
                self._client.logout()
        self._drop()

    def _drop(self) -> None:
        """Give up the connection without a word to the server."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(IMAPClientError, OSError):
                client.shutdown()

    def _require(self) -> IMAPClient:
        if self._client is None:
            self.open()
        if self._client is None:
            raise MailboxUnavailable("The mail server closed the connection: trying again.")
        return self._client

    def _connect(self) -> IMAPClient:
        account = self._settings
        context = None
        if account.security != "none":
            try:
                context = ssl.create_default_context(cafile=account.ca_file)
            except (OSError, ssl.SSLError) as exc:
                raise ConfigError(
                    f"IMAP_CA_FILE {account.ca_file} cannot be read as certificates: "
                    "give a PEM file or leave it empty."
                ) from exc
        client = IMAPClient(
            account.host,
            account.port,
            ssl=account.security == "tls",
            ssl_context=context if account.security == "tls" else None,
            timeout=SocketTimeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        )
        try:
            client.normalise_times = False
            if account.security == "starttls":
                client.starttls(context)
            client.login(account.address, account.password)
            if client.has_capability("ID"):
                # Gmail strongly recommends it (developers.google.com, IMAP extensions)
                client.id_({"name": "Jeeves"})
        except BaseException:
            with suppress(IMAPClientError, OSError):
                client.shutdown()
            raise
        return client

    def _examine(self, client: IMAPClient) -> None:
        wanted = self._settings.mailbox
        mailbox = wanted or self._all_mail(client) or "INBOX"
        try:
            state = client.select_folder(mailbox, readonly=True)
        except imaplib.IMAP4.abort:
            raise
        except IMAPClientError as exc:
            raise ConfigError(
                f'The mail server has no mailbox "{mailbox}" to read: check IMAP_MAILBOX and, '
                'for Gmail, that the label is set to "Show in IMAP".'
            ) from exc
        self._mailbox = mailbox
        self._uidvalidity = int(state[b"UIDVALIDITY"])
        # A server may leave UIDNEXT out (RFC 3501, 6.3.1); then the last UID tells.
        uidnext = state.get(b"UIDNEXT")
        last = [] if uidnext else client.search(["UID", "*"])
        self._uidnext = int(uidnext) if uidnext else max(last, default=0) + 1

    @staticmethod
    def _all_mail(client: IMAPClient) -> str | None:
        for flags, _delimiter, name in client.list_folders():
            if ALL_MAIL in flags:
                return str(name)
        return None

    def _search(self, criteria: list[Any]) -> list[int]:
        client = self._require()
        with self._errors():
            # what is announced from here on may be missing in the answer
            client._imap.untagged_responses.pop("EXISTS", None)
            return sorted(int(uid) for uid in client.search(criteria))

    def _facts(self) -> list[str]:
        """What is asked of every mail beside its bytes."""
        return ["RFC822.SIZE", "INTERNALDATE", "FLAGS"]

    def _fetched(self, uid: int, raw: bytes, facts: Response) -> FetchedMail:
        flags: tuple[bytes, ...] = facts.get(b"FLAGS", ())
        received: datetime = facts.get(b"INTERNALDATE") or datetime.now(UTC)
        return FetchedMail(
            raw=raw,
            mailbox=self._mailbox,
            received_at=received.astimezone(UTC),
            uid=uid,
            uidvalidity=self._uidvalidity,
            labels=tuple(decode_utf7(f) for f in flags if not f.startswith(b"\\")),
            starred=b"\\Flagged" in flags,
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what the connection raises into our own errors, and give it up."""
        try:
            yield
        except LoginError as exc:
            self._drop()
            if isinstance(exc.__context__, imaplib.IMAP4.abort):
                # IMAPClient calls a connection lost during LOGIN a refusal
                raise self._unavailable(exc.__context__) from exc
            raise login_error(str(exc), self._settings.host) from exc
        except ssl.SSLCertVerificationError as exc:
            self._drop()
            raise ConfigError(
                f"The certificate of {self._settings.host} is not trusted "
                f"({exc.verify_message}): check IMAP_HOST, or name its authority in IMAP_CA_FILE."
            ) from exc
        except CapabilityError as exc:
            self._drop()
            raise ConfigError(
                f"{self._settings.host} does not offer STARTTLS: set IMAP_SECURITY=tls."
            ) from exc
        except (IMAPClientError, OSError, EOFError) as exc:
            self._drop()
            raise self._unavailable(exc) from exc

    def _unavailable(self, cause: BaseException) -> MailboxUnavailable:
        return MailboxUnavailable(
            f"The mail server {self._settings.host}:{self._settings.port} cannot be reached or "
            f"broke off ({type(cause).__name__}): check the network and IMAP_HOST; nothing is "
            "lost, Jeeves tries again."
        )


def tells_of_mail(responses: Sequence[Any]) -> bool:
    """Whether a server's untagged responses announce new mail."""
    return any(len(r) > 1 and r[1] in {b"EXISTS", b"RECENT"} for r in responses)


def announced(client: IMAPClient) -> bool:
    """Whether mail was announced since the last search, before idle_check could see it.

    idle_check polls the socket, and what came together with the answers to earlier commands has
    left the socket by then: it stands among imaplib's untagged responses, or in its read buffer.
    """
    imap = client._imap  # neither library shows these otherwise
    if "EXISTS" in imap.untagged_responses:
        return True
    reader = imap._file if hasattr(imap, "_file") else imap.file  # 3.14 renamed it
    connection = client.socket()
    connection.setblocking(False)
    try:
        return bool(reader.peek(1))
    except OSError:
        # TLS says so where there is nothing to read
        return False
    finally:
        connection.settimeout(READ_SECONDS)


def batches(facts: Mapping[int, Response]) -> Iterator[tuple[list[int], str]]:
    """Split UIDs so that no FETCH is too large; with each batch the item to fetch."""
    batch: list[int] = []
    size = 0
    for uid in sorted(facts):
        octets = int(facts[uid].get(b"RFC822.SIZE", 0))
        if octets > MAIL_BYTES:
            yield [uid], f"BODY.PEEK[]<0.{MAIL_BYTES}>"
            continue
        if batch and size + octets > BATCH_BYTES:
            yield batch, "BODY.PEEK[]"
            batch, size = [], 0
        batch.append(uid)
        size += octets
    if batch:
        yield batch, "BODY.PEEK[]"


def body_of(response: Response) -> bytes | None:
    """The bytes of ``BODY[]`` or ``BODY[]<0>``; None where the mail is gone."""
    for key, value in response.items():
        if key.startswith(b"BODY[]"):
            return value if isinstance(value, bytes) else None
    return None


def login_error(answer: str, host: str) -> LoginRefused | MailboxUnavailable:
    """What a refused login means, and what mends it."""
    text = answer.lower()
    if "too many simultaneous" in text or "[unavailable]" in text or "[overquota]" in text:
        return MailboxUnavailable(
            f"{host} takes no more connections for this account at the moment: trying again."
        )
    if "application-specific password" in text:
        return LoginRefused(
            "Gmail wants an app password in GMAIL_APP_PASSWORD, not the account's own: make one "
            "at https://myaccount.google.com/apppasswords."
        )
    if "not enabled" in text or "disabled" in text:
        return LoginRefused(
            f"{host} says that IMAP is switched off for this account: switch it on in the "
            "mailbox's settings, or ask the organisation's administrator."
        )
    return LoginRefused(
        f"{host} refused the login: check GMAIL_ADDRESS and GMAIL_APP_PASSWORD (Gmail takes app "
        "passwords only: https://myaccount.google.com/apppasswords)."
    )
