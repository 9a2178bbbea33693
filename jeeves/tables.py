"""Messages as a person sees them on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from jeeves.domain.alert import AlertState
from jeeves.domain.listing import AlertLine, ListedMessage
from jeeves.domain.verdict import Band, Verdict

VERDICTS = {
    Band.ALERT: Text("needs a place", style="bold red"),
    Band.UNSURE: Text("unsure", style="yellow"),
    Band.QUIET: Text("quiet", style="dim"),
}
STATES = {
    AlertState.PENDING: Text("due", style="yellow"),
    AlertState.SENDING: Text("sending", style="yellow"),
    AlertState.UNKNOWN: Text("unconfirmed", style="yellow"),
    AlertState.SENT: Text("sent", style="green"),
    AlertState.FAILED: Text("failed", style="bold red"),
    AlertState.EXPIRED: Text("too late", style="red"),
    AlertState.CANCELLED: Text("not needed", style="dim"),
    AlertState.DIGESTED: Text("sent with others", style="green"),
}


def message_table(rows: Sequence[ListedMessage], zone: ZoneInfo | None) -> Table:
    """One line per message."""
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("id", justify="right", style="dim", no_wrap=True)
    table.add_column("arrived", no_wrap=True)
    table.add_column("from", no_wrap=True, max_width=20)
    table.add_column("subject", no_wrap=True, ratio=3)
    table.add_column("verdict", no_wrap=True)
    table.add_column("p", justify="right", no_wrap=True)
    table.add_column("because of", no_wrap=True, ratio=2)
    table.add_column("alert", no_wrap=True)
    for row in rows:
        table.add_row(*cells(row, zone))
    return table


def cells(row: ListedMessage, zone: ZoneInfo | None) -> list[RenderableType]:
    """The cells of one line, plain text that rich does not read as markup."""
    arrived = clock_time(row.received_at, zone)
    if row.message is None:
        return [str(row.id), arrived, "", Text(row.unreadable or "", style="dim"), "unreadable"]
    verdict = row.verdict
    return [
        str(row.id),
        arrived,
        Text(row.message.sender.display),
        Text(" ".join(row.message.subject.split()) or "(no subject)"),
        VERDICTS[verdict.band] if verdict else Text("waits", style="dim"),
        f"{verdict.score.probability:.2f}" if verdict else "",
        Text(reasons_in_short(verdict) if verdict else ""),
        alert_in_short(row),
    ]


def clock_time(moment: datetime, zone: ZoneInfo | None) -> str:
    """Day and minute in the owner's zone."""
    return moment.astimezone(zone).strftime("%d %b %H:%M")


def reasons_in_short(verdict: Verdict) -> str:
    """The words that carried a verdict: for one that is positive, those that spoke for it."""
    if verdict.band is Band.QUIET:
        return ""
    carried = [r.words for r in verdict.score.reasons if r.weight > 0]
    return ", ".join(carried[:3])


def alert_in_short(row: ListedMessage) -> Text:
    """What became of the alerts, or why there is none."""
    if row.alerts:
        parts = [Text.assemble(a.channel.value, " ", STATES[a.state]) for a in row.alerts]
        return Text(", ").join(parts)
    if row.withheld:
        return Text(row.withheld, style="dim")
    if row.verdict and row.verdict.needs_location:
        return Text("told before, same conversation", style="dim")
    return Text("")


def message_page(row: ListedMessage, zone: ZoneInfo | None) -> Group:
    """Everything about one message."""
    parts: list[RenderableType] = []
    message = row.message
    head = Table(box=None, show_header=False, pad_edge=False)
    head.add_column(style="bold", no_wrap=True)
    head.add_column()
    head.add_row("id", str(row.id))
    head.add_row("arrived", clock_time(row.received_at, zone))
    if message is None:
        head.add_row("unreadable", Text(row.unreadable or ""))
        return Group(head)
    head.add_row("from", Text(str(message.sender)))
    head.add_row("to", Text(", ".join(str(a) for a in (*message.to, *message.cc))))
    head.add_row("subject", Text(message.subject))
    head.add_row("labels", Text(", ".join(message.labels)))
    head.add_row("came", f"{message.origin.value}, {message.mailbox}")
    if row.label:
        head.add_row("your label", row.label.value)
    parts += [head, Text(), Text(message.body.strip()), Text()]
    parts += verdict_lines(row)
    parts += [alert_line(alert, zone) for alert in row.alerts]
    return Group(*parts)


def verdict_lines(row: ListedMessage) -> list[RenderableType]:
    """The verdict and what added up to it."""
    verdict = row.verdict
    if verdict is None:
        return [Text("Not judged yet.")]
    score = verdict.score
    lines: list[RenderableType] = [
        Text.assemble(
            VERDICTS[verdict.band],
            f": probability {score.probability:.3f}, threshold {verdict.threshold:.3f}, "
            f"model {score.model}",
        )
    ]
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right")
    table.add_column()
    for reason in score.reasons:
        table.add_row(f"{reason.weight:+.2f}", Text(reason.words))
    table.add_row(f"{score.rest:+.2f}", Text("everything else", style="dim"))
    lines.append(table)
    if row.withheld:
        lines.append(Text(f"No alert: {row.withheld}."))
    return lines


def alert_line(alert: AlertLine, zone: ZoneInfo | None) -> Text:
    """One outbox row in words."""
    when = clock_time(alert.settled_at or alert.created_at, zone)
    line = Text.assemble(alert.channel.value, " ", STATES[alert.state], f" {when}: {alert.text}")
    if alert.note:
        line.append(f" ({alert.note})", style="dim")
    return line
