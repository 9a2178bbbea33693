"""What is printed of a comparison: ``jeeves evaluate --compare``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from jeeves.learning.comparison import View
    from jeeves.learning.corpus import Corpus

Jobs = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Processes; one for each core if not given.")
]
#: Where nobody looks, lines are this long at least.
PIPE_WIDTH = 120


def check_report(file: Path) -> None:
    """Raise ConfigError where the report could not be written, before minutes are spent on it."""
    from jeeves.errors import ConfigError
    from jeeves.learning.pages import require_plots

    require_plots()
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise ConfigError(f"The report {file} cannot be written: give a file in a folder there is.")


def compare(
    labelled: Corpus,
    group: str | None,
    wanted: Sequence[str],
    jobs: int | None,
    report_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Print the tables of ``wanted`` views, and write the report where there is a file for it.

    Raises:
        ConfigError: the file cannot be written, or as ``comparison.compare``.
        TrainingError: as ``comparison.compare``.
    """
    from jeeves.errors import ConfigError
    from jeeves.learning import comparison, report

    with progress() as told:
        found = comparison.compare(labelled, group, wanted, jobs or -1, told)
        if report_file:
            told("drawing the report", 0, 1)
            page = report.page(labelled, found, jobs or -1)
            try:
                report_file.write_text(page, encoding="utf-8")
            except OSError as exc:
                raise ConfigError(
                    f"The report {report_file} cannot be written: {exc.strerror}."
                ) from exc
    if as_json:
        print(json.dumps(found.as_dict(), indent=2))
        return
    console = console_for_tables()
    for view in found.views:
        console.print(view_table(view, report.TITLES[view.name]), soft_wrap=False)
        console.print()
    for number, note in enumerate(notes(found.views[0]), 1):
        console.print(f"{number}  {note}", style="dim", highlight=False)
    console.print(
        f"Out of fold, grouped by {found.grouped_by}. Brackets hold 95 % of 1,000 resamples of the "
        "messages; differences are to the first line, on the same resamples. Seconds are the "
        "processor's, for all folds, without the tf-idf columns, which all share.",
        style="dim",
        highlight=False,
    )
    if report_file:
        console.print(f"report: {report_file}", highlight=False, soft_wrap=True)


def view_table(view: View, title: str) -> Table:
    """One line for each candidate."""
    from rich.table import Table

    table = Table(
        box=None,
        pad_edge=False,
        header_style="bold",
        title=f"{title}: {view.messages} messages, {view.positives} need a place",
        title_justify="left",
        title_style="bold",
    )
    table.add_column("candidate")
    table.add_column("AP", no_wrap=True)
    table.add_column("difference", no_wrap=True)
    for name in ("ROC", "P@0.8", "P@0.9", "Brier", "s"):
        table.add_column(name, justify="right", no_wrap=True)
    known = notes(view)
    for line in view.lines:
        name = f"{line.name} ({known.index(line.note) + 1})" if line.note else line.name
        if not line.figures:
            table.add_row(name, "-", style="dim")
            continue
        precision, *others = line.figures.values()
        gap = line.differences.get("average precision")
        table.add_row(
            name,
            f"{precision.value:.3f} [{precision.low:.3f}, {precision.high:.3f}]",
            f"{gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]" if gap else "",
            *(f"{figure.value:.3f}" for figure in others[:-1]),
            f"{others[-1].value:.4f}",
            f"{line.seconds:.1f}",
            style="bold" if gap is None else None,
        )
    return table


def notes(view: View) -> list[str]:
    """The remarks on the candidates, each once."""
    return list(dict.fromkeys(line.note for line in view.lines if line.note))


def console_for_tables() -> Console:
    """Standard output, wide enough for a table where it is no terminal."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal and console.width < PIPE_WIDTH:
        return Console(width=PIPE_WIDTH)
    return console


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error while it lasts; told what is done, how much and of how much."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda what, done, total: bar.update(
            task, description=what, completed=done, total=total
        )
