"""Mail from before Jeeves, and from elsewhere than the mailbox: stored and judged in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import structlog

from jeeves.domain.history import History
from jeeves.domain.message import FetchedMail, Message, Origin, Unreadable
from jeeves.domain.ports import Clock, Scorer, Store
from jeeves.mail.mime import read
from jeeves.service.deciding import judgement
from jeeves.service.triage import BATCH

log = structlog.get_logger()

#: Octets of mail in one transaction, but for one mail that is larger; bounds the memory.
BATCH_OCTETS = 8_000_000


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did so far, in counts."""

    read: int = 0
    added: int = 0
    unreadable: int = 0
    judged: int = 0
    #: Octets of the mails that were read.
    octets: int = 0


def import_mails(
    mails: Iterable[FetchedMail],
    account: str,
    aliases: Sequence[str],
    store: Store,
    history: History,
    load_scorer: Callable[[], Scorer],
    clock: Clock,
    told: Callable[[ImportReport], None] = lambda _: None,
) -> ImportReport:
    """Store mail that lies on disk, and judge it.

    Args:
        mails: In any order; those that are stored already change nothing.
        account: Whose mail it is.
        aliases: Further addresses of its owner.
        store: Where verdicts go.
        history: Where messages go.
        load_scorer: Called only if there is something to judge.
        clock: What time it is.
        told: Called after each transaction.
    """
    report = ImportReport()
    batch: list[Message | Unreadable] = []
    octets = 0

    def write() -> None:
        nonlocal report, octets
        added = store.ingest(account, batch, None).added
        report = replace(
            report,
            read=report.read + len(batch),
            added=report.added + added,
            unreadable=report.unreadable + count_unreadable(batch),
            octets=report.octets + octets,
        )
        batch.clear()
        octets = 0
        told(report)

    for mail in mails:
        batch.append(read(mail, account, Origin.IMPORT, aliases))
        octets += len(mail.raw)
        if len(batch) >= BATCH or octets >= BATCH_OCTETS:
            write()
    if batch:
        write()
    return replace(report, judged=judge_history(account, store, history, load_scorer, clock))


def judge_history(
    account: str,
    store: Store,
    history: History,
    load_scorer: Callable[[], Scorer],
    clock: Clock,
) -> int:
    """Judge all mail that cannot alert and has no verdict; the number of verdicts.

    Live mail is left to the cycle, which knows the channels: judged here, it would never alert.
    """
    judged = 0
    scorer: Scorer | None = None
    while pending := history.unjudged(account, BATCH):
        scorer = scorer or load_scorer()
        now = clock()
        store.record([judgement(stored, scorer, now) for stored in pending])
        judged += len(pending)
    if scorer is not None:
        log.info("judged", messages=judged, alerts=0, model=scorer.version)
    return judged


def count_unreadable(batch: Iterable[Message | Unreadable]) -> int:
    """How many of them could not be parsed."""
    return sum(isinstance(message, Unreadable) for message in batch)
