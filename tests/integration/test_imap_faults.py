"""Whatever a server does, at whatever step: every mail is stored once, and nothing is left over."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from structlog.testing import capture_logs

from jeeves.adapters.gmail import GmailMailbox
from jeeves.adapters.imap import ImapAccount, Timing
from jeeves.adapters.imap.fetching import MAIL_BYTES, Response
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.message import Cursor, FetchedMail, Message, Unreadable
from jeeves.domain.ports import Ingested, MailboxStatus
from jeeves.errors import ConfigError, LoginRefused, MailboxUnavailable
from jeeves.service import daemon as daemon_module
from jeeves.service import marking as marking_module
from jeeves.service.daemon import Daemon
from jeeves.service.triage import ingest
from tests.builders import raw_mail
from tests.fakes import FakeScorer
from tests.scripted_imap import (
    DECLINED,
    LONG_LINE_BYTES,
    PASSWORD,
    PATIENCE,
    TOKEN,
    UIDVALIDITY,
    Fault,
    Kind,
    Place,
    ScriptedImap,
    ServedMail,
    Step,
    all_faults,
)

FAULTS = all_faults()
STAGES = {
    "connecting": {
        Step.GREETING, Step.CAPABILITY, Step.LOGIN, Step.CHALLENGE, Step.AUTHENTICATE
    },
    "opening": {Step.ID, Step.ENABLE, Step.LIST, Step.EXAMINE, Step.NOOP},
    "fetching": {Step.SEARCH, Step.FACTS, Step.BODY, Step.OUTLINE, Step.PARTS},
    "marking": {Step.MARKS, Step.CHANGES},
    "waiting": {Step.IDLE_START, Step.IDLE_EVENT, Step.IDLE_DONE, Step.LOGOUT},
}  # fmt: skip
#: At once: each is a server, a client and a connection to the database.
WORKERS = 20
#: Where the server falls silent, the test should not wait for long ...
HASTY = Timing(connect=2.0, read=0.4, command=1.0, probe=0.4, stop=0.02, logout=0.3)
#: ... and where it does not, no busy machine should be taken for a silent server.
CALM = Timing(connect=PATIENCE, read=PATIENCE, command=PATIENCE, probe=PATIENCE, stop=0.02)
SILENT = {Kind.HANG, Kind.TRICKLE, Kind.LITERAL}
#: Where IDLE is declined, the mailbox is polled.
POLLING = replace(CALM, probe=0.3)
TIMING = dict.fromkeys(SILENT, HASTY) | dict.fromkeys(DECLINED, POLLING)
#: What is asked while mails that came before are read.
AHEAD = {Step.FACTS, Step.BODY}
#: The server may decline these, and the connection goes on.
OPTIONAL = {Step.ID, Step.ENABLE, Step.IDLE_START}
#: A server may say so, and then it is no fault of the connection.
REFUSED = {Step.LOGIN, Step.CHALLENGE, Step.AUTHENTICATE, Step.EXAMINE}


def a_large_mail() -> tuple[bytes, bytes, dict[str, bytes]]:
    """Bytes, BODYSTRUCTURE and text sections of a mail whose picture is not worth fetching."""
    header = (
        b"From: Ana Lopez <ana@example.org>\r\nTo: Sam Reader <sam@example.org>\r\n"
        b"Subject: Lunch with a picture\r\nMessage-ID: <large@example.org>\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="cut"\r\n\r\n'
    )
    mime = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    text = "Wollen wir am Montag essen gehen? Schöne Grüße\r\n".encode()
    picture = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    raw = b"%b--cut\r\n%b%b\r\n--cut\r\n%b%b\r\n--cut--\r\n" % (
        header, mime, text, picture, b"A" * MAIL_BYTES,
    )  # fmt: skip
    structure = (
        b'(("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "8BIT" %d 1 NIL NIL NIL)'
        b'("IMAGE" "PNG" NIL NIL NIL "BASE64" %d NIL NIL NIL) "MIXED" ("BOUNDARY" "cut") NIL NIL)'
    ) % (len(text), MAIL_BYTES)
    return raw, structure, {"1.MIME": mime, "1": text}


@cache
def served_mails() -> tuple[ServedMail, ...]:
    """Five mails: plain, in other letters with labels, large, and two to come.

    The same for every case: each has a server and an account of its own.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    raw, structure, sections = a_large_mail()
    texts = ["Want to grab lunch?", "Zwölf Uhr? " * 40, "", "See you where?", "Lunch again?"]
    mails = []
    for number, text in enumerate(texts, 1):
        mails.append(
            ServedMail(
                uid=10 * number,
                raw=raw_mail(f"Lunch {number}", text, date=now) if text else raw,
                gmail_id=2**60 + number,
                thread_id=2**61 + number,
                received_at=now,
                flags=b"\\Flagged" if number == 2 else b"",
                labels=(b"\\Inbox", b'a "quoted" (one)') if number == 2 else (b"\\Inbox",),
                structure=b"" if text else structure,
                sections={} if text else sections,
            )
        )
    return tuple(mails)


def account_at(server: ScriptedImap, address: str, token: bool = False) -> ImapAccount:
    return ImapAccount(
        address=address,
        password=PASSWORD,
        host="127.0.0.1",
        port=server.port,
        security="none",
        token=(lambda _new: TOKEN) if token else None,
    )


class WatchedMailbox(GmailMailbox):
    """Remembers what it raised."""

    def __init__(self, account: ImapAccount, timing: Timing, piecemeal: bool) -> None:
        super().__init__(account, timing)
        self.raised: list[BaseException] = []
        self._piecemeal = piecemeal

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except BaseException as exc:
            self.raised.append(exc)
            raise

    def open(self) -> MailboxStatus:
        with self._watched():
            return super().open()

    def uids_after(self, uid: int) -> list[int]:
        with self._watched():
            return super().uids_after(uid)

    def uids_since(self, day: datetime) -> list[int]:
        with self._watched():
            return super().uids_since(day)

    def fetch(self, uids: Sequence[int]) -> Generator[FetchedMail, None, None]:
        with self._watched():
            yield from super().fetch(uids)

    def _batches(self, uids: Sequence[int]) -> Iterator[tuple[list[int], Mapping[int, Response]]]:
        parts = [[uid] for uid in uids] if self._piecemeal else [uids]
        for part in parts:
            yield from super()._batches(part)

    def wait(self, seconds: float, stopped: Callable[[], bool]) -> bool:
        with self._watched():
            return super().wait(seconds, stopped)

    def close(self) -> None:
        with self._watched():
            super().close()


class KeptStore(PostgresStore):
    """A store whose connection serves one case after the other; each must give it back."""

    lent = False

    def close(self) -> None:
        self.lent = False

    def end(self) -> None:
        super().close()


class Stores:
    """One store for each thread that asks for one: connecting is most of what a case costs."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._made: list[KeptStore] = []
        self._local = threading.local()

    def mine(self) -> KeptStore:
        """The store of this thread."""
        if not hasattr(self._local, "store"):
            self._local.store = KeptStore(self._dsn)
            self._made.append(self._local.store)
        store: KeptStore = self._local.store
        return store

    def lend(self) -> KeptStore:
        store = self.mine()
        assert not store.lent
        store.lent = True
        return store

    def close(self) -> None:
        for store in self._made:
            store.end()


@dataclass
class Stored:
    """What a database holds, by account."""

    messages: dict[str, list[tuple[Any, ...]]]
    cursors: dict[str, list[tuple[Any, ...]]]


def stored(dsn: str) -> Stored:
    found = Stored(defaultdict(list), defaultdict(list))
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as sql:
        sql.execute(
            "SELECT account, uid, uidvalidity, gmail_id, subject, body, starred, labels"
            " FROM messages ORDER BY uid"
        )
        for account, *row in sql:
            found.messages[account].append(tuple(row))
        sql.execute("SELECT account, last_uid FROM cursors")
        for account, *row in sql:
            found.cursors[account].append(tuple(row))
    return found


class Case:
    """One fault, met by the daemon on a database.

    ``piecemeal``: each mail is fetched while the one before is read, as batches are.
    """

    def __init__(self, fault: Fault, number: int, stores: Stores, piecemeal: bool) -> None:
        self.fault = fault
        self.piecemeal = piecemeal
        self.stores = stores
        self.address = f"case-{number}@example.org"
        self.stop = threading.Event()
        self.mails = served_mails()
        self.gave_up = False
        self.found: list[str] = []

    def complaints(self, stored: Stored) -> list[str]:
        """What went wrong while it ran and in what is stored, each with the name of the fault."""
        found = [*self.found, *self._of_the_store(stored)]
        way = " piecemeal" if self.piecemeal else ""
        return [f"{self.fault}{way}: {complaint}" for complaint in found]

    def run(self) -> None:
        """Let it happen; `complaints` knows what went wrong."""
        # NOOP follows a wait in which nothing is told: the last mail comes in silence
        at_noop = self.fault.step is Step.NOOP
        arriving = self.mails[3:4] if at_noop else self.mails[3:]

        def settled() -> None:
            if not at_noop or server.fault is None:
                self.stop.set()

        with ScriptedImap(self.mails[:3], arriving, self.fault, settled=settled) as server:
            if at_noop:
                server.on[Step.NOOP] = lambda: server.deliver(self.mails[4])
            timing = TIMING.get(self.fault.kind, POLLING if at_noop else CALM)
            token = self.fault.step in {Step.CHALLENGE, Step.AUTHENTICATE}
            mailbox = WatchedMailbox(
                account_at(server, self.address, token), timing, self.piecemeal
            )
            watchdog = threading.Timer(PATIENCE, self._give_up)
            watchdog.start()
            self.found += self._run(mailbox)
            watchdog.cancel()
            if not server.all_left():
                self.found.append("a connection was left open")
        self.found += self._of_the_server(server)
        self.found += self._of_the_client(mailbox, len(server.connections))
        if self.stores.mine().lent:
            self.found.append("the store was left open")
            self.stores.mine().close()

    def _give_up(self) -> None:
        self.gave_up = True
        self.stop.set()

    def _run(self, mailbox: WatchedMailbox) -> Iterator[str]:
        daemon = Daemon(
            mailbox=mailbox,
            open_store=self.stores.lend,
            serving=FakeScorer,
            notifiers=[],
            clock=lambda: datetime.now(UTC),
            poll_seconds=PATIENCE,
            stop=self.stop,
        )
        for _ in range(2):
            try:
                daemon.run()
            except (LoginRefused, ConfigError) as exc:
                # a refusal at the first connection ends the daemon; its owner starts it again
                if self.fault.kind is not Kind.NO or self.fault.step not in REFUSED:
                    yield f"it was taken for a refusal: {exc!r}"
                self.stop.clear()
            except BaseException as exc:  # noqa: BLE001  # that is the question
                yield f"{exc!r} came out"
                return
            else:
                return

    def _of_the_server(self, server: ScriptedImap) -> Iterator[str]:
        if self.gave_up:
            yield f"it was not over in time, after {len(server.connections)} connections"
        if server.fault is not None:
            yield "it never happened"
        if server.violations:
            yield f"not to be sent: {server.violations}"

    def _of_the_client(self, mailbox: WatchedMailbox, connections: int) -> Iterator[str]:
        for exc in mailbox.raised:
            if not isinstance(exc, (MailboxUnavailable, LoginRefused, ConfigError, GeneratorExit)):
                yield f"{exc!r} was raised"
        declined = self.fault.kind in DECLINED and self.fault.step in OPTIONAL
        harmless = self.fault.kind is Kind.SPLIT or declined
        if harmless and (mailbox.raised or connections > 1):
            yield f"{connections} connections, {mailbox.raised}"
        if self.fault.kind not in SILENT and connections > 2:
            yield f"{connections} connections for one fault"

    def _of_the_store(self, stored: Stored) -> Iterator[str]:
        messages, cursors = stored.messages[self.address], stored.cursors[self.address]
        if [row[0] for row in messages] != [mail.uid for mail in self.mails]:
            yield f"stored {[row[0] for row in messages]}"
            return
        for mail, row in zip(self.mails, messages, strict=True):
            yield from self._of_a_mail(mail, row)
        if cursors != [(self.mails[-1].uid,)]:
            yield f"the cursor is at {cursors}"

    @staticmethod
    def _of_a_mail(mail: ServedMail, row: tuple[Any, ...]) -> Iterator[str]:
        _, uidvalidity, gmail_id, subject, body, starred, labels = row
        text = mail.sections.get("1") or mail.raw.partition(b"\r\n\r\n")[2]
        said = "Zwölf Uhr? " * 40 if mail.uid == 20 else text.decode()
        if (uidvalidity, gmail_id) != (UIDVALIDITY, str(mail.gmail_id)):
            yield f"identity of {mail.uid}: {uidvalidity}, {gmail_id}"
        if f"Subject: {subject}".encode() not in mail.header or body.strip() != said.strip():
            yield f"content of {mail.uid}: {subject!r}, {body!r}"
        if starred != (mail.flags == b"\\Flagged"):
            yield f"star of {mail.uid}"
        # Gmail leaves nothing out of All Mail
        if set(labels) != {label.decode() for label in mail.labels}:
            yield f"labels of {mail.uid}: {labels}"


@pytest.fixture
def hasty_daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(daemon_module, "BACK_OFF", (0.01,))
    monkeypatch.setattr(daemon_module, "REFUSED_SECONDS", 0.01)
    monkeypatch.setattr(marking_module, "ASK_EVERY", timedelta())
    monkeypatch.setattr("jeeves.adapters.imap.client.LINE_BYTES", LONG_LINE_BYTES // 2)
    # thousands of lines would hide the one that fails
    with capture_logs():
        yield


def sockets() -> int:
    """Sockets that this process has open, where the system tells."""
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        return 0
    links = []
    for entry in folder.iterdir():
        try:
            links.append(str(entry.readlink()))
        except OSError:
            continue
    return sum(link.startswith("socket:") for link in links)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def test_at_least_two_hundred_combinations_are_run() -> None:
    assert len(set(FAULTS)) == len(FAULTS) >= 200
    assert {fault.step for fault in FAULTS} == set(Step) == set().union(*STAGES.values())
    assert {fault.kind for fault in FAULTS} == set(Kind)
    assert {fault.place for fault in FAULTS} == set(Place)


@pytest.mark.usefixtures("hasty_daemon")
@pytest.mark.parametrize("stage", STAGES)
def test_every_mail_is_stored_once_whatever_goes_wrong(stage: str, migrated_url: str) -> None:
    threads, open_sockets = threading.active_count(), sockets()
    stores = Stores(migrated_url)
    faults = [(fault, False) for fault in FAULTS if fault.step in STAGES[stage]]
    faults += [(fault, True) for fault, _ in faults if fault.step in AHEAD]
    cases = [Case(fault, n, stores, piecemeal) for n, (fault, piecemeal) in enumerate(faults)]
    # those that wait for a silent server first: the others need the processor
    cases.sort(key=lambda case: case.fault.kind not in SILENT)
    with closing(stores), ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(Case.run, cases))
    in_the_end = stored(migrated_url)
    complaints = [c for case in cases for c in case.complaints(in_the_end)]
    assert not complaints, "\n".join(complaints)
    until(lambda: threading.active_count() <= threads)
    until(lambda: sockets() <= open_sockets)


def test_a_mail_that_the_server_never_gives_out_does_not_stop_the_others(
    migrated_url: str,
) -> None:
    mails = served_mails()
    with (
        ScriptedImap(mails[:4], mails[4:]) as server,
        closing(PostgresStore(migrated_url)) as store,
        closing(GmailMailbox(account_at(server, "withheld@example.org"), CALM)) as mailbox,
    ):
        server.withheld = {20, 30, 50}
        assert ingest(mailbox, store, lambda: datetime.now(UTC)) == (4, 4, 2)
        assert mailbox.wait(PATIENCE, lambda: False)
        assert ingest(mailbox, store, lambda: datetime.now(UTC)) == (1, 1, 1)
        assert ingest(mailbox, store, lambda: datetime.now(UTC)) == (0, 0, 0)
        assert not server.violations
        assert len(server.connections) == 1
    with closing(psycopg2.connect(migrated_url)) as connection, connection.cursor() as sql:
        sql.execute("SELECT uid, unreadable FROM messages ORDER BY uid")
        found = dict(sql.fetchall())
    assert [uid for uid, why in found.items() if why] == [20, 30, 50]
    assert "does not give it out" in found[20]


@contextmanager
def served_to(address: str) -> Iterator[tuple[ScriptedImap, GmailMailbox]]:
    """A server with all five mails, and the mailbox of somebody there."""
    with (
        ScriptedImap(served_mails(), []) as server,
        closing(GmailMailbox(account_at(server, address), CALM)) as mailbox,
    ):
        yield server, mailbox


@pytest.fixture
def two_by_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mails are fetched two at a time."""
    monkeypatch.setattr("jeeves.adapters.imap.mailbox.BATCH_MAILS", 2)


@pytest.mark.usefixtures("two_by_two")
def test_a_mail_withheld_while_others_are_on_their_way_does_not_take_them_along(
    migrated_url: str,
) -> None:
    with (
        served_to("on-its-way@example.org") as (server, mailbox),
        closing(PostgresStore(migrated_url)) as store,
    ):
        server.withheld = {20, 40}
        assert ingest(mailbox, store, lambda: datetime.now(UTC)) == (5, 5, 2)
        assert len(server.connections) == 1


@pytest.mark.usefixtures("two_by_two")
def test_the_next_mails_are_on_their_way_while_some_are_read() -> None:
    with served_to("ahead@example.org") as (server, mailbox):
        mailbox.open()
        with closing(mailbox.fetch([10, 20, 40, 50])) as given:
            assert next(given).uid == 10
            until(lambda: any("UID FETCH 40,50 (BODY.PEEK[])" in c for c in server.commands))
            assert [mail.uid for mail in given] == [20, 40, 50]
        assert len(server.connections) == 1


@pytest.mark.usefixtures("two_by_two")
def test_what_nobody_waits_for_is_not_taken_for_the_next_answer() -> None:
    with served_to("left@example.org") as (server, mailbox):
        mailbox.open()
        with closing(mailbox.fetch([10, 20, 40, 50])) as given:
            next(given)
        mailbox.open()
        assert [mail.uid for mail in mailbox.fetch([20, 50])] == [20, 50]
        assert len(server.connections) == 2


def test_lines_and_literals_come_from_one_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of Python 3.14 imaplib reads past the file that belongs to the connection."""

    def beside(*_: object) -> bytes:
        raise AssertionError("imaplib reads by itself")

    monkeypatch.setattr("imaplib.IMAP4.read", beside)
    monkeypatch.setattr("imaplib.IMAP4.readline", beside)
    mails = served_mails()
    with served_to("buffer@example.org") as (_, mailbox):
        mailbox.open()
        found = list(mailbox.fetch([mail.uid for mail in mails]))
    assert [mail.raw for mail in found[:2]] == [mail.raw for mail in mails[:2]]
    assert [mail.uid for mail in found] == [mail.uid for mail in mails]


class CoveringStore(PostgresStore):
    """Notes what each commit covers and does not hold."""

    def __init__(self, dsn: str, served: Sequence[ServedMail]) -> None:
        super().__init__(dsn)
        self._left = {mail.uid for mail in served}
        self.commits = 0
        self.lost: list[set[int]] = []

    def ingest(
        self, account: str, batch: Sequence[Message | Unreadable], cursor: Cursor | None
    ) -> Ingested:
        result = super().ingest(account, batch, cursor)
        self._left -= {message.uid or 0 for message in batch}
        self.commits += 1
        if cursor is not None:
            self.lost.append({uid for uid in self._left if uid <= cursor.last_uid})
        return result


def test_no_commit_covers_a_mail_that_it_does_not_hold(
    migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The large mail is fetched by itself: whoever crashes then has lost none of the others."""
    monkeypatch.setattr("jeeves.service.triage.BATCH", 1)
    mails = served_mails()
    with (
        served_to("covering@example.org") as (_, mailbox),
        closing(CoveringStore(migrated_url, mails)) as store,
    ):
        assert ingest(mailbox, store, lambda: datetime.now(UTC)) == (5, 5, 0)
    assert store.commits > len(mails)
    assert not any(store.lost), store.lost
