"""Hand-written stand-ins for the edges of the machine: a mailbox, a channel, a model, a clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.parser import BytesHeaderParser

from jeeves.domain.alert import Alert, Channel, Receipt
from jeeves.domain.message import FetchedMail, Listed, Marks, Message
from jeeves.domain.ports import Delivery, MailboxStatus, MarkChanges
from jeeves.domain.verdict import Reason, Score, Thresholds
from jeeves.mail import headers
from tests.builders import ACCOUNT, NOW


@dataclass
class FakeClock:
    """Stands still until told."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class FakeMailbox:
    """A mailbox in memory that numbers its mails as a server does."""

    account: str = ACCOUNT
    aliases: tuple[str, ...] = ()
    uidvalidity: int = 1
    mails: dict[int, FetchedMail] = field(default_factory=dict)
    #: Raised by the next call of the method named.
    faults: dict[str, Exception] = field(default_factory=dict)
    uidnext: int = 1
    #: UIDs from here on came after the last search; what waits hears of them at once.
    searched: int = 1

    def add(self, raw: bytes, received_at: datetime = NOW, **facts: object) -> int:
        uid, self.uidnext = self.uidnext, self.uidnext + 1
        mail = FetchedMail(raw, "INBOX", received_at, uid, self.uidvalidity)
        self.mails[uid] = replace(mail, **facts)  # type: ignore[arg-type]
        return uid

    def renumber(self, by: int = 1000) -> None:
        """Change UIDVALIDITY and every UID, as a server may."""
        self.uidvalidity += 1
        mails = [
            replace(m, uid=n + by, uidvalidity=self.uidvalidity)
            for n, m in enumerate(self.mails.values(), 1)
        ]
        self.mails = {m.uid or 0: m for m in mails}
        self.uidnext = by + len(mails) + 1

    def _fail(self, method: str) -> None:
        if method in self.faults:
            raise self.faults.pop(method)

    def open(self) -> MailboxStatus:
        self._fail("open")
        return MailboxStatus("INBOX", self.uidvalidity, self.uidnext)

    def uids_after(self, uid: int) -> list[int]:
        self._fail("uids_after")
        self.searched = self.uidnext
        return sorted(u for u in self.mails if u > uid)

    def uids_since(self, day: datetime) -> list[int]:
        return sorted(u for u, m in self.mails.items() if m.received_at.date() >= day.date())

    def fetch(self, uids: Sequence[int]) -> Generator[FetchedMail, None, None]:
        for uid in uids:
            self._fail(f"fetch {uid}")
            if uid in self.mails:
                yield self.mails[uid]

    def listed(self, uids: Sequence[int]) -> Iterator[Listed]:
        self._fail("listed")
        for uid in uids:
            if mail := self.mails.get(uid):
                fields = headers.fields(BytesHeaderParser().parsebytes(mail.raw).raw_items())
                ids = headers.message_ids(fields.get("message-id", ())[:1])
                yield Listed(
                    uid,
                    len(mail.raw),
                    mail.received_at,
                    mail.gmail_id,
                    mail.gmail_thread_id,
                    next(iter(ids), ""),
                )

    def wait(self, seconds: float, stopped: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + seconds
        while not stopped() and time.monotonic() < deadline:
            self._fail("wait")
            if self.uidnext != self.searched:
                self.searched = self.uidnext
                return True
            time.sleep(0.01)
        return False

    def close(self) -> None:
        """Nothing to close."""

    #: RFC 7162: the mod-sequence of each mail; None for a server without CONDSTORE.
    modseqs: dict[int, int] | None = None
    #: The calls of the methods below, in order.
    asked: list[str] = field(default_factory=list)
    #: What EXAMINE told of mod-sequences; it is not told again while the connection stands.
    examined_modseq: int | None = None

    def mark(self, uid: int, *labels: str, starred: bool = False) -> None:
        """Change the marks of a mail, as its owner would."""
        self.mails[uid] = replace(self.mails[uid], labels=labels, starred=starred)
        if self.modseqs is not None:
            self.modseqs[uid] = max(self.modseqs.values(), default=1) + 1

    def status(self) -> MailboxStatus:
        return MailboxStatus("INBOX", self.uidvalidity, 1, self.examined_modseq)

    def marks(self, uids: Sequence[int]) -> Mapping[int, Marks]:
        self._fail("marks")
        if uids:
            self.asked.append(f"marks {len(uids)}")
        mails = {uid: self.mails[uid] for uid in uids if uid in self.mails}
        return {uid: Marks(mail.labels, mail.starred) for uid, mail in mails.items()}

    def changed_since(self, modseq: int) -> MarkChanges | None:
        self._fail("changed_since")
        if self.modseqs is None:
            return None
        self.asked.append(f"changed since {modseq}")
        changed = [uid for uid, found in self.modseqs.items() if found > modseq]
        marks = {uid: Marks(self.mails[uid].labels, self.mails[uid].starred) for uid in changed}
        return MarkChanges(marks, max([modseq, *(self.modseqs[uid] for uid in changed)]))


@dataclass
class FakeScorer:
    """Certain about mail that says lunch."""

    version: str = "fake-model"
    thresholds: Thresholds = field(default_factory=lambda: Thresholds(alert=0.5, unsure=0.2))

    def score(self, message: Message) -> Score:
        lunch = "lunch" in f"{message.subject} {message.body}".lower()
        log_odds = 2.0 if lunch else -2.0
        return Score(0.88 if lunch else 0.12, (Reason("lunch", log_odds),), 0.0, self.version)

    def unknown(self, message: Message) -> tuple[list[str], int]:
        words = message.own_words.lower().split()
        return [word for word in words if word.startswith("zz")], len(words)


@dataclass
class RecordingNotifier:
    """A channel that remembers, and fails as told."""

    channel: Channel = Channel.SMS
    sent: list[Alert] = field(default_factory=list)
    looked_up: list[Alert] = field(default_factory=list)
    #: One for each coming send: an exception to raise, or None to accept.
    faults: list[Exception | None] = field(default_factory=list)
    #: One for each coming lookup.
    lookup_faults: list[Exception | None] = field(default_factory=list)
    #: The send that raises is accepted all the same, as after a read time-out.
    accepts_despite_fault: bool = False

    def send(self, alert: Alert) -> Receipt:
        fault = self.faults.pop(0) if self.faults else None
        if fault is None or self.accepts_despite_fault:
            self.sent.append(alert)
        if fault is not None:
            raise fault
        return Receipt(f"receipt-{len(self.sent)}")

    def find(self, alert: Alert) -> Receipt | None:
        self.looked_up.append(alert)
        fault = self.lookup_faults.pop(0) if self.lookup_faults else None
        if fault is not None:
            raise fault
        if any(s.reference == alert.reference for s in self.sent):
            return Receipt("found")
        return None

    #: What each coming question is answered, or an exception to raise; then nothing is known.
    deliveries: list[Delivery | Exception] = field(default_factory=list)
    followed: list[Alert] = field(default_factory=list)

    def follow(self, alert: Alert) -> Delivery | None:
        self.followed.append(alert)
        answer = self.deliveries.pop(0) if self.deliveries else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def check(self) -> str:
        return "records"
