"""How Jeeves does: the age of the last read, what waits, the last alerts, the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from jeeves.domain.listing import AlertLine, Backlog
from jeeves.service.silence import SILENT_AFTER
from jeeves.service.triage import READ_BEAT


class Views(Protocol):
    """The database as `status` reads it."""

    def backlog(self) -> Backlog:
        """What is stored and what waits."""
        ...

    def last_alerts(self, limit: int) -> list[AlertLine]:
        """The newest outbox rows, newest first."""
        ...

    def heartbeats(self) -> Mapping[tuple[str, str], tuple[datetime, str]]:
        """The last beat of every (account, name), and its detail."""
        ...


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Everything `status` prints. It holds no mail and no address."""

    #: Age in seconds of the last successful read of each account, in order of address.
    read_ages: tuple[float, ...]
    backlog: Backlog
    alerts: Sequence[AlertLine]
    #: Version of the model in use, or why there is none.
    model: str
    model_ok: bool

    @property
    def healthy(self) -> bool:
        """Whether mail is being read and alerts go out."""
        fresh = bool(self.read_ages) and max(self.read_ages) < SILENT_AFTER.total_seconds()
        return fresh and self.model_ok and not self.backlog.alerts_failed

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "healthy": self.healthy,
            "seconds_since_read": list(self.read_ages),
            "messages": self.backlog.messages,
            "unreadable": self.backlog.unreadable,
            "unjudged": self.backlog.unjudged,
            "alerts_open": self.backlog.alerts_open,
            "alerts_failed": self.backlog.alerts_failed,
            "last_alerts": [
                {
                    "reference": a.reference,
                    "message": a.message_id,
                    "channel": a.channel.value,
                    "state": a.state.value,
                    "attempts": a.attempts,
                    "created_at": a.created_at.isoformat(),
                    "note": a.note,
                }
                for a in self.alerts
            ],
            "model": self.model,
        }


def gather(views: Views, model: tuple[str, bool], now: datetime) -> StatusReport:
    """Ask the database how things stand."""
    beats = views.heartbeats()
    ages = [
        (now - at).total_seconds()
        for (_, name), (at, _) in sorted(beats.items())
        if name == READ_BEAT
    ]
    return StatusReport(tuple(ages), views.backlog(), views.last_alerts(5), *model)


def render(report: StatusReport, zone: ZoneInfo | None) -> str:
    """Lines for a person; alerts by reference and message id, without what they say."""
    reads = ", ".join(f"{age(seconds)} ago" for seconds in report.read_ages) or "never"
    backlog = report.backlog
    lines = [
        f"mail read      {reads}",
        f"stored         {backlog.messages} messages, {backlog.unreadable} unreadable",
        f"waiting        {backlog.unjudged} to judge, {backlog.alerts_open} alerts to deliver",
        f"model          {report.model}",
    ]
    for alert in report.alerts:
        when = alert.created_at.astimezone(zone).strftime("%d %b %H:%M")
        about = f"message {alert.message_id}" if alert.message_id else "notice"
        note = f": {alert.note}" if alert.note else ""
        lines.append(
            f"alert          {when} {alert.reference} {about} by {alert.channel.value}, "
            f"{alert.state.value}{note}"
        )
    if not report.healthy:
        lines.append("not well       `jeeves doctor` tries every link and says what mends it")
    return "\n".join(lines)


def age(seconds: float) -> str:
    """Seconds in words."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172800 else f"{seconds / 86400:.0f} days"
