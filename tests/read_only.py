"""Promise 1 on the wire: which IMAP commands may cross it."""

from __future__ import annotations

from collections.abc import Iterable

#: RFC 3501: what reads. FETCH must peek as well, and SELECT is not among them.
READ_ONLY = {
    "CAPABILITY", "NOOP", "LOGOUT", "LOGIN", "AUTHENTICATE", "STARTTLS", "ID", "ENABLE",
    "LIST", "EXAMINE", "IDLE", "DONE", "UID SEARCH", "UID FETCH", "SEARCH",
}  # fmt: skip


def verb(command: str) -> str:
    """The command's name, UID commands with their second word."""
    words = command.upper().split()
    return " ".join(words[:2]) if words[0] == "UID" else words[0]


def changes_nothing(command: str) -> bool:
    """Whether a command, without its tag, leaves every mailbox as it is."""
    shouted = command.upper()
    return verb(command) in READ_ONLY and "BODY[" not in shouted and "RFC822 " not in shouted


def those_that_change(commands: Iterable[str]) -> list[str]:
    """The commands that could change a mailbox; there should be none."""
    return [command for command in commands if not changes_nothing(command)]
