"""Migrations: up, down, on a full database, two at once."""

from __future__ import annotations

import re
import threading
from contextlib import closing

import psycopg2
import pytest

from jeeves.adapters.postgres import losing, schema
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.labelling import Source, Word
from jeeves.domain.outbox import MuteKind
from jeeves.domain.ports import Judgement
from jeeves.domain.verdict import Label
from jeeves.errors import ConfigError, SchemaOutOfDate
from tests.builders import ACCOUNT, NOW, a_message, a_verdict, an_alert, an_outcome


def tables(dsn: str) -> set[str]:
    connection = psycopg2.connect(dsn)
    cursor = connection.cursor()
    cursor.execute("select tablename from pg_tables where schemaname = 'public'")
    found = {name for (name,) in cursor.fetchall()}
    connection.close()
    return found


def execute(dsn: str, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_head_is_the_newest_migration() -> None:
    files = (schema.migrations_folder() / "versions").glob("*.py")
    revisions = [
        found.group(1)
        for path in files
        if (found := re.search(r'^revision = "(\d+)"', path.read_text(encoding="utf-8"), re.M))
    ]
    assert max(revisions) == schema.HEAD


def test_up_and_down_and_up_again(database_url: str) -> None:
    assert schema.revision(database_url) is None
    schema.migrate(database_url)
    assert schema.revision(database_url) == schema.HEAD
    assert "messages" in tables(database_url)
    schema.migrate(database_url, "base")
    assert tables(database_url) <= {"alembic_version"}
    schema.migrate(database_url)
    schema.require_head(database_url)


def test_a_second_migration_changes_nothing_on_a_full_database(database_url: str) -> None:
    schema.migrate(database_url)
    store = PostgresStore(database_url)
    store.ingest(ACCOUNT, [a_message() for _ in range(20)], None)
    for stored in store.unjudged(ACCOUNT, 20):
        alert = an_alert(message_id=stored.id, thread_key=stored.message.thread_key)
        outcome = an_outcome(thread_key=alert.thread_key, alerts=(alert,))
        store.record([Judgement(stored.id, a_verdict())], [outcome])
    store.beat(ACCOUNT, "read", NOW)
    schema.migrate(database_url)
    assert store.unjudged(ACCOUNT, 20) == []
    store.close()
    schema.migrate(database_url, "base")
    schema.migrate(database_url)
    store = PostgresStore(database_url)
    assert store.ingest(ACCOUNT, [a_message()], None).added == 1
    store.close()


def test_what_was_told_before_questions_were_told_apart_is_not_told_again(
    database_url: str,
) -> None:
    schema.migrate(database_url, "0003")
    execute(
        database_url,
        "insert into alerts (reference, account, thread_key, kind, channel, body, created_at) "
        f"values ('jv-1', '{ACCOUNT}', 'gm:1', 'alert', 'sms', '', now()), "
        f"('jv-2', '{ACCOUNT}', 'unread', 'notice', 'sms', '', now())",
    )
    schema.migrate(database_url)
    store = PostgresStore(database_url)
    again = an_alert(thread_key="gm:1", question="1.1")
    assert store.record([], [an_outcome(alerts=(again,))]).alerts == 0
    other = an_alert(thread_key="gm:1", question="1.2")
    assert store.record([], [an_outcome(alerts=(other,))]).alerts == 1
    store.close()
    # The older version knows one row for each conversation, and none of the new words.
    execute(database_url, "update alerts set state = 'cancelled' where question = '1.2'")
    schema.migrate(database_url, "0003")
    assert execute(database_url, "select reference from alerts order by id") == [
        ("jv-1",),
        ("jv-2",),
    ]


def test_what_the_mailbox_says_already_is_taken_over_once_and_an_older_version_sees_what_stands(
    database_url: str,
) -> None:
    schema.migrate(database_url, "0004")
    mailbox = {
        "taught": ("{Jeeves}", True),
        "yes": ("{jeeves/YES,Jeeves}", False),
        "no": ("{Later,Jeeves/no}", False),
        "both": ("{Jeeves,Jeeves/no}", True),
        "unstarred": ("{Jeeves}", False),
        "starred": ("{}", True),
        "other": ("{Mr Jeeves,Jeeves/maybe}", True),
        "unreadable": ("{Jeeves/yes}", False),
    }
    for name, (found, starred) in mailbox.items():
        unreadable = "'broken'" if name == "unreadable" else "null"
        execute(
            database_url,
            "insert into messages (account, origin, mailbox, digest, thread_key, received_at, "
            f"labels, starred, unreadable) values ('{ACCOUNT}', 'live', 'INBOX', '{name}', "
            f"'{name}', now(), '{found}', {starred}, {unreadable})",
        )
    said = (
        "select digest, label, source from {} l join messages m on m.id = l.message_id order by 1"
    )
    labels, words = said.format("labels"), said.format("current_labels")
    schema.migrate(database_url)
    taken_over = [
        ("no", "other", "mailbox"),
        ("taught", "needs_location", "mailbox"),
        ("yes", "needs_location", "mailbox"),
    ]
    assert execute(database_url, words) == taken_over
    with closing(PostgresStore(database_url)) as store:
        ids = {str(d): i for i, d in execute(database_url, "select id, digest from messages")}
        for name, label in (("no", Label.NEEDS_LOCATION), ("taught", None), ("both", Label.OTHER)):
            store.teach([Word(int(str(ids[name])), label, Source.COMMAND)])
    stands = execute(database_url, words)
    schema.migrate(database_url, "0004")
    assert execute(database_url, labels) == stands
    schema.migrate(database_url)
    assert execute(database_url, words) == sorted([*stands, taken_over[1]])


def test_processes_that_migrate_at_once_wait_for_each_other(database_url: str) -> None:
    failures: list[BaseException] = []

    def migrate() -> None:
        try:
            schema.migrate(database_url)
        except BaseException as exc:  # noqa: BLE001  # judged by the test
            failures.append(exc)

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    schema.require_head(database_url)


def test_an_older_and_a_newer_schema_are_refused_with_what_mends_them(database_url: str) -> None:
    with pytest.raises(SchemaOutOfDate, match="run `jeeves migrate`"):
        schema.require_head(database_url)
    schema.migrate(database_url)
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("update alembic_version set version_num = '9999'")
    connection.close()
    with pytest.raises(SchemaOutOfDate, match="upgrade Jeeves"):
        schema.require_head(database_url)
    with pytest.raises(SchemaOutOfDate, match="upgrade Jeeves"):
        schema.migrate(database_url)


def test_going_back_says_what_it_would_lose_and_changes_nothing(database_url: str) -> None:
    schema.migrate(database_url)
    with closing(PostgresStore(database_url)) as store:
        store.ingest(ACCOUNT, [a_message(), a_message()], None)
        ids = [one.id for one in store.unjudged(ACCOUNT, 2)]
        store.teach([Word(ids[0], Label.OTHER, Source.COMMAND)])
        store.mute(ACCOUNT, MuteKind.SENDER, "ana@example.org", NOW)
    lost = "; ".join(map(str, losing.losses(database_url, "0003")))
    assert "table mutes (1 row)" in lost
    assert "table pauses (0 rows)" in lost
    assert "table messages" not in lost
    execute(database_url, "update labels set heard_at = now()")
    assert "labels.heard_at (in 1 row)" in "; ".join(map(str, losing.losses(database_url, "0004")))
    everything = "; ".join(map(str, losing.losses(database_url, "base")))
    assert "table messages (2 rows)" in everything
    schema.require_head(database_url)
    assert execute(database_url, "select count(*) from mutes") == [(1,)]
    assert losing.losses(database_url, "head") == []


def test_a_schema_that_is_not_known_is_refused_with_those_that_are(database_url: str) -> None:
    with pytest.raises(ConfigError, match=r"0001, 0002, .*head or base"):
        schema.migrate(database_url, "0999")
    assert schema.revision(database_url) is None
    assert schema.revisions()[-1] == schema.HEAD
