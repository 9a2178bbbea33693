"""Marks of stored mails, and the labels that are written back, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg2.extras import execute_values

from jeeves.adapters.postgres.connection import (
    HasConnection,
    Row,
    SqlCursor,
    in_transaction,
    queries,
)
from jeeves.adapters.postgres.teaching import lock_labels, note_marks
from jeeves.domain.conversation import State
from jeeves.domain.labelling import NEEDS_PLACE, SETTLED, LabelChange, LabelWish
from jeeves.domain.message import Marks
from jeeves.domain.ports import MailboxStatus, MarksKnown

#: Rows in one statement.
PAGE = 1000


class PostgresMarks(HasConnection):
    """`jeeves.domain.ports.MarkStore`."""

    @in_transaction
    def marks_known(self, sql: SqlCursor, account: str, status: MailboxStatus) -> MarksKnown | None:
        """How far the marks of the mailbox are known; None before its first cursor."""
        sql.execute(queries()["marks_known"], mailbox_row(account, status))
        row = sql.fetchone()
        if row is None:
            return None
        swept_at = row["swept_at"]
        return MarksKnown(row["highest_modseq"], swept_at and swept_at.astimezone(UTC))

    @in_transaction
    def stored_uids(
        self, sql: SqlCursor, account: str, status: MailboxStatus, since: datetime | None = None
    ) -> list[int]:
        """UIDs of the stored mails of the mailbox, ascending; those received since then."""
        sql.execute(queries()["stored_uids"], {**mailbox_row(account, status), "since": since})
        return [row["uid"] for row in sql.fetchall()]

    @in_transaction
    def write_marks(
        self,
        sql: SqlCursor,
        account: str,
        status: MailboxStatus,
        marks: Mapping[int, Marks],
        known: MarksKnown,
    ) -> int:
        """Write marks, and how far they are known, together; the number of mails that changed."""
        written: list[Row] = []
        rows = [
            (account, status.mailbox, status.uidvalidity, uid, list(found.labels), found.starred)
            for uid, found in sorted(marks.items())
        ]
        if rows:
            lock_labels(sql)
        for start in range(0, len(rows), PAGE):
            written += execute_values(
                sql,
                queries()["write_marks"],
                rows[start : start + PAGE],
                template="(%s, %s, %s, %s, %s::text[], %s)",
                page_size=PAGE,
                fetch=True,
            )
        note_marks(sql, [row for row in written if row["unreadable"] is None])
        sql.execute(
            queries()["write_marks_known"],
            {
                **mailbox_row(account, status),
                "highest_modseq": known.highest_modseq,
                "swept_at": known.swept_at,
            },
        )
        return len(written)


class PostgresLabels(HasConnection):
    """`jeeves.domain.ports.LabelStore`."""

    @in_transaction
    def mislabelled(self, sql: SqlCursor, account: str) -> list[tuple[int, State]]:
        """Messages that alerted and whose wishes do not fit how their conversation stands."""
        row = {"account": account, "needs_place": NEEDS_PLACE, "settled": SETTLED}
        sql.execute(queries()["mislabelled"], row)
        return [(found["message_id"], State(found["state"])) for found in sql.fetchall()]

    @in_transaction
    def wish_labels(self, sql: SqlCursor, wishes: Sequence[LabelWish]) -> None:
        """Remember what messages should carry; a later wish stands over an earlier one."""
        latest = {(wish.message_id, wish.label): wish.on for wish in wishes}
        if latest:
            rows = [(message_id, label, on) for (message_id, label), on in latest.items()]
            execute_values(sql, queries()["wish_labels"], rows, page_size=len(rows))

    @in_transaction
    def due_labels(
        self, sql: SqlCursor, account: str, status: MailboxStatus, limit: int
    ) -> list[LabelChange]:
        """Wishes that the mailbox does not yet show, oldest message first."""
        sql.execute(queries()["due_labels"], {**mailbox_row(account, status), "limit": limit})
        return [
            LabelChange(LabelWish(row["message_id"], row["label"], row["wanted"]), row["uid"])
            for row in sql.fetchall()
        ]

    @in_transaction
    def labels_due(self, sql: SqlCursor, account: str) -> bool:
        """Whether there is any such wish in the mailbox that was read last."""
        sql.execute(queries()["labels_due"], {"account": account})
        row = sql.fetchone()
        return bool(row and row["due"])

    @in_transaction
    def labels_written(self, sql: SqlCursor, changes: Sequence[LabelChange]) -> None:
        """Remember that the mailbox shows these wishes."""
        rows = [(c.wish.message_id, c.wish.label, c.wish.on) for c in changes]
        if rows:
            execute_values(sql, queries()["labels_written"], rows, page_size=len(rows))


def mailbox_row(account: str, status: MailboxStatus) -> dict[str, Any]:
    """What names the mailbox in a query."""
    return {
        "account": account,
        "mailbox": status.mailbox,
        "uidvalidity": status.uidvalidity,
    }
