"""Messages and alerts as a person sees them on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from jeeves.domain.alert import Alert, AlertKind, AlertState, Channel, plain
from jeeves.domain.harmless import shown_words
from jeeves.domain.listing import AlertLine, ListedMessage, MutedLine, ToldAlert
from jeeves.domain.outbox import MuteKind
from jeeves.domain.verdict import Band, Label, Verdict

VERDICTS = {
    Band.ALERT: Text("needs a place", style="bold red"),
    Band.UNSURE: Text("unsure", style="yellow"),
    Band.QUIET: Text("quiet", style="dim"),
}
#: What the owner says of a message, in short and in full.
SAID = {Label.NEEDS_LOCATION: "yes", Label.OTHER: "no"}
LABELS = {Label.NEEDS_LOCATION: "yes: it needs a place", Label.OTHER: "no: it needs none"}
#: Of the cells of a line that many stand before it.
BESIDE = 5
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

#: What became of a retraction, and so of the alert before it.
TAKEN_BACK = {
    AlertState.SENT: "taken back",
    AlertState.FAILED: "not taken back, as it could not be sent,",
    AlertState.EXPIRED: "not taken back, as it was too late,",
    AlertState.CANCELLED: "not taken back",
}
#: The states of what nobody has been told.
UNSAID = frozenset({AlertState.PENDING, AlertState.CANCELLED, AlertState.EXPIRED})


def message_table(rows: Sequence[ListedMessage], zone: ZoneInfo | None) -> Table:
    """One line per message; what the owner says stands beside the verdicts where there is any."""
    labelled = any(row.label for row in rows)
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("id", justify="right", style="dim", no_wrap=True)
    table.add_column("arrived", no_wrap=True)
    table.add_column("from", no_wrap=True, max_width=20)
    table.add_column("subject", no_wrap=True, ratio=3)
    table.add_column("verdict", no_wrap=True)
    if labelled:
        table.add_column("you", no_wrap=True)
    table.add_column("p", justify="right", no_wrap=True)
    table.add_column("because of", no_wrap=True, ratio=2)
    table.add_column("alert", no_wrap=True)
    for row in rows:
        line = cells(row, zone)
        if labelled:
            line.insert(BESIDE, SAID[row.label] if row.label else "")
        table.add_row(*line)
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
        mail_text(row.message.sender.display),
        mail_text(" ".join(row.message.subject.split()) or "(no subject)"),
        VERDICTS[verdict.band] if verdict else Text("waits", style="dim"),
        f"{verdict.score.probability:.2f}" if verdict else "",
        mail_text(reasons_in_short(verdict) if verdict else ""),
        alert_in_short(row),
    ]


def mail_text(words: str) -> Text:
    """A stranger's words, without what would control the terminal."""
    return Text(shown_words(words))


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
    """What became of the alerts, or why there is none; `alerts` tells of what followed them."""
    alerts = [alert for alert in row.alerts if alert.kind is AlertKind.ALERT]
    if alerts:
        parts = [Text.assemble(a.channel.value, " ", STATES[a.state]) for a in alerts]
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
    head.add_row("from", mail_text(str(message.sender)))
    head.add_row("to", mail_text(", ".join(str(a) for a in (*message.to, *message.cc))))
    head.add_row("subject", mail_text(message.subject))
    head.add_row("labels", mail_text(", ".join(message.labels)))
    head.add_row("came", f"{message.origin.value}, {message.mailbox}")
    if row.label:
        head.add_row("you say", LABELS[row.label])
    parts += [head, Text(), mail_text(message.body.strip()), Text()]
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
        table.add_row(f"{reason.weight:+.2f}", mail_text(reason.words))
    table.add_row(f"{score.rest:+.2f}", Text("everything else", style="dim"))
    lines.append(table)
    if row.withheld:
        lines.append(Text(f"No alert: {row.withheld}."))
    return lines


def alert_line(alert: AlertLine, zone: ZoneInfo | None) -> Text:
    """One outbox row in words."""
    when = clock_time(alert.settled_at or alert.created_at, zone)
    kind = "" if alert.kind is AlertKind.ALERT else f" {alert.kind.value}"
    line = Text.assemble(
        f"{alert.channel.value}{kind} ", STATES[alert.state], f" {when}: {alert.text}"
    )
    if alert.note:
        line.append(f" ({alert.note})", style="dim")
    return line


def alert_table(
    rows: Sequence[ToldAlert], zone: ZoneInfo | None, now: datetime, limit: int
) -> Table:
    """What was told, in 80 columns: an entry for what was said, with what became of it by channel.

    Args:
        rows: Newest first.
        zone: Of the owner; None for the machine's.
        now: Aware.
        limit: Entries.
    """
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("when", no_wrap=True)
    table.add_column("mail", justify="right", style="dim", no_wrap=True)
    table.add_column("what was said", ratio=1, overflow="fold")
    table.add_column("became", max_width=21)
    for entry in entries(rows)[:limit]:
        first = entry[0]
        table.add_row(
            clock_time(min(said_at(row.alert) for row in entry), zone),
            str(first.alert.message_id or ""),
            said(entry, zone),
            Text("\n").join(
                Text.assemble(row.alert.channel.value, " ", became(row, zone, now))
                for row in entry
                if row.alert.kind is first.alert.kind
            ),
        )
    return table


def entries(rows: Iterable[ToldAlert]) -> list[list[ToldAlert]]:
    """Rows that say the same on several channels together, text messages first.

    A reminder of which nothing was said yet, or ever, goes with its alert.
    """
    found: dict[tuple[str, ...], list[ToldAlert]] = {}
    for row in rows:
        alert = row.alert
        kind = alert.kind
        if kind is AlertKind.REMINDER and alert.state in UNSAID and not alert.attempts:
            kind = AlertKind.ALERT
        key = (alert.account, alert.thread_key, alert.question, kind.value)
        found.setdefault(key, []).append(row)
    order = [AlertKind.ALERT, AlertKind.REMINDER]
    for entry in found.values():
        entry.sort(
            key=lambda row: (
                row.alert.kind in order and order.index(row.alert.kind),
                list(Channel).index(row.alert.channel),
            )
        )
    return list(found.values())


def said_at(alert: Alert) -> datetime:
    """When the channel took it; where none did, when it was tried, else made."""
    taken = alert.settled_at if alert.receipt else None
    return taken or alert.tried_at or alert.created_at


def said(entry: Sequence[ToldAlert], zone: ZoneInfo | None) -> Text:
    """What was said, and below it why, what went wrong, and what took it back."""
    first = entry[0].alert
    kind = "" if first.kind is AlertKind.ALERT else f"{first.kind.value}: "
    below = []
    if first.kind is AlertKind.ALERT and plain(entry[0].why) not in plain(first.text):
        below.append(f"because of: {entry[0].why}")
    for row in entry:
        alert = row.alert
        if alert.kind is not first.kind:
            continue
        note = alert.error or (alert.receipt.note if alert.receipt else "")
        if note:
            below.append(f"{alert.channel.value}: {note}")
        if row.parts:
            below.append(f"{alert.reference} holds {', '.join(row.parts)}")
    if back := next((row.taken_back for row in entry if row.taken_back), None):
        at = f" {clock_time(back.settled_at, zone)}" if back.settled_at else ""
        below.append(f"{TAKEN_BACK.get(back.state, 'to be taken back')}{at} by {back.reference}")
    due = next((row.alert for row in entry if row.alert.kind is not first.kind), None)
    if due and due.state is AlertState.PENDING:
        below.append(f"reminder due {clock_time(due.not_before or due.created_at, zone)}")
    details = "".join(f"\n{line}" for line in below)
    return Text.assemble((kind, "dim"), first.text, (details, "dim"))


def became(row: ToldAlert, zone: ZoneInfo | None, now: datetime) -> Text:
    """How an alert stands; of a text that was taken, what the provider last said."""
    alert = row.alert
    if alert.state is AlertState.SENT and alert.delivered_at:
        return Text(f"delivered {alert.delivered_at.astimezone(zone):%H:%M}", style="green")
    if alert.state is AlertState.SENT and alert.delivery:
        return Text(f"sent, {alert.delivery}", style="yellow")
    if alert.state is AlertState.FAILED and alert.delivery:
        return Text(alert.delivery, style="bold red")
    if row.digest:
        return Text(f"in {row.digest}", style="green")
    if alert.state is AlertState.PENDING and alert.not_before and alert.not_before > now:
        return Text(f"due {clock_time(alert.not_before, zone)}", style="yellow")
    if alert.state is AlertState.PENDING and row.held:
        return Text("held back", style="yellow")
    return STATES[alert.state]


def mute_table(rows: Sequence[MutedLine], zone: ZoneInfo | None) -> Table:
    """What is muted; a conversation by its newest message."""
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("since", no_wrap=True)
    table.add_column("mail", justify="right", style="dim", no_wrap=True)
    table.add_column("muted", ratio=1)
    several = len({row.account for row in rows}) > 1
    for row in rows:
        if row.mute.kind is MuteKind.SENDER:
            what = row.mute.value
        else:
            what = f"{row.sender}: {' '.join(row.subject.split()) or '(no subject)'}"
            if row.message_id is None:
                what = "a conversation of which nothing is stored"
        if several:
            what += f" ({row.account})"
        table.add_row(
            clock_time(row.mute.muted_at, zone), str(row.message_id or ""), mail_text(what)
        )
    return table
