"""Old text, on PostgreSQL: conversations that are over, and the words of their mails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from jeeves.adapters.postgres.connection import (
    HasConnection,
    SqlCursor,
    in_one_statement,
    in_transaction,
    queries,
)
from jeeves.domain.keeping import Aged

#: Mails that are looked at, or dropped, in one transaction: it takes some milliseconds.
BATCH = 200
#: Not of any account.
BEAT = ("", "retention")


class PostgresRetention(HasConnection):
    """`jeeves.domain.keeping.RetentionStore`; one connection, one thread."""

    @in_transaction
    def age(
        self, sql: SqlCursor, after: int, before: datetime, stored_before: datetime, now: datetime
    ) -> Aged:
        """Find old conversations that are over, and forget what was told of them."""
        sql.execute(queries()["aging"], {"after": after, "before": before, "limit": BATCH})
        old = sql.fetchall()
        if not old:
            return Aged(0, None)
        keys = {
            "accounts": [row["account"] for row in old],
            "thread_keys": [row["thread_key"] for row in old],
        }
        # Whoever decides about one of them meanwhile comes before or after.
        sql.execute(queries()["lock_conversations"], keys)
        sql.execute(
            queries()["age_conversations"],
            {**keys, "before": before, "stored_before": stored_before, "now": now},
        )
        over = sql.fetchall()
        if over:
            sql.execute(
                queries()["forget_questions"],
                {
                    "accounts": [row["account"] for row in over],
                    "thread_keys": [row["thread_key"] for row in over],
                    "number": str(int(now.timestamp() * 1000)),
                },
            )
        return Aged(len(over), old[-1]["id"] if len(old) == BATCH else None)

    @in_transaction
    def drop_texts(self, sql: SqlCursor, now: datetime, *, keep_labelled: bool) -> int:
        """Drop the words of some mails of these conversations; how many, 0 when none is left."""
        sql.execute(queries()["due_texts"], {"keep_labelled": keep_labelled, "limit": BATCH})
        return drop_texts(sql, [row["id"] for row in sql.fetchall()], now)

    @in_one_statement
    def forget_digests(self, sql: SqlCursor, before: datetime) -> None:
        """Forget what digests from before then said."""
        sql.execute(queries()["forget_digests"], {"before": before})

    @in_one_statement
    def last_run(self, sql: SqlCursor) -> datetime | None:
        """When all old text had been dropped for the last time."""
        sql.execute(queries()["heartbeats"])
        beats = {(row["account"], row["name"]): row["beat_at"] for row in sql.fetchall()}
        beat = beats.get(BEAT)
        return beat.astimezone(UTC) if beat else None

    @in_one_statement
    def ran(self, sql: SqlCursor, now: datetime) -> None:
        """Remember that all of it is dropped."""
        account, name = BEAT
        sql.execute(
            queries()["write_beat"], {"account": account, "name": name, "now": now, "detail": ""}
        )


def drop_texts(sql: SqlCursor, ids: Sequence[int], now: datetime) -> int:
    """Drop the words of these mails as part of a transaction; of how many there were any."""
    sql.execute(queries()["drop_texts"], {"ids": list(ids), "now": now})
    return sql.rowcount
