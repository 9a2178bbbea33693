"""The Store port on PostgreSQL: what the way of one mail writes and reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from jeeves.adapters.postgres.connection import (
    Row,
    SqlCursor,
    execute,
    execute_anew,
    in_one_statement,
    in_transaction,
    queries,
)
from jeeves.adapters.postgres.conversations import PostgresConversations, write_outcomes
from jeeves.adapters.postgres.copying import copy
from jeeves.adapters.postgres.erasing import without_erased
from jeeves.adapters.postgres.identity import Identities
from jeeves.adapters.postgres.marks import PostgresLabels, PostgresMarks
from jeeves.adapters.postgres.muting import PostgresMutes
from jeeves.adapters.postgres.outbox import PostgresOutbox
from jeeves.adapters.postgres.rows import (
    MESSAGE_COLUMNS,
    message_row,
    read_beats,
    read_message,
    verdict_row,
)
from jeeves.adapters.postgres.teaching import PostgresTeaching, lock_labels, note_marks
from jeeves.adapters.postgres.watching import PostgresWatching
from jeeves.domain.labelling import training_label
from jeeves.domain.message import Cursor, Marks, Message, Unreadable
from jeeves.domain.outbox import Outcome, Recorded
from jeeves.domain.ports import Ingested, Judgement, StoredMessage


class PostgresStore(
    PostgresMarks,
    PostgresLabels,
    PostgresConversations,
    PostgresOutbox,
    PostgresMutes,
    PostgresTeaching,
    PostgresWatching,
):
    """`jeeves.domain.ports.Store`; one connection, one thread."""

    @in_one_statement
    def cursor(self, sql: SqlCursor, account: str, mailbox: str) -> Cursor | None:
        """The newest cursor of a mailbox."""
        execute(sql, {"account": account, "mailbox": mailbox}, "newest_cursor")
        row = sql.fetchone()
        if row is None:
            return None
        return Cursor(
            mailbox=mailbox,
            uidvalidity=row["uidvalidity"],
            last_uid=row["last_uid"],
            live_from=row["live_from"],
            history_from=row["history_from"].astimezone(UTC),
            live_since=row["live_since"],
        )

    @in_transaction
    def ingest(
        self,
        sql: SqlCursor,
        account: str,
        batch: Sequence[Message | Unreadable],
        cursor: Cursor | None,
    ) -> Ingested:
        """Write the messages and the cursor that covers them together."""
        ingested = self.write_messages(sql, account, batch)
        if cursor is not None:
            values = {
                "account": account,
                "mailbox": cursor.mailbox,
                "uidvalidity": cursor.uidvalidity,
                "last_uid": cursor.last_uid,
                "live_from": cursor.live_from,
                "history_from": cursor.history_from,
                "live_since": cursor.live_since,
            }
            # A cursor that comes without mail says what is history: of that nothing may be lost.
            if batch:
                execute(sql, values, "flush_later", "write_cursor")
            else:
                execute(sql, values, "write_cursor")
        return ingested

    @classmethod
    def write_messages(
        cls, sql: SqlCursor, account: str, batch: Sequence[Message | Unreadable]
    ) -> Ingested:
        """Write the messages that are not stored yet, as part of a transaction."""
        new: list[Message | Unreadable] = []
        adopted: dict[int, Message] = {}
        read = len(batch)
        if batch:
            identities, any_erased = cls._identities(sql, account, batch)
            if any_erased:
                batch = without_erased(sql, batch)
            for message in batch:
                known = identities.match(message)
                if known is None:
                    placed = identities.placed(message) if isinstance(message, Message) else message
                    identities.remember(placed)
                    new.append(placed)
                elif known.id is not None and isinstance(message, Message) and message.uid:
                    adopted[known.id] = message
            taught = [one.digest for one in new if isinstance(one, Message) and teaches(one)]
            if taught or adopted:
                lock_labels(sql)
            for known_id, message in adopted.items():
                cls._adopt(sql, known_id, message)
            if new:
                copy(sql, "messages", MESSAGE_COLUMNS, map(message_row, new))
            if taught or adopted:
                row = {"account": account, "digests": taught, "ids": list(adopted)}
                sql.execute(queries()["marked_messages"], row)
                note_marks(sql, sql.fetchall())
        return Ingested(added=len(new), known=read - len(new))

    @staticmethod
    def _identities(
        sql: SqlCursor, account: str, batch: Sequence[Message | Unreadable]
    ) -> tuple[Identities, bool]:
        """Lock ingest for this account until the transaction ends.

        Returns:
            What is stored of it, and whether mail was ever erased.
        """
        readable = [m for m in batch if isinstance(m, Message)]
        message_ids = {m.message_id for m in readable if m.message_id}
        message_ids.update(reference for m in readable for reference in m.references)
        values = {
            "account": account,
            "gmail_ids": [m.gmail_id for m in batch if m.gmail_id],
            "message_ids": list(message_ids),
            # what has an id is never known by its digest
            "digests": [m.digest for m in batch if not (m.gmail_id or has_id(m))],
        }
        if len(batch) == 1:
            execute(sql, values, "lock_ingest", "known_identities")
        else:
            execute_anew(sql, values, "lock_ingest", "known_identities")
        rows = sql.fetchall()
        return Identities(row for row in rows if row["id"] is not None), rows[0]["any_mail"]

    @staticmethod
    def _adopt(sql: SqlCursor, known_id: int, message: Message) -> None:
        sql.execute(
            queries()["adopt_message"],
            {
                "id": known_id,
                "gmail_id": message.gmail_id,
                "thread_key": message.thread_key,
                "mailbox": message.mailbox,
                "uid": message.uid,
                "uidvalidity": message.uidvalidity,
                "labels": list(message.labels),
                "starred": message.starred,
                "origin": message.origin.value,
            },
        )

    @in_one_statement
    def unjudged(self, sql: SqlCursor, account: str, limit: int) -> list[StoredMessage]:
        """Readable messages without any verdict, oldest first."""
        execute(sql, {"account": account, "limit": limit}, "unjudged")
        return [
            StoredMessage(row["id"], read_message(row), alone=row["alone"])
            for row in sql.fetchall()
        ]

    @in_transaction
    def record(
        self, sql: SqlCursor, judgements: Sequence[Judgement], outcomes: Sequence[Outcome] = ()
    ) -> Recorded:
        """Write verdicts and what was decided because of them together."""
        marked: Sequence[Row] = ()
        if judgements:
            ids = [one.message_id for one in judgements]
            verdicts = json.dumps([verdict_row(one) for one in judgements])
            values = {"ids": ids, "verdicts": verdicts}
            if outcomes:
                execute(sql, values, "share_labels", "write_verdicts")
            else:
                execute(sql, values, "write_verdicts")
            marked = sql.fetchall()
        elif outcomes:
            execute(sql, {}, "share_labels")
        conversations = {(row["account"], row["thread_key"]) for row in marked}
        due = [
            outcome
            for outcome in outcomes
            if not judgements or (outcome.account, outcome.thread_key) in conversations
        ]
        return write_outcomes(sql, due, marked) if due else Recorded()

    @in_one_statement
    def beat(
        self, sql: SqlCursor, account: str, name: str, now: datetime, detail: str = ""
    ) -> datetime | None:
        """Remember that ``name`` last went well at ``now``; when it had before."""
        sql.execute(
            queries()["write_beat"],
            {"account": account, "name": name, "now": now, "detail": detail},
        )
        row = sql.fetchone()
        return row["before"].astimezone(UTC) if row and row["before"] else None

    @in_one_statement
    def heartbeats(self, sql: SqlCursor) -> Mapping[tuple[str, str], tuple[datetime, str]]:
        """The last beat of every (account, name), and its detail."""
        return read_beats(sql)


def has_id(message: Message | Unreadable) -> bool:
    """Whether it has a Message-ID."""
    return isinstance(message, Message) and bool(message.message_id)


def teaches(message: Message) -> bool:
    """Whether its labels and star say anything of it."""
    return training_label(Marks(message.labels, message.starred)) is not None
