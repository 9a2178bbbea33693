"""What a process of Jeeves is told of the measured servers."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Server(Protocol):
    """Where mail is read."""

    host: str
    port: int
    address: str
    password: str


def of(
    server: Server, home: Path, dsn: str | None = None, port: int | None = None
) -> dict[str, str]:
    """Settings by their names; without ``dsn`` Jeeves starts a Postgres of its own in ``home``."""
    settings = {
        "JEEVES_HOME": str(home),
        "GMAIL_ADDRESS": server.address,
        "GMAIL_APP_PASSWORD": server.password,
        "IMAP_HOST": server.host,
        "IMAP_PORT": str(port or server.port),
        "IMAP_SECURITY": "none",
        "SPEECH": "off",
    }
    return settings if dsn is None else {**settings, "DATABASE_URL": dsn}
