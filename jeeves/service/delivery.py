"""The last step of a cycle: store.claim -> notifier.send -> store.settle, no transaction open."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace

import structlog

from jeeves.domain.alert import Alert, AlertState, Channel, Receipt, make_reference, next_attempt
from jeeves.domain.ports import Clock, Notifier, Store
from jeeves.errors import DeliveryDelayed, DeliveryRefused, DeliveryUnknown
from jeeves.service.silence import undelivered, undelivered_notices

log = structlog.get_logger()

#: How long one attempt at a delivery may hold an alert. Longer than any channel's deadline.
LEASE_SECONDS = 120.0


def deliver_all(
    account: str, store: Store, notifiers: Sequence[Notifier], clock: Clock
) -> tuple[int, int]:
    """Deliver what is due on every channel; counts of those sent and those given up."""
    channels = [notifier.channel for notifier in notifiers]
    sent = failed = 0
    for notifier in notifiers:
        others = [channel for channel in channels if channel is not notifier.channel]
        delivered, given_up = deliver(account, store, notifier, others, clock)
        sent, failed = sent + delivered, failed + given_up
    return sent, failed


def new_reference() -> str:
    """A reference that no other alert has."""
    return make_reference(secrets.randbelow)


def deliver(
    account: str,
    store: Store,
    notifier: Notifier,
    other_channels: Sequence[Channel],
    clock: Clock,
) -> tuple[int, int]:
    """Deliver every due alert of one channel; counts of those sent and those given up.

    What cannot be delivered is said once a day through the other channels.
    """
    sent = failed = 0
    for alert in claims(account, store, notifier.channel, clock):
        settled = attempt(alert, notifier, clock)
        store.settle(settled, clock())
        if undelivered(settled, clock()):
            store.announce(undelivered_notices(settled, other_channels, new_reference, clock()))
        sent += settled.state is AlertState.SENT
        failed += settled.state in {AlertState.FAILED, AlertState.EXPIRED}
        log.info(
            "alert " + settled.state.value,
            alert=settled.reference,
            message=settled.message_id,
            channel=settled.channel.value,
            attempts=settled.attempts,
            error=settled.error or None,
        )
    return sent, failed


def claims(account: str, store: Store, channel: Channel, clock: Clock) -> Iterator[Alert]:
    """Claim due alerts one by one until there is none."""
    while (alert := store.claim(account, [channel], clock(), LEASE_SECONDS)) is not None:
        yield alert


def attempt(alert: Alert, notifier: Notifier, clock: Clock) -> Alert:
    """``alert`` after one attempt to deliver it."""
    in_doubt = alert.in_doubt
    try:
        receipt: Receipt | None = notifier.find(alert) if in_doubt else None
        in_doubt = False
        if receipt is None:
            if alert.barred:
                # It was not said, and is not wanted now: the outbox decides what becomes of it.
                return replace(alert, state=AlertState.PENDING, not_before=clock(), error="")
            if alert.stale(clock()):
                return replace(alert, state=AlertState.EXPIRED, error="too old to be of use")
            receipt = notifier.send(alert)
    except DeliveryRefused as exc:
        return replace(alert, state=AlertState.FAILED, error=str(exc))
    except (DeliveryDelayed, DeliveryUnknown) as exc:
        now = clock()
        if alert.stale(now):
            return replace(alert, state=AlertState.EXPIRED, error=str(exc))
        unknown = in_doubt or isinstance(exc, DeliveryUnknown)
        return replace(
            alert,
            state=AlertState.UNKNOWN if unknown else AlertState.PENDING,
            not_before=next_attempt(
                alert.attempts,
                now,
                exc.retry_after if isinstance(exc, DeliveryDelayed) else None,
                jitter=random.random(),  # noqa: S311  # spreads waits, hides nothing
            ),
            error=str(exc),
        )
    return replace(alert, state=AlertState.SENT, receipt=receipt, error="")
