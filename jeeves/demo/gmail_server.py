"""A Gmail-like IMAP server on this machine, for the demo and the tests.

It is pymap 0.36.7 with Gmail's extension added by changing pymap's classes. That happens in a
child process, so that this one never imports pymap: here are only what starts and asks it, and
its command line (``python -m jeeves.demo.gmail_server --port 1143``).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from argparse import ArgumentParser
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, Self

from jeeves.demo.mails import OWNER, SampleMail
from jeeves.errors import ConfigError, MailboxError, MailboxUnavailable

#: Of the form of an app password; guards nothing: the mail is invented.
PASSWORD = "demodemodemodemo"  # noqa: S105 - public on purpose
PYMAP = "0.36.7"
#: A child that has not answered after this time is taken for stuck and killed.
ANSWER_SECONDS = 30.0
#: A child that has not ended this long after its stdin was closed is killed.
END_SECONDS = 5.0


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
        wire_log: Path | None = None,
        port: int = 0,
    ) -> None:
        self.host = ""
        self.port = port
        self.address = address
        self.password = password
        self._mails = mails
        self._arguments = [
            *("--port", str(port), "--address", address, "--password", password),
            *(["--german"] if german else []),
            *([] if special_use else ["--no-special-use"]),
            *([] if all_mail else ["--no-all-mail"]),
            *([] if condstore else ["--no-condstore"]),
            *(["--wire-log", str(wire_log.absolute())] if wire_log else []),
        ]
        self._child: subprocess.Popen[bytes] | None = None
        self._stderr: IO[bytes]
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        check_pymap()
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        self._stderr = TemporaryFile()
        self._child = subprocess.Popen(
            [sys.executable, "-m", "jeeves.demo.gmail_server", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env={**os.environ, "PYTHONPATH": path},
            # Ctrl-C is for the parent, which then closes the child.
            start_new_session=True,
        )
        try:
            listening = self._read(self._child)
            self.host, self.port = listening["host"], listening["port"]
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
        answer = self._ask(
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
        self._ask(
            do="change",
            gmail_id=gmail_id,
            add_labels=list(add_labels),
            remove_labels=list(remove_labels),
            add_flags=list(add_flags),
            remove_flags=list(remove_flags),
        )

    def expunge(self, gmail_id: str) -> None:
        """Erase a mail from every mailbox."""
        self._ask(do="expunge", gmail_id=gmail_id)

    def change_uidvalidity(self, mailbox: str = "INBOX") -> int:
        """Give a mailbox a new UIDVALIDITY, which is returned, and its mails new UIDs.

        Most old UIDs then name other mails. All clients lose their connection.
        """
        return int(self._ask(do="change_uidvalidity", mailbox=mailbox)["uidvalidity"])

    def drop_connections(self) -> None:
        """Cut every client off without a word."""
        self._ask(do="drop_connections")

    def close(self) -> None:
        """End the child and wait for its end. Never raises; a second call does nothing."""
        child, self._child = self._child, None
        if child is None or child.stdin is None or child.stdout is None:
            return
        # Not under the lock: the end of stdin also ends a request that another thread waits for.
        with suppress(OSError):
            child.stdin.close()
        try:
            child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        child.stdout.close()
        self._stderr.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            raise MailboxUnavailable("The demo's mail server is not running: start it with `with`.")
        return self._child

    def _ask(self, **request: object) -> dict[str, Any]:
        child = self._running()
        with self._lock:
            try:
                if child.stdin is not None:
                    child.stdin.write(json.dumps(request).encode() + b"\n")
                    child.stdin.flush()
            except (OSError, ValueError) as exc:
                raise MailboxUnavailable(
                    "The demo's mail server has ended: start the demo again."
                ) from exc
            answer = self._read(child)
        if "error" in answer:
            raise MailboxError(f"The demo's mail server refused a request ({answer['error']}).")
        return answer

    def _read(self, child: subprocess.Popen[bytes]) -> dict[str, Any]:
        watchdog = threading.Timer(ANSWER_SECONDS, child.kill)
        watchdog.start()
        try:
            line = child.stdout.readline() if child.stdout is not None else b""
        except ValueError:
            line = b""  # closed by another thread
        finally:
            watchdog.cancel()
        if not line:
            raise MailboxUnavailable(
                f"The demo's mail server does not answer or did not start ({self._last_words()}): "
                "is the port free?"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        """The last line the child wrote to stderr: the name and text of an exception."""
        self._stderr.seek(0)
        lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


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
        wire_log=arguments.wire_log,
    )
    try:
        asyncio.run(serve(options))
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
