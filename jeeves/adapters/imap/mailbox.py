"""Any IMAP server, read-only: EXAMINE, UID FETCH BODY.PEEK[], IDLE (RFC 3501, RFC 2177)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from jeeves.adapters.imap.account import ImapAccount, Timing
from jeeves.adapters.imap.client import Declined
from jeeves.adapters.imap.fetching import (
    BATCH_MAILS,
    OCTETS_PER_SECOND,
    Response,
    batches,
    bodies,
    is_large,
    size_of,
)
from jeeves.adapters.imap.large import assembled, text_sections
from jeeves.adapters.imap.listing import LISTING_FACTS, listed, listings
from jeeves.adapters.imap.marks import (
    SWEEP_MAILS,
    all_marks,
    ask_fetch,
    fetch,
    fetched,
    keyword_marks,
    marks_changed_since,
)
from jeeves.adapters.imap.refusals import passes
from jeeves.adapters.imap.session import Session
from jeeves.adapters.imap.tokens import by_uid
from jeeves.adapters.imap.waiting import Pause, forget_announcements
from jeeves.domain.message import FetchedMail, Listed, Marks
from jeeves.domain.ports import MailboxStatus, MarkChanges

#: A mail that comes alone is fetched together with what is told of it, if it is not larger.
AT_ONCE_BYTES = 200_000
#: A mail that the server declines to give so often in a row is stored as one that it withholds:
#: to ask for ever would stop all that come after it.
GIVEN_UP_AFTER = 3


Asked = TypeVar("Asked")
#: Gives the bytes of mails by UID; None where they were not asked for, or the server declines.
Answer = Callable[[], dict[int, bytes] | None]


class ImapMailbox:
    """`jeeves.domain.ports.Mailbox` on one connection, made on demand. One thread only."""

    def __init__(self, account: ImapAccount, timing: Timing | None = None) -> None:
        self.account = account.address.lower()
        self.aliases = account.aliases
        self._settings = account
        self._timing = timing or Timing()
        self._session = Session(account, self._timing)

    def open(self) -> MailboxStatus:
        """Connect and EXAMINE where that is not yet done, else NOOP; tell the state.

        After a `wait` that was told of mail nothing is asked: the server has answered already.
        """
        return self._session.open()

    def uids_after(self, uid: int) -> list[int]:
        """All UIDs greater than ``uid``, ascending."""
        return self._news(uid)

    def uids_since(self, day: datetime) -> list[int]:
        """All UIDs received on the day of ``day`` or later (INTERNALDATE), ascending."""
        return self._search(["SINCE", day.date()])

    def fetch(self, uids: Sequence[int]) -> Generator[FetchedMail, None, None]:
        """The mails with these UIDs, ascending; UIDs expunged meanwhile are left out.

        Of many, the next ones are on their way while some are given out.
        """
        status = self._status()
        if len(uids) == 1 and (alone := self._at_once(uids[0])) is not None:
            raw, row = alone
            yield self._fetched(uids[0], raw, row, status)
            return
        with closing(self._ahead(uids)) as given:
            for batch, facts, found in given:
                for uid in batch:
                    if uid in found:
                        yield self._fetched(uid, found.pop(uid), facts[uid], status)

    def _ahead(
        self, uids: Sequence[int]
    ) -> Generator[tuple[list[int], Mapping[int, Response], dict[int, bytes]], None, None]:
        """Mails with what is told of them and their bytes.

        Those that follow have been asked for by then: the server writes while the caller reads.
        """
        ready = None
        for batch, facts in self._batches(uids):
            octets = sum(size_of(facts[uid]) for uid in batch)
            with self._asking(batch, octets) as answer:
                if ready is not None:
                    yield ready
                found = answer()
            ready = batch, facts, self._bodies(batch, facts) if found is None else found
        if ready is not None:
            yield ready

    @contextmanager
    def _asking(self, uids: list[int], octets: int) -> Iterator[Answer]:
        """Ask for the bytes of mails, if they are fetched whole; what reads the answer.

        On a connection on which nobody read it, nothing more is asked.
        """
        if is_large(uids, octets):
            yield lambda: None
            return
        client, answered = self._session.client, False
        with self._session.command():
            tag = ask_fetch(client, uids, ["BODY.PEEK[]"])

        def answer() -> dict[int, bytes] | None:
            nonlocal answered
            found = self._unless_declined(octets, lambda: bodies(by_uid(fetched(client, tag))))
            answered = True
            return found

        try:
            yield answer
        finally:
            if not answered:
                self._session.drop()

    def _batches(self, uids: Sequence[int]) -> Iterator[tuple[list[int], Mapping[int, Response]]]:
        """Mails to be fetched together, with what is told of them."""
        for start in range(0, len(uids), BATCH_MAILS):
            facts = self._facts_of(uids[start : start + BATCH_MAILS])
            for batch in batches(facts):
                yield batch, facts

    def _at_once(self, uid: int) -> tuple[bytes, Response] | None:
        """The bytes of a mail and what is told of it, asked together; None if not in one piece.

        Mail mostly comes alone, and then somebody waits for it.
        """
        items = [*self._facts(), f"BODY.PEEK[]<0.{AT_ONCE_BYTES}>"]
        client = self._session.client
        rows = self._unless_declined(AT_ONCE_BYTES, lambda: by_uid(fetch(client, [uid], items)))
        row = (rows or {}).get(uid, {})
        raw = row.get(b"BODY[]<0>")
        # Cut off where it is longer; and not every server counts a mail's octets as it sends them.
        if isinstance(raw, bytes) and 0 < size_of(row) <= len(raw) < AT_ONCE_BYTES:
            return raw, row
        return None

    def _facts_of(self, uids: Sequence[int]) -> Mapping[int, Response]:
        """What is told of the mails beside their bytes."""
        with self._session.command():
            return by_uid(fetch(self._session.client, uids, self._facts()))

    def _bodies(self, uids: list[int], facts: Mapping[int, Response]) -> dict[int, bytes]:
        """The bytes of mails, none of one that the server declines to give; those gone left out."""
        # Gmail declines all for the sake of one: "Some messages could not be FETCHed".
        for _ in range(1 if len(uids) > 1 else GIVEN_UP_AFTER):
            found = self._given(uids, sum(size_of(facts[uid]) for uid in uids))
            if found is not None:
                return found
        if len(uids) == 1:
            return {uids[0]: b""}
        middle = len(uids) // 2
        return self._bodies(uids[:middle], facts) | self._bodies(uids[middle:], facts)

    def _given(self, uids: list[int], octets: int) -> dict[int, bytes] | None:
        """The bytes of mails; None where the server declines to give them."""
        if is_large(uids, octets):
            return self._without_attachments(uids[0])
        client = self._session.client
        return self._unless_declined(
            octets, lambda: bodies(by_uid(fetch(client, uids, ["BODY.PEEK[]"])))
        )

    def _without_attachments(self, uid: int) -> dict[int, bytes] | None:
        """The mail's header and text parts as a mail; empty where it is gone."""
        client = self._session.client
        items = ["BODYSTRUCTURE", "BODY.PEEK[HEADER]"]
        answer = self._unless_declined(0, lambda: client.fetch([uid], items))
        if answer is None:
            return None
        outline: Response = answer.get(uid, {})
        sections = text_sections(outline.get(b"BODYSTRUCTURE"))
        wanted = [item for section in sections for item in section.items]
        octets = sum(section.octets for section in sections)
        parts: Any = {}
        if wanted:
            parts = self._unless_declined(octets, lambda: client.fetch([uid], wanted))
            if parts is None:
                return None
        raw = assembled(outline, sections, parts.get(uid, {}))
        return {} if raw is None else {uid: raw}

    def _unless_declined(self, octets: int, ask: Callable[[], Asked]) -> Asked | None:
        """What ``ask`` gives; None where the server declines, and does not say that it passes."""
        with self._session.command(octets / OCTETS_PER_SECOND):
            try:
                return ask()
            except Declined as exc:
                if not exc.refused or passes(str(exc)):
                    raise
                return None

    def wait(self, seconds: float, stopped: Callable[[], bool]) -> bool:
        """Sleep until mail may have arrived (True), ``seconds`` passed or ``stopped()``.

        The server must answer at the end of every wait, and none is longer than ``Timing.probe``.
        """
        self._status()
        seconds = min(seconds, self._timing.probe)
        pause = Pause(seconds, stopped, self._timing)
        if not self._session.has("IDLE"):
            pause.sleep()
            return False
        with self._session.command(seconds):
            told = pause.idle(self._session.client)
        self._session.told = told
        return told

    def close(self) -> None:
        """Log out if connected. Never raises."""
        self._session.close()

    def _status(self) -> MailboxStatus:
        """The mailbox as it was examined; opened where it is not."""
        return self._session.status or self._session.open()

    def _news(self, uid: int, *filtered: str, charset: str | None = None) -> list[int]:
        """UIDs greater than ``uid``; `wait` then tells of mail that is announced from here on."""
        self._status()
        forget_announcements(self._session.client)
        # `n:*` names the last message even where its UID is below n (RFC 3501, 6.4.8)
        found = self._search(["UID", f"{uid + 1}:*", *filtered], charset)
        return [u for u in found if u > uid]

    def _search(self, criteria: list[Any], charset: str | None = None) -> list[int]:
        self._status()
        with self._session.command():
            return sorted(int(uid) for uid in self._session.client.search(criteria, charset))

    def _facts(self) -> list[str]:
        """What is asked of every mail beside its bytes."""
        return ["RFC822.SIZE", "INTERNALDATE", "FLAGS"]

    def _fetched(self, uid: int, raw: bytes, facts: Response, status: MailboxStatus) -> FetchedMail:
        marks = self._marks(facts, status.mailbox)
        received: datetime = facts.get(b"INTERNALDATE") or datetime.now(UTC)
        return FetchedMail(
            raw=raw,
            mailbox=status.mailbox,
            received_at=received.astimezone(UTC),
            uid=uid,
            uidvalidity=status.uidvalidity,
            labels=marks.labels,
            starred=marks.starred,
        )

    def status(self) -> MailboxStatus:
        """The mailbox as EXAMINE told of it; asks nothing while the connection stands."""
        return self._status()

    def marks(self, uids: Sequence[int]) -> Mapping[int, Marks]:
        """Labels and stars of the mails with these UIDs; those expunged are left out."""
        status = self._status()
        found: dict[int, Marks] = {}
        for start in range(0, len(uids), SWEEP_MAILS):
            with self._session.command():
                found |= all_marks(
                    self._session.client,
                    uids[start : start + SWEEP_MAILS],
                    self._mark_items(),
                    lambda facts: self._marks(facts, status.mailbox),
                )
        return found

    def changed_since(self, modseq: int) -> MarkChanges | None:
        """What changed after ``modseq``; None where the server has no CONDSTORE (RFC 7162)."""
        status = self._status()
        if not self._session.has("CONDSTORE"):
            return None
        with self._session.command():
            return marks_changed_since(
                self._session.client,
                modseq,
                self._mark_items(),
                lambda facts: self._marks(facts, status.mailbox),
            )

    def _mark_items(self) -> list[str]:
        """What is asked to know the marks of a mail."""
        return ["FLAGS"]

    def _marks(self, facts: Response, mailbox: str) -> Marks:  # noqa: ARG002 - Gmail's needs it
        """The marks of a mail as ``mailbox`` shows it."""
        return keyword_marks(facts)

    def listed(self, uids: Sequence[int]) -> Iterator[Listed]:
        """What the server tells of these mails without their bytes, in the order of ``uids``."""
        self._status()
        for uid, facts in listings(self._session, uids, self._listing_facts()):
            yield self._listed(uid, facts)

    def _listing_facts(self) -> list[str]:
        """What is asked of a mail that is only listed."""
        return list(LISTING_FACTS)

    def _listed(self, uid: int, facts: Response) -> Listed:
        return listed(uid, facts)
