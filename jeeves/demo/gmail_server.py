"""A Gmail-like IMAP server on this machine, for the demo and the tests.

It is pymap 0.36.7 with Gmail's extension added by changing pymap's classes. That happens in a
child process, so that this one never imports pymap: here are only what starts and asks it, and
its command line (``python -m jeeves.demo.gmail_server --port 1143``).
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Self

from jeeves.demo.gmail.child import Child
from jeeves.demo.gmail.refusals import Refusal
from jeeves.demo.mails import OWNER, SampleMail
from jeeves.errors import ConfigError, MailboxUnavailable

#: Of the form of an app password; guards nothing: the mail is invented.
PASSWORD = "demodemodemodemo"  # noqa: S105 - public on purpose
PYMAP = "0.36.7"
#: Gmail's limit.
CONNECTIONS = 15


@dataclass(frozen=True, slots=True)
class Delivered:
    """Gmail's ids of a delivered mail, as decimal text."""

    gmail_id: str
    thread_id: str


class GmailServer:
    """The server while the ``with`` block runs; any thread may call.

    Args:
        mails: In the account from the start.
        address: The one account that can log in.
        password: Its password.
        german: Names the system mailboxes in German: [Gmail]/Alle Nachrichten.
        special_use: Announces SPECIAL-USE, and the attributes of RFC 6154 in LIST.
        all_mail: Whether All Mail is shown over IMAP (a setting of Gmail's).
        condstore: Announces CONDSTORE (RFC 7162).
        connections: As many may be open at a time; a login beyond them is refused.
        tokens: Access tokens that let in by AUTHENTICATE XOAUTH2.
        wire_log: File to append every command line to that a client sends.
        port: 0 for a free one.

    Raises:
        ConfigError: pymap is not installed, or another version of it.
        MailboxUnavailable: the server could not be started.
    """

    def __init__(
        self,
        mails: Iterable[SampleMail] = (),
        *,
        address: str = OWNER.address,
        password: str = PASSWORD,
        german: bool = False,
        special_use: bool = True,
        all_mail: bool = True,
        condstore: bool = True,
        connections: int = CONNECTIONS,
        tokens: Iterable[str] = (),
        wire_log: Path | None = None,
        port: int = 0,
    ) -> None:
        self.host = ""
        self.port = port
        self.address = address
        self.password = password
        self._mails = mails
        self._tokens = tokens
        self._arguments = [
            *("--port", str(port), "--address", address, "--password", password),
            *(["--german"] if german else []),
            *([] if special_use else ["--no-special-use"]),
            *([] if all_mail else ["--no-all-mail"]),
            *([] if condstore else ["--no-condstore"]),
            *("--connections", str(connections)),
            *(["--wire-log", str(wire_log.absolute())] if wire_log else []),
        ]
        self._child: Child | None = None

    def __enter__(self) -> Self:
        check_pymap()
        self._child = Child(self._arguments)
        try:
            listening = self._child.read()
            self.host, self.port = listening["host"], listening["port"]
            self.accept_tokens(self._tokens)
            for mail in self._mails:
                self.deliver(
                    mail.raw, labels=mail.labels, received_at=mail.received_at, seen=mail.seen
                )
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._running().pid

    def deliver(
        self,
        raw: bytes,
        *,
        labels: Iterable[str] = ("\\Inbox",),
        received_at: datetime | None = None,
        seen: bool = False,
    ) -> Delivered:
        r"""Put a mail into the account; clients see it when this returns.

        Args:
            raw: The mail; bare line feeds become CRLF.
            labels: Gmail's own with a backslash (``\Inbox``, ``\Sent``, ``\Starred``), and any
                others, which are made as needed.
            received_at: INTERNALDATE, aware; None for now.
            seen: Whether it has been read.
        """
        answer = self._running().ask(
            do="deliver",
            raw=b64encode(raw).decode("ascii"),
            labels=list(labels),
            received_at=received_at.isoformat() if received_at else None,
            seen=seen,
        )
        return Delivered(answer["gmail_id"], answer["thread_id"])

    def change(
        self,
        gmail_id: str,
        *,
        add_labels: Iterable[str] = (),
        remove_labels: Iterable[str] = (),
        add_flags: Iterable[str] = (),
        remove_flags: Iterable[str] = (),
    ) -> None:
        r"""Change a mail's labels and flags, as its owner may on another device.

        Args:
            gmail_id: The mail's, as `deliver` returned it.
            add_labels: As for `deliver`.
            remove_labels: Those the mail does not have are passed over.
            add_flags: As in FETCH: ``\Seen``, ``\Flagged``, or a keyword.
            remove_flags: The same.
        """
        self._running().ask(
            do="change",
            gmail_id=gmail_id,
            add_labels=list(add_labels),
            remove_labels=list(remove_labels),
            add_flags=list(add_flags),
            remove_flags=list(remove_flags),
        )

    def expunge(self, gmail_id: str) -> None:
        """Erase a mail from every mailbox."""
        self._running().ask(do="expunge", gmail_id=gmail_id)

    def change_uidvalidity(self, mailbox: str = "INBOX") -> int:
        """Give a mailbox a new UIDVALIDITY, which is returned, and its mails new UIDs.

        Most old UIDs then name other mails. All clients lose their connection.
        """
        return int(self._running().ask(do="change_uidvalidity", mailbox=mailbox)["uidvalidity"])

    def accept_tokens(self, tokens: Iterable[str]) -> None:
        """From now on exactly these access tokens let in; who is in stays."""
        self._running().ask(do="accept_tokens", tokens=list(tokens))

    def refuse_logins(self, reason: Refusal | None) -> None:
        """Refuse every login from now on, whatever its credentials; None ends that."""
        self._running().ask(do="refuse_logins", reason=reason)

    def throttle(self, answers: int) -> None:
        """Refuse the next ``answers`` logins and commands with `Refusal.QUOTA`; 0 ends that.

        CAPABILITY, ID, NOOP and LOGOUT are not refused.
        """
        self._running().ask(do="throttle", answers=answers)

    def drop_connections(self) -> None:
        """Cut every client off without a word."""
        self._running().ask(do="drop_connections")

    def close(self) -> None:
        """End the child and wait for its end. Never raises; a second call does nothing."""
        child, self._child = self._child, None
        if child is not None:
            child.close()

    def _running(self) -> Child:
        if self._child is None:
            raise MailboxUnavailable("The demo's mail server is not running: start it with `with`.")
        return self._child


def check_pymap() -> None:
    """pymap is there, in the very version whose inside the extension was written for."""
    try:
        found = version("pymap")
    except PackageNotFoundError:
        found = ""
    if found != PYMAP:
        state = f"version {found} is installed" if found else "it is not installed"
        raise ConfigError(
            f"The demo's mail server needs pymap {PYMAP}, and {state}: "
            f"run `pip install pymap=={PYMAP}`."
        )


def logged_commands(wire_log: Path) -> list[str]:
    """The commands of a wire log in order, without tags: ``EXAMINE INBOX``."""
    if not wire_log.exists():
        return []
    lines = wire_log.read_text("utf-8", "replace").splitlines()
    return [line.partition(" ")[2] for line in lines if not line.startswith(" ")]


def main() -> int:
    """Serve until stdin ends; the child's side of `GmailServer`."""
    parser = ArgumentParser(
        prog="python -m jeeves.demo.gmail_server",
        description="A Gmail-like IMAP server on 127.0.0.1. It ends when its input ends.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 for a free one, told on stdout")
    parser.add_argument("--address", default=OWNER.address)
    parser.add_argument("--password", default=PASSWORD)
    parser.add_argument("--german", action="store_true", help="German names of mailboxes")
    parser.add_argument("--no-special-use", action="store_true")
    parser.add_argument("--no-all-mail", action="store_true")
    parser.add_argument("--no-condstore", action="store_true")
    parser.add_argument("--connections", type=int, default=CONNECTIONS, help="open at a time")
    parser.add_argument("--wire-log", type=Path, help="file to append clients' commands to")
    arguments = parser.parse_args()
    # Not at the top: the process that only starts the server stays free of pymap.
    import asyncio

    from jeeves.demo.gmail.control import Options, serve

    options = Options(
        address=arguments.address,
        password=arguments.password,
        port=arguments.port,
        german=arguments.german,
        special_use=not arguments.no_special_use,
        all_mail=not arguments.no_all_mail,
        condstore=not arguments.no_condstore,
        connections=arguments.connections,
        wire_log=arguments.wire_log,
    )
    try:
        asyncio.run(serve(options))
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
