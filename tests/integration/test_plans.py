"""What is executed again and again is planned once, and a plan that is lost is made anew."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from jeeves.adapters.postgres.connection import (
    PLANNED_FROM,
    SqlCursor,
    execute_anew,
    plan_name,
    queries,
)
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.message import Cursor
from jeeves.domain.ports import Judgement
from tests.builders import ACCOUNT, NOW, a_message, a_verdict, an_outcome

CURSOR = Cursor("INBOX", 1, 7, 1, NOW)
#: All that happens to a mail between its arrival and its verdict.
WAY_OF_ONE_MAIL = {
    *("newest_cursor", "lock_ingest", "known_identities", "flush_later", "write_cursor"),
    *("unjudged", "thread", "questions", "share_labels", "write_verdicts"),
    *("lock_conversations", "conversations_gone_on"),
}
PLANS = set(map(plan_name, WAY_OF_ONE_MAIL))


@pytest.fixture
def store(migrated_url: str) -> Iterator[PostgresStore]:
    store = PostgresStore(migrated_url)
    yield store
    store.close()


def one_mail(store: PostgresStore, uid: int) -> None:
    """A mail comes, is judged and decided about; nothing of it is missing."""
    cursor = store.cursor(ACCOUNT, CURSOR.mailbox)
    assert cursor is None or cursor.last_uid == uid - 1
    message = a_message(uid=uid)
    assert store.ingest(ACCOUNT, [message], replace(CURSOR, last_uid=uid)).added == 1
    (stored,) = store.unjudged(ACCOUNT, 2)
    assert stored.message == message
    thread = store.thread(ACCOUNT, message.thread_key)
    assert [one.id for one in thread.messages] == [stored.id]
    assert store.questions(ACCOUNT, message.thread_key) == {}
    outcome = an_outcome(thread_key=message.thread_key, read_up_to=thread.read_up_to)
    assert not store.record([Judgement(stored.id, a_verdict())], [outcome]).again
    assert store.unjudged(ACCOUNT, 1) == []


def mails(store: PostgresStore, first: int, count: int) -> int:
    """So many mails, one after the other; the UID of the next."""
    for uid in range(first, first + count):
        one_mail(store, uid)
    return first + count


def planned(store: PostgresStore) -> set[str]:
    """What the server has planned for the connection of ``store``."""
    with store.connection.statement() as sql:
        sql.execute("select name from pg_prepared_statements")
        return {row["name"] for row in sql.fetchall()}


def test_the_way_of_one_mail_is_planned_once(store: PostgresStore) -> None:
    following = mails(store, 1, 2)
    assert planned(store) == set()
    mails(store, following, PLANNED_FROM)
    assert planned(store) == PLANS


def test_a_connection_that_is_made_anew_plans_anew(store: PostgresStore) -> None:
    following = mails(store, 1, PLANNED_FROM)
    store.close()
    following = mails(store, following, 1)
    assert planned(store) == set()
    mails(store, following, PLANNED_FROM)
    assert planned(store) == PLANS


def test_a_table_that_gets_a_column_stops_nothing(migrated_url: str, store: PostgresStore) -> None:
    following = mails(store, 1, 2 * PLANNED_FROM)
    other = PostgresStore(migrated_url)
    with other.connection.transaction() as sql:
        for table in ("messages", "alerts", "cursors"):
            sql.execute(f"alter table {table} add column later text")
    other.close()
    mails(store, following, 2 * PLANNED_FROM)


@pytest.mark.parametrize(
    "elsewhere",
    ["deallocate all", f"prepare {plan_name('newest_cursor')} as select 1 as last_uid"],
)
def test_behind_a_pooler_it_does_without_plans(store: PostgresStore, elsewhere: str) -> None:
    # Another session of the server's than before: one without our plans, or with another's.
    following = mails(store, 1, PLANNED_FROM - 1 if "prepare" in elsewhere else PLANNED_FROM)
    with store.connection.statement() as sql:
        sql.execute(elsewhere)
    mails(store, following, 2 * PLANNED_FROM)
    assert planned(store) == set()


def test_a_batch_is_looked_up_mail_by_mail_in_a_table_of_which_nothing_is_known(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by a plan of the time when the table was small, nor by reading all of it."""
    explained: list[str] = []

    def explain(sql: SqlCursor, values: Mapping[str, Any], *names: str) -> None:
        sql.execute(f"explain {queries()[names[-1]]}", values)
        explained.append("\n".join(row["QUERY PLAN"] for row in sql.fetchall()))
        execute_anew(sql, values, *names)

    following = mails(store, 1, PLANNED_FROM)
    monkeypatch.setattr("jeeves.adapters.postgres.store.execute_anew", explain)
    for first in range(following, following + 900, 300):
        batch = [a_message(uid=uid) for uid in range(first, first + 300)]
        store.ingest(ACCOUNT, batch, replace(CURSOR, last_uid=first + 299))
    looked_up = re.findall(r"Index Cond: \(\(account = .* AND \((\w+) = sought", explained[-1])
    assert looked_up == ["gmail_id", "message_id", "digest"], explained[-1]
    assert explained[-1].count("on messages") == len(looked_up), explained[-1]


def test_the_plan_of_another_version_is_never_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a pooler it may be there: a query that reads otherwise is called otherwise."""
    mine = plan_name("thread")
    assert mine.startswith("thread_")
    monkeypatch.setitem(queries(), "thread", f"{queries()['thread']} limit 1")
    assert plan_name("thread") != mine
