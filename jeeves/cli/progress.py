"""How far a long command is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Told how much is done of how much, and more in words.
Told = Callable[[int, int, str], None]


@contextmanager
def progress(unit: str) -> Iterator[Told]:
    """Shows on standard error what it is told: a bar on a terminal, else a line now and then."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines(unit)
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TextColumn("{task.description}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, words: bar.update(
            task, completed=done, total=total, description=words
        )


class Lines:
    """A line whenever another tenth is done."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._tenth = 0

    def __call__(self, done: int, total: int, words: str) -> None:
        """``done`` of ``total`` are done, or in ``words``."""
        tenth = 10 * done // total if total else 0
        if tenth > self._tenth:
            self._tenth = tenth
            print(f"{done:,} of {total:,} {self._unit}, {words}", file=sys.stderr, flush=True)
