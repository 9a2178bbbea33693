"""One cycle: what the daemon, cron and the command line all run.

ingest  mailbox.fetch -> mail.read -> store.ingest      messages and cursor together
judge   store.unjudged -> scorer.score -> store.record  verdicts and alerts together
deliver store.claim -> notifier.send -> store.settle    outside any transaction
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from time import monotonic

import structlog

from jeeves.domain.alert import Channel
from jeeves.domain.message import Cursor, FetchedMail, Message, Unreadable
from jeeves.domain.metering import UNMETERED, Meter
from jeeves.domain.ports import (
    Clock,
    Mailbox,
    MailboxStatus,
    Notifier,
    Scorer,
    Store,
)
from jeeves.errors import MailboxError, ModelError
from jeeves.mail.mime import read
from jeeves.service.deciding import decide, judgement
from jeeves.service.delivery import deliver_all
from jeeves.service.marking import sync_marks
from jeeves.service.relabelling import reconsider
from jeeves.service.telling import READ_BEAT, announce_unread, beat_read, tell_of_model
from jeeves.service.terms import FREE, Terms
from jeeves.service.watching import say_weekly
from jeeves.service.weekly import announce_week

log = structlog.get_logger()

#: How far back a mailbox is read, silently, when it is first seen.
FIRST_READ = timedelta(days=14)
#: By how much the mail server's clock may be behind ours. Mail in between that is already stored
#: is known by its identity.
CLOCK_MARGIN = timedelta(minutes=10)
#: Mails per transaction: a first read of a large mailbox stays within 80 MB with them.
BATCH = 350


@dataclass(frozen=True, slots=True)
class CycleReport:
    """What one cycle did, in counts."""

    fetched: int = 0
    added: int = 0
    unreadable: int = 0
    judged: int = 0
    alerts: int = 0
    sent: int = 0
    failed: int = 0
    #: The line about the last week, once a week.
    week: str | None = None


def run_cycle(
    mailbox: Mailbox,
    store: Store,
    load_scorer: Callable[[], Scorer],
    notifiers: Sequence[Notifier],
    clock: Clock,
    terms: Terms = FREE,
) -> CycleReport:
    """Read new mail, judge it, and deliver what is due; the model is loaded only to judge.

    Raises:
        MailboxError, StoreError: what was committed stays; the next cycle goes on from there.
            That mail has been unread for long is told to the owner first.
        ModelError: there is mail to judge, and no model; that, too, is told first.
    """
    channels = terms.told_first(notifier.channel for notifier in notifiers)
    try:
        fetched, added, unreadable = ingest(mailbox, store, clock)
    except MailboxError as exc:
        announce_unread(mailbox.account, store, channels, clock(), str(exc), terms)
        deliver_all(mailbox.account, store, notifiers, clock, terms)
        raise
    read_at = clock()
    judged = alerts = 0
    if store.unjudged(mailbox.account, 1):
        try:
            scorer = load_scorer()
        except ModelError as exc:
            tell_of_model(mailbox.account, store, channels, [str(exc)], clock())
            deliver_all(mailbox.account, store, notifiers, clock, terms)
            raise
        judged, alerts = judge_pending(mailbox.account, store, scorer, channels, clock, terms)
    beat_read(mailbox, store, read_at, channels, terms)
    announce_week(mailbox.account, store, channels, load_scorer, clock(), terms)
    sent, failed = deliver_all(mailbox.account, store, notifiers, clock, terms)
    sync_marks(mailbox, store, clock)
    reconsider(mailbox.account, store, channels, clock(), terms)
    week = say_weekly(mailbox.account, store, load_scorer, clock(), terms.rules.zone)
    return CycleReport(fetched, added, unreadable, judged, alerts, sent, failed, week)


def ingest(
    mailbox: Mailbox,
    store: Store,
    clock: Clock,
    goes_on: Callable[[], None] = lambda: None,
    meter: Meter = UNMETERED,
) -> tuple[int, int, int]:
    """Store all mail that arrived since the cursor; counts of fetched, added and unreadable.

    ``goes_on`` is called after each mail.
    """
    looked_at = monotonic()
    status = mailbox.open()
    cursor, uids = outstanding(mailbox, store, status, clock())
    fetched = added = unreadable = 0

    def store_batch(batch: list[Message | Unreadable], covered_by: Cursor) -> None:
        nonlocal fetched, added, unreadable
        result = store.ingest(mailbox.account, batch, covered_by)
        fetched += len(batch)
        added += result.added
        broken = sum(isinstance(message, Unreadable) for message in batch)
        unreadable += broken
        meter.committed(result.added, result.known, broken, monotonic() - looked_at)
        log.info("ingested", fetched=len(batch), added=result.added, known=result.known)

    # Of several batches one is written while the next is fetched; never two at a time.
    with ThreadPoolExecutor(1) as writer, closing(mailbox.fetch(uids)) as mails:
        written: Future[None] | None = None
        while uids and cursor.last_uid < uids[-1]:
            batch: list[Message | Unreadable] = []
            for mail in islice(mails, BATCH):
                batch.append(read_mail(mail, mailbox, cursor))
                goes_on()
            # Fewer are the last ones; what is missing among them is gone, and covered, too.
            covered = (batch[-1].uid or 0) if len(batch) == BATCH else uids[-1]
            cursor = replace(cursor, last_uid=covered)
            if written is not None:
                written.result()
            if len(uids) <= BATCH:
                store_batch(batch, cursor)
            else:
                # The log of that thread tells the account, too.
                written = writer.submit(copy_context().run, store_batch, batch, cursor)
        if written is not None:
            written.result()
    if cursor.reads_history:
        store.ingest(mailbox.account, [], replace(cursor, last_uid=cursor.live_from - 1))
    return fetched, added, unreadable


def outstanding(
    mailbox: Mailbox, store: Store, status: MailboxStatus, now: datetime
) -> tuple[Cursor, list[int]]:
    """The cursor to go on from, and the UIDs that it does not cover, ascending."""
    cursor = store.cursor(mailbox.account, status.mailbox)
    if cursor is None or cursor.uidvalidity != status.uidvalidity:
        # First sight of this mailbox, or its UIDs were renumbered. What is in it now is history;
        # after a renumbering, mail that came since the last read is not.
        live_since = None
        if cursor is not None:
            read_at, _ = store.heartbeats().get((mailbox.account, READ_BEAT), (now, ""))
            live_since = read_at - CLOCK_MARGIN
        renumbered = cursor is not None
        cursor = Cursor(
            mailbox=status.mailbox,
            uidvalidity=status.uidvalidity,
            last_uid=0,
            live_from=status.uidnext,
            history_from=min(live_since or now, now) - FIRST_READ,
            live_since=live_since,
        )
        # Written before anything is read: a crash on the way must not make history live.
        store.ingest(mailbox.account, [], cursor)
        log.info("mailbox first seen", renumbered=renumbered)
    uids = mailbox.uids_after(cursor.last_uid)
    if cursor.reads_history:
        recent = set(mailbox.uids_since(cursor.history_from))
        uids = [uid for uid in uids if uid >= cursor.live_from or uid in recent]
    return cursor, uids


def read_mail(mail: FetchedMail, mailbox: Mailbox, cursor: Cursor) -> Message | Unreadable:
    """Parse a fetched mail; whether it is live is the cursor's word."""
    origin = cursor.origin(mail.uid or 0, mail.received_at)
    return read(mail, mailbox.account, origin, mailbox.aliases)


def judge_pending(
    account: str,
    store: Store,
    scorer: Scorer,
    channels: Sequence[Channel],
    clock: Clock,
    terms: Terms = FREE,
    goes_on: Callable[[], None] = lambda: None,
    meter: Meter = UNMETERED,
) -> tuple[int, int]:
    """Judge every stored message that has no verdict; counts of verdicts and new alerts.

    ``goes_on`` is called after each.
    """
    judged = alerts = 0
    looked_at = monotonic()
    while pending := store.unjudged(account, BATCH):
        now = clock()
        judgements = []
        for stored in pending:
            judgements.append(judgement(stored, scorer, now))
            goes_on()
        recorded = store.record(
            judgements, decide(pending, judgements, store, channels, now, terms)
        )
        meter.judged([one.verdict.band for one in judgements], monotonic() - looked_at)
        alerts += recorded.alerts
        judged += len(pending)
        # What mail was stored meanwhile to is decided again with it.
        if len(pending) < BATCH and not recorded.again:
            break
    if judged:
        log.info("judged", messages=judged, alerts=alerts, model=scorer.version)
    return judged, alerts
