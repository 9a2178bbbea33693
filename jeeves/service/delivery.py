"""The last step of a cycle: store.claim -> notifier.send -> store.settle, no transaction open."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from jeeves.domain.alert import (
    Alert,
    AlertKind,
    AlertState,
    Channel,
    Receipt,
    make_reference,
    next_attempt,
)
from jeeves.domain.metering import UNMETERED, Meter
from jeeves.domain.outbox import ON_ITS_WAY, WAITING, followed, next_follow
from jeeves.domain.ports import Clock, Notifier, Store
from jeeves.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, DeliveryUnknown
from jeeves.service.silence import (
    delivered_again_notices,
    overspent_notices,
    overspent_sentence,
    undelivered,
    undelivered_key,
    undelivered_notices,
)
from jeeves.service.terms import FREE, Terms

log = structlog.get_logger()

#: How long one attempt at a delivery may hold an alert.
LEASE_SECONDS = 150.0
#: Sending, which no channel takes longer for, is not begun with less of the lease left: whoever
#: was held up, by a slow lookup or a machine that slept, is perhaps no longer the only one.
SEND_SECONDS = 120.0


def deliver_all(
    account: str,
    store: Store,
    notifiers: Sequence[Notifier],
    clock: Clock,
    terms: Terms = FREE,
) -> tuple[int, int]:
    """Deliver what is due on every channel; counts of those sent and those given up."""
    channels = [notifier.channel for notifier in notifiers]
    sent = failed = 0
    # What a fallback is to say is known when the others have tried.
    for notifier in sorted(notifiers, key=lambda one: one.channel is terms.fallback):
        others = [channel for channel in channels if channel is not notifier.channel]
        delivered, given_up = deliver(account, store, notifier, others, clock, terms)
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
    terms: Terms = FREE,
    meter: Meter = UNMETERED,
) -> tuple[int, int]:
    """Deliver every due alert of one channel; counts of those sent and those given up.

    What cannot be delivered is said once a day through the other channels.
    """
    sent = failed = 0
    if relieved := terms.relieved(notifier.channel, other_channels):
        fall_back(account, store, relieved, notifier.channel, clock(), terms)
    for alert, send_by in claims(account, store, notifier.channel, clock, terms):
        if due_when_decided(alert):
            meter.requested(alert.channel, (clock() - alert.created_at).total_seconds())
        settled = attempt(alert, notifier, clock, send_by)
        meter.attempted(settled)
        # First what is to be said of it: whoever is killed in between says it again, not never.
        tell_of(settled, store, other_channels, clock(), terms)
        store.settle(settled, clock())
        if settled.state is AlertState.SENT and settled.follow_at is None:
            tell_it_works(settled, store, other_channels, clock())
        sent += settled.state is AlertState.SENT
        failed += settled.state in {AlertState.FAILED, AlertState.EXPIRED}
    failed += sweep(account, store, notifier.channel, other_channels, clock(), terms)
    follow_due(account, store, notifier, other_channels, clock, terms)
    return sent, failed


def due_when_decided(alert: Alert) -> bool:
    """Whether ``alert``, claimed for its first attempt, had no reason of its own to wait.

    What quiet hours put off waits as long as it should; a pause or ALERTS_PER_HOUR is not known
    of it.
    """
    at_once = alert.not_before is None or alert.not_before <= alert.created_at
    return alert.kind is AlertKind.ALERT and alert.attempts == 1 and at_once


def fall_back(
    account: str, store: Store, first: Channel, fallback: Channel, now: datetime, terms: Terms
) -> None:
    """Hand over to ``fallback`` what the first channel could not deliver."""
    for alert in store.fall_back(account, first, fallback, now, terms.silent_after, new_reference):
        log.info(
            "alert handed over",
            alert=alert.reference,
            message=alert.message_id,
            channel=fallback.value,
        )


def hasten(store: Store, receipt: str, status: str, now: datetime) -> None:
    """Ask at once about a text of which the provider reports that its fate is sealed."""
    if status not in ON_ITS_WAY:
        store.follow_now(receipt, now)


def tell_of(
    settled: Alert, store: Store, other_channels: Sequence[Channel], now: datetime, terms: Terms
) -> None:
    """Log what became of an alert; what did not arrive is said through the other channels."""
    if undelivered(settled, now, terms.silent_after):
        store.announce(undelivered_notices(settled, other_channels, new_reference, now))
    log.info(
        "alert " + settled.state.value,
        alert=settled.reference,
        message=settled.message_id,
        channel=settled.channel.value,
        attempts=settled.attempts,
        delivery=settled.delivery or None,
        error=settled.error or None,
    )


def tell_it_works(
    alert: Alert, store: Store, other_channels: Sequence[Channel], now: datetime
) -> None:
    """Say, if it was said that the channel of ``alert`` does not work, that it does again."""
    over = delivered_again_notices(alert, other_channels, new_reference, now)
    if store.end_silence(alert.account, undelivered_key(alert.channel), over, now):
        log.info("channel works again", channel=alert.channel.value)


def claims(
    account: str, store: Store, channel: Channel, clock: Clock, terms: Terms
) -> Iterator[tuple[Alert, datetime]]:
    """Claim due alerts one by one until there is none; each with the moment to send it by."""
    while True:
        now = clock()
        alert = store.claim(account, [channel], now, LEASE_SECONDS, terms.rules, terms.make_digest)
        if alert is None:
            return
        yield alert, now + timedelta(seconds=LEASE_SECONDS - SEND_SECONDS)


def sweep(
    account: str,
    store: Store,
    channel: Channel,
    other_channels: Sequence[Channel],
    now: datetime,
    terms: Terms,
) -> int:
    """Drop what is no longer of use; the number of alerts that were given up."""
    swept = store.sweep(account, channel, now, overspent_sentence(now, terms.rules), terms.rules)
    for alert in (*swept.expired, *swept.overspent):
        log.info("alert " + alert.state.value, alert=alert.reference, channel=channel.value)
    for alert in swept.expired:
        # What nobody tried to deliver was held back because the owner wanted that.
        if alert.attempts:
            store.announce(undelivered_notices(alert, other_channels, new_reference, now))
    if swept.overspent:
        store.announce(overspent_notices(account, other_channels, new_reference, now, terms.rules))
    return len(swept.expired) + len(swept.overspent)


def follow_due(
    account: str,
    store: Store,
    notifier: Notifier,
    other_channels: Sequence[Channel],
    clock: Clock,
    terms: Terms,
) -> None:
    """Ask how texts fare that were taken, as far as that is due."""

    def claim() -> Alert | None:
        return store.claim_follow(account, notifier.channel, clock(), LEASE_SECONDS)

    while (asked := claim()) is not None:
        now = clock()
        try:
            delivery = notifier.follow(asked)
        except DeliveryError as exc:
            log.info("delivery unknown", alert=asked.reference, error=str(exc))
            later = next_follow(asked.settled_at or asked.created_at, now)
            store.write_follow(asked, replace(asked, follow_at=later))
            continue
        if delivery is None:
            alert = replace(asked, follow_at=None)
        else:
            alert = followed(asked, delivery, now)
        waits = alert.delivery in WAITING and now - (asked.settled_at or now) >= terms.silent_after
        if waits and alert.state is AlertState.SENT:
            stuck = replace(alert, error="Twilio has taken it and not passed it on.")
            store.announce(undelivered_notices(stuck, other_channels, new_reference, now))
        elif delivery is not None and delivery.final:
            # Before it is written, as with an attempt: whoever is killed asks again.
            tell_of(alert, store, other_channels, now, terms)
        store.write_follow(asked, alert)
        if delivery is None or delivery.delivered:
            tell_it_works(alert, store, other_channels, now)


def attempt(alert: Alert, notifier: Notifier, clock: Clock, send_by: datetime) -> Alert:
    """``alert`` after one attempt to deliver it; later than ``send_by`` it is not sent."""
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
            if clock() > send_by:
                log.warning("held up", alert=alert.reference, channel=alert.channel.value)
                return replace(alert, state=AlertState.PENDING, not_before=clock(), error="")
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
    follow_at = next_follow(clock(), clock()) if alert.channel is Channel.SMS else None
    return replace(alert, state=AlertState.SENT, receipt=receipt, error="", follow_at=follow_at)
