"""Asking the demo's mail server: through IMAPClient, or word by word."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from imapclient import IMAPClient

from jeeves.demo.gmail_server import Delivered, GmailServer

ALL_MAIL = "[Gmail]/All Mail"


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


@contextmanager
def talking(server: GmailServer) -> Iterator[Callable[[str, bytes], bytes]]:
    """A bare connection after the greeting: sends a line, reads until an answer is there."""
    with socket.create_connection((server.host, server.port), timeout=5) as client:

        def ask(line: str, answer: bytes) -> bytes:
            if line:
                client.sendall(f"{line.rstrip()}\r\n".encode())
            received = b""
            while answer not in received:
                more = client.recv(65536)
                if not more:
                    raise EOFError(received)
                received += more
            return received

        ask("", b"* OK")
        yield ask


@contextmanager
def examining(server: GmailServer) -> Iterator[Callable[[str, bytes], bytes]]:
    """The same with INBOX examined."""
    with talking(server) as ask:
        ask(f'A1 LOGIN "{server.address}" "{server.password}"', b"A1 OK")
        ask('A2 EXAMINE "INBOX"', b"A2 OK")
        yield ask


def uid_of(client: Any, mail: Delivered) -> int:
    (uid,) = client.search(["X-GM-MSGID", mail.gmail_id])
    return int(uid)


def holds(server: GmailServer, mailbox: str, mail: Delivered) -> bool:
    with connected(server, mailbox) as client:
        return bool(client.search(["X-GM-MSGID", mail.gmail_id]))
