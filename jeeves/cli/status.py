"""How Jeeves does: the age of the last read, what waits, the last alerts, the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from jeeves.domain.alert import AlertState
from jeeves.domain.listing import AlertLine, Backlog
from jeeves.domain.operating import in_words
from jeeves.domain.schedule import moment
from jeeves.domain.watching import WATCHED_BEAT, counted
from jeeves.modelling import ModelInUse
from jeeves.service.silence import SILENT_AFTER
from jeeves.service.telling import READ_BEAT


class Views(Protocol):
    """The database as `status` reads it."""

    def backlog(self) -> Backlog:
        """What is stored and what waits."""
        ...

    def last_alerts(self, limit: int) -> list[AlertLine]:
        """The newest outbox rows, newest first."""
        ...

    def pauses(self, now: datetime) -> Mapping[str, datetime]:
        """When the pause of each account ends that is paused."""
        ...

    def mails_a_day(self, now: datetime) -> float | None:
        """Mails from other people over the last 30 days; None where unknown."""
        ...

    def heartbeats(self) -> Mapping[tuple[str, str], tuple[datetime, str]]:
        """The last beat of every (account, name), and its detail."""
        ...


@dataclass(frozen=True, slots=True)
class Learning:
    """When the next retraining comes."""

    #: Mails of which the owner has said something since the last training.
    new_labels: int
    #: At so many it is time for another; 0: only when the owner says so.
    needed: int
    #: When the night begins in which that is looked at.
    night: datetime

    def in_words(self, zone: ZoneInfo | None) -> str:
        """One clause."""
        if not self.needed:
            return f"only by `jeeves retrain`; {counted(self.new_labels, 'new label')}"
        at = f"{self.night.astimezone(zone):%a %d %b %H:%M}"
        if self.new_labels >= self.needed:
            return f"{at}, from {counted(self.new_labels, 'new label')}"
        return (
            f"at {self.needed} new labels, {self.new_labels} so far (`jeeves ask`); looked at in "
            f"the night, {at}"
        )


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Everything `status` prints. It holds no mail and no address."""

    #: Age in seconds of the last successful read of each account, in the order of the settings;
    #: None where it was never read.
    read_ages: tuple[float | None, ...]
    backlog: Backlog
    alerts: Sequence[AlertLine]
    #: Version of the model in use, or why there is none.
    model: str
    model_ok: bool
    #: What to expect of it, in words; None where there is none.
    expected: str | None
    #: When the last pause ends that the owner asked for; None where there is none.
    paused_until: datetime | None = None
    #: Mail that was not read for so many seconds makes it unwell.
    silent_seconds: float = SILENT_AFTER.total_seconds()
    #: The last line of the week of each account, as ``read_ages``; None where there is none yet.
    weeks: tuple[str | None, ...] = ()
    #: When the next retraining comes; None where that is not known.
    learning: Learning | None = None
    #: Share, 0 to 1, of the mails that need a place which the model misses by its own figures.
    miss_rate: float | None = None

    @property
    def healthy(self) -> bool:
        """Whether mail is being read and alerts go out."""
        fresh = [age is not None and age < self.silent_seconds for age in self.read_ages]
        return bool(fresh) and all(fresh) and self.model_ok and not self.backlog.alerts_failed

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "healthy": self.healthy,
            "seconds_since_read": list(self.read_ages),
            "messages": self.backlog.messages,
            "unreadable": self.backlog.unreadable,
            "unjudged": self.backlog.unjudged,
            "alerts_open": self.backlog.alerts_open,
            "alerts_waiting": self.backlog.alerts_waiting,
            "alerts_failed": self.backlog.alerts_failed,
            "paused_until": self.paused_until.isoformat() if self.paused_until else None,
            "last_alerts": [
                {
                    "reference": a.reference,
                    "message": a.message_id,
                    "channel": a.channel.value,
                    "state": a.state.value,
                    "attempts": a.attempts,
                    "created_at": a.created_at.isoformat(),
                    "delivery": a.delivery,
                    "delivered_at": a.delivered_at.isoformat() if a.delivered_at else None,
                    "note": a.note,
                }
                for a in self.alerts
            ],
            "model": self.model,
            "expected": self.expected,
            "miss_rate": self.miss_rate,
            "weeks": list(self.weeks),
            "new_labels": self.learning.new_labels if self.learning else None,
            "retrain_labels": self.learning.needed if self.learning else None,
            "next_retraining": self.learning.night.isoformat() if self.learning else None,
        }


def gather(
    views: Views,
    model: ModelInUse,
    now: datetime,
    accounts: Sequence[str],
    silent_seconds: float = SILENT_AFTER.total_seconds(),
    learning: Learning | None = None,
) -> StatusReport:
    """Ask the database how things stand with these accounts; without any, with all it has."""
    beats = views.heartbeats()
    read = {account: now - at for (account, name), (at, _) in beats.items() if name == READ_BEAT}
    asked = [account.lower() for account in accounts] or sorted(read)
    watched = [(account, WATCHED_BEAT) for account in asked]
    ages = [read[account].total_seconds() if account in read else None for account in asked]
    return StatusReport(
        read_ages=tuple(ages),
        backlog=views.backlog(),
        alerts=views.last_alerts(5),
        model=model.says,
        model_ok=model.ok,
        expected=expectation(model, views.mails_a_day(now)),
        paused_until=max(views.pauses(now).values(), default=None),
        silent_seconds=silent_seconds,
        weeks=tuple(beats[key][1] or None if key in beats else None for key in watched),
        learning=learning,
        miss_rate=1 - model.expected.recall if model.expected else None,
    )


def expectation(model: ModelInUse, mails_a_day: float | None) -> str | None:
    """What the owner may expect of the model in use; None where there is none."""
    if model.expected is None:
        return None
    return in_words(model.expected, mails_a_day, "at your volume")


def render(report: StatusReport, zone: ZoneInfo | None, reasons: bool = False) -> str:
    """Lines for a person; alerts by reference and message id, without what they say.

    Args:
        report: How things stand.
        zone: Of the owner; None for the machine's.
        reasons: Whether to say what carried each alert. These are words of the mail: for a
            terminal, never for a journal.
    """
    lines = [f"{name:<14} {says}" for name, says in facts(report, zone)]
    for alert in report.alerts:
        when = alert.created_at.astimezone(zone).strftime("%d %b %H:%M")
        about = f"message {alert.message_id}" if alert.message_id else "notice"
        lines.append(
            f"alert          {when} {alert.reference} {about} by {alert.channel.value}, "
            f"{became(alert, zone)}"
        )
        carried = ", ".join(reason.words for reason in alert.reasons if reason.weight > 0)
        if reasons and carried:
            lines.append(f"{'':14} because: {carried}")
    if not report.healthy:
        lines.append("not well       `jeeves doctor` tries every link and says what mends it")
    return "\n".join(lines)


def facts(report: StatusReport, zone: ZoneInfo | None) -> Iterator[tuple[str, str]]:
    """Name and words of each fact but the alerts; nothing of any mail."""
    yield "mail read", reads(report.read_ages)
    backlog = report.backlog
    yield "stored", f"{backlog.messages} messages, {backlog.unreadable} unreadable"
    yield (
        "waiting",
        f"{backlog.unjudged} to judge, {backlog.alerts_open} alerts to deliver, "
        f"{backlog.alerts_waiting} for their time",
    )
    yield "model", report.model
    if report.paused_until:
        yield "paused", f"until {report.paused_until.astimezone(zone):%d %b %Y %H:%M}"
    if report.expected:
        missed = "" if report.miss_rate is None else f"; misses {100 * report.miss_rate:.0f} %"
        yield "expect", f"{report.expected}{missed}"
    if report.learning:
        yield "retraining", report.learning.in_words(zone)
    yield from (("this week", week) for week in report.weeks if week)


def reads(ages: Sequence[float | None]) -> str:
    """When mail was last read, of several accounts by their place in order."""
    said = ["never" if seconds is None else f"{age(seconds)} ago" for seconds in ages]
    if len(said) < 2:
        return "".join(said) or "never"
    return ", ".join(f"account {place} {one}" for place, one in enumerate(said, start=1))


def became(alert: AlertLine, zone: ZoneInfo | None) -> str:
    """What became of an alert: its state, its delivery as far as it is known, and why."""
    said = alert.state.value
    if alert.state is AlertState.SENT and alert.delivered_at is not None:
        there = alert.delivered_at.astimezone(zone)
        said += f", arrived {there:%d %b %H:%M}"
    elif alert.state is AlertState.SENT and alert.delivery:
        said += f", {alert.delivery} at Twilio"
    return f"{said}: {alert.note}" if alert.note else said


def next_night(now: datetime, hour: int, zone: ZoneInfo | None) -> datetime:
    """When the clock shows ``hour`` the next time; UTC."""
    today = now.astimezone(zone).date()
    tonight = moment(today, time(hour), zone)
    return tonight if tonight > now else moment(today + timedelta(days=1), time(hour), zone)


def age(seconds: float) -> str:
    """Seconds in words."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172800 else f"{seconds / 86400:.0f} days"
