"""Commands about the owner's models: retrain, models, rollback."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from jeeves.bootstrap import Database
    from jeeves.learning.shelf_list import ModelLine
    from jeeves.service.retraining import Retrained
    from jeeves.settings import Settings

REFUSED = 1


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(retrain)
    app.command()(models)
    app.command()(rollback)


def retrain(
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Train though nothing is new; let it serve though it is worse."
        ),
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Without asking the mailbox for new labels.")
    ] = False,
    report: Annotated[
        bool, typer.Option("--report/--no-report", help="Draw the page beside the model.")
    ] = True,
    if_due: Annotated[
        bool,
        typer.Option(
            "--if-due",
            help="Only if RETRAIN_LABELS mails were labelled since the last time, at low priority, "
            "and without a word otherwise: for cron.",
        ),
    ] = False,
) -> None:
    """Learn from everything you have said; the new model serves if it is not worse than the old.

    Exit code 1 where the new model is worse and the old one goes on serving, 75 where there are
    too few labels yet.

    Example: jeeves retrain
    """
    from jeeves import bootstrap, logs
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    settings = load_settings()
    if if_due:
        _give_way()
    with bootstrap.open_database(settings) as database:
        pull_and_learn(
            settings, database, force=force, offline=offline, if_due=if_due, report=report
        )


def pull_and_learn(
    settings: Settings,
    database: Database,
    *,
    force: bool = False,
    offline: bool = False,
    if_due: bool = False,
    report: bool = True,
) -> None:
    """What `jeeves retrain` does, with its options.

    Raises:
        Exit: with code 1, where the candidate is worse.
        JeevesError: as ``service.retraining.retrain``.
    """
    from jeeves.errors import TooFewLabels

    if not offline:
        pull_labels(settings, database)
    try:
        done = learn(settings, database, force=force, if_due=if_due, report=report)
    except TooFewLabels:
        if if_due:
            return
        raise
    if done.version is None:
        if not if_due:
            print(done.why)
        return
    tell(done, settings, report=report)
    if not done.promoted:
        raise typer.Exit(REFUSED)


def pull_labels(settings: Settings, database: Database) -> None:
    """Bring the labels of the mailboxes up to date; one that cannot be reached is told of."""
    from jeeves import bootstrap
    from jeeves.errors import MailboxError
    from jeeves.service.marking import sync_marks

    with closing(database.store()) as store:
        for account in settings.accounts:
            try:
                with closing(bootstrap.make_mailbox(settings, account)) as mailbox:
                    mailbox.open()
                    sync_marks(mailbox, store, bootstrap.now)
            except MailboxError as exc:
                print(f"jeeves: labels not asked for: {exc}", file=sys.stderr)


def learn(
    settings: Settings, database: Database, *, force: bool, if_due: bool, report: bool
) -> Retrained:
    """Train, and promote what is not worse; see ``service.retraining.retrain``."""
    from jeeves import bootstrap, modelling
    from jeeves.learning.origin import owners_key
    from jeeves.service.retraining import retrain as train

    key = owners_key(settings.jeeves_home)
    own, starter = modelling.shelves(settings)
    with closing(database.store()) as store:
        return train(
            store,
            own,
            starter,
            key,
            settings.costs,
            bootstrap.now,
            settings.models_kept,
            force=force,
            least_new=max(settings.retrain_labels, 1) if if_due else 0,
            draw=modelling.retraining_page(settings, database) if report else None,
        )


def tell(done: Retrained, settings: Settings, *, report: bool) -> None:
    """What came of a training, for a person."""
    from jeeves.service.retraining import REPORT

    assert done.model is not None  # noqa: S101  a version has been trained
    labels = done.model.lesson.labels
    mine, starters = done.model.measured
    print(
        f"Learned from {len(labels):,} mails: {labels.sum():,} need a place, "
        f"{(~labels).sum():,} do not."
    )
    print(
        f"On mails it was not fitted on: average precision {mine.average_precision:.3f} "
        f"({mine.interval[0]:.3f} to {mine.interval[1]:.3f}), the starter "
        f"{starters.average_precision:.3f}."
    )
    print(done.why)
    folder = settings.own_models
    if done.promoted:
        print(f"model: {folder / str(done.version)}, current from now on")
    else:
        print(
            f"The current model goes on serving; {done.version} is kept. "
            "`jeeves retrain --force` lets one serve all the same."
        )
    page = folder / str(done.version) / REPORT
    if page.is_file():
        print(f"report: {page}")
    elif report:
        print("There is no report: `pip install 'jeeves[report]'` lets the next one have one.")
    for version in done.removed:
        print(f"removed: {version} (MODELS_KEPT={settings.models_kept})")


def models(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """The models there are: which one serves, why, and how good each is.

    Example: jeeves models
    """
    from jeeves import logs, modelling
    from jeeves.cli.comparing import console_for_tables
    from jeeves.learning.shelf_list import listed
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    lines = listed(modelling.shelves(load_settings()))
    if as_json:
        print(json.dumps([line.as_dict() for line in lines], indent=2, ensure_ascii=False))
        return
    console_for_tables().print(model_table(lines))


def model_table(lines: list[ModelLine]) -> Table:
    """A line for each model."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in (
        ("model", "left"),
        ("state", "left"),
        ("labels", "right"),
        ("AP", "right"),
    ):
        table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("why")
    for line in lines:
        precision = "" if line.average_precision is None else f"{line.average_precision:.3f}"
        labels = "" if line.labels is None else f"{line.labels:,}"
        style = "bold" if line.state == "current" else None
        table.add_row(line.version, line.state, labels, precision, line.why, style=style)
    return table


def rollback() -> None:
    """Let the model serve again that served before the current one; the daemon takes it over.

    Nothing is removed: `jeeves models` still lists it.

    Example: jeeves rollback
    """
    from jeeves import logs, modelling
    from jeeves.learning.upkeep import roll_back
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    own, _ = modelling.shelves(load_settings())
    before, now = roll_back(own.folder, own.proof)
    print(f"{before} served; from now on {now or 'the starter'} does.")


def _give_way() -> None:
    """Whoever judges mail goes first."""
    import os
    from contextlib import suppress

    with suppress(OSError):
        os.nice(10)
