"""The measured mail, and a Dovecot that holds it."""

from __future__ import annotations

import os
import pwd
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jeeves.errors import ConfigError
from scripts.bench.ingesting.fetching import pull
from tests.dovecot import Dovecot


def mails(archive: Path) -> list[bytes]:
    """Every .eml file of a tar archive, with the line ends of IMAP.

    Raises:
        ConfigError: there is no such archive.
    """
    if not archive.is_file():
        raise ConfigError(f"There is no archive {archive}: name one with --archive.")
    found = []
    with tarfile.open(archive) as opened:
        for member in opened:
            content = opened.extractfile(member) if member.name.endswith(".eml") else None
            if content is not None:
                raw = content.read().replace(b"\r\n", b"\n")
                found.append(raw.replace(b"\n", b"\r\n"))
    return found


@contextmanager
def dovecot(folder: Path, filled_with: list[bytes]) -> Iterator[Dovecot]:
    """A server whose INBOX holds ``filled_with``, already indexed.

    Raises:
        ConfigError: Dovecot is not installed.
    """
    program = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        raise ConfigError("dovecot is not installed: apt-get install dovecot-imapd")
    folder.mkdir()
    with Dovecot(program, folder) as server:
        inbox = maildir(folder, server.address)
        for number, raw in enumerate(filled_with):
            mail = inbox / "cur" / f"{1_700_000_000 + number}.M{number}.bench:2,"
            mail.write_bytes(raw)
            give_to_server(mail)
        with server.client() as client:
            client.select_folder("INBOX", readonly=True)
            # what Dovecot caches about a mail is there for every way that is measured
            pull(client, client.search())
        yield server


def maildir(folder: Path, address: str) -> Path:
    """The INBOX of the server in ``folder``, made where it is not there yet."""
    inbox = folder / "mail" / address
    for path in (inbox, *(inbox / name for name in ("cur", "new", "tmp"))):
        if not path.is_dir():
            path.mkdir()
            give_to_server(path)
    return inbox


def give_to_server(path: Path) -> None:
    """Make the server's user the owner, where it is another one."""
    if os.geteuid() == 0:
        owner = pwd.getpwnam("nobody")
        os.chown(path, owner.pw_uid, owner.pw_gid)
