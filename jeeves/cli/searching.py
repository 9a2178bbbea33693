"""The command search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jeeves.cli.comparing import Jobs
from jeeves.cli.judging import Group, Labels, Messages

if TYPE_CHECKING:
    from rich.table import Table

    from jeeves.learning.space import Settings
    from jeeves.learning.trials import Trial

#: Trials that are shown.
SHOWN = 10


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(search)


def search(
    messages: Messages,
    labels: Labels,
    group: Group = None,
    trials: Annotated[
        int, typer.Option(min=1, metavar="N", help="Trials in all, those done before included.")
    ] = 50,
    resume: Annotated[
        Path,
        typer.Option(
            metavar="FILE.jsonl", help="Where each result is kept; a search goes on from it."
        ),
    ] = Path("search.jsonl"),
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Run on the Dask cluster of tcp://HOST:PORT."),
    ] = None,
    jobs: Jobs = None,
) -> None:
    """Look for better settings of the pipeline on labelled mail; changes no model.

    Example: jeeves search --messages mails --labels labels.tsv --group owner --trials 100
    """
    from jeeves import logs
    from jeeves.cli.comparing import console_for_tables, progress
    from jeeves.learning import corpus
    from jeeves.learning.search import search as find

    logs.configure(quiet=True)
    labelled = corpus.load(messages, labels)
    best = 0.0

    with progress() as bar:

        def told(done: int, total: int, trial: Trial | None) -> None:
            nonlocal best
            best = max(best, trial.average_precision if trial else 0.0)
            bar(f"trials, best {best:.3f}" if best else "trials", done, total)

        found = find(
            labelled,
            resume,
            by=group,
            trials=trials,
            jobs=jobs or -1,
            dask=dask,
            progress=told,
        )
    console = console_for_tables()
    console.print(trial_table(found))
    console.print(
        f"{len(found)} trials, kept in {resume}. The best was chosen on the folds that it is "
        "measured on: expect less of it on other mail.",
        style="dim",
        highlight=False,
    )


def trial_table(found: Sequence[Trial]) -> Table:
    """The best trials, and the present settings wherever they stand."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("trial", "AP", "difference", "better folds"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("settings")
    present = next(trial for trial in found if trial.number == 0)
    for place, trial in enumerate(found):
        if place >= SHOWN and trial is not present:
            continue
        better = sum(a > b for a, b in zip(trial.folds, present.folds, strict=True))
        table.add_row(
            str(trial.number),
            f"{trial.average_precision:.3f}",
            ""
            if trial is present
            else f"{trial.average_precision - present.average_precision:+.3f}",
            "" if trial is present else f"{better} of {len(trial.folds)}",
            "the present ones" if trial is present else settings_in_words(trial.settings),
            style="bold" if trial is present else None,
        )
    return table


def settings_in_words(settings: Settings) -> str:
    """``up to 2 words, sublinear, 3 groups a term, C 4.2, ...``."""
    columns = ", ".join(f"{name} x {factor:g}" for name, factor in settings.columns.items())
    return (
        f"up to {settings.ngrams} words, {'sublinear' if settings.sublinear else 'plain'} tf, "
        f"{settings.groups_per_term} groups a term, C {settings.C:g}, "
        f"{'balanced' if settings.balanced else 'unbalanced'}, "
        f"ambiguous x {settings.ambiguous_weight:g}, {columns}"
    )
