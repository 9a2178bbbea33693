"""Puts the weekly digest into the outbox, where the owner asked for one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from jeeves.domain.alert import Channel
from jeeves.domain.ports import Scorer, Store
from jeeves.domain.schedule import quiet_end
from jeeves.domain.watching import WEEK
from jeeves.domain.weekly import EXPIRES, OF_USE, WeekTold, weekly_text
from jeeves.errors import ModelError
from jeeves.service.delivery import new_reference
from jeeves.service.silence import notice
from jeeves.service.terms import Terms
from jeeves.service.watching import watch

log = structlog.get_logger()

#: Name of the heartbeat that a digest writes; its detail is the key of the digest.
DIGEST_BEAT = "weekly digest"
#: How the keys of digests begin.
WEEK_TO = "week to "


def announce_week(
    account: str,
    store: Store,
    channels: Sequence[Channel],
    load_scorer: Callable[[], Scorer],
    now: datetime,
    terms: Terms,
) -> bool:
    """Put the digest of the week into the outbox if it is due; whether that is new.

    It goes through the first channel alone, after quiet hours and after a pause. Its key is the
    day it is of: however many processes look, and however often they are killed, it is one row.

    Raises:
        StoreError: the database cannot be used; the next look tries again.
    """
    if terms.weekly is None or not channels:
        return False
    zone = terms.rules.zone
    due = terms.weekly.last(now, zone)
    key = f"{WEEK_TO}{due.astimezone(zone).date().isoformat()}"
    if now - due > OF_USE or store.heartbeats().get((account, DIGEST_BEAT), (due, ""))[1] == key:
        return False
    if store.paused_until(account, now) is not None:
        return False
    channel, reference = channels[0], new_reference()
    told = WeekTold(
        line=_line(account, store, load_scorer, due, terms),
        alerts=store.told_between(account, channel, due - WEEK, due),
        unsure=store.unsure_between(account, due - WEEK, due),
    )
    digest = replace(
        notice(account, key, channel, "", reference, now),
        text=weekly_text(told, channel, reference),
        not_before=quiet_end(now, terms.rules),
        expires_at=due + EXPIRES,
    )
    new = bool(store.announce([digest]))
    # After it, so that whoever is killed in between only looks once more.
    store.beat(account, DIGEST_BEAT, now, key)
    if new:
        log.info("week told", alert=reference, channel=channel.value)
    return new


def _line(
    account: str, store: Store, load_scorer: Callable[[], Scorer], due: datetime, terms: Terms
) -> str:
    """How the week was; where no model can be used, that."""
    zone = terms.rules.zone
    try:
        return watch(store, load_scorer(), due, account).line(zone)
    except ModelError:
        until = due.astimezone(zone)
        return f"week to {until.day} {until:%b}: no model can be used, see jeeves doctor"
