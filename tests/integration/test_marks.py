"""Labels and stars on real servers and a real Postgres: they follow what the owner does."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jeeves.adapters.gmail import GmailMailbox
from jeeves.adapters.imap import Timing
from jeeves.adapters.postgres.reading import Reading
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.demo.gmail_server import GmailServer, logged_commands
from jeeves.domain.labelling import training_label
from jeeves.domain.message import Marks, Message
from jeeves.domain.ports import MarksKnown
from jeeves.errors import MailboxUnavailable
from jeeves.service.daemon import Daemon
from jeeves.service.marking import (
    ASK_EVERY,
    RECENT,
    RECENT_EVERY,
    SWEEP_EVERY,
    SWEEP_STEP,
    Marking,
    sync_marks,
)
from jeeves.service.triage import ingest, run_cycle
from tests.builders import ACCOUNT, NOW, a_message, raw_mail
from tests.dovecot import Dovecot, a_dovecot
from tests.fakes import FakeClock, FakeMailbox, FakeScorer, RecordingNotifier
from tests.gmail_client import ALL_MAIL, connected, uid_of
from tests.integration.test_daemon import until
from tests.integration.test_imap import account_of
from tests.read_only import verb

LABELS = [
    "Muy Importante",
    'a "quoted" (one)',
    "back\\slash",
    "star *",
    "100 %",
    "a[b",
    "NIL",
    "42",
    "Seen",
    "Füße/🎉",
    "x" * 100,
    "R&D",
]


@pytest.fixture
def store(migrated_url: str) -> Iterator[PostgresStore]:
    store = PostgresStore(migrated_url)
    yield store
    store.close()


@pytest.fixture
def reading(migrated_url: str) -> Iterator[Reading]:
    reading = Reading(migrated_url)
    yield reading
    reading.close()


@pytest.fixture(scope="module")
def wire_log() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "wire.log"


@pytest.fixture(scope="module", params=[True, False], ids=["condstore", "sweeps"])
def gmail(wire_log: Path, request: pytest.FixtureRequest) -> Iterator[GmailServer]:
    with GmailServer(wire_log=wire_log, condstore=request.param) as server:
        yield server


@pytest.fixture
def dovecot(needs_program: Callable[[str, str], str]) -> Iterator[Dovecot]:
    with a_dovecot(needs_program) as server:
        yield server


def now() -> datetime:
    return datetime.now(UTC)


def newest(reading: Reading) -> Message:
    [line] = reading.newest(1)
    assert line.message is not None
    return line.message


def marks_of(reading: Reading) -> Marks:
    message = newest(reading)
    return Marks(message.labels, message.starred)


class TestGmail:
    @pytest.mark.parametrize("name", [ALL_MAIL, "Jeeves", "INBOX"])
    def test_a_label_and_a_star_of_the_owner_teach_from_whichever_mailbox_is_read(
        self, gmail: GmailServer, store: PostgresStore, reading: Reading, name: str
    ) -> None:
        delivered = gmail.deliver(raw_mail(), labels=["\\Inbox", "Jeeves"])
        with closing(GmailMailbox(account_of(gmail, mailbox=name))) as mailbox:
            tells_changes = mailbox.open().highest_modseq is not None
            later = timedelta(0) if tells_changes else RECENT_EVERY
            ingest(mailbox, store, now)
            sync_marks(mailbox, store, now)
            assert training_label(marks_of(reading)) is None
            with connected(gmail, ALL_MAIL, write=True) as owner:
                owner.add_gmail_labels(
                    [uid_of(owner, delivered)], ["\\Starred", *LABELS], silent=True
                )
            mailbox.open()
            sync_marks(mailbox, store, lambda: now() + later)
            found = marks_of(reading)
            assert set(found.labels) == {"\\Inbox", "\\Starred", "Jeeves", *LABELS}
            assert training_label(found) is True
            with connected(gmail, ALL_MAIL, write=True) as owner:
                owner.remove_gmail_labels(
                    [uid_of(owner, delivered)], ["\\Starred", *LABELS], silent=True
                )
            mailbox.open()
            sync_marks(mailbox, store, lambda: now() + 2 * later)
            found = marks_of(reading)
            assert set(found.labels) == {"\\Inbox", "Jeeves"}
            assert not found.starred

    def test_every_label_comes_with_the_mail_as_well(
        self, gmail: GmailServer, store: PostgresStore, reading: Reading
    ) -> None:
        gmail.deliver(raw_mail(), labels=LABELS)
        with closing(GmailMailbox(account_of(gmail))) as mailbox:
            ingest(mailbox, store, now)
        assert set(newest(reading).labels) == set(LABELS)

    def test_own_mail_is_known_whatever_address_it_was_sent_from(
        self, gmail: GmailServer, store: PostgresStore, reading: Reading
    ) -> None:
        for sender in (gmail.address, "Sam at work <sam@work.example.org>"):
            gmail.deliver(raw_mail(sender=sender), labels=["\\Sent"])
            with closing(GmailMailbox(account_of(gmail))) as mailbox:
                ingest(mailbox, store, now)
            assert newest(reading).own, sender
        gmail.deliver(raw_mail())
        with closing(GmailMailbox(account_of(gmail))) as mailbox:
            ingest(mailbox, store, now)
        assert not newest(reading).own

    def test_a_draft_is_stored_but_neither_judged_nor_told_until_it_is_sent(
        self, gmail: GmailServer, store: PostgresStore, reading: Reading
    ) -> None:
        sms = RecordingNotifier()
        with closing(GmailMailbox(account_of(gmail))) as mailbox:

            def cycle(at: timedelta = timedelta(0)) -> None:
                run_cycle(mailbox, store, FakeScorer, [sms], lambda: now() + at)

            cycle()
            draft = gmail.deliver(raw_mail(sender="s@alias.example.org"), labels=["\\Draft"])
            cycle()
            assert newest(reading).draft
            assert reading.newest(1)[0].verdict is None
            assert reading.backlog().unjudged == 0
            with connected(gmail, ALL_MAIL, write=True) as owner:
                uid = uid_of(owner, draft)
                owner.remove_gmail_labels([uid], ["\\Draft"])
                owner.add_gmail_labels([uid], ["\\Sent"])
            cycle(SWEEP_EVERY)
            cycle(SWEEP_EVERY)
        [line] = reading.newest(1)
        assert line.verdict is not None
        assert line.withheld == "written by the owner"
        assert sms.sent == []

    @pytest.mark.parametrize("gmail", [True], ids=["condstore"], indirect=True)
    def test_without_changes_one_question_is_asked_and_with_them_two(
        self, gmail: GmailServer, store: PostgresStore, wire_log: Path
    ) -> None:
        delivered = gmail.deliver(raw_mail())
        with closing(GmailMailbox(account_of(gmail))) as mailbox:
            ingest(mailbox, store, now)
            sync_marks(mailbox, store, now)
            asked = []
            for labels in ([], ["New"], []):
                gmail.change(delivered.gmail_id, add_labels=labels)
                mailbox.open()
                before = len(logged_commands(wire_log))
                sync_marks(mailbox, store, now)
                asked.append([verb(c) for c in logged_commands(wire_log)[before:]])
        assert asked == [["UID FETCH"], ["UID FETCH"] * 2, ["UID FETCH"]]

    def test_only_flags_and_labels_are_asked_for_and_nothing_is_written(
        self, gmail: GmailServer, store: PostgresStore, wire_log: Path
    ) -> None:
        """Promise 1."""
        gmail.deliver(raw_mail())
        with closing(GmailMailbox(account_of(gmail))) as mailbox:
            ingest(mailbox, store, now)
            before = len(logged_commands(wire_log))
            sync_marks(mailbox, store, now)
        commands = logged_commands(wire_log)[before:]
        assert commands[0].startswith("UID FETCH ")
        assert {c.partition("(")[2].partition(")")[0] for c in commands[:-1]} == {
            "FLAGS X-GM-LABELS"
        }
        assert commands[-1] == "LOGOUT"


class TestDovecot:
    @pytest.fixture
    def mailbox(self, dovecot: Dovecot) -> Iterator[GmailMailbox]:
        dovecot.deliver([raw_mail(), raw_mail()])
        with closing(GmailMailbox(account_of(dovecot))) as mailbox:
            yield mailbox

    def test_the_server_tells_mod_sequences_from_the_first_connection_on(
        self, mailbox: GmailMailbox
    ) -> None:
        assert mailbox.open().highest_modseq

    def test_they_are_told_anew_whenever_the_mailbox_is_examined_anew(
        self, dovecot: Dovecot
    ) -> None:
        with closing(GmailMailbox(account_of(dovecot), Timing(examine=0.0))) as mailbox:
            first = mailbox.open().highest_modseq
            dovecot.deliver([raw_mail()])
            second = mailbox.open().highest_modseq
        assert first is not None
        assert second is not None
        assert second > first

    def test_a_change_is_known_and_told_once(self, dovecot: Dovecot, mailbox: GmailMailbox) -> None:
        start = mailbox.open().highest_modseq
        assert start is not None
        owner = dovecot.client()
        owner.select_folder("INBOX")
        for keywords in (["Jeeves", "\\Flagged"], ["Later"]):
            owner.add_flags([2], keywords)
        mailbox.open()
        changes = mailbox.changed_since(start)
        assert changes is not None
        assert changes.marks == {2: Marks(("Jeeves", "Later"), True)}
        assert changes.highest_modseq > start
        owner.remove_flags([2], ["Jeeves"])
        owner.delete_messages([1])
        owner.expunge()
        owner.logout()
        mailbox.open()
        later = mailbox.changed_since(changes.highest_modseq)
        assert later is not None
        assert later.marks == {2: Marks(("Later",), True)}
        last = mailbox.changed_since(later.highest_modseq)
        assert last is not None
        assert last.marks == {}
        assert last.highest_modseq == later.highest_modseq

    def test_a_sweep_leaves_out_what_is_gone(self, mailbox: GmailMailbox) -> None:
        mailbox.open()
        assert mailbox.marks([1, 2, 77]) == {1: Marks(), 2: Marks()}
        assert mailbox.marks([]) == {}

    def test_keywords_follow_what_the_owner_does(
        self, dovecot: Dovecot, mailbox: GmailMailbox, store: PostgresStore, reading: Reading
    ) -> None:
        run_cycle(mailbox, store, FakeScorer, [], now)
        owner = dovecot.client()
        owner.select_folder("INBOX")
        owner.add_flags([2], ["Jeeves", "\\Flagged", "42", "NIL"])
        run_cycle(mailbox, store, FakeScorer, [], now)
        found = next(r for r in reading.newest(2) if r.message and r.message.uid == 2).message
        assert found is not None
        assert set(found.labels) == {"Jeeves", "42", "NIL"}
        assert training_label(Marks(found.labels, found.starred)) is True
        owner.remove_flags([2], ["Jeeves", "\\Flagged", "42"])
        owner.logout()
        run_cycle(mailbox, store, FakeScorer, [], now)
        found = next(r for r in reading.newest(2) if r.message and r.message.uid == 2).message
        assert found is not None
        assert (found.labels, found.starred) == (("NIL",), False)

    def test_a_draft_is_known_by_its_flag(
        self, dovecot: Dovecot, mailbox: GmailMailbox, store: PostgresStore
    ) -> None:
        client = dovecot.client()
        client.append("INBOX", raw_mail(), flags=["\\Draft"])
        client.logout()
        ingest(mailbox, store, now)
        assert len(store.unjudged(ACCOUNT, 10)) == 2


class Watched:
    """A mailbox in memory, its store, and a process that keeps labels up to date."""

    def __init__(self, store: PostgresStore, reading: Reading) -> None:
        self.store = store
        self.reading = reading
        self.mailbox = FakeMailbox(modseqs={}, examined_modseq=1)
        self.clock = FakeClock()
        self.marking = Marking(self.mailbox, self.clock)

    def mail(self, received_at: datetime = NOW) -> int:
        uid = self.mailbox.add(raw_mail(date=received_at), received_at)
        if self.mailbox.modseqs is not None:
            self.mailbox.modseqs[uid] = max(self.mailbox.modseqs.values(), default=1) + 1
        return uid

    def ingest(self) -> None:
        ingest(self.mailbox, self.store, self.clock)

    def asked(self) -> list[str]:
        """What was asked since the last call, in one step a minute later."""
        self.clock.now += ASK_EVERY
        self.marking.step_if_due(self.store)
        asked, self.mailbox.asked = self.mailbox.asked, []
        return asked

    def labels(self) -> dict[int, tuple[str, ...]]:
        lines = [line.message for line in self.reading.newest(10_000)]
        return {m.uid: m.labels for m in lines if m is not None and m.uid is not None}


@pytest.fixture
def watched(store: PostgresStore, reading: Reading) -> Watched:
    return Watched(store, reading)


def test_first_sight_is_a_sweep_and_then_changes_are_asked_for(watched: Watched) -> None:
    uid = watched.mail()
    watched.ingest()
    assert watched.asked() == ["marks 1"]
    assert watched.asked() == ["changed since 1"]
    assert watched.asked() == ["changed since 2"]
    watched.mailbox.mark(uid, "Jeeves")
    assert watched.asked() == ["changed since 2"]
    assert watched.labels() == {uid: ("Jeeves",)}
    watched.mailbox.mark(uid)
    assert watched.asked() == ["changed since 3"]
    assert watched.labels() == {uid: ()}


def test_however_often_mail_arrives_changes_are_asked_for_once_a_minute(watched: Watched) -> None:
    watched.ingest()
    watched.asked()
    for _ in range(3):
        watched.clock.now += ASK_EVERY / 4
        watched.marking.step_if_due(watched.store)
    assert watched.mailbox.asked == []
    watched.clock.now -= timedelta(hours=3)
    assert watched.asked() == ["changed since 1"], "a clock that was set back stops nothing"


def test_once_a_day_the_truth_is_read_whatever_changes_were_told(watched: Watched) -> None:
    uid = watched.mail()
    watched.ingest()
    watched.asked()
    watched.asked()
    watched.mailbox.mails[uid] = replace(watched.mailbox.mails[uid], labels=("Untold",))
    watched.clock.now += SWEEP_EVERY
    assert watched.asked() == ["changed since 2", "marks 1"]
    assert watched.labels() == {uid: ("Untold",)}
    assert watched.asked() == ["changed since 2"]


def test_a_long_sweep_is_taken_in_steps_and_changes_do_not_wait_for_it(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jeeves.service.marking.SWEEP_STEP", 2)
    assert SWEEP_STEP > 2
    uids = [watched.mail() for _ in range(5)]
    watched.ingest()
    assert watched.asked() == ["marks 2"]
    watched.mailbox.faults["marks"] = MailboxUnavailable("gone")
    with pytest.raises(MailboxUnavailable):
        watched.asked()
    assert watched.asked() == ["marks 2"]
    assert watched.asked() == ["marks 1"]
    watched.clock.now += SWEEP_EVERY
    assert watched.asked() == ["changed since 1", "marks 2"]
    watched.mailbox.mark(uids[0], "Meanwhile")
    assert watched.asked() == ["changed since 6", "marks 2"]
    assert watched.labels()[uids[0]] == ("Meanwhile",)
    assert watched.asked() == ["changed since 7", "marks 1"]
    assert watched.asked() == ["changed since 7"]


def test_a_change_whose_answer_was_lost_is_asked_for_again(watched: Watched) -> None:
    uid = watched.mail()
    watched.ingest()
    watched.asked()
    watched.mailbox.mark(uid, "Jeeves")
    watched.mailbox.faults["changed_since"] = MailboxUnavailable("gone")
    with pytest.raises(MailboxUnavailable):
        watched.asked()
    assert watched.asked() == ["changed since 1"]
    assert watched.labels() == {uid: ("Jeeves",)}


def test_a_changed_uidvalidity_is_a_sweep(watched: Watched) -> None:
    watched.mail()
    watched.ingest()
    watched.asked()
    watched.mailbox.renumber()
    watched.mailbox.modseqs = {1001: 9}
    watched.mailbox.examined_modseq = 9
    watched.ingest()
    watched.mailbox.mark(1001, "Jeeves")
    assert watched.asked() == ["marks 1"]
    assert watched.labels() == {1001: ("Jeeves",)}
    assert watched.asked() == ["changed since 9"]


def test_mod_sequences_that_begin_anew_are_a_sweep(watched: Watched) -> None:
    uid = watched.mail()
    watched.ingest()
    watched.asked()
    for _ in range(9):
        watched.mailbox.mark(uid, "Before")
    watched.asked()
    watched.mailbox.modseqs = {uid: 2}
    watched.mailbox.mark(uid, "After")
    watched.mailbox.examined_modseq = 3
    watched.marking = Marking(watched.mailbox, watched.clock)
    assert watched.asked() == ["marks 1"]
    assert watched.labels() == {uid: ("After",)}
    assert watched.asked() == ["changed since 3"]


def test_without_condstore_recent_mail_is_swept_every_hour_and_all_of_it_daily(
    watched: Watched,
) -> None:
    watched.mailbox.modseqs = watched.mailbox.examined_modseq = None
    old = watched.mail(NOW)
    watched.ingest()
    watched.clock.now += RECENT + timedelta(days=1)
    new = watched.mail(watched.clock.now)
    watched.ingest()
    assert watched.asked() == ["marks 2"]
    assert watched.asked() == []
    watched.mailbox.mark(old, "Old")
    watched.mailbox.mark(new, "New")
    watched.clock.now += RECENT_EVERY
    assert watched.asked() == ["marks 1"]
    assert watched.labels() == {old: (), new: ("New",)}
    assert watched.asked() == []
    watched.clock.now += SWEEP_EVERY
    assert watched.asked() == ["marks 2"]
    assert watched.labels() == {old: ("Old",), new: ("New",)}


def test_the_daemon_keeps_labels_up_to_date(migrated_url: str) -> None:
    mailbox, stop = FakeMailbox(), threading.Event()
    mailbox.add(raw_mail(date=NOW), NOW)
    daemon = Daemon(
        mailbox=mailbox,
        open_store=lambda: PostgresStore(migrated_url),
        serving=FakeScorer,
        notifiers=[],
        clock=FakeClock(),
        poll_seconds=5,
        stop=stop,
    )
    thread = threading.Thread(target=daemon.run)
    thread.start()
    try:
        until(lambda: mailbox.asked)
    finally:
        stop.set()
        thread.join(20)
    assert mailbox.asked == ["marks 1"]


def test_nothing_is_asked_before_the_mailbox_was_read(watched: Watched) -> None:
    assert watched.asked() == []


class TestStore:
    def test_marks_and_how_far_they_are_known_commit_together(self, store: PostgresStore) -> None:
        mailbox = FakeMailbox()
        ingest(mailbox, store, FakeClock())
        status = mailbox.status()
        broken = {1: Marks(("nul\0",))}
        known = MarksKnown(5, NOW)
        store.ingest(ACCOUNT, [a_message(uid=1), a_message(uid=2)], None)
        with pytest.raises(ValueError, match="NUL"):
            store.write_marks(ACCOUNT, status, broken, known)
        assert store.marks_known(ACCOUNT, status) == MarksKnown()
        assert store.write_marks(ACCOUNT, status, {1: Marks(("a",)), 3: Marks()}, known) == 1
        assert store.write_marks(ACCOUNT, status, {1: Marks(("a",))}, known) == 0
        assert store.marks_known(ACCOUNT, status) == known

    def test_another_mailbox_and_another_account_are_left_alone(self, store: PostgresStore) -> None:
        mailbox = FakeMailbox()
        status = mailbox.status()
        store.ingest(ACCOUNT, [a_message(uid=1, mailbox="Other"), a_message(uid=1)], None)
        store.ingest("b@x", [a_message(uid=1, account="b@x")], None)
        store.ingest(ACCOUNT, [a_message(uid=1, uidvalidity=2)], None)
        assert store.stored_uids(ACCOUNT, status) == [1]
        assert store.write_marks(ACCOUNT, status, {1: Marks(starred=True)}, MarksKnown()) == 1
        assert store.marks_known(ACCOUNT, status) is None
