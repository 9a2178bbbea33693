"""How mails are asked for, and what is found in the answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: At most this many mails, and bytes, in one FETCH: a first read stays within 80 MB with them.
BATCH_MAILS = 350
BATCH_BYTES = 8_000_000
#: A larger mail is fetched without its attachments.
MAIL_BYTES = 2_000_000
#: A transfer slower than this is taken for stuck.
OCTETS_PER_SECOND = 20_000

Response = Mapping[bytes, Any]


def batches(facts: Mapping[int, Response]) -> Iterator[list[int]]:
    """Split UIDs, ascending, so that no FETCH is too large.

    A mail above ``MAIL_BYTES`` stands alone.
    """
    batch: list[int] = []
    size = 0
    for uid in sorted(facts):
        octets = size_of(facts[uid])
        alone = octets > MAIL_BYTES
        if batch and (alone or size + octets > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        if alone:
            yield [uid]
            continue
        batch.append(uid)
        size += octets
    if batch:
        yield batch


def is_large(uids: list[int], octets: int) -> bool:
    """Whether this is one mail of which only the header and the text are fetched."""
    return octets > MAIL_BYTES and len(uids) == 1


def size_of(facts: Response) -> int:
    """RFC822.SIZE; 0 where the server does not tell."""
    size = facts.get(b"RFC822.SIZE")
    return size if isinstance(size, int) else 0


def bodies(answer: Mapping[int, Response]) -> dict[int, bytes]:
    """``BODY[]`` of each mail that is still there."""
    found = ((uid, response.get(b"BODY[]")) for uid, response in answer.items())
    return {uid: raw for uid, raw in found if isinstance(raw, bytes) and raw != b"NIL"}
