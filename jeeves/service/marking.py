"""Labels and stars of stored mail, kept as the mailbox has them.

Changes come by CONDSTORE (RFC 7162) where a server has it; a sweep over all stored mail is the
truth, once a day. Without CONDSTORE recent mail is swept every hour as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from jeeves.domain.ports import Clock, Mailbox, MailboxStatus, MarksKnown, Store

log = structlog.get_logger()

SWEEP_EVERY = timedelta(days=1)
#: Mails in one step of a sweep; mail that arrives waits for one step at most.
SWEEP_STEP = 2000
#: Changes are asked for this often at most, however often mail arrives.
ASK_EVERY = timedelta(minutes=1)
#: Without CONDSTORE mail received within this time is swept more often.
RECENT = timedelta(days=30)
RECENT_EVERY = timedelta(hours=1)
#: Name of the heartbeat that such a sweep writes.
RECENT_BEAT = "recent labels"


@dataclass(slots=True)
class Sweep:
    """A comparison of stored mail with the server's, under way."""

    #: UIDs that are still to be asked for, ascending.
    left: list[int]
    #: Whether it is over all stored mail.
    full: bool
    #: Mod-sequence of before it began, where none was known.
    baseline: int | None = None


def sync_marks(mailbox: Mailbox, store: Store, clock: Clock) -> None:
    """Bring labels and stars up to date at once, for a process that ends after it.

    Raises:
        MailboxError, StoreError: what was written stays; the next call goes on from there.
    """
    marking = Marking(mailbox, clock)
    while marking.step(store):
        pass


@dataclass(slots=True)
class Marking:
    """The same in small steps, for a process that has mail to watch between them."""

    mailbox: Mailbox
    clock: Clock
    _asked_at: datetime | None = field(init=False, default=None)
    #: What the connection told of the mailbox at the last step.
    _status: MailboxStatus | None = field(init=False, default=None)
    _sweep: Sweep | None = field(init=False, default=None)

    def step_if_due(self, store: Store) -> None:
        """One step, unless the last one was less than a minute ago."""
        now = self.clock()
        if self._asked_at is None or abs(now - self._asked_at) >= ASK_EVERY:
            self._asked_at = now
            self.step(store)

    def step(self, store: Store) -> bool:
        """Ask what changed, and for a part of a sweep; whether parts of it are left."""
        status = self.mailbox.status()
        known = store.marks_known(self.mailbox.account, status)
        if known is None:
            return False
        if self._begins_anew(status, known):
            known, self._sweep = MarksKnown(), None
        self._status = status
        followed = self._follow(store, status, known)
        if self._sweep is None:
            self._sweep = self._due(store, status, followed or known, followed is not None)
        if self._sweep is not None:
            self._go_on(store, status, followed or known, self._sweep)
        return self._sweep is not None

    def _begins_anew(self, status: MailboxStatus, known: MarksKnown) -> bool:
        """Whether UIDs or mod-sequences are others than they were."""
        before = self._status
        if before == status:
            return False
        if before is not None and before.uidvalidity != status.uidvalidity:
            return True
        # EXAMINE's word is outdated later on: it counts where the connection is new.
        highest, told = known.highest_modseq, status.highest_modseq
        return highest is not None and told is not None and told < highest

    def _follow(self, store: Store, status: MailboxStatus, known: MarksKnown) -> MarksKnown | None:
        """Write what changed; how far changes are known now, None where that cannot be told."""
        if known.highest_modseq is None:
            return None
        changes = self.mailbox.changed_since(known.highest_modseq)
        if changes is None:
            return None
        known_now = replace(known, highest_modseq=changes.highest_modseq)
        if known_now != known:
            changed = store.write_marks(self.mailbox.account, status, changes.marks, known_now)
            log.info("labels changed", told=len(changes.marks), changed=changed)
        return known_now

    def _due(
        self, store: Store, status: MailboxStatus, known: MarksKnown, followed: bool
    ) -> Sweep | None:
        """The sweep that should begin now."""
        account, now = self.mailbox.account, self.clock()
        if known.swept_at is None or now - known.swept_at >= SWEEP_EVERY:
            baseline = None if followed else status.highest_modseq
            return Sweep(store.stored_uids(account, status), True, baseline)
        if followed:
            return None
        beat = store.heartbeats().get((account, RECENT_BEAT))
        if now - max(known.swept_at, beat[0] if beat else known.swept_at) < RECENT_EVERY:
            return None
        return Sweep(store.stored_uids(account, status, now - RECENT), False)

    def _go_on(self, store: Store, status: MailboxStatus, known: MarksKnown, sweep: Sweep) -> None:
        account, now = self.mailbox.account, self.clock()
        marks = self.mailbox.marks(sweep.left[:SWEEP_STEP])
        left = sweep.left[SWEEP_STEP:]
        if sweep.full and not left:
            highest = known.highest_modseq if sweep.baseline is None else sweep.baseline
            known = MarksKnown(highest, now)
        changed = store.write_marks(account, status, marks, known)
        if not sweep.full and not left:
            store.beat(account, RECENT_BEAT, now)
        log.info("labels compared", compared=len(marks), changed=changed, left=len(left))
        sweep.left = left
        self._sweep = sweep if left else None
