"""The store on a real Postgres: identity, what commits together, claims."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import psycopg2
import pytest

from jeeves.adapters.postgres import schema
from jeeves.adapters.postgres.connection import queries
from jeeves.adapters.postgres.erasing import PostgresErasing
from jeeves.adapters.postgres.reading import Reading
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.alert import Alert, AlertState, Channel, Receipt
from jeeves.domain.labelling import Source, Word
from jeeves.domain.message import Address, Cursor, Message, Origin, Unreadable
from jeeves.domain.outbox import Outcome
from jeeves.domain.ports import Ingested, Judgement
from jeeves.domain.verdict import Label
from jeeves.errors import SchemaOutOfDate, StoreUnavailable
from tests.builders import ACCOUNT, NOW, a_message, a_verdict, an_alert, an_outcome
from tests.locks import wait_for_lock

CURSOR = Cursor("INBOX", 1, 7, 1, NOW)


@pytest.fixture
def dsn(migrated_url: str) -> str:
    return migrated_url


@pytest.fixture
def store(dsn: str) -> Iterator[PostgresStore]:
    store = PostgresStore(dsn)
    yield store
    store.close()


@pytest.fixture
def reading(dsn: str) -> Iterator[Reading]:
    reading = Reading(dsn)
    yield reading
    reading.close()


def stored(store: PostgresStore, *messages: Message) -> list[int]:
    """Ids of messages after ingest, in their order."""
    store.ingest(ACCOUNT, messages, None)
    return [s.id for s in store.unjudged(ACCOUNT, 100)][-len(messages) :]


def telling(alert: Alert) -> Outcome:
    """The decision that puts ``alert`` into the outbox, whatever else is stored."""
    return an_outcome(thread_key=alert.thread_key, alerts=(alert,))


def test_a_message_comes_back_as_it_was(store: PostgresStore) -> None:
    tokyo = NOW.astimezone().astimezone(tz=None).replace(microsecond=123000)
    message = a_message(
        sent_at=tokyo,
        labels=("Muy Importante", 'with "quotes" and \\backslash', "ünïcode 🎉", "{1,2}"),
        subject="' ; drop table messages; -- %s %(x)s",
        body="line\nnul-free 日本語",
        starred=True,
        references=("a@x", "b@x"),
        uid=2**32 - 1,
        gmail_id=str(2**64 - 1),
    )
    store.ingest(ACCOUNT, [message], None)
    assert store.unjudged(ACCOUNT, 10)[0].message == message


def test_old_moments_and_empty_fields_come_back_whatever_the_encoding_of_the_client(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    store = PostgresStore(dsn)
    first = datetime(1982, 8, 13, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=-11, minutes=-30)))
    message = a_message(
        sent_at=first,
        received_at=datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        body="日本語 é",
        own_words="",
        message_id="",
        labels=("日本",),
        to=(Address("Zoë 🎉", "zoe@example.org"), Address('"\\', "")),
        cc=(),
    )
    try:
        stored(store, message, replace(message, uid=None, gmail_id="7", sent_at=None))
        known, other = (s.message for s in store.unjudged(ACCOUNT, 2))
        assert known == message
        assert (other.uid, other.sent_at) == (None, None)
    finally:
        store.close()


def test_the_senders_own_offset_survives(store: PostgresStore) -> None:
    from datetime import timezone

    sent = NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))
    store.ingest(ACCOUNT, [a_message(sent_at=sent)], None)
    read = store.unjudged(ACCOUNT, 1)[0].message.sent_at
    assert read is not None
    assert read.utcoffset() == timedelta(hours=5, minutes=45)


def test_messages_and_cursor_commit_together_or_not_at_all(store: PostgresStore) -> None:
    broken = replace(a_message(), gmail_id="not a number")
    with pytest.raises(Exception, match="refused a statement"):
        store.ingest(ACCOUNT, [a_message(), broken], CURSOR)
    assert store.cursor(ACCOUNT, "INBOX") is None
    assert store.unjudged(ACCOUNT, 10) == []


def test_a_refused_statement_does_not_quote_the_mail(store: PostgresStore) -> None:
    broken = replace(a_message(subject="very private"), gmail_id="not a number")
    with pytest.raises(Exception, match="refused a statement") as caught:
        store.ingest(ACCOUNT, [broken], None)
    assert "private" not in str(caught.value)


def test_the_cursor_never_goes_back(store: PostgresStore) -> None:
    store.ingest(ACCOUNT, [], CURSOR)
    store.ingest(ACCOUNT, [], replace(CURSOR, last_uid=3))
    known = store.cursor(ACCOUNT, "INBOX")
    assert known == CURSOR


def test_the_newest_uidvalidity_is_the_cursor(store: PostgresStore) -> None:
    store.ingest(ACCOUNT, [], CURSOR)
    store.ingest(ACCOUNT, [], replace(CURSOR, uidvalidity=2, last_uid=1))
    known = store.cursor(ACCOUNT, "INBOX")
    assert known is not None
    assert known.uidvalidity == 2


def test_the_same_mail_twice_in_one_batch_is_one(store: PostgresStore) -> None:
    message = a_message()
    assert store.ingest(ACCOUNT, [message, message], None).added == 1


def test_of_two_ingests_at_once_the_second_knows_what_the_first_wrote(
    dsn: str, store: PostgresStore
) -> None:
    message = a_message()
    other = PostgresStore(dsn)
    results: list[Ingested] = []
    second = threading.Thread(target=lambda: results.append(other.ingest(ACCOUNT, [message], None)))
    with store.connection.transaction() as sql:
        store.write_messages(sql, ACCOUNT, [message])
        second.start()
        wait_for_lock(dsn)
    second.join(10)
    other.close()
    assert results == [Ingested(added=0, known=1)]


def test_verdicts_of_a_batch_are_written_for_those_that_had_none(
    store: PostgresStore, reading: Reading
) -> None:
    mails = [a_message(), a_message(), a_message()]
    first, second, third = stored(store, *mails)
    store.record([Judgement(second, a_verdict(0.1))])
    verdicts = [
        Judgement(third, a_verdict(0.8)),
        Judgement(second, a_verdict(0.9)),
        Judgement(first, a_verdict(0.7)),
    ]
    told = [an_alert(message_id=second, thread_key=mails[1].thread_key)]
    told.append(an_alert(message_id=first, thread_key=mails[0].thread_key))
    assert store.record(verdicts, [telling(alert) for alert in told]).alerts == 1
    found = {line.id: line.verdict for line in reading.newest(10)}
    assert {id_: v and v.score.probability for id_, v in found.items()} == {
        first: 0.7,
        second: 0.1,
        third: 0.8,
    }


def test_an_imported_mail_and_the_same_over_imap_are_one(store: PostgresStore) -> None:
    live = a_message()
    imported = replace(live, gmail_id=None, uid=None, uidvalidity=None, origin=Origin.IMPORT)
    assert store.ingest(ACCOUNT, [imported], None).added == 1
    assert store.ingest(ACCOUNT, [live], None).added == 0
    found = store.unjudged(ACCOUNT, 10)
    assert [s.message.gmail_id for s in found] == [live.gmail_id]
    assert found[0].message.thread_key == live.thread_key
    assert store.ingest(ACCOUNT, [imported], None).added == 0


def test_gmail_ids_tell_two_mails_with_one_message_id_apart(store: PostgresStore) -> None:
    first, second = a_message(message_id="same@x"), a_message(message_id="same@x")
    assert store.ingest(ACCOUNT, [first, second], None).added == 2


def test_without_any_id_the_content_is_the_identity(store: PostgresStore) -> None:
    first = a_message(gmail_id=None, message_id="", digest="one")
    other = a_message(gmail_id=None, message_id="", digest="two")
    assert store.ingest(ACCOUNT, [first, first, other], None).added == 2


def test_two_accounts_keep_the_same_mail_apart(store: PostgresStore) -> None:
    message = a_message()
    store.ingest(ACCOUNT, [message], None)
    assert store.ingest("b@x", [replace(message, account="b@x")], None).added == 1


def test_a_reply_joins_the_conversation_it_answers(store: PostgresStore) -> None:
    root = a_message(gmail_id=None, message_id="root@x", thread_key="id:root@x")
    middle = a_message(
        gmail_id=None, message_id="mid@x", references=("root@x",), thread_key="id:root@x"
    )
    store.ingest(ACCOUNT, [root, middle], None)
    reply = a_message(gmail_id=None, references=("mid@x",), thread_key="id:mid@x")
    store.ingest(ACCOUNT, [reply], None)
    assert {s.message.thread_key for s in store.unjudged(ACCOUNT, 10)} == {"id:root@x"}


def alone(store: PostgresStore) -> list[bool]:
    return [one.alone for one in store.unjudged(ACCOUNT, 10)]


def test_a_mail_is_alone_that_opens_its_conversation(store: PostgresStore) -> None:
    [first] = stored(store, a_message(thread_key="id:one"), a_message(thread_key="id:other"))[:1]
    assert alone(store) == [True, True]
    thread = store.thread(ACCOUNT, "id:one")
    assert [(one.id, one.band, one.label) for one in thread.messages] == [(first, None, None)]
    assert thread.heard_up_to == 0
    assert store.questions(ACCOUNT, "id:one") == {}


def test_a_mail_is_not_alone_with_another_in_its_conversation(store: PostgresStore) -> None:
    old = a_message(thread_key="id:one")
    [number] = stored(store, old)
    store.record([Judgement(number, a_verdict())], [])
    stored(store, a_message(thread_key="id:one"))
    assert alone(store) == [False]
    stored(store, replace(a_message(thread_key="id:one"), account=ACCOUNT))
    assert alone(store) == [False, False]


def test_a_mail_is_not_alone_of_which_something_was_said_or_told(store: PostgresStore) -> None:
    said, _ = stored(store, a_message(thread_key="id:one"), a_message(thread_key="id:other"))
    store.teach([Word(said, Label.OTHER, Source.ASKED)])
    assert alone(store) == [False, True]
    store.record([], [telling(an_alert(message_id=None, thread_key="id:other"))])
    assert alone(store) == [False, False]


def test_mail_that_was_there_before_is_never_alone(store: PostgresStore) -> None:
    stored(store, a_message(origin=Origin.BACKFILL))
    assert alone(store) == [False]


def test_erased_mail_is_known_though_nothing_is_stored(store: PostgresStore, dsn: str) -> None:
    message = a_message()
    stored(store, message)
    erasing = PostgresErasing(dsn)
    erasing.erase_sender(message.sender.address, NOW)
    erasing.close()
    assert store.ingest(ACCOUNT, [message], None) == Ingested(added=0, known=1)


def test_an_imported_mail_that_arrives_live_is_judged_again(store: PostgresStore) -> None:
    live = a_message()
    imported = replace(live, gmail_id=None, uid=None, origin=Origin.IMPORT)
    [number] = stored(store, imported)
    store.record([Judgement(number, a_verdict(), withheld="arrived before Jeeves watched")])
    assert store.unjudged(ACCOUNT, 10) == []
    store.ingest(ACCOUNT, [live], None)
    [again] = store.unjudged(ACCOUNT, 10)
    assert again.message.origin is Origin.LIVE
    alert = an_alert(message_id=number, thread_key=live.thread_key)
    assert store.record([Judgement(number, a_verdict())], [telling(alert)]).alerts == 1


def test_an_unreadable_mail_is_stored_once_and_never_judged(
    store: PostgresStore, reading: Reading
) -> None:
    poison = Unreadable(ACCOUNT, Origin.LIVE, "INBOX", 3, 1, None, "abc", NOW, "not an e-mail")
    assert store.ingest(ACCOUNT, [poison], None).added == 1
    assert store.ingest(ACCOUNT, [poison], None).added == 0
    assert store.unjudged(ACCOUNT, 10) == []
    assert reading.backlog().unreadable == 1
    assert reading.newest(1)[0].unreadable == "not an e-mail"


def test_a_verdict_and_its_alert_are_written_once(store: PostgresStore, reading: Reading) -> None:
    [number] = stored(store, mail := a_message())
    alert, other = (an_alert(message_id=number, thread_key=mail.thread_key) for _ in range(2))
    assert store.record([Judgement(number, a_verdict())], [telling(alert)]).alerts == 1
    assert store.record([Judgement(number, a_verdict())], [telling(other)]).alerts == 0
    row = reading.message(number)
    assert row is not None
    assert row.verdict == a_verdict()
    assert [a.reference for a in row.alerts] == [alert.reference]


def test_one_question_has_one_alert_on_each_channel(store: PostgresStore) -> None:
    first = an_alert(thread_key="gm:1", question="1.1")
    again = an_alert(thread_key="gm:1", question="1.1")
    spoken = an_alert(thread_key="gm:1", question="1.1", channel=Channel.SPEECH)
    other = an_alert(thread_key="gm:1", question="2.1")
    assert store.record([], [an_outcome(alerts=(first, spoken))]).alerts == 2
    assert store.record([], [an_outcome(alerts=(again,))]).alerts == 0
    assert store.record([], [an_outcome(alerts=(again, other))]).alerts == 1


def test_many_claimants_take_each_alert_once(dsn: str, store: PostgresStore) -> None:
    store.announce([an_alert() for _ in range(40)])
    taken: list[str] = []

    def claim_all() -> None:
        mine = PostgresStore(dsn)
        while alert := mine.claim(ACCOUNT, [Channel.SMS], NOW, 60):
            taken.append(alert.reference)
        mine.close()

    threads = [threading.Thread(target=claim_all) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 40
    assert len(set(taken)) == 40


def test_a_claim_that_was_never_settled_comes_back_in_doubt(store: PostgresStore) -> None:
    store.announce([an_alert()])
    first = store.claim(ACCOUNT, [Channel.SMS], NOW, 60)
    assert first is not None
    assert not first.in_doubt
    assert store.claim(ACCOUNT, [Channel.SMS], NOW + timedelta(seconds=59), 60) is None
    again = store.claim(ACCOUNT, [Channel.SMS], NOW + timedelta(seconds=61), 60)
    assert again is not None
    assert again.in_doubt
    assert again.attempts == 2


def test_a_late_settlement_of_an_expired_claim_changes_nothing(store: PostgresStore) -> None:
    store.announce([an_alert()])
    first = store.claim(ACCOUNT, [Channel.SMS], NOW, 60)
    second = store.claim(ACCOUNT, [Channel.SMS], NOW + timedelta(seconds=61), 60)
    assert first is not None
    assert second is not None
    store.settle(replace(first, state=AlertState.FAILED), NOW)
    store.settle(replace(second, state=AlertState.SENT, receipt=Receipt("SM1")), NOW)
    assert store.claim(ACCOUNT, [Channel.SMS], NOW + timedelta(days=1), 60) is None


def test_an_alert_waits_for_its_time(store: PostgresStore) -> None:
    store.announce([an_alert(not_before=NOW + timedelta(minutes=5))])
    assert store.claim(ACCOUNT, [Channel.SMS], NOW, 60) is None
    assert store.claim(ACCOUNT, [Channel.SMS], NOW + timedelta(minutes=5), 60) is not None


def test_only_the_channels_asked_for_are_claimed(store: PostgresStore) -> None:
    store.announce([an_alert(channel=Channel.SPEECH)])
    assert store.claim(ACCOUNT, [Channel.SMS], NOW, 60) is None
    assert store.claim("other@x", [Channel.SPEECH], NOW, 60) is None
    assert store.claim(ACCOUNT, [Channel.SMS, Channel.SPEECH], NOW, 60) is not None


def test_the_volume_counts_mail_of_other_people_over_the_days_that_are_known(
    store: PostgresStore, reading: Reading
) -> None:
    assert reading.mails_a_day(NOW) is None
    ago = [NOW - timedelta(days=days) for days in (40, 20, 10, 1, -1)]
    store.ingest(ACCOUNT, [a_message(received_at=at) for at in ago], None)
    others = ({"own": True}, {"bulk": True}, {"origin": Origin.IMPORT})
    store.ingest(ACCOUNT, [a_message(received_at=ago[2], **change) for change in others], None)
    # three in the last 30 days, the first of them 20 days ago
    assert reading.mails_a_day(NOW) == pytest.approx(3 / 20)
    assert reading.mails_a_day(NOW + timedelta(days=300)) is None


def test_the_store_goes_on_after_its_connection_was_cut(dsn: str, store: PostgresStore) -> None:
    store.beat(ACCOUNT, "read", NOW)
    other = psycopg2.connect(dsn)
    other.autocommit = True
    other.cursor().execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where pid <> pg_backend_pid() and datname = current_database()"
    )
    other.close()
    store.beat(ACCOUNT, "read", NOW + timedelta(seconds=1), "again")
    assert store.heartbeats()[ACCOUNT, "read"] == (NOW + timedelta(seconds=1), "again")


def test_no_server_is_one_sentence_and_worth_a_retry() -> None:
    store = PostgresStore("host=127.0.0.1 port=1 dbname=x user=x")
    with pytest.raises(StoreUnavailable, match="Postgres cannot be used"):
        store.heartbeats()


def test_a_wrong_address_does_not_show_its_password() -> None:
    store = PostgresStore("postgresql//me:hunter2@host")
    with pytest.raises(StoreUnavailable) as caught:
        store.heartbeats()
    assert "hunter2" not in str(caught.value)


def test_a_database_without_tables_names_the_command(database_url: str) -> None:
    with pytest.raises(SchemaOutOfDate, match="jeeves migrate"):
        PostgresStore(database_url).unjudged(ACCOUNT, 1)


def test_every_query_is_used() -> None:
    from pathlib import Path

    folder = Path(schema.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    used = set(re.findall(r'(?:queries\(\)\[|gated\()"(\w+)"', code))
    for names in re.findall(r"\bexecute\(sql, (?:\w+|\{.*?\}), (.+)\)\n", code):
        used |= set(re.findall(r'"(\w+)"', names))
    assert set(queries()) == used
