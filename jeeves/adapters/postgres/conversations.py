"""Conversations: what is known of one, and what a decision about it changes."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from psycopg2.extras import execute_values

from jeeves.adapters.postgres.connection import (
    HasConnection,
    Row,
    SqlCursor,
    execute,
    in_one_statement,
    queries,
)
from jeeves.adapters.postgres.rows import alert_row, read_alert, read_message
from jeeves.domain.alert import STALE_AFTER, Alert, AlertKind, Channel, make_reference
from jeeves.domain.conversation import State
from jeeves.domain.message import Message
from jeeves.domain.outbox import Asked, Closing, Outcome, Recorded, Thread, ThreadMessage
from jeeves.domain.verdict import Band, Label

#: A conversation of an account.
Key = tuple[str, str]
#: Rows in these states were said, or may have been.
SAID = frozenset({"pending", "sending", "unknown", "sent"})


class PostgresConversations(HasConnection):
    """The part of `jeeves.domain.ports.Store` that decisions are made from."""

    @in_one_statement
    def thread(self, sql: SqlCursor, account: str, thread_key: str) -> Thread:
        """The stored messages of a conversation."""
        execute(sql, {"account": account, "thread_key": thread_key}, "thread")
        rows = sql.fetchall()
        return Thread(
            tuple(
                ThreadMessage(
                    row["id"],
                    read_message(row),
                    Band(row["band"]) if row["band"] else None,
                    Label(row["label"]) if row["label"] else None,
                )
                for row in rows
            ),
            max((row["word"] or 0 for row in rows), default=0),
        )

    @in_one_statement
    def recent_conversations(self, sql: SqlCursor, account: str, since: datetime) -> list[Message]:
        """Every mail of the conversations to which mail has come since then, oldest first."""
        sql.execute(queries()["recent_conversations"], {"account": account, "since": since})
        return [read_message(row) for row in sql.fetchall()]

    @in_one_statement
    def questions(self, sql: SqlCursor, account: str, thread_key: str) -> Asked:
        """What was told, or is to be told, of a conversation."""
        execute(sql, {"account": account, "thread_key": thread_key}, "questions")
        told: dict[tuple[str, AlertKind], list[Alert]] = {}
        for alert in map(read_alert, sql.fetchall()):
            told.setdefault((alert.question, alert.kind), []).append(alert)
        return told


def write_outcomes(
    sql: SqlCursor, outcomes: Sequence[Outcome], judged: Collection[Row]
) -> Recorded:
    """Write decisions as part of a transaction, but for those that newer mail, or the owner's
    word, has overtaken.

    Args:
        sql: The transaction.
        outcomes: One for each conversation.
        judged: Id, account and thread_key of the messages that this transaction marks as judged.
            Those of a conversation that went on are unmarked, so that whoever comes next decides.
    """
    gone_on = lock(sql, outcomes)
    overtaken = [row["id"] for row in judged if (row["account"], row["thread_key"]) in gone_on]
    if overtaken:
        sql.execute(queries()["mark_unjudged"], {"ids": overtaken})
    standing = [one for one in outcomes if (one.account, one.thread_key) not in gone_on]
    added = 0
    if standing:
        write_conversations(sql, standing)
        close_questions(sql, standing)
        move_alerts(sql, [alert for one in standing for alert in one.moved])
        added = insert_alerts(sql, [alert for one in standing for alert in one.alerts])
    return Recorded(added, frozenset(thread_key for _, thread_key in gone_on))


def lock(sql: SqlCursor, outcomes: Sequence[Outcome]) -> set[Key]:
    """Lock the conversations until the transaction ends; those that more has come to meanwhile."""
    values = {
        "accounts": [one.account for one in outcomes],
        "thread_keys": [one.thread_key for one in outcomes],
        "read_up_to": [one.read_up_to for one in outcomes],
        "heard_up_to": [one.heard_up_to for one in outcomes],
    }
    execute(sql, values, "lock_conversations", "conversations_gone_on")
    return {(row["account"], row["thread_key"]) for row in sql.fetchall()}


def write_conversations(sql: SqlCursor, outcomes: Iterable[Outcome]) -> None:
    """Write how conversations stand; of two decisions about one the later in order."""
    rows = {}
    for one in outcomes:
        meeting = one.conversation.foremost
        # Messages are called by their ids in the turns of a stored conversation.
        settled_by = int(meeting.settled_by) if meeting and meeting.settled_by else None
        rows[one.account, one.thread_key] = (
            *(one.account, one.thread_key, one.conversation.state.value),
            meeting.place if meeting else "",
            *(one.meeting_at, settled_by),
            meeting.question if meeting and meeting.state is State.OPEN else "",
            one.decided_at,
        )
    execute_values(sql, queries()["write_conversations"], list(rows.values()), page_size=len(rows))


def close_questions(sql: SqlCursor, outcomes: Iterable[Outcome]) -> None:
    """Cancel what was not said of closed questions, and take back what was, or may have been."""
    closings = {
        (one.account, one.thread_key, closing.question): (one, closing)
        for one in outcomes
        for closing in one.closed
    }
    if not closings:
        return
    rows = [(*key, one.decided_at) for key, (one, _) in closings.items()]
    execute_values(
        sql,
        queries()["close_questions"],
        rows,
        template="(%s, %s, %s, %s::timestamptz)",
        page_size=len(rows),
    )
    retractions = [
        retraction(row, one, closing)
        for row in sql.fetchall()
        if row["said"] in SAID
        for one, closing in [closings[row["account"], row["thread_key"], row["question"]]]
    ]
    insert_alerts(sql, [alert for alert in retractions if alert is not None])


def retraction(said: Row, outcome: Outcome, closing: Closing) -> Alert | None:
    """The row that takes back what was said on a channel; None where nothing is to be."""
    channel = Channel(said["channel"])
    reference, text = make_reference(secrets.randbelow), closing.spoken_text
    if channel is Channel.SMS and closing.reference:
        reference, text = closing.reference, closing.sms_text
    elif channel is not Channel.SPEECH:
        text = closing.sms_text and f"{closing.sms_text} {reference}"
    if not text:
        return None
    return Alert(
        reference=reference,
        account=outcome.account,
        thread_key=outcome.thread_key,
        message_id=said["message_id"],
        channel=channel,
        text=text,
        created_at=outcome.decided_at,
        kind=AlertKind.RETRACTION,
        question=closing.question,
        expires_at=said["meeting_at"] or outcome.decided_at + STALE_AFTER,
        meeting_at=said["meeting_at"],
        urgent=said["urgent"],
    )


def move_alerts(sql: SqlCursor, alerts: Sequence[Alert]) -> None:
    """Say at another time, and in other words, what was not yet said."""
    if not alerts:
        return
    rows = [
        (
            *(alert.reference, alert.text, alert.not_before, alert.expires_at, alert.meeting_at),
            alert.urgent,
        )
        for alert in alerts
    ]
    execute_values(
        sql,
        queries()["move_alerts"],
        rows,
        template="(%s, %s, %s::timestamptz, %s::timestamptz, %s::timestamptz, %s)",
        page_size=len(rows),
    )


def insert_alerts(sql: SqlCursor, alerts: Sequence[Alert]) -> int:
    """Put rows into the outbox; the number of those that are new."""
    if not alerts:
        return 0
    rows = [alert_row(alert) for alert in alerts]
    execute_values(sql, queries()["insert_alerts"], rows, page_size=len(rows))
    return sql.rowcount
