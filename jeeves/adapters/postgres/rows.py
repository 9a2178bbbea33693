"""Between rows and domain values."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from jeeves.adapters.postgres.connection import Row, SqlCursor, queries
from jeeves.domain.alert import Alert, AlertKind, AlertState, Channel, Receipt, quoted
from jeeves.domain.listing import AlertLine, MutedLine, TakenBack, ToldAlert
from jeeves.domain.message import Address, Message, Origin, Unreadable
from jeeves.domain.outbox import Mute, MuteKind
from jeeves.domain.ports import Judgement
from jeeves.domain.verdict import Band, Reason, Score, Verdict

#: What is written of a message: types by column, in the order of `message_row`.
MESSAGE_COLUMNS = {
    "account": "text",
    "origin": "text",
    "mailbox": "text",
    "uid": "bigint",
    "uidvalidity": "bigint",
    "gmail_id": "text",
    "message_id": "text",
    "digest": "text",
    "thread_key": "text",
    "reference_ids": "text[]",
    "sender_name": "text",
    "sender_address": "text",
    "to_addresses": "jsonb",
    "cc_addresses": "jsonb",
    "subject": "text",
    "body": "text",
    "own_words": "text",
    "sent_at": "timestamptz",
    "sent_utc_offset": "smallint",
    "received_at": "timestamptz",
    "labels": "text[]",
    "starred": "boolean",
    "bulk": "boolean",
    "own": "boolean",
    "unreadable": "text",
}


def message_row(message: Message | Unreadable) -> tuple[Any, ...]:
    """The values of `MESSAGE_COLUMNS`."""
    if isinstance(message, Unreadable):
        return (
            message.account,
            message.origin.value,
            message.mailbox,
            message.uid,
            message.uidvalidity,
            message.gmail_id,
            None,
            message.digest,
            f"sha256:{message.digest}",
            [],
            *("", ""),
            *("[]", "[]"),
            *("", "", ""),
            None,
            None,
            message.received_at,
            [],
            *(False, False, False),
            message.reason,
        )
    return (
        message.account,
        message.origin.value,
        message.mailbox,
        message.uid,
        message.uidvalidity,
        message.gmail_id,
        message.message_id or None,
        message.digest,
        message.thread_key,
        message.references,
        message.sender.name,
        message.sender.address,
        addresses_json(message.to),
        addresses_json(message.cc),
        message.subject,
        message.body,
        message.own_words,
        message.sent_at,
        utc_offset_minutes(message.sent_at),
        message.received_at,
        message.labels,
        message.starred,
        message.bulk,
        message.own,
        None,
    )


def addresses_json(addresses: tuple[Address, ...]) -> str:
    """``[[name, address], ...]`` as JSON."""
    return json.dumps([(a.name, a.address) for a in addresses]) if addresses else "[]"


def utc_offset_minutes(moment: datetime | None) -> int | None:
    """Minutes east of UTC of an aware time."""
    offset = moment.utcoffset() if moment is not None else None
    return None if offset is None else int(offset.total_seconds() // 60)


def read_message(row: Row) -> Message:
    """The message of a row of `messages`."""
    sent_at = row["sent_at"]
    if sent_at is not None:
        sent_at = sent_at.astimezone(timezone(timedelta(minutes=row["sent_utc_offset"] or 0)))
    return Message(
        account=row["account"],
        origin=Origin(row["origin"]),
        mailbox=row["mailbox"],
        uid=row["uid"],
        uidvalidity=row["uidvalidity"],
        gmail_id=row["gmail_id"],
        message_id=row["message_id"] or "",
        digest=row["digest"],
        thread_key=row["thread_key"],
        references=tuple(row["reference_ids"]),
        sender=Address(row["sender_name"], row["sender_address"]),
        to=tuple(Address(*pair) for pair in row["to_addresses"]),
        cc=tuple(Address(*pair) for pair in row["cc_addresses"]),
        subject=row["subject"],
        body=row["body"],
        own_words=row["own_words"],
        sent_at=sent_at,
        received_at=row["received_at"].astimezone(UTC),
        labels=tuple(row["labels"]),
        starred=row["starred"],
        bulk=row["bulk"],
        own=row["own"],
    )


def verdict_row(judgement: Judgement) -> Row:
    """A verdict as `write_verdicts` reads it."""
    verdict = judgement.verdict
    return {
        "message_id": judgement.message_id,
        "model": verdict.score.model,
        "probability": verdict.score.probability,
        "threshold": verdict.threshold,
        "band": verdict.band.value,
        "reasons": [(reason.words, reason.weight) for reason in verdict.score.reasons],
        "rest": verdict.score.rest,
        "withheld": judgement.withheld,
    }


def read_verdict(row: Row) -> Verdict | None:
    """The verdict of a row joined with `verdicts`; None where there is none."""
    if row["model"] is None:
        return None
    return Verdict(
        score=Score(
            probability=row["probability"],
            reasons=tuple(Reason(words, weight) for words, weight in row["reasons"]),
            rest=row["rest"],
            model=row["model"],
        ),
        threshold=row["threshold"],
        band=Band(row["band"]),
    )


def alert_row(alert: Alert) -> tuple[Any, ...]:
    """The values of `insert_alerts`."""
    return (
        alert.reference,
        alert.account,
        alert.thread_key,
        alert.message_id,
        alert.question,
        alert.kind.value,
        alert.channel.value,
        alert.text,
        alert.created_at,
        alert.not_before,
        alert.expires_at,
        alert.meeting_at,
        alert.urgent,
        # a reminder is due at its own time; what must wait from the start goes with others
        alert.kind is AlertKind.ALERT
        and alert.not_before is not None
        and alert.not_before > alert.created_at,
    )


def read_alert(row: Row) -> Alert:
    """The alert of a row of `alerts`; whether it is in doubt or barred is the query's word."""
    return Alert(
        reference=row["reference"],
        account=row["account"],
        thread_key=row["thread_key"],
        message_id=row["message_id"],
        channel=Channel(row["channel"]),
        text=row["body"],
        created_at=row["created_at"].astimezone(UTC),
        kind=AlertKind(row["kind"]),
        question=row["question"],
        state=AlertState(row["state"]),
        attempts=row["attempts"],
        not_before=row["not_before"],
        receipt=Receipt(row["receipt"], row["note"]) if row["receipt"] else None,
        error=row["error"],
        in_doubt=row.get("in_doubt", False),
        barred=row.get("barred", False),
        expires_at=row["expires_at"],
        meeting_at=row["meeting_at"],
        urgent=row["urgent"],
        delivery=row["delivery"],
        follow_at=row["follow_at"],
        delivered_at=row["delivered_at"],
        tried_at=row["tried_at"],
        settled_at=row["settled_at"],
        resent=row["resent"],
    )


def read_alert_line(row: Row) -> AlertLine:
    """The line of a row of `alerts_of` or `last_alerts`."""
    return AlertLine(
        reference=row["reference"],
        message_id=row["message_id"],
        channel=Channel(row["channel"]),
        state=AlertState(row["state"]),
        text=row["body"],
        attempts=row["attempts"],
        created_at=row["created_at"],
        settled_at=row["settled_at"],
        receipt=row["receipt"] or "",
        note=row["error"] or row["note"],
        reasons=tuple(Reason(words, weight) for words, weight in row.get("reasons") or ()),
        kind=AlertKind(row["kind"]),
        delivery=row.get("delivery") or "",
        delivered_at=row.get("delivered_at"),
    )


def read_told(row: Row) -> ToldAlert:
    """A row of `told`."""
    reasons = [Reason(words, weight) for words, weight in row["reasons"] or ()]
    written = f"{row['mail_subject'] or ''} {row['mail_body'] or ''}"
    taken_back = None
    if row["back_reference"]:
        state = AlertState(row["back_state"])
        taken_back = TakenBack(
            row["back_reference"], state, row["back_body"], row["back_settled_at"]
        )
    return ToldAlert(
        alert=read_alert(row),
        why=quoted(reasons, written),
        held=row["held"],
        closed_at=row["closed_at"],
        digest=row["digest_reference"] or "",
        parts=tuple(row["parts"]),
        taken_back=taken_back,
    )


def read_muted(row: Row) -> MutedLine:
    """A row of `muted`."""
    return MutedLine(
        account=row["account"],
        mute=Mute(MuteKind(row["kind"]), row["value"], row["muted_at"].astimezone(UTC)),
        message_id=row["message_id"],
        sender=row["sender"],
        subject=row["subject"],
    )


def read_beats(sql: SqlCursor) -> dict[tuple[str, str], tuple[datetime, str]]:
    """The last beat of every (account, name), and its detail."""
    sql.execute(queries()["heartbeats"])
    return {
        (row["account"], row["name"]): (row["beat_at"].astimezone(UTC), row["detail"])
        for row in sql.fetchall()
    }
