r"""Our own labels on Gmail's mails, on a connection that is used for nothing else.

STORE of X-GM-LABELS and CREATE of a label:
https://developers.google.com/workspace/gmail/imap/imap-extensions. What this connection may say
to a mailbox is decided in `refuse`, which sees every command before it is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any

from imapclient import IMAPClient

from jeeves.adapters.imap import (
    Declined,
    ImapAccount,
    Session,
    Timing,
    decode_label,
    sequence_set,
    words,
)
from jeeves.domain.labelling import WRITTEN, LabelChange
from jeeves.domain.ports import MailboxStatus
from jeeves.errors import ConfigError

EXTENSION = "X-GM-EXT-1"
#: Commands that change nothing, for whatever arguments.
HARMLESS = frozenset(
    "CAPABILITY NOOP LOGIN AUTHENTICATE STARTTLS ID ENABLE LIST EXAMINE SELECT LOGOUT".split()
)
STORES = frozenset({"+X-GM-LABELS", "-X-GM-LABELS"})
#: Mails in one STORE.
STORE_MAILS = 500


class GmailLabels:
    """`jeeves.domain.ports.LabelWriter` on one connection, made on demand. One thread only."""

    def __init__(self, account: ImapAccount, timing: Timing | None = None) -> None:
        self.account = account.address.lower()
        self._session = LabelSession(account, timing or Timing())

    def open(self) -> MailboxStatus:
        """Connect and SELECT where that is not yet done; tell the state.

        Raises:
            ConfigError: the server has no labels of Gmail's.
        """
        return self._session.open()

    def write(self, changes: Sequence[LabelChange]) -> None:
        """Carry out the changes; one that is already so stays so."""
        client = self._session.client
        ordered = sorted(changes, key=_kind)
        for (label, on), alike in groupby(ordered, key=_kind):
            uids = [change.uid for change in alike]
            for start in range(0, len(uids), STORE_MAILS):
                with self._session.command():
                    if on:
                        self._create(client, label)
                    item = "+X-GM-LABELS" if on else "-X-GM-LABELS"
                    client._imap.untagged_responses.pop("FETCH", None)
                    batch = sequence_set(uids[start : start + STORE_MAILS])
                    kind, said = client._imap.uid("STORE", batch, item, f'("{label}")')
                    client._checkok("store", kind, said)

    def _create(self, client: IMAPClient, label: str) -> None:
        """Make the label, unless it is there."""
        kind, said = client._imap.list('""', f'"{label}"')
        client._checkok("list", kind, said)
        if not any(said):
            # Refused where it exists but is not shown over IMAP: then STORE finds it.
            with suppress(Declined):
                client._imap.create(f'"{label}"')

    def close(self) -> None:
        """Log out if connected. Never raises."""
        self._session.close()


def _kind(change: LabelChange) -> tuple[str, bool]:
    return change.wish.label, change.wish.on


class LabelSession(Session):
    """A connection that selects the mailbox to write, and says nothing but what `refuse` lets."""

    def _examine(self, client: IMAPClient) -> MailboxStatus:
        if not client.has_capability(EXTENSION):
            raise ConfigError(
                f"{self._account.host} has no labels of Gmail's: set GMAIL_WRITE_LABELS=false."
            )
        guard(client)
        status = super()._examine(client)
        client.select_folder(status.mailbox)
        return status


def guard(client: IMAPClient) -> None:
    """From now on ``client`` sends no command that `refuse` refuses."""
    imap = client._imap
    send = imap._command

    def permitted(name: str, *arguments: Any) -> Any:
        refuse(name, *arguments)
        return send(name, *arguments)

    imap._command = permitted


def refuse(name: str, *arguments: Any) -> None:
    """Raise unless a command changes nothing, or nothing but labels of ours.

    Raises:
        RuntimeError: it could change something else.
    """
    parts = [_bytes(argument) for argument in arguments]
    verb = name.upper()
    if verb in HARMLESS or (verb == "UID" and parts[:1] == [b"SEARCH"]):
        return
    if verb == "CREATE" and len(parts) == 1 and _ours(parts[0]):
        return
    if (
        verb == "UID"
        and len(parts) == 4
        and parts[0].upper() == b"STORE"
        and parts[2].decode("latin-1").upper() in STORES
        and parts[3].startswith(b"(")
        and _ours(parts[3])
    ):
        return
    raise RuntimeError(f"{verb} is not sent on the connection that writes labels.")


def _ours(argument: bytes) -> bool:
    """Whether an argument names labels of ours and nothing else."""
    labels = list(_named(words([argument])))
    return bool(labels) and all(label in WRITTEN for label in labels)


def _named(parsed: Sequence[Any]) -> Iterator[str]:
    for part in parsed:
        if isinstance(part, tuple):
            yield from _named(part)
        else:
            yield decode_label(part)


def _bytes(argument: Any) -> bytes:
    return argument if isinstance(argument, bytes) else str(argument).encode("utf-8")
