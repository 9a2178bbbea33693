"""Reading back: mail that was there before Jeeves, the newest first, within a day's bandwidth.

    mailbox.listed -> history.place       what is stored already is not fetched
    mailbox.fetch -> read -> history.add  messages, their cost and the progress together

It never alerts, leaves the live cursor alone, and goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import structlog

from jeeves.domain.history import Backfill, History
from jeeves.domain.message import Listed, Origin
from jeeves.domain.ports import Clock, Mailbox, MailboxStatus, Scorer, Store
from jeeves.errors import OverQuota
from jeeves.mail.mime import read
from jeeves.service.history import BATCH_OCTETS, count_unreadable, judge_history
from jeeves.service.telling import READ_BEAT
from jeeves.service.triage import BATCH, CLOCK_MARGIN

log = structlog.get_logger()

#: Mails listed before those that are missing are fetched.
LISTED = 500
#: What listing one mail costs, counted as if it were fetched.
LISTED_OCTETS = 250


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """What a backfill did so far, in counts."""

    #: Mails looked at, and how many there are to look at.
    seen: int = 0
    total: int = 0
    fetched: int = 0
    added: int = 0
    unreadable: int = 0
    judged: int = 0
    #: Octets that were fetched.
    octets: int = 0
    #: Why it stopped before the end, and when to go on: one sentence.
    put_off: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where history ends: what lies beyond is for the cycle to read, for it may alert."""

    #: First UID beyond.
    below: int
    #: Mail received later is beyond, too.
    until: datetime | None = None

    def include(self, listed: Listed) -> bool:
        """Whether a mail is history."""
        return listed.uid < self.below and (self.until is None or listed.received_at <= self.until)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be fetched of an account in a day (UTC)."""

    history: History
    account: str
    octets: int
    clock: Clock

    @property
    def today(self) -> date:
        """The day on which octets are counted."""
        return self.clock().astimezone(UTC).date()

    def left(self) -> int:
        """Octets that may still be fetched today.

        Raises:
            OverQuota: none.
        """
        today = self.today
        left = self.octets - self.history.octets(self.account, today)
        if left <= 0:
            raise OverQuota(
                f"The {self.octets / 1e6:,.0f} MB of BACKFILL_MB_PER_DAY are used up for today: "
                f"go on after {today + timedelta(days=1)} 00:00 UTC; nothing is read twice."
            )
        return left


def run_backfill(
    mailbox: Mailbox,
    store: Store,
    history: History,
    load_scorer: Callable[[], Scorer],
    clock: Clock,
    since: date | None,
    octets_per_day: int,
    told: Callable[[BackfillReport], None] = lambda _: None,
) -> BackfillReport:
    """Store and judge the mail of ``mailbox`` that was received since, as far as it is history.

    Args:
        mailbox: Not used by anybody else.
        store: Where cursors and verdicts are.
        history: Where messages and the progress go.
        load_scorer: Called only if there is something to judge.
        clock: What time it is.
        since: First day (INTERNALDATE, as the server searches it); None for all there is.
        octets_per_day: Bandwidth; the report says if it was not enough.
        told: Called after each transaction.

    Raises:
        MailboxError, StoreError: what was committed stays; the next run goes on from there.
    """
    report = BackfillReport()
    try:
        allowance = Allowance(history, mailbox.account, octets_per_day, clock)
        for report in read_back(mailbox, store, history, allowance, since):
            told(report)
    except OverQuota as exc:
        report = replace(report, put_off=str(exc))
    judged = judge_history(mailbox.account, store, history, load_scorer, clock)
    return replace(report, judged=judged)


def read_back(
    mailbox: Mailbox, store: Store, history: History, allowance: Allowance, since: date | None
) -> Iterator[BackfillReport]:
    """Store what is missing, the newest first; one report after each transaction.

    Raises:
        OverQuota: the day's bandwidth is used up.
    """
    account, status = mailbox.account, mailbox.open()
    bounds = history_bounds(account, store, status, allowance.clock())
    reached = to_go_on(history, account, status, since)
    uids = [u for u in mailbox.uids_after(0) if u < min(bounds.below, reached.next_uid)]
    if reached.since is not None:
        recent = set(mailbox.uids_since(midnight(reached.since)))
        uids = [u for u in uids if u in recent]
    uids.reverse()
    report = BackfillReport(total=len(uids))
    for start in range(0, len(uids), LISTED):
        allowance.left()
        part = uids[start : start + LISTED]
        listed = [one for one in mailbox.listed(part) if bounds.include(one)]
        compared = history.place(account, status.mailbox, status.uidvalidity, listed)
        for filled in fill(mailbox, history, compared.missing, allowance, reached):
            report = added(report, filled)
            yield report
        reached = replace(reached, next_uid=part[-1])
        cost = LISTED_OCTETS * len(part)
        history.add(account, [], cost, allowance.today, reached)
        report = replace(report, seen=start + len(part), octets=report.octets + cost)
        yield report
    history.add(account, [], 0, allowance.today, replace(reached, finished_at=allowance.clock()))


def history_bounds(account: str, store: Store, status: MailboxStatus, now: datetime) -> Bounds:
    """Where history ends for the cursor of this mailbox."""
    cursor = store.cursor(account, status.mailbox)
    if cursor is None:
        return Bounds(status.uidnext)
    if cursor.uidvalidity == status.uidvalidity:
        return Bounds(cursor.live_from, cursor.live_since)
    # Renumbered, and the cycle does not know yet: mail since its last read is live to it.
    read_at, _ = store.heartbeats().get((account, READ_BEAT), (now, ""))
    return Bounds(status.uidnext, read_at - CLOCK_MARGIN)


def to_go_on(history: History, account: str, status: MailboxStatus, since: date | None) -> Backfill:
    """The backfill that was interrupted, if it reads as far back; else a new one from the top.

    A new one passes over what is stored: that takes a listing, not a fetch.
    """
    for earlier in history.window(account, status.mailbox).backfills:
        same_uids = earlier.uidvalidity == status.uidvalidity
        if same_uids and earlier.finished_at is None and earlier.covers(since):
            return earlier
    return Backfill(status.mailbox, status.uidvalidity, since, status.uidnext)


def fill(
    mailbox: Mailbox,
    history: History,
    missing: Sequence[Listed],
    allowance: Allowance,
    reached: Backfill | None = None,
) -> Iterator[BackfillReport]:
    """Fetch and store ``missing``; what each transaction did.

    Args:
        mailbox: Where they are.
        history: Where they go.
        missing: The newest first, if ``reached`` is given.
        allowance: What may be fetched.
        reached: Moves with what is stored.

    Raises:
        OverQuota: the day's bandwidth is used up.
    """
    start = 0
    while start < len(missing):
        part = portion(missing[start : start + BATCH], min(BATCH_OCTETS, allowance.left()))
        start += len(part)
        octets = 0
        batch = []
        for mail in mailbox.fetch(sorted(one.uid for one in part)):
            octets += len(mail.raw)
            batch.append(read(mail, mailbox.account, Origin.BACKFILL, mailbox.aliases))
        if reached is not None:
            reached = replace(reached, next_uid=part[-1].uid)
        ingested = history.add(mailbox.account, batch, octets, allowance.today, reached)
        log.info("backfilled", fetched=len(batch), added=ingested.added, octets=octets)
        yield BackfillReport(
            seen=len(part),
            fetched=len(batch),
            added=ingested.added,
            unreadable=count_unreadable(batch),
            octets=octets,
        )


def portion(missing: Sequence[Listed], octets: int) -> Sequence[Listed]:
    """As many of the first as ``octets`` hold, but one at least."""
    taken = size = 0
    for one in missing:
        size += one.size
        if taken and size > octets:
            break
        taken += 1
    return missing[:taken]


def added(report: BackfillReport, step: BackfillReport) -> BackfillReport:
    """``report`` after one more step."""
    return replace(
        report,
        seen=report.seen + step.seen,
        fetched=report.fetched + step.fetched,
        added=report.added + step.added,
        unreadable=report.unreadable + step.unreadable,
        octets=report.octets + step.octets,
    )


def midnight(day: date) -> datetime:
    """The beginning of a day (UTC)."""
    return datetime.combine(day, time(), UTC)
