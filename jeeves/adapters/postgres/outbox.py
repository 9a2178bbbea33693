"""The outbox: claims with a lease, and what becomes of what was claimed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jeeves.adapters.postgres.connection import (
    HasConnection,
    SqlCursor,
    in_one_statement,
    in_transaction,
    queries,
)
from jeeves.adapters.postgres.conversations import insert_alerts
from jeeves.adapters.postgres.rows import read_alert
from jeeves.domain.alert import Alert, Channel


class PostgresOutbox(HasConnection):
    """The part of `jeeves.domain.ports.Store` that deliveries are made from."""

    @in_transaction
    def announce(self, sql: SqlCursor, alerts: Sequence[Alert]) -> int:
        """Put notices into the outbox; the number of those that are new."""
        return insert_alerts(sql, alerts)

    @in_one_statement
    def claim(
        self,
        sql: SqlCursor,
        account: str,
        channels: Sequence[Channel],
        now: datetime,
        lease_seconds: float,
    ) -> Alert | None:
        """Take one due alert for this process alone until the lease ends."""
        sql.execute(
            queries()["claim_alert"],
            {
                "account": account,
                "channels": [channel.value for channel in channels],
                "now": now,
                "lease_seconds": lease_seconds,
            },
        )
        row = sql.fetchone()
        return read_alert(row) if row else None

    @in_one_statement
    def settle(self, sql: SqlCursor, alert: Alert, now: datetime) -> None:
        """Write what became of a claimed alert."""
        sql.execute(
            queries()["settle_alert"],
            {
                "reference": alert.reference,
                "attempts": alert.attempts,
                "state": alert.state.value,
                "not_before": alert.not_before,
                "receipt": alert.receipt.id if alert.receipt else None,
                "note": alert.receipt.note if alert.receipt else "",
                "error": alert.error,
                "follow_at": alert.follow_at,
                "now": now,
            },
        )

    @in_one_statement
    def void_retractions(
        self, sql: SqlCursor, account: str, channel: Channel, now: datetime
    ) -> None:
        """Cancel the retractions of what was never said."""
        sql.execute(
            queries()["void_retractions"],
            {"account": account, "channel": channel.value, "now": now},
        )
