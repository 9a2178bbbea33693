"""Whether all mail that should be stored is stored, by what the server says it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from jeeves.domain.history import Backfill, History, Window
from jeeves.domain.message import Cursor, Listed, Origin
from jeeves.domain.ports import Clock, Mailbox, MailboxStatus, Scorer, Store
from jeeves.errors import ConfigError, OverQuota
from jeeves.mail.mime import read
from jeeves.service.backfill import (
    LISTED,
    Allowance,
    BackfillReport,
    added,
    fill,
    history_bounds,
    midnight,
)
from jeeves.service.history import judge_history
from jeeves.service.triage import BATCH


@dataclass(frozen=True, slots=True)
class Audit:
    """A server and the database side by side."""

    mailbox: str
    uidvalidity: int
    #: Mails on the server that should be stored.
    expected: int
    #: Those that are not.
    missing: tuple[Listed, ...]
    #: Stored messages that are not in the mailbox any more: archived or deleted by their owner.
    gone: int
    #: Stored messages that could not be parsed.
    unreadable: int


def run_audit(mailbox: Mailbox, store: Store, history: History, clock: Clock) -> Audit:
    """Compare the server with the database, without changing either.

    Expected is what the first read, the backfills and the cycle had to take in so far.

    Raises:
        ConfigError: nothing was ever read of this mailbox.
        MailboxError, StoreError: one of the two could not be asked.
    """
    account, status = mailbox.account, mailbox.open()
    window = history.window(account, status.mailbox)
    if window.first_read is None and not window.backfills:
        raise ConfigError(
            f'Nothing was read of the mailbox "{status.mailbox}" yet: run `jeeves check` first.'
        )
    cursor = store.cursor(account, status.mailbox)
    # Before the server is asked: what the cycle stores meanwhile must not seem to be gone.
    places = history.places(account, status.mailbox)
    known = cursor is not None and cursor.uidvalidity == status.uidvalidity
    bounds = None if known else history_bounds(account, store, status, clock())
    present = mailbox.uids_after(0)
    uids = expected_uids(mailbox, status, window, cursor, present)
    missing: list[Listed] = []
    seen: set[int] = set()
    expected = 0
    for start in range(0, len(uids), LISTED):
        listed = list(mailbox.listed(uids[start : start + LISTED]))
        compared = history.compare(account, status.mailbox, status.uidvalidity, listed)
        seen |= compared.stored
        # A cursor that does not know these UIDs leaves it to dates what the cycle will read.
        expected += sum(bounds is None or bounds.include(one) for one in listed)
        missing += [one for one in compared.missing if bounds is None or bounds.include(one)]
    still = set(present)
    return Audit(
        mailbox=status.mailbox,
        uidvalidity=status.uidvalidity,
        expected=expected,
        missing=tuple(without_known(mailbox, history, missing)),
        gone=sum(
            place.id not in seen
            and not (place.uidvalidity == status.uidvalidity and place.uid in still)
            for place in places
        ),
        unreadable=sum(not place.readable for place in places),
    )


def expected_uids(
    mailbox: Mailbox,
    status: MailboxStatus,
    window: Window,
    cursor: Cursor | None,
    present: Sequence[int],
) -> list[int]:
    """Those of ``present`` whose mail was to be stored by now, ascending."""
    expected: set[int] = set()
    if window.first_read is not None:
        expected.update(mailbox.uids_since(window.first_read))
    for backfill in window.backfills:
        expected.update(read_by(backfill, mailbox, status, present))
    last = status.uidnext - 1
    if cursor is not None and cursor.uidvalidity == status.uidvalidity:
        last = cursor.last_uid
        # Whatever its date: mail is put into mailboxes that is older than its UID.
        expected.update(uid for uid in present if uid >= cursor.live_from)
    return [uid for uid in present if uid in expected and uid <= last]


def read_by(
    backfill: Backfill, mailbox: Mailbox, status: MailboxStatus, present: Sequence[int]
) -> Sequence[int]:
    """The UIDs that a backfill has passed."""
    interrupted = backfill.finished_at is None
    if interrupted and backfill.uidvalidity != status.uidvalidity:
        return ()
    uids = present if backfill.since is None else mailbox.uids_since(midnight(backfill.since))
    return [uid for uid in uids if uid >= backfill.next_uid] if interrupted else uids


def without_known(mailbox: Mailbox, history: History, missing: Sequence[Listed]) -> list[Listed]:
    """``missing`` without those that prove to be stored when they are read.

    Mail that has neither X-GM-MSGID nor Message-ID is known by its digest alone.
    """
    nameless = [one.uid for one in missing if not one.gmail_id and not one.message_id]
    known: set[int] = set()
    for start in range(0, len(nameless), BATCH):
        digests = {
            mail.uid or 0: read(mail, mailbox.account, Origin.BACKFILL).digest
            for mail in mailbox.fetch(nameless[start : start + BATCH])
        }
        stored = history.known_digests(mailbox.account, list(digests.values()))
        known.update(uid for uid, digest in digests.items() if digest in stored)
    return [one for one in missing if one.uid not in known]


def fill_gap(
    audit: Audit,
    mailbox: Mailbox,
    store: Store,
    history: History,
    load_scorer: Callable[[], Scorer],
    clock: Clock,
    octets_per_day: int,
    told: Callable[[BackfillReport], None] = lambda _: None,
) -> BackfillReport:
    """Fetch what an audit missed and judge it, as history: it never alerts.

    Raises:
        MailboxError, StoreError: what was committed stays.
    """
    report = BackfillReport(total=len(audit.missing))
    newest_first = sorted(audit.missing, key=lambda one: one.uid, reverse=True)
    allowance = Allowance(history, mailbox.account, octets_per_day, clock)
    try:
        for step in fill(mailbox, history, newest_first, allowance):
            report = added(report, step)
            told(report)
    except OverQuota as exc:
        report = replace(report, put_off=str(exc))
    judged = judge_history(mailbox.account, store, history, load_scorer, clock)
    return replace(report, judged=judged)
