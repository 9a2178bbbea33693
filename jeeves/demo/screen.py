"""What the demo shows: a live table on a terminal, lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self
from zoneinfo import ZoneInfo

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from jeeves.domain.alert import AlertState, Channel
from jeeves.domain.listing import AlertLine, ListedMessage
from jeeves.domain.message import Origin
from jeeves.tables import message_table, reasons_in_short

#: Lines of the terminal that are not the table's.
MARGIN = 9
PLAIN_ROWS = 60


class Screen(Protocol):
    """Where the demo shows what the database holds."""

    #: How many messages it can show.
    room: int

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def show(self, rows: Sequence[ListedMessage]) -> None:
        """Bring the screen up to date; newest message first."""
        ...


class LiveTable:
    """A table that is redrawn in place."""

    def __init__(self, zone: ZoneInfo | None, headline: str) -> None:
        self._console = Console()
        self._live = Live(console=self._console, auto_refresh=False, vertical_overflow="crop")
        self._zone = zone
        self._headline = headline
        self.room = max(self._console.height - MARGIN, 5)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, traceback)

    def show(self, rows: Sequence[ListedMessage]) -> None:
        """Redraw."""
        self.room = max(self._console.height - MARGIN, 5)
        self._live.update(scene(rows[: self.room], self._zone, self._headline), refresh=True)


def scene(rows: Sequence[ListedMessage], zone: ZoneInfo | None, headline: str) -> Group:
    """All that a terminal shows at a time."""
    parts: list[RenderableType] = [
        Text(headline, style="bold"),
        Text(),
        message_table(rows, zone),
        Text(),
        *said(rows),
        Text("Ctrl-C ends the demo.", style="dim"),
    ]
    return Group(*parts)


class Lines:
    """One line for each verdict on mail that arrived while the demo ran, then the table."""

    room = PLAIN_ROWS

    def __init__(self, zone: ZoneInfo | None, headline: str) -> None:
        self._console = Console(width=None if Console().is_terminal else 160)
        self._zone = zone
        self._headline = headline
        self._started = time.monotonic()
        self._shown: set[int] = set()
        self._said: set[str] = set()
        self._rows: Sequence[ListedMessage] = ()

    def __enter__(self) -> Self:
        self._console.print(self._headline)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._rows:
            self._console.print()
            self._console.print(message_table(self._rows, self._zone))

    def show(self, rows: Sequence[ListedMessage]) -> None:
        """Print what is new."""
        self._rows = rows
        for row in reversed(rows):
            if row.id not in self._shown and row.verdict is not None:
                if not self._shown:
                    seconds = time.monotonic() - self._started
                    self._console.print(f"first verdict {seconds:.1f} s after the start")
                self._shown.add(row.id)
                if row.message is not None and row.message.origin is Origin.LIVE:
                    self._console.print(verdict_line(row), soft_wrap=True)
            for alert in row.alerts:
                if alert.reference not in self._said and alert.state is AlertState.SENT:
                    self._said.add(alert.reference)
                    self._console.print(Text("  ").append_text(saying(alert)), soft_wrap=True)


def verdict_line(row: ListedMessage) -> Text:
    """One message and its verdict."""
    message, verdict = row.message, row.verdict
    if message is None or verdict is None:
        return Text(f"{row.id} unreadable")
    why = reasons_in_short(verdict)
    return Text(
        f"{message.sender.display}: {message.subject} -> {verdict.band.value} "
        f"{verdict.score.probability:.2f}" + (f" ({why})" if why else "")
    )


def said(rows: Sequence[ListedMessage]) -> list[Text]:
    """The newest text message and the newest spoken sentence."""
    alerts = [alert for row in rows for alert in row.alerts if alert.state is AlertState.SENT]
    alerts.sort(key=lambda alert: alert.created_at, reverse=True)
    lines = []
    for channel in Channel:
        newest = next((alert for alert in alerts if alert.channel is channel), None)
        if newest is not None:
            lines += [saying(newest), Text()]
    return lines


def saying(alert: AlertLine) -> Text:
    """What a channel said, and where it went."""
    what = "text message" if alert.channel is Channel.SMS else "spoken"
    line = Text.assemble((f"{what}: ", "bold green"), alert.text)
    if alert.note:
        where = f" ({alert.note})" if alert.channel is Channel.SMS else ""
        line.append(where or f" ({alert.note}: {alert.receipt})", style="dim")
    return line
