"""Old text is dropped, on a real Postgres: what goes, what stays, and what comes after."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import psycopg2
import pytest

from jeeves.adapters.postgres.reading import Reading
from jeeves.adapters.postgres.retention import BATCH, PostgresRetention
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.alert import Channel
from jeeves.domain.labelling import Source, Word
from jeeves.domain.message import Address, Message
from jeeves.domain.outbox import Outcome
from jeeves.domain.ports import Judgement
from jeeves.domain.verdict import Label
from jeeves.service.relabelling import reconsider
from jeeves.service.retention import EVERY, Keep, drop_old_text, drop_old_text_forever
from jeeves.service.terms import FREE
from jeeves.service.triage import judge_pending
from tests.builders import ACCOUNT, NOW, a_message, a_verdict, an_alert, an_outcome
from tests.fakes import FakeClock, FakeScorer

KEEP = Keep(timedelta(days=90), labelled=True)
NOTHING = Keep(timedelta(days=90), labelled=False)
OLD, YOUNG = NOW - timedelta(days=91), NOW - timedelta(days=89)
SECRET = "zebra"
PHOTOS = "By the way, the photos are here now."


@pytest.fixture
def store(migrated_url: str) -> Iterator[PostgresStore]:
    with closing(PostgresStore(migrated_url)) as store:
        yield store


@pytest.fixture
def retention(migrated_url: str) -> Iterator[PostgresRetention]:
    with closing(PostgresRetention(migrated_url)) as retention:
        yield retention


def a_mail(received_at: datetime = OLD, **changes: object) -> Message:
    """A mail whose every text names an animal."""
    words = {
        "subject": f"a {SECRET} for lunch?",
        "body": f"Shall we have lunch with the {SECRET}?",
        "own_words": f"Shall we have lunch with the {SECRET}?",
        "to": (Address(f"Sam {SECRET}", ACCOUNT),),
    }
    return a_message(**{**words, "received_at": received_at, **changes})


def put(store: PostgresStore, *messages: Message, judged: bool = True) -> list[int]:
    """Store and judge mails, long ago; their ids."""
    store.ingest(ACCOUNT, list(messages), None)
    with store.connection.statement() as sql:
        sql.execute("update messages set stored_at = received_at")
    if judged:
        due = store.unjudged(ACCOUNT, 10_000)
        store.record([Judgement(one.id, a_verdict(words=f"the {SECRET}")) for one in due])
    with store.connection.statement() as sql:
        sql.execute("select id, digest from messages")
        ids = {row["digest"]: row["id"] for row in sql.fetchall()}
    return [ids[one.digest] for one in messages]


def dump(store: PostgresStore) -> str:
    """Everything that stands in any table."""
    said = []
    with store.connection.transaction() as sql:
        sql.execute(
            "select relname from pg_class "
            "where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
        for row in sql.fetchall():
            sql.execute(
                f"select coalesce(string_agg(t::text, ' '), '') as all from {row['relname']} t"
            )
            said += [row["all"] for row in sql.fetchall()]
    return "\n".join(said)


def texts(store: PostgresStore) -> dict[int, str]:
    with store.connection.statement() as sql:
        sql.execute("select id, body from messages order by id")
        return {row["id"]: row["body"] for row in sql.fetchall()}


def told(store: PostgresStore, message: Message, message_id: int, **changes: object) -> None:
    """An alert about this mail, that went."""
    alert = an_alert(
        thread_key=message.thread_key,
        message_id=message_id,
        text=f"Ana: the {SECRET}",
        question="1.1",
        created_at=message.received_at,
        **changes,
    )
    outcome: Outcome = an_outcome(thread_key=message.thread_key, alerts=(alert,))
    assert store.record([], [outcome]).alerts == 1
    with store.connection.statement() as sql:
        sql.execute(
            "update alerts set state = 'sent', receipt = 'SM1' where reference = %s",
            (alert.reference,),
        )


def test_no_word_of_old_mail_is_left_anywhere(
    store: PostgresStore, retention: PostgresRetention
) -> None:
    message = a_mail()
    (old,) = put(store, message)
    told(store, message, old)
    with store.connection.statement() as sql:
        sql.execute("update conversations set place = %s, open_question = '1.1'", (SECRET,))
    assert SECRET in dump(store)
    assert drop_old_text(retention, KEEP, NOW) == 1
    assert SECRET not in dump(store)


def test_reasons_that_go_leave_their_sum_so_that_the_probability_still_adds_up(
    store: PostgresStore, retention: PostgresRetention
) -> None:
    (old,) = put(store, a_mail())
    before = a_verdict().score
    drop_old_text(retention, KEEP, NOW)
    with closing(Reading(store.connection._dsn)) as reading:
        listed = reading.message(old)
    assert listed is not None
    assert listed.verdict is not None
    after = listed.verdict.score
    assert (after.probability, after.reasons) == (before.probability, ())
    whole = before.rest + sum(reason.weight for reason in before.reasons)
    assert after.rest == pytest.approx(whole)


@pytest.mark.parametrize(
    "alive",
    [
        "young",
        "young mail in its conversation",
        "unjudged",
        "stored lately",
        "to be said",
        "meeting to come",
        "label unheard",
    ],
)
def test_a_conversation_that_lives_keeps_its_text(
    store: PostgresStore, retention: PostgresRetention, alive: str
) -> None:
    message = a_mail(YOUNG if alive == "young" else OLD)
    (number,) = put(store, message, judged=alive != "unjudged")
    with store.connection.transaction() as sql:
        if alive == "stored lately":
            sql.execute("update messages set stored_at = %s", (NOW - timedelta(days=6),))
    if alive.startswith("young mail"):
        put(store, a_mail(YOUNG, thread_key=message.thread_key))
    if alive == "to be said":
        told(store, message, number)
        with store.connection.statement() as sql:
            sql.execute("update alerts set state = 'pending'")
    if alive == "meeting to come":
        store.record([], [an_outcome(thread_key=message.thread_key)])
        with store.connection.statement() as sql:
            sql.execute(
                "update conversations set state = 'open', open_question = '1.1', meeting_at = %s",
                (NOW + timedelta(days=1),),
            )
    if alive == "label unheard":
        store.teach([Word(number, Label.OTHER, Source.COMMAND)])
    before = texts(store)
    assert drop_old_text(retention, NOTHING, NOW) == 0
    assert texts(store) == before


def test_labelled_mail_keeps_its_text_as_long_as_the_label_stands(
    store: PostgresStore, retention: PostgresRetention
) -> None:
    labelled, other = put(store, a_mail(), a_mail())
    say(store, labelled, Label.NEEDS_LOCATION)
    assert drop_old_text(retention, KEEP, NOW) == 1
    assert [one.id for one in store.labelled()] == [labelled]
    assert [bool(text) for text in (texts(store)[labelled], texts(store)[other])] == [True, False]
    say(store, labelled, None)
    assert drop_old_text(retention, KEEP, NOW + EVERY) == 1
    assert SECRET not in dump(store)


def test_where_nothing_is_kept_a_label_stands_but_trains_nothing(
    store: PostgresStore, retention: PostgresRetention
) -> None:
    (labelled,) = put(store, a_mail())
    say(store, labelled, Label.NEEDS_LOCATION)
    assert drop_old_text(retention, NOTHING, NOW) == 1
    assert list(store.labelled()) == []
    with store.connection.statement() as sql:
        sql.execute("select label from current_labels")
        assert [row["label"] for row in sql.fetchall()] == ["needs_location"]


def say(store: PostgresStore, message_id: int, label: Label | None) -> None:
    store.teach([Word(message_id, label, Source.COMMAND)])
    reconsider(ACCOUNT, store, [Channel.SMS], NOW, FREE)


def test_what_is_asked_in_a_conversation_that_was_over_is_told_though_its_first_question_was(
    store: PostgresStore, retention: PostgresRetention
) -> None:
    first = a_mail()
    (old,) = put(store, first)
    told(store, first, old)
    drop_old_text(retention, KEEP, NOW)
    again = a_message(
        thread_key=first.thread_key,
        body="Want to grab lunch tomorrow?",
        own_words="Want to grab lunch tomorrow?",
    )
    store.ingest(ACCOUNT, [again], None)
    judged, alerts = judge_pending(
        ACCOUNT, store, FakeScorer(), [Channel.SMS], FakeClock(NOW), FREE
    )
    assert (judged, alerts) == (1, 1)


def test_a_labelled_mail_whose_text_is_kept_is_not_told_again_when_its_conversation_goes_on(
    store: PostgresStore, retention: PostgresRetention
) -> None:
    words = "Want to grab lunch on Thursday?"
    first = a_mail(body=words, own_words=words, sent_at=OLD)
    (old,) = put(store, first)
    told(store, first, old)
    say(store, old, Label.NEEDS_LOCATION)
    drop_old_text(retention, KEEP, NOW)
    assert texts(store)[old] == words
    thanks = a_message(thread_key=first.thread_key, subject="Photos", body=PHOTOS, own_words=PHOTOS)
    store.ingest(ACCOUNT, [thanks], None)
    scorer, clock = FakeScorer(), FakeClock(NOW)
    assert judge_pending(ACCOUNT, store, scorer, [Channel.SMS], clock, FREE) == (1, 0)


def test_an_old_mail_that_is_labelled_is_heard_without_end_and_without_an_alert(
    store: PostgresStore, retention: PostgresRetention
) -> None:
    message = a_mail()
    (old,) = put(store, message)
    told(store, message, old)
    drop_old_text(retention, KEEP, NOW)
    say(store, old, Label.NEEDS_LOCATION)
    assert store.unheard(ACCOUNT, 10) == []
    with store.connection.statement() as sql:
        sql.execute("select state from alerts")
        assert [row["state"] for row in sql.fetchall()] == ["sent"]


def test_it_goes_in_small_steps_and_ends_early_where_it_is_told_to(
    store: PostgresStore, retention: PostgresRetention
) -> None:
    put(store, *(a_mail() for _ in range(BATCH + 5)))
    assert drop_old_text(retention, KEEP, NOW, most_steps=1) is None
    assert retention.last_run() is None
    assert all(texts(store).values())
    assert drop_old_text(retention, KEEP, NOW, most_steps=2) is None
    assert sum(map(bool, texts(store).values())) == 5
    assert drop_old_text(retention, KEEP, NOW, rest=lambda: False) == 5
    assert drop_old_text(retention, KEEP, NOW + timedelta(hours=23)) is None
    assert drop_old_text(retention, KEEP, NOW + EVERY) == 0


def test_for_ever_is_for_ever(store: PostgresStore, retention: PostgresRetention) -> None:
    put(store, a_mail())
    assert drop_old_text(retention, Keep(None, labelled=False), NOW) is None
    assert SECRET in dump(store)


def test_what_a_digest_said_goes_once_it_is_old(
    store: PostgresStore, retention: PostgresRetention
) -> None:
    with store.connection.statement() as sql:
        for name, state, created in (
            ("old", "sent", OLD),
            ("young", "sent", YOUNG),
            ("waiting", "pending", OLD),
        ):
            sql.execute(
                "insert into alerts (reference, account, thread_key, kind, channel, state, body, "
                "created_at) values (%s, %s, %s, 'digest', 'sms', %s, 'said', %s)",
                (name, ACCOUNT, name, state, created),
            )
    drop_old_text(retention, KEEP, NOW)
    with store.connection.statement() as sql:
        sql.execute("select reference from alerts where body = 'said' order by reference")
        assert [row["reference"] for row in sql.fetchall()] == ["waiting", "young"]


def test_the_daemon_does_it_and_waits_for_a_database_that_is_gone(
    store: PostgresStore, migrated_url: str
) -> None:
    put(store, a_mail())
    stop = threading.Event()
    opened: list[str] = []

    def open_store() -> PostgresRetention:
        opened.append("")
        return PostgresRetention(migrated_url if len(opened) > 1 else "host=/nowhere")

    class Impatient(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            if len(opened) > 1 and timeout and timeout > 1:
                self.set()
            return self.is_set()

    stop = Impatient()
    drop_old_text_forever(open_store, KEEP, FakeClock(NOW), stop)
    assert SECRET not in dump(store)


def test_retention_waits_for_a_decision_about_the_same_conversation(
    store: PostgresStore, retention: PostgresRetention, migrated_url: str
) -> None:
    message = a_mail()
    put(store, message)
    with closing(psycopg2.connect(migrated_url)) as other, other.cursor() as sql:
        sql.execute(
            "select pg_advisory_xact_lock(hashtextextended('jeeves conversation ' || %s || ' ' || "
            "%s, 0))",
            (ACCOUNT, message.thread_key),
        )
        dropping = threading.Thread(target=drop_old_text, args=(retention, KEEP, NOW))
        dropping.start()
        dropping.join(0.3)
        assert dropping.is_alive()
        other.rollback()
        dropping.join(10)
    assert SECRET not in dump(store)
