"""What a server tells of mails without their bytes (RFC 3501, 6.4.5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.parser import BytesHeaderParser

from jeeves.adapters.imap.fetching import Response, size_of
from jeeves.adapters.imap.session import Session
from jeeves.domain.message import Listed
from jeeves.mail import headers

#: Mails in one FETCH.
BATCH = 500
LISTING_FACTS = ("RFC822.SIZE", "INTERNALDATE", "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]")


def listings(
    session: Session, uids: Sequence[int], facts: Sequence[str]
) -> Iterator[tuple[int, Response]]:
    """What the server answers for each of ``uids`` that is still there, in their order.

    Args:
        session: With a mailbox examined.
        uids: In any order.
        facts: What is asked for; `LISTING_FACTS` among them.
    """
    for start in range(0, len(uids), BATCH):
        part = list(uids[start : start + BATCH])
        with session.command():
            found = session.client.fetch(part, list(facts))
        for uid in part:
            # A server may tell of changed flags in between: such an answer is no listing.
            if b"RFC822.SIZE" in found.get(uid, ()):
                yield uid, found[uid]


def listed(uid: int, facts: Response) -> Listed:
    """The answer to `LISTING_FACTS` as a value."""
    received: datetime = facts.get(b"INTERNALDATE") or datetime.now(UTC)
    return Listed(
        uid=uid,
        size=size_of(facts),
        received_at=received.astimezone(UTC),
        message_id=_message_id(facts),
    )


def _message_id(facts: Response) -> str:
    """As `jeeves.mail` finds it in the whole mail."""
    for item, value in facts.items():
        # Servers give the names back quoted or not, in this case or that.
        if isinstance(item, bytes) and item.upper().startswith(b"BODY[HEADER.FIELDS"):
            header = value if isinstance(value, bytes) else b""
            fields = headers.fields(BytesHeaderParser().parsebytes(header).raw_items())
            return next(iter(headers.message_ids(fields.get("message-id", ())[:1])), "")
    return ""
