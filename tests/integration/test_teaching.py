"""What the owner says of mails, on a real Postgres: words are added, and the latest stands."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jeeves.adapters.gmail import GmailMailbox
from jeeves.adapters.postgres.history import PostgresHistory
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.demo.gmail_server import GmailServer
from jeeves.domain.labelling import SaidAfter, Source, Word, label_of, training_label
from jeeves.domain.message import FetchedMail, Marks
from jeeves.domain.ports import MailboxStatus, MarksKnown
from jeeves.domain.verdict import Label
from jeeves.service.history import import_mails
from jeeves.service.marking import RECENT_EVERY, sync_marks
from jeeves.service.triage import ingest
from tests.builders import ACCOUNT, a_message, raw_mail
from tests.fakes import FakeClock, FakeScorer
from tests.gmail_client import ALL_MAIL
from tests.integration.test_imap import account_of
from tests.locks import wait_for_lock

YES, NO = Label.NEEDS_LOCATION, Label.OTHER
MAILBOX, COMMAND, FILE = Source.MAILBOX, Source.COMMAND, Source.FILE
STATUS = MailboxStatus("INBOX", 1, 1)
#: Whose labels are not asked for.
UNMARKED = Marks(("\\Inbox",))

numbers = count(1)


@pytest.fixture
def store(migrated_url: str) -> Iterator[PostgresStore]:
    store = PostgresStore(migrated_url)
    yield store
    store.close()


def stored(store: PostgresStore, marks: Marks = UNMARKED, **changes: object) -> int:
    """Id of a new message in a mailbox, with these labels."""
    message = a_message(labels=marks.labels, starred=marks.starred, **changes)
    store.ingest(ACCOUNT, [message], None)
    return store.thread(ACCOUNT, message.thread_key).messages[-1].id


def rows(store: PostgresStore) -> list[tuple[int, int, str, str, datetime]]:
    """All words as they were first written, in order."""
    with store.connection.statement() as sql:
        sql.execute("select id, message_id, label, source, labelled_at from labels order by id")
        return [tuple(row.values()) for row in sql.fetchall()]


def words(store: PostgresStore) -> list[str]:
    return [f"{source} {label}" for _, _, label, source, _ in rows(store)]


def labels(store: PostgresStore) -> dict[int, Label]:
    return {one.id: one.label for one in store.labelled()}


def say(store: PostgresStore, message_id: int, label: Label | None, source: Source) -> int:
    return store.teach([Word(message_id, label, source)])


def mark(store: PostgresStore, uid: int, marks: Marks) -> None:
    store.write_marks(ACCOUNT, STATUS, {uid: marks}, MarksKnown())


@dataclass
class Reference:
    """What stands after words, in a few lines."""

    standing: dict[Source, Label] = field(default_factory=dict)

    def hear(self, source: Source, label: Label | None) -> None:
        if label is None and source is not MAILBOX:
            self.standing.clear()
        self.standing.pop(source, None)
        if label is not None:
            self.standing[source] = label

    @property
    def label(self) -> Label | None:
        return list(self.standing.values())[-1] if self.standing else None


said = st.sampled_from([YES, NO, None])
MARKS = st.sampled_from(
    [
        Marks(("Jeeves",), True),
        Marks(("Jeeves/yes",)),
        Marks(("jeeves/NO",)),
        Marks(("Jeeves/yes", "Jeeves/no")),
        Marks(("Jeeves",)),
        Marks((), True),
        Marks(("Else",)),
    ]
)
few = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@few
@given(st.lists(st.tuples(st.sampled_from(list(Source)), said), max_size=9))
def test_the_view_says_what_a_few_lines_say(
    store: PostgresStore, spoken: list[tuple[Source, Label | None]]
) -> None:
    message_id, reference = stored(store), Reference()
    with store.connection.transaction() as sql:
        for source, label in spoken:
            sql.execute(
                "insert into labels (message_id, label, source) values (%s, %s, %s)",
                (message_id, label or "withdrawn", source),
            )
            reference.hear(source, label)
            sql.execute("select label from current_labels where message_id = %s", (message_id,))
            assert [row["label"] for row in sql.fetchall()] == [
                one for one in [reference.label] if one
            ]


@few
@given(st.lists(st.tuples(st.sampled_from([COMMAND, FILE]), said) | MARKS, max_size=7))
def test_words_left_out_for_saying_nothing_new_change_nothing_then_or_later(
    store: PostgresStore, spoken: Sequence[tuple[Source, Label | None] | Marks]
) -> None:
    """And what is written stays as it is."""
    uid = next(numbers) + 10**6
    message_id, reference = stored(store, uid=uid), Reference()
    in_mailbox = None
    for one in spoken:
        before = rows(store)
        if isinstance(one, Marks):
            mark(store, uid, one)
            now_in_mailbox = label_of(training_label(one))
            if now_in_mailbox is not in_mailbox:
                reference.hear(MAILBOX, now_in_mailbox)
            in_mailbox = now_in_mailbox
            mark(store, uid, one)
        else:
            source, label = one
            say(store, message_id, label, source)
            reference.hear(source, label)
            assert say(store, message_id, label, source) == 0
        after = rows(store)
        assert after[: len(before)] == before
        assert len(after) <= len(before) + 1
        assert labels(store).get(message_id) is reference.label


class TestTeach:
    def test_of_several_sources_the_latest_word_counts_whatever_the_clock_says(
        self, store: PostgresStore
    ) -> None:
        message_id = stored(store, Marks(("Jeeves/yes",)))
        say(store, message_id, NO, FILE)
        with store.connection.statement() as sql:
            sql.execute("update labels set labelled_at = now() + interval '1 h' where id = 1")
        assert labels(store) == {message_id: NO}

    def test_what_the_owner_said_himself_outlives_the_label_that_said_the_same(
        self, store: PostgresStore
    ) -> None:
        message_id = stored(store, Marks(("Jeeves/yes",)), uid=7)
        assert say(store, message_id, YES, COMMAND) == 1
        mark(store, 7, Marks())
        assert labels(store) == {message_id: YES}
        assert words(store)[-1] == "mailbox withdrawn"

    def test_taking_back_takes_back_all_and_a_label_that_stays_says_nothing_anew(
        self, store: PostgresStore
    ) -> None:
        message_id = stored(store, Marks(("Jeeves/yes",)), uid=7)
        say(store, message_id, NO, FILE)
        assert say(store, message_id, None, COMMAND) == 1
        assert say(store, message_id, None, COMMAND) == 0
        mark(store, 7, Marks(("Jeeves/yes", "Elsewhere")))
        assert labels(store) == {}
        mark(store, 7, Marks(("Elsewhere",)))
        mark(store, 7, Marks(("Jeeves/yes",)))
        assert labels(store) == {message_id: YES}

    def test_of_several_words_about_a_message_in_one_go_the_last_counts(
        self, store: PostgresStore
    ) -> None:
        message_id = stored(store)
        several = [Word(message_id, label, FILE) for label in (YES, NO)]
        assert store.teach(several) == 1
        assert words(store) == ["file other"]

    def test_without_a_word_nothing_is_written_and_nothing_is_negative(
        self, store: PostgresStore
    ) -> None:
        message_id = stored(store)
        assert store.teach([]) == 0
        assert say(store, message_id, None, COMMAND) == 0
        assert labels(store) == {}
        assert words(store) == []

    def test_what_was_said_after_a_word_is_counted(self, store: PostgresStore) -> None:
        assert store.said_after(None) == SaidAfter(0, None, 0)
        first, second = stored(store, Marks(("Jeeves/yes",))), stored(store)
        say(store, second, NO, COMMAND)
        before = store.said_after(None)
        assert before.last is not None
        assert (before.word, before.last.number, before.messages) == (0, 2, 2)
        say(store, first, None, COMMAND)
        after = store.said_after(before.last)
        assert after.last is not None
        assert (after.word, after.last.number, after.messages) == (2, 3, 1)

    def test_a_word_of_another_database_is_none_of_this_one(self, store: PostgresStore) -> None:
        say(store, stored(store), NO, COMMAND)
        here = store.said_after(None).last
        assert here is not None
        assert store.said_after(here).messages == 0
        elsewhere = replace(here, at=here.at - timedelta(seconds=1))
        found = store.said_after(elsewhere)
        assert (found.word, found.messages) == (0, 1)


class TestMarks:
    def test_a_mail_that_cannot_be_read_is_never_labelled(self, store: PostgresStore) -> None:
        message_id = stored(store, uid=7)
        with store.connection.statement() as sql:
            sql.execute("update messages set unreadable = 'broken' where id = %s", (message_id,))
        mark(store, 7, Marks(("Jeeves/yes",)))
        assert words(store) == []

    def test_a_label_that_arrives_with_an_adopted_mail_counts_and_its_absence_too(
        self, store: PostgresStore
    ) -> None:
        imported = a_message(uid=None, uidvalidity=None, gmail_id=None, labels=("Jeeves/no",))
        other = a_message(uid=None, uidvalidity=None, gmail_id=None)
        store.ingest(ACCOUNT, [imported, other], None)
        assert words(store) == ["mailbox other"]
        live = [
            a_message(message_id=imported.message_id, labels=()),
            a_message(message_id=other.message_id, labels=("Jeeves",), starred=True),
        ]
        assert store.ingest(ACCOUNT, live, None).known == 2
        assert words(store)[1:] == ["mailbox withdrawn", "mailbox needs_location"]
        assert list(labels(store).values()) == [YES]

    def test_two_mails_of_the_same_words_keep_their_own_labels(self, store: PostgresStore) -> None:
        alike = [
            a_message(digest="same", labels=labels_, message_id=f"{n}@x")
            for n, labels_ in enumerate([("Jeeves/yes",), ("Jeeves/no",), ()])
        ]
        store.ingest(ACCOUNT, alike, None)
        assert sorted(words(store)) == ["mailbox needs_location", "mailbox other"]

    def test_who_writes_labels_waits_for_who_is_adopting_and_neither_is_refused(
        self, store: PostgresStore, migrated_url: str
    ) -> None:
        stored(store, uid=7, gmail_id=None, message_id="a@x")
        with closing(PostgresStore(migrated_url)) as other:
            marking = threading.Thread(target=mark, args=(other, 7, Marks(("Jeeves/no",))))
            with store.connection.transaction() as sql:
                adopted = a_message(uid=7, message_id="a@x", labels=("Jeeves/yes",))
                store.write_messages(sql, ACCOUNT, [adopted])
                marking.start()
                wait_for_lock(migrated_url)
            marking.join(10)
        assert words(store) == ["mailbox needs_location", "mailbox other"]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module", params=[True, False], ids=["condstore", "sweeps"])
def gmail(request: pytest.FixtureRequest) -> Iterator[GmailServer]:
    with GmailServer(condstore=request.param) as server:
        yield server


def test_gmail_teaches_at_arrival_at_adoption_and_at_every_change(
    gmail: GmailServer, store: PostgresStore, migrated_url: str
) -> None:
    old = raw_mail("Old")
    with closing(PostgresHistory(migrated_url)) as history:
        import_mails(
            [FetchedMail(old, "Takeout.mbox#1", now(), labels=("Jeeves/no",))],
            *(gmail.address, (), store, history, FakeScorer, FakeClock()),
        )
    with closing(GmailMailbox(account_of(gmail, mailbox=ALL_MAIL))) as mailbox:
        tells_changes = mailbox.open().highest_modseq is not None
        ingest(mailbox, store, now)
        mails = [
            gmail.deliver(raw, labels=found)
            for raw, found in (
                (raw_mail(), ["Jeeves", "\\Starred"]),
                (raw_mail(), ["Jeeves/no"]),
                (raw_mail(), ["Jeeves"]),
                (old, []),
            )
        ]
        mailbox.open()
        ingest(mailbox, store, now)
        sync_marks(mailbox, store, now)
        assert sorted(words(store)) == [
            "mailbox needs_location",
            "mailbox other",
            "mailbox other",
            "mailbox withdrawn",
        ]
        gmail.change(mails[0].gmail_id, remove_labels=["\\Starred"])
        gmail.change(mails[1].gmail_id, remove_labels=["Jeeves/no"], add_labels=["Jeeves/yes"])
        gmail.change(mails[2].gmail_id, add_labels=["\\Starred"])
        gmail.change(mails[3].gmail_id, add_labels=["\\Starred"])
        mailbox.open()
        later = timedelta(0) if tells_changes else RECENT_EVERY
        sync_marks(mailbox, store, lambda: now() + later)
    by_gmail_id = {one.message.gmail_id: one.label for one in store.labelled()}
    assert by_gmail_id == {mails[1].gmail_id: YES, mails[2].gmail_id: YES}
    assert sorted(words(store)[4:]) == [
        "mailbox needs_location",
        "mailbox needs_location",
        "mailbox withdrawn",
    ]
