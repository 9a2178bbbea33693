"""Puts into the outbox what is wrong with Jeeves itself, and that it is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jeeves.domain.alert import Channel
from jeeves.domain.ports import Mailbox, Store
from jeeves.service.delivery import new_reference
from jeeves.service.silence import (
    MODEL,
    UNREAD,
    model_again_notices,
    model_notices,
    read_again_notices,
    unread_notices,
)
from jeeves.service.terms import FREE, Terms

#: Name of the heartbeat that a successful read writes.
READ_BEAT = "read"


def announce_unread(
    account: str,
    store: Store,
    channels: Sequence[Channel],
    now: datetime,
    reason: str,
    terms: Terms = FREE,
) -> int:
    """Put notices into the outbox if mail has been unread for long; the number of new ones.

    An account that was never read is the business of whoever sets it up.
    """
    beat = store.heartbeats().get((account, READ_BEAT))
    if beat is None:
        return 0
    return store.announce(
        unread_notices(
            *(account, beat[0], reason, channels, new_reference, now),
            terms.silent_after,
            terms.rules.zone,
        )
    )


def beat_read(
    mailbox: Mailbox,
    store: Store,
    read_at: datetime,
    channels: Sequence[Channel] = (),
    terms: Terms = FREE,
) -> None:
    """Remember that what had arrived by then was read and judged; say so if it was not for long."""
    account = mailbox.account
    before = store.beat(account, READ_BEAT, read_at, mailbox.status().mailbox)
    if before is not None and read_at - before >= terms.silent_after:
        zone = terms.rules.zone
        over = read_again_notices(account, channels, new_reference, read_at, zone)
        store.end_silence(account, UNREAD, over, read_at)


def tell_of_model(
    account: str,
    store: Store,
    channels: Sequence[Channel],
    refused: Sequence[str],
    now: datetime,
) -> None:
    """Tell the owner of models that were refused, or that none is any more."""
    if refused:
        store.announce(model_notices(account, refused, channels, new_reference, now))
    else:
        over = model_again_notices(account, channels, new_reference, now)
        store.end_silence(account, MODEL, over, now)
