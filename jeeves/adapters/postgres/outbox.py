"""The outbox: claims with a lease and what becomes of them, digests, what is dropped."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from jeeves.adapters.postgres.connection import (
    HasConnection,
    Row,
    SqlCursor,
    in_one_statement,
    in_transaction,
    queries,
)
from jeeves.adapters.postgres.conversations import insert_alerts
from jeeves.adapters.postgres.rows import read_alert
from jeeves.domain.alert import STALE_AFTER, Alert, AlertKind, Channel, make_reference
from jeeves.domain.outbox import DigestText, Swept, digest_text
from jeeves.domain.schedule import Rules, month_of, quiet_end

#: Nothing holds alerts back.
FREE = Rules()


class PostgresOutbox(HasConnection):
    """The part of `jeeves.domain.ports.Store` that deliveries are made from."""

    @in_transaction
    def announce(self, sql: SqlCursor, alerts: Sequence[Alert]) -> int:
        """Put notices into the outbox; the number of those that are new."""
        return insert_alerts(sql, alerts)

    @in_transaction
    def end_silence(
        self, sql: SqlCursor, account: str, about: str, over: Sequence[Alert], now: datetime
    ) -> int:
        """Say that something is over about which there were notices; how often it is said."""
        sql.execute(queries()["silences"], {"account": account, "about": about, "now": now})
        said: dict[str, str] = {}
        unsaid = []
        for row in sql.fetchall():
            if row["unsaid"]:
                unsaid.append(row["id"])
            else:
                said.setdefault(row["channel"], row["thread_key"])
        if unsaid:
            sql.execute(queries()["cancel_notices"], {"ids": unsaid, "now": now})
        return insert_alerts(
            sql,
            [
                replace(notice, thread_key=f"over: {said[notice.channel]}")
                for notice in over
                if notice.channel in said
            ],
        )

    def claim(
        self,
        account: str,
        channels: Sequence[Channel],
        now: datetime,
        lease_seconds: float,
        rules: Rules = FREE,
        make_digest: DigestText = digest_text,
    ) -> Alert | None:
        """Take one due alert for this process alone until the lease ends."""
        for channel in channels:
            row = {**gate_row(account, channel, now, rules), "lease_seconds": lease_seconds}
            alert = self._claim_one(row) or self._claim_held(row, make_digest)
            if alert is not None and alert.in_doubt:
                barred = self._barred({**row, "reference": alert.reference})
                return replace(alert, barred=barred)
            if alert is not None:
                return alert
        return None

    @in_one_statement
    def _claim_one(self, sql: SqlCursor, row: Row) -> Alert | None:
        sql.execute(alone(gated("claim_alert")), row)
        found = sql.fetchone()
        return read_alert(found) if found else None

    @in_one_statement
    def _barred(self, sql: SqlCursor, row: Row) -> bool:
        sql.execute(gated("barred"), row)
        found = sql.fetchone()
        return bool(found and found["barred"])

    @in_transaction
    def _claim_held(self, sql: SqlCursor, row: Row, make_digest: DigestText) -> Alert | None:
        """What was held back and may go now: one as it is, several as a digest."""
        sql.execute(alone(queries()["dissolve_digests"]), row)
        sql.execute(gated("held_alerts"), row)
        found = [read_alert(one) for one in sql.fetchall()]
        digests = [alert for alert in found if alert.kind is AlertKind.DIGEST]
        if not found:
            return None
        taken = (digests or found)[0].reference
        if not digests and len(found) > 1:
            digest = digest_of(found, row["now"], make_digest)
            taken = digest.reference
            insert_alerts(sql, [digest])
            parts = [alert.reference for alert in found]
            sql.execute(
                queries()["digest_parts"], {"reference": taken, "parts": parts, "now": row["now"]}
            )
        sql.execute(queries()["claim_held"], {**row, "reference": taken})
        return read_alert(sql.fetchall()[0])

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

    @in_transaction
    def sweep(
        self,
        sql: SqlCursor,
        account: str,
        channel: Channel,
        now: datetime,
        overspent: str,
        rules: Rules = FREE,
    ) -> Swept:
        """Drop what is no longer wanted, and remember what could not go when it was due."""
        row = {**gate_row(account, channel, now, rules), "sentence": overspent}
        sql.execute(alone(queries()["pending"]), row)
        found = sql.fetchone()
        if not (found and found["pending"]):
            return Swept()
        sql.execute(queries()["cancel_muted"], row)
        sql.execute(queries()["void_retractions"], row)
        sql.execute(queries()["expire_alerts"], row)
        expired = tuple(map(read_alert, sql.fetchall()))
        overspent_alerts: tuple[Alert, ...] = ()
        if row["sms_per_month"] is not None:
            sql.execute(gated("overspent_alerts"), row)
            overspent_alerts = tuple(map(read_alert, sql.fetchall()))
        sql.execute(gated("hold_alerts"), row)
        return Swept(expired, overspent_alerts)

    @in_one_statement
    def claim_follow(
        self, sql: SqlCursor, account: str, channel: Channel, now: datetime, lease_seconds: float
    ) -> Alert | None:
        """Take one sent alert about which the provider is to be asked now."""
        sql.execute(
            queries()["claim_follow"],
            {
                "account": account,
                "channel": channel.value,
                "now": now,
                "lease_seconds": lease_seconds,
            },
        )
        row = sql.fetchone()
        return read_alert(row) if row else None

    @in_one_statement
    def follow_now(self, sql: SqlCursor, receipt: str, now: datetime) -> bool:
        """Ask at once how a text fares, for its provider reports something; whether it is ours."""
        sql.execute(queries()["follow_now"], {"receipt": receipt, "now": now})
        return sql.rowcount > 0

    @in_transaction
    def fall_back(
        self,
        sql: SqlCursor,
        account: str,
        first: Channel,
        fallback: Channel,
        now: datetime,
        silent_after: timedelta,
        new_reference: Callable[[], str],
    ) -> list[Alert]:
        """Put into the outbox for ``fallback`` what ``first`` could not deliver; the new rows."""
        row = {
            "account": account,
            "first": first.value,
            "channel": fallback.value,
            "now": now,
            "silent_after": silent_after,
        }
        sql.execute(alone(queries()["give_up"]), row)
        sql.execute(queries()["undelivered"], row)
        found = [(read_alert(one), one["in_digest"]) for one in sql.fetchall()]
        rows = [(handed_over(a, fallback, new_reference(), now), held) for a, held in found]
        insert_alerts(sql, [alert for alert, _ in rows])
        # What was to go as one still does.
        if held := [alert.reference for alert, in_digest in rows if in_digest]:
            sql.execute(queries()["hold"], {"references": held})
        return [alert for alert, _ in rows]

    @in_one_statement
    def write_follow(self, sql: SqlCursor, asked: Alert, alert: Alert) -> None:
        """Write what the provider said; ``asked`` is the alert as it was claimed for that."""
        sql.execute(
            queries()["write_follow"],
            {
                "reference": alert.reference,
                "follow_at": asked.follow_at,
                "next_follow_at": alert.follow_at,
                "delivery": alert.delivery,
                "delivered_at": alert.delivered_at,
                "error": alert.error,
                "not_before": alert.not_before,
                "resent": alert.resent,
                "state": alert.state.value,
            },
        )


def gate_row(account: str, channel: Channel, now: datetime, rules: Rules) -> dict[str, Any]:
    """What the queries ask that hold alerts back."""
    return {
        "account": account,
        "channel": channel.value,
        "now": now,
        "quiet_until": quiet_end(now, rules),
        "alerts_per_hour": rules.alerts_per_hour,
        "sms_per_month": rules.sms_per_month if channel is Channel.SMS else None,
        "month_from": month_of(now, rules)[0],
    }


def alone(query: str) -> str:
    """The query, after everybody else's claims; each with a snapshot of its own."""
    return queries()["lock_claims"] + ";\n" + query


def gated(name: str) -> str:
    """The query of this name with its gate."""
    gate, may_go = queries()["gate"], queries()["may_go"]
    # The words of these blocks come from queries.sql alone.
    query = queries()[name].replace(":gate", gate)
    return query.replace(":may_go", may_go)


def handed_over(alert: Alert, channel: Channel, reference: str, now: datetime) -> Alert:
    """The row of ``channel`` that says what another could not deliver."""
    text = alert.text.replace(alert.reference, reference)
    return Alert(
        reference=reference,
        account=alert.account,
        thread_key=alert.thread_key,
        message_id=alert.message_id,
        channel=channel,
        # what was made for the ear has none
        text=text if reference in text else f"{text} {reference}",
        created_at=now,
        kind=alert.kind,
        question=alert.question,
        expires_at=alert.expires_at or alert.created_at + STALE_AFTER,
        meeting_at=alert.meeting_at,
        urgent=alert.urgent,
    )


def digest_of(held: Sequence[Alert], now: datetime, make_digest: DigestText) -> Alert:
    """One row that says several."""
    reference = make_reference(secrets.randbelow)
    first = held[0]
    meetings = [alert.meeting_at for alert in held if alert.meeting_at is not None]
    return Alert(
        reference=reference,
        account=first.account,
        thread_key=f"digest {reference}",
        message_id=None,
        channel=first.channel,
        text=make_digest(held, reference),
        created_at=now,
        kind=AlertKind.DIGEST,
        expires_at=max(alert.expires_at or alert.created_at + STALE_AFTER for alert in held),
        meeting_at=min(meetings, default=None),
        urgent=any(alert.urgent for alert in held),
    )
