"""A throw-away Dovecot on loopback, as root or as an ordinary user."""

from __future__ import annotations

import getpass
import grp
import os
import pwd
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from imapclient import IMAPClient
from imapclient.exceptions import LoginError

ADDRESS = "sam@example.org"
PASSWORD = "dovecot-password"
READY_SECONDS = 10.0

CONFIG = """\
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = jeeves-test-{port}
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_login_user = {login_user}
default_internal_user = {internal_user}
default_internal_group = {internal_group}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
auth_mechanisms = plain login
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/passwd
}}
userdb {{
  driver = static
  args = uid={mail_user} gid={mail_group} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Archive {{
    auto = create
    special_use = {special_use}
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""
#: Access tokens are taken (XOAUTH2), for the address that whoever issued them says.
XOAUTH2 = """\
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
"""


class Dovecot:
    """The server while the ``with`` block runs.

    Args:
        program: Path of the dovecot program.
        folder: An empty folder that every user may enter.
        all_mail: Whether the mailbox Archive is announced as \\All.
        tokeninfo_url: Where access tokens are asked about; empty where none are taken.
    """

    host = "127.0.0.1"
    address = ADDRESS
    password = PASSWORD

    def __init__(
        self, program: str, folder: Path, all_mail: bool = False, tokeninfo_url: str = ""
    ) -> None:
        self._program = program
        self._folder = folder
        self._special_use = "\\All" if all_mail else "\\Archive"
        self._tokeninfo_url = tokeninfo_url
        self.port = free_port()

    def __enter__(self) -> Self:
        me = getpass.getuser()
        group = grp.getgrgid(os.getegid()).gr_name
        users = {"login_user": me, "internal_user": me, "mail_user": me}
        groups = {"internal_group": group, "mail_group": group}
        for name in ("run", "mail", "state"):
            (self._folder / name).mkdir()
        passwords = self._folder / "passwd"
        passwords.write_text(f"{ADDRESS}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
        if os.geteuid() == 0:
            users = {"login_user": "dovenull", "internal_user": "dovecot", "mail_user": "nobody"}
            groups = {"internal_group": "dovecot", "mail_group": "nogroup"}
            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder / "mail", nobody.pw_uid, nobody.pw_gid)
            os.chown(passwords, pwd.getpwnam("dovecot").pw_uid, -1)
        config = self._folder / "dovecot.conf"
        if self._tokeninfo_url:
            (self._folder / "oauth2.conf").write_text(
                f"tokeninfo_url = {self._tokeninfo_url}\nusername_attribute = email\n",
                encoding="utf-8",
            )
        config.write_text(
            (CONFIG + XOAUTH2 if self._tokeninfo_url else CONFIG).format(
                folder=self._folder,
                port=self.port,
                special_use=self._special_use,
                **users,
                **groups,
            ),
            encoding="utf-8",
        )
        subprocess.run([self._program, "-c", str(config)], check=True)
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pid_file = self._folder / "run" / "master.pid"
        pid = int(pid_file.read_text(encoding="ascii"))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + READY_SECONDS
        while pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)

    def client(self) -> IMAPClient:
        """A logged-in connection of the test's own."""
        client = IMAPClient(self.host, self.port, ssl=False)
        client.login(ADDRESS, PASSWORD)
        return client

    def deliver(
        self, mails: Iterable[bytes], mailbox: str = "INBOX", received_at: datetime | None = None
    ) -> None:
        """APPEND mails, as another program that shares the mailbox would."""
        client = self.client()
        for raw in mails:
            client.append(mailbox, raw, msg_time=received_at)
        client.logout()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                self.client().logout()
            except (OSError, LoginError):
                # Its authentication starts a moment after it listens.
                time.sleep(0.05)
            else:
                return
        log = (self._folder / "dovecot.log").read_text(encoding="utf-8")
        raise RuntimeError(f"dovecot did not start: {log[-500:]}")


@contextmanager
def a_dovecot(needs_program: Callable[[str, str], str], **options: Any) -> Iterator[Dovecot]:
    """A server in a folder of its own, which every user may enter; the test is skipped without."""
    program = needs_program("dovecot", "apt-get install dovecot-imapd")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with Dovecot(program, Path(folder), **options) as server:
            yield server


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
