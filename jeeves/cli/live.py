"""`jeeves status --watch`: how things stand, redrawn on a terminal, told by the line elsewhere."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import Protocol, Self
from zoneinfo import ZoneInfo

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from jeeves import bootstrap
from jeeves.adapters.postgres.reading import Reading
from jeeves.cli.standing import Standing
from jeeves.cli.status import StatusReport, facts, reads
from jeeves.domain.alert import AlertState
from jeeves.domain.listing import ListedMessage
from jeeves.errors import StoreError
from jeeves.settings import Settings
from jeeves.tables import STATES, cells, clock_time, mail_text, message_table

#: Seconds between two looks.
REFRESH_SECONDS = 2.0
#: Lines of the terminal that neither facts, alerts nor mails take.
MARGIN = 8
LEAST_MAILS = 3
#: From so many columns on the mails are shown with why and what became of them.
WIDE = 120
#: Columns of the names of facts; the words beside them are folded, which costs some more.
NAMES = 20
MOST_MAILS = 100


class Screen(Protocol):
    """Where it is shown."""

    #: How many mails can be shown; of 0 none is asked for.
    room: int

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def show(self, report: StatusReport, mails: Sequence[ListedMessage], now: datetime) -> None:
        """Bring it up to date; the newest mail first."""
        ...

    def lost(self, why: str, now: datetime) -> None:
        """The database cannot be read for the moment."""
        ...


class Terminal:
    """The whole screen, redrawn; what was there before comes back at the end."""

    def __init__(self, zone: ZoneInfo | None) -> None:
        self._zone = zone
        self._console = Console()
        self._live = Live(
            console=self._console, screen=True, auto_refresh=False, vertical_overflow="crop"
        )
        self.room = self._room(8)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__(None, None, None)

    def show(self, report: StatusReport, mails: Sequence[ListedMessage], now: datetime) -> None:
        """Redraw."""
        width = self._console.width - NAMES
        folded = sum(-(-len(says) // width) for _, says in facts(report, self._zone))
        self.room = self._room(folded + max(len(report.alerts), 1) + (not report.healthy))
        self._draw(page(report, mails[: self.room], now, self._zone, self._console.width))

    def lost(self, why: str, now: datetime) -> None:
        """Say why nothing is shown."""
        self._draw(Group(headline("not well", "bold red", now, self._zone), Text(), Text(why)))

    def _draw(self, what: RenderableType) -> None:
        self._live.update(what, refresh=True)

    def _room(self, taken: int) -> int:
        return min(max(self._console.height - taken - MARGIN, LEAST_MAILS), MOST_MAILS)


class Lines:
    """A line whenever something has changed, for pipes and journals: nothing of any mail."""

    room = 0

    def __init__(self, zone: ZoneInfo | None, *, as_json: bool = False) -> None:
        self._zone = zone
        self._as_json = as_json
        self._last: object = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left to be done."""

    def show(self, report: StatusReport, mails: Sequence[ListedMessage], now: datetime) -> None:  # noqa: ARG002  # of them nothing is told
        """Print, if anything but the time has changed."""
        plain = report.as_json()
        state = {**plain, "seconds_since_read": [age is None for age in report.read_ages]}
        if state == self._last:
            return
        self._last = state
        self._print(json.dumps(plain) if self._as_json else self._stamped(line(report), now))

    def lost(self, why: str, now: datetime) -> None:
        """Print it once."""
        if why != self._last:
            self._last = why
            lost = json.dumps({"healthy": False, "error": why})
            self._print(lost if self._as_json else self._stamped(f"not well: {why}", now))

    def _stamped(self, says: str, now: datetime) -> str:
        return f"{now.astimezone(self._zone):%Y-%m-%d %H:%M:%S} {says}"

    @staticmethod
    def _print(text: str) -> None:
        print(text, flush=True)


def watch(settings: Settings, *, as_json: bool = False) -> None:
    """Show how things stand until Ctrl-C, or SIGTERM.

    Raises:
        StoreError, ConfigError: the database cannot be opened; later that is shown and waited out.
    """
    from jeeves.service.stopping import StopFlag, stop_on_signals

    stop = StopFlag()
    terminal = sys.stdout.isatty() and not as_json
    with stop_on_signals(stop) as insistence, bootstrap.open_database(settings) as database:
        screen: Screen = (
            Terminal(settings.zone) if terminal else Lines(settings.zone, as_json=as_json)
        )
        with closing(database.reading()) as reading, closing(database.store()) as store, screen:
            standing = Standing(settings, reading, store)
            while not stop.is_set():
                now = bootstrap.now()
                try:
                    look(standing, reading, screen, now)
                except BrokenPipeError:
                    # Whoever read the lines has had enough; nothing more can be written, not even
                    # what Python flushes at its end.
                    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                    stop.set()
                stop.wait(REFRESH_SECONDS)
        insistence.end()


def look(standing: Standing, reading: Reading, screen: Screen, now: datetime) -> None:
    """Show once how things stand; a database that cannot be read is shown, too."""
    try:
        report = standing.report(now)
        mails = reading.newest(screen.room) if screen.room else []
    except StoreError as exc:
        screen.lost(str(exc), now)
    else:
        screen.show(report, mails, now)


def line(report: StatusReport) -> str:
    """How things stand in one line, without ages, which change all the time."""
    backlog = report.backlog
    read = "never read" if None in report.read_ages or not report.read_ages else "reading"
    parts = [
        "well" if report.healthy else "not well",
        read if report.healthy or read != "reading" else f"read {reads(report.read_ages)}",
        f"{backlog.messages} messages",
        f"{backlog.unjudged} to judge",
        f"{backlog.alerts_open} to deliver",
        f"{backlog.alerts_waiting} waiting",
    ]
    if backlog.alerts_failed:
        parts.append(f"{backlog.alerts_failed} failed")
    if report.paused_until:
        parts.append("paused")
    said = [alert for alert in report.alerts if alert.state is not AlertState.PENDING]
    if said:
        last = said[0]
        became = "arrived" if last.delivered_at else last.delivery or last.state.value
        parts.append(f"last {last.reference} by {last.channel.value}: {became}")
    return ", ".join(parts)


def page(
    report: StatusReport,
    mails: Sequence[ListedMessage],
    now: datetime,
    zone: ZoneInfo | None,
    width: int,
) -> Group:
    """The whole screen, of ``width`` columns; mail content is on it."""
    well = ("well", "bold green") if report.healthy else ("not well", "bold red")
    parts: list[RenderableType] = [headline(*well, now, zone), Text(), fact_table(report, zone)]
    if not report.healthy:
        parts.append(Text("`jeeves doctor` tries every link and says what mends it", "yellow"))
    table = message_table(mails, zone) if width >= WIDE else mail_table(mails, zone)
    parts += [Text(), alert_lines(report, zone), Text(), table, Text()]
    parts.append(Text("Ctrl-C ends.", style="dim"))
    return Group(*parts)


def headline(state: str, style: str, now: datetime, zone: ZoneInfo | None) -> Text:
    """The first line."""
    clock = now.astimezone(zone).strftime("%H:%M:%S")
    return Text.assemble(("Jeeves", "bold"), "  ", (state, style), "  ", (clock, "dim"))


def fact_table(report: StatusReport, zone: ZoneInfo | None) -> Table:
    """The facts, one below the other."""
    table = Table(box=None, show_header=False, pad_edge=False, expand=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(ratio=1)
    for name, says in facts(report, zone):
        table.add_row(name, Text(says))
    return table


def mail_table(mails: Sequence[ListedMessage], zone: ZoneInfo | None) -> Table:
    """The mails as far as 80 columns hold: what became of their alerts stands above."""
    table = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    table.add_column("id", justify="right", style="dim", no_wrap=True)
    table.add_column("arrived", no_wrap=True)
    table.add_column("from", no_wrap=True, max_width=18)
    table.add_column("subject", no_wrap=True, ratio=1)
    table.add_column("verdict", no_wrap=True)
    for row in mails:
        table.add_row(*cells(row, zone)[: len(table.columns)])
    return table


def alert_lines(report: StatusReport, zone: ZoneInfo | None) -> RenderableType:
    """The last alerts, each on one line: when, how it fared, and what it says."""
    if not report.alerts:
        return Text("no alerts yet", style="dim")
    table = Table(box=None, show_header=False, pad_edge=False, expand=True)
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for alert in report.alerts:
        state = Text.assemble(alert.channel.value, " ", STATES[alert.state])
        if alert.state is AlertState.PENDING and not alert.attempts:
            state = Text.assemble(alert.channel.value, " ", ("waits", "dim"))
        elif alert.delivered_at is not None:
            state = Text.assemble(alert.channel.value, " ", ("arrived", "green"))
        elif alert.delivery:
            state = Text.assemble(alert.channel.value, " ", (alert.delivery, "yellow"))
        said = " ".join(alert.text.split())
        table.add_row(clock_time(alert.created_at, zone), state, mail_text(said))
    return table
