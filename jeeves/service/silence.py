"""Silence is never success: when Jeeves cannot read or cannot deliver, it says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, tzinfo

from jeeves.domain.alert import Alert, AlertKind, AlertState, Channel
from jeeves.domain.schedule import Rules, month_of

#: Mail unread, or an alert unconfirmed, for longer than this is told to the owner.
SILENT_AFTER = timedelta(minutes=15)

#: How the keys of notices begin.
UNREAD = "unread since "
MODEL = "model refused: "

NAMES = {
    Channel.SMS: "text message",
    Channel.SPEECH: "spoken alert",
    Channel.URL: "message by ALERT_URLS",
}
NewReference = Callable[[], str]


def unread_notices(
    account: str,
    last_read: datetime,
    reason: str,
    channels: Iterable[Channel],
    new_reference: NewReference,
    now: datetime,
    silent_after: timedelta = SILENT_AFTER,
    zone: tzinfo | None = None,
) -> Sequence[Alert]:
    """Notices that mail has not been read since ``last_read``; none while that is recent.

    Their key is ``last_read`` itself, so that one outage is told once on each channel.
    """
    if now - last_read < silent_after:
        return ()
    return [
        notice(
            account,
            f"{UNREAD}{last_read.isoformat()}",
            channel,
            f"Jeeves has not been able to read your mail since {clock(last_read, zone)}. {reason}",
            new_reference(),
            now,
        )
        for channel in channels
    ]


def read_again_notices(
    account: str,
    channels: Iterable[Channel],
    new_reference: NewReference,
    now: datetime,
    zone: tzinfo | None = None,
) -> Sequence[Alert]:
    """Notices that mail is read again."""
    text = f"Jeeves reads your mail again since {clock(now, zone)}."
    about = f"read again since {now.isoformat()}"
    return [notice(account, about, channel, text, new_reference(), now) for channel in channels]


def model_notices(
    account: str,
    sentences: Sequence[str],
    channels: Iterable[Channel],
    new_reference: NewReference,
    now: datetime,
) -> Sequence[Alert]:
    """Notices that a model was refused, and why; each refusal is told once."""
    said = " ".join(sentences)
    text = f"Jeeves does not use its newest model. {said}"
    return [
        notice(account, f"{MODEL}{said}", channel, text, new_reference(), now)
        for channel in channels
    ]


def model_again_notices(
    account: str, channels: Iterable[Channel], new_reference: NewReference, now: datetime
) -> Sequence[Alert]:
    """Notices that no model is refused any more."""
    text = "Jeeves uses its newest model again."
    return [
        notice(account, "model again", channel, text, new_reference(), now) for channel in channels
    ]


def undelivered(alert: Alert, now: datetime, silent_after: timedelta = SILENT_AFTER) -> bool:
    """Whether ``alert``, just attempted, failed or has been unconfirmed for too long."""
    if alert.state in {AlertState.FAILED, AlertState.EXPIRED}:
        return True
    waiting = alert.state in {AlertState.PENDING, AlertState.UNKNOWN}
    return waiting and now - (alert.tried_at or alert.created_at) >= silent_after


def undelivered_notices(
    alert: Alert, channels: Iterable[Channel], new_reference: NewReference, now: datetime
) -> Sequence[Alert]:
    """Notices, for the other channels, that ``alert``'s own channel does not work.

    Keyed by channel and day: a channel that stays broken is told once a day.
    """
    return [
        notice(
            alert.account,
            f"{undelivered_key(alert.channel)}{now.date().isoformat()}",
            channel,
            f"Jeeves could not deliver a {NAMES[alert.channel]}. {alert.error}",
            new_reference(),
            now,
        )
        for channel in channels
    ]


def undelivered_key(channel: Channel) -> str:
    """How the keys of the notices begin that a channel does not work."""
    return f"undelivered {channel.value} "


def delivered_again_notices(
    alert: Alert, channels: Iterable[Channel], new_reference: NewReference, now: datetime
) -> Sequence[Alert]:
    """Notices, for the other channels, that ``alert``'s own channel works again."""
    text = f"Jeeves can deliver a {NAMES[alert.channel]} again."
    about = f"delivered again {alert.channel.value}"
    return [
        notice(alert.account, about, channel, text, new_reference(), now) for channel in channels
    ]


def clock(moment: datetime, zone: tzinfo | None) -> str:
    """A moment as the owner says it: 14:05 on 19 November; zone None is the machine's own."""
    there = moment.astimezone(zone)
    return f"{there:%H:%M} on {there.day} {there:%B}"


def overspent_sentence(now: datetime, rules: Rules) -> str:
    """Why no more texts go this month, and until when."""
    begins = month_of(now, rules)[1].astimezone(rules.zone)
    return (
        f"SMS_PER_MONTH allows {rules.sms_per_month} texts a month and as many were sent: raise it "
        f"in .env, or wait until {begins:%B} {begins.day}."
    )


def overspent_notices(
    account: str,
    channels: Iterable[Channel],
    new_reference: NewReference,
    now: datetime,
    rules: Rules,
) -> Sequence[Alert]:
    """Notices, for the other channels, that no more texts go this month; once a month."""
    month = month_of(now, rules)[0].astimezone(rules.zone)
    return [
        notice(
            account,
            f"overspent {month:%Y-%m}",
            channel,
            f"Jeeves sends no more text messages. {overspent_sentence(now, rules)}",
            new_reference(),
            now,
        )
        for channel in channels
    ]


def notice(
    account: str, about: str, channel: Channel, text: str, reference: str, now: datetime
) -> Alert:
    """One outbox row about Jeeves itself."""
    return Alert(
        reference=reference,
        account=account,
        thread_key=about,
        message_id=None,
        channel=channel,
        text=text if channel is Channel.SPEECH else f"{text} {reference}",
        created_at=now,
        kind=AlertKind.NOTICE,
    )
