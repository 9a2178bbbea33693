"""mbsync (isync), which pulls a mailbox into a Maildir."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.dovecot import Dovecot

INSTALL = "mbsync is not installed, so its row is missing: apt-get install isync."
_CONFIG = """\
IMAPAccount bench
Host {host}
Port {port}
User {user}
Pass {password}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account bench

MaildirStore near
Path {folder}/
Inbox {folder}/INBOX

Channel bench
Far :far:
Near :near:
Patterns INBOX
Create Near
Sync Pull
SyncState *
"""


def installed() -> str | None:
    """Path of the program, or None."""
    return shutil.which("mbsync")


def command(program: str, server: Dovecot, port: int, folder: Path) -> list[str]:
    """What pulls the server's INBOX into ``folder``, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    config = folder / "mbsyncrc"
    config.write_text(
        _CONFIG.format(
            host=server.host,
            port=port,
            user=server.address,
            password=server.password,
            folder=folder,
        )
    )
    return [program, "-q", "-c", str(config), "bench"]


def pulled(folder: Path) -> int:
    """Mails in the Maildir."""
    return sum(1 for name in ("cur", "new") for _ in (folder / "INBOX" / name).iterdir())
