"""What the owner does not want to hear of, and until when nothing at all."""

from __future__ import annotations

from datetime import UTC, datetime

from jeeves.adapters.postgres.connection import (
    HasConnection,
    SqlCursor,
    in_one_statement,
    in_transaction,
    queries,
)
from jeeves.domain.outbox import Mute, MuteKind


class PostgresMutes(HasConnection):
    """The part of `jeeves.domain.ports.Store` that the owner has in hand."""

    @in_transaction
    def mute(self, sql: SqlCursor, account: str, kind: MuteKind, value: str, now: datetime) -> bool:
        """Never tell of a conversation or a sender, nor what waits; whether that is new."""
        row = {"account": account, "kind": kind.value, "value": muted_value(kind, value)}
        sql.execute(queries()["mute"], {**row, "now": now})
        new = sql.rowcount > 0
        sql.execute(queries()["cancel_muted"], {"account": account, "channel": None, "now": now})
        return new

    @in_one_statement
    def unmute(self, sql: SqlCursor, account: str, kind: MuteKind, value: str) -> bool:
        """Tell of it again; whether it was muted."""
        row = {"account": account, "kind": kind.value, "value": muted_value(kind, value)}
        sql.execute(queries()["unmute"], row)
        return sql.rowcount > 0

    @in_one_statement
    def mutes(self, sql: SqlCursor, account: str) -> list[Mute]:
        """What is muted, oldest first."""
        sql.execute(queries()["mutes"], {"account": account})
        return [
            Mute(MuteKind(row["kind"]), row["value"], row["muted_at"].astimezone(UTC))
            for row in sql.fetchall()
        ]

    @in_one_statement
    def pause(self, sql: SqlCursor, account: str, until: datetime) -> None:
        """Say nothing but notices until then; a later pause stands over an earlier one."""
        sql.execute(queries()["pause"], {"account": account, "until": until})

    @in_one_statement
    def resume(self, sql: SqlCursor, account: str, now: datetime) -> bool:
        """End a pause; whether there was one."""
        sql.execute(queries()["resume"], {"account": account, "now": now})
        return sql.rowcount > 0

    @in_one_statement
    def paused_until(self, sql: SqlCursor, account: str, now: datetime) -> datetime | None:
        """When the pause ends; None where there is none."""
        sql.execute(queries()["paused_until"], {"account": account, "now": now})
        row = sql.fetchone()
        return row["until"].astimezone(UTC) if row else None


def muted_value(kind: MuteKind, value: str) -> str:
    """As it is stored: an address in lower case."""
    return value.strip().lower() if kind is MuteKind.SENDER else value
