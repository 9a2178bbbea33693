"""IMAPClient, as strict as a connection needs that nobody watches."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS, wrap_socket

from jeeves.adapters.imap.account import ImapAccount, Timing
from jeeves.adapters.imap.tokens import LITERAL

#: SEARCH names every mail on one line: this is a mailbox of more than a million.
LINE_BYTES = 10_000_000
#: A literal that claims to be larger is no mail.
LITERAL_BYTES = 200_000_000
#: Python 3.14 renamed it, and made the old name a property of the class.
_FILE = "_file" if hasattr(imaplib.IMAP4, "file") else "file"
#: A FETCH as a server tells it (RFC 3501, 9).
_FETCHED = re.compile(rb"\* (\d++ )FETCH (\(.*)\r\n", re.DOTALL)
#: Everything that IMAPClient and its parser raise, on a connection lost or on what is no IMAP.
FAILURES = (
    IMAPClientError,
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
)


class Declined(IMAPClientError):  # type: ignore[misc]  # the library is not typed
    """The server answered NO or BAD: the command failed, the connection is whole.

    Args:
        refused: Whether it was NO. BAD is a quarrel about the protocol, and passes.
    """

    def __init__(self, answer: str, refused: bool) -> None:
        super().__init__(answer)
        self.refused = refused


class Client(IMAPClient):  # type: ignore[misc]
    """IMAPClient that tells of its socket before it waits for anything.

    Args:
        account: Whom to reach.
        timing: Bounds of connecting and of reading.
        context: None connects without TLS.
        opened: Called with the TCP connection, before TLS.
    """

    def __init__(
        self,
        account: ImapAccount,
        timing: Timing,
        context: ssl.SSLContext | None,
        opened: Callable[[socket.socket], None],
    ) -> None:
        self._opened = opened
        self._timed = account.timed
        tls = account.security == "tls"
        super().__init__(
            account.host,
            account.port,
            ssl=tls,
            ssl_context=context if tls else None,
            timeout=SocketTimeout(connect=timing.connect, read=timing.read),
        )
        self.normalise_times = False

    def introduce(self, name: str) -> None:
        """Say who asks (RFC 2971), which Gmail recommends strongly; the answer is of no use."""
        self._imap._simple_command("ID", f'("name" "{name}")')

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802  # the library's name
        kind = IMAP4_TLS if self.ssl else IMAP4WithTimeout
        opened, timed = self._opened, self._timed

        class Strict(kind):  # type: ignore[misc,valid-type]
            #: A line that was read and not yet understood.
            _ahead = b""

            def _create_socket(self, timeout: float | None = None) -> socket.socket:
                address = (self.host, self.port)
                made = socket.create_connection(address, timeout or self._timeout)
                opened(made)
                if kind is IMAP4WithTimeout:
                    return made
                secured: socket.socket = wrap_socket(made, self.ssl_context, self.host)
                return secured

            def _get_response(self, *waiting: Any) -> bytes | None:
                """As imaplib; FETCH, which comes by the thousand, without its logs and guesses."""
                line = self.readline()
                told = _FETCHED.fullmatch(line)
                if told is None:
                    self._ahead = line
                    answer: bytes | None = super()._get_response(*waiting)
                    return answer
                records = self.untagged_responses.setdefault("FETCH", [])
                record = told[1] + told[2]
                while literal := LITERAL.search(record):
                    records.append((record, self.read(int(literal[1]))))
                    record = self._get_line()
                records.append(record)
                return line

            def readline(self) -> bytes:
                line: bytes
                if self._ahead:
                    line, self._ahead = self._ahead, b""
                    return line
                line = reader(self).readline(LINE_BYTES + 1)
                if len(line) > LINE_BYTES:
                    raise self.abort("line too long")
                return line

            def read(self, size: int) -> bytes:
                if size > LITERAL_BYTES:
                    raise self.abort("literal too large")
                # Lines and literals from one buffer: since Python 3.14 imaplib has one of its own.
                read: bytes = reader(self).read(size)
                return read

            def _command_complete(self, name: str, tag: bytes) -> tuple[str, list[Any]]:
                sent_at = time.monotonic()
                try:
                    kind, answer = super()._command_complete(name, tag)
                    timed(time.monotonic() - sent_at)
                except self.abort:
                    raise
                except self.error as exc:
                    raise Declined(str(exc), refused=False) from exc
                if kind == "NO":
                    raise Declined(answer[-1].decode("ascii", "replace"), refused=True)
                return kind, answer

        connect: float = self._timeout.connect
        if self.ssl:
            return Strict(self.host, self.port, self.ssl_context, connect)
        return Strict(self.host, self.port, connect)


def reader(imap: Any) -> Any:
    """The buffered file that imaplib reads."""
    return getattr(imap, _FILE)
