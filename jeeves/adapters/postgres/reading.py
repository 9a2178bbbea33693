"""What people are shown of the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from jeeves.adapters.postgres.connection import (
    HasConnection,
    Row,
    SqlCursor,
    in_one_statement,
    in_transaction,
    queries,
)
from jeeves.adapters.postgres.rows import (
    read_alert_line,
    read_beats,
    read_message,
    read_muted,
    read_told,
    read_verdict,
)
from jeeves.domain.alert import AlertKind, AlertState, Channel
from jeeves.domain.listing import AlertLine, Backlog, ListedMessage, MutedLine, ToldAlert
from jeeves.domain.metering import Outbox
from jeeves.domain.operating import mails_a_day
from jeeves.domain.verdict import Label

VOLUME_DAYS = 30


class Reading(HasConnection):
    """Read-only views for `list`, `show`, `status` and the live table."""

    @in_transaction
    def newest(
        self, sql: SqlCursor, limit: int, needs_location: bool = False
    ) -> list[ListedMessage]:
        """The messages received last, newest first; or only those that need a place."""
        return self._listing(sql, None, limit, needs_location)

    @in_transaction
    def message(self, sql: SqlCursor, message_id: int) -> ListedMessage | None:
        """The message with this short id."""
        return next(iter(self._listing(sql, message_id, 1, False)), None)

    @in_transaction
    def last_alerts(self, sql: SqlCursor, limit: int) -> list[AlertLine]:
        """The newest outbox rows, newest first."""
        sql.execute(queries()["last_alerts"], {"limit": limit})
        return [read_alert_line(row) for row in sql.fetchall()]

    @in_transaction
    def told(self, sql: SqlCursor, limit: int) -> list[ToldAlert]:
        """The newest outbox rows with everything that became of them, newest first."""
        sql.execute(queries()["told"], {"limit": limit})
        return [read_told(row) for row in sql.fetchall()]

    @in_transaction
    def muted(self, sql: SqlCursor) -> list[MutedLine]:
        """What is muted in all accounts, oldest first."""
        sql.execute(queries()["muted"])
        return [read_muted(row) for row in sql.fetchall()]

    @in_transaction
    def pauses(self, sql: SqlCursor, now: datetime) -> Mapping[str, datetime]:
        """When the pause of each account ends that is paused."""
        sql.execute(queries()["pauses"], {"now": now})
        return {row["account"]: row["until"].astimezone(UTC) for row in sql.fetchall()}

    @in_transaction
    def backlog(self, sql: SqlCursor) -> Backlog:
        """What is stored and what waits."""
        sql.execute(queries()["backlog"])
        row: Row = sql.fetchone() or {}
        return Backlog(**row)

    @in_one_statement
    def outbox(self, sql: SqlCursor) -> Outbox:
        """How many rows of the outbox there are of each kind, on each channel, in each state."""
        sql.execute(queries()["outbox_counts"])
        return {
            (AlertKind(row["kind"]), Channel(row["channel"]), AlertState(row["state"])): row["rows"]
            for row in sql.fetchall()
        }

    @in_transaction
    def heartbeats(self, sql: SqlCursor) -> Mapping[tuple[str, str], tuple[datetime, str]]:
        """The last beat of every (account, name), and its detail."""
        return read_beats(sql)

    @in_transaction
    def clock(self, sql: SqlCursor) -> datetime:
        """What the server's clock shows."""
        sql.execute(queries()["clock"])
        (row,) = sql.fetchall()
        shows: datetime = row["shows"]
        return shows.astimezone(UTC)

    @in_transaction
    def mails_a_day(self, sql: SqlCursor, now: datetime) -> float | None:
        """Mails from other people, none of them mass mail, over the last 30 days.

        Counted from the first known one on where that is less; None where there was none.
        """
        sql.execute(queries()["volume"], {"now": now, "days": VOLUME_DAYS})
        row: Row = sql.fetchone() or {"mails": 0, "days": 0.0}
        return mails_a_day(row["mails"], row["days"])

    @staticmethod
    def _listing(
        sql: SqlCursor, message_id: int | None, limit: int, needs_location: bool
    ) -> list[ListedMessage]:
        sql.execute(
            queries()["listing"],
            {"id": message_id, "limit": limit, "needs_location": needs_location},
        )
        rows = sql.fetchall()
        sql.execute(queries()["alerts_of"], {"ids": [row["id"] for row in rows]})
        alerts: dict[int, list[AlertLine]] = {}
        for alert in sql.fetchall():
            alerts.setdefault(alert["message_id"], []).append(read_alert_line(alert))
        return [
            ListedMessage(
                id=row["id"],
                message=None if row["unreadable"] else read_message(row),
                received_at=row["received_at"],
                unreadable=row["unreadable"],
                verdict=read_verdict(row),
                withheld=row["withheld"],
                label=Label(row["label"]) if row["label"] else None,
                alerts=tuple(alerts.get(row["id"], ())),
            )
            for row in rows
        ]
