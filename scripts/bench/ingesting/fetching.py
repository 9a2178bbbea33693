"""A bare fetch, in the batches in which Jeeves asks."""

from __future__ import annotations

from collections.abc import Iterator

from imapclient import IMAPClient

#: As jeeves.adapters.imap.fetching.BATCH_MAILS, which would bring more than IMAPClient into memory.
BATCH = 350
FACTS = ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"]


def batches(uids: list[int]) -> Iterator[list[int]]:
    """At most ``BATCH`` UIDs at a time."""
    for start in range(0, len(uids), BATCH):
        yield uids[start : start + BATCH]


def pull(client: IMAPClient, uids: list[int]) -> int:
    """Fetch mails and drop them; octets."""
    octets = 0
    for part in batches(uids):
        octets += sum(len(found[b"BODY[]"]) for found in client.fetch(part, FACTS).values())
    return octets
