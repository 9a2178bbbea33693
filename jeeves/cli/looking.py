"""Commands that look: list, show, status, doctor."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command("list")(list_)
    app.command()(show)
    app.command()(status)
    app.command()(doctor)


def list_(
    limit: Annotated[int, typer.Option(min=1, help="How many messages.")] = 20,
    needs_location: Annotated[
        bool, typer.Option("--needs-location", help="Only those that need a place.")
    ] = False,
) -> None:
    """The newest messages and what was made of them.

    Example: jeeves list --needs-location --limit 50
    """
    from rich.console import Console

    from jeeves import bootstrap, logs
    from jeeves.settings import load_settings
    from jeeves.tables import message_table

    logs.configure(quiet=True)
    settings = load_settings()
    with bootstrap.open_database(settings) as database, closing(database.reading()) as reading:
        rows = reading.newest(limit, needs_location)
    if not rows:
        print("No messages yet: `jeeves check` reads the mailbox, `jeeves import` an archive.")
        return
    Console().print(message_table(rows, settings.zone))


def show(
    message_id: Annotated[int, typer.Argument(metavar="ID", help="The id that `list` shows.")],
) -> None:
    """One message, its verdict and why.

    Example: jeeves show 17
    """
    from rich.console import Console

    from jeeves import bootstrap, logs
    from jeeves.errors import ConfigError
    from jeeves.settings import load_settings
    from jeeves.tables import message_page

    logs.configure(quiet=True)
    settings = load_settings()
    with bootstrap.open_database(settings) as database, closing(database.reading()) as reading:
        row = reading.message(message_id)
    if row is None:
        raise ConfigError(f"There is no message {message_id}: `jeeves list` shows their ids.")
    Console().print(message_page(row, settings.zone))


def status(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    details: Annotated[
        bool, typer.Option("--details", help="The figures of the week, as they are now.")
    ] = False,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help="Keep looking until Ctrl-C; where there is no terminal, a line for each change.",
        ),
    ] = False,
) -> None:
    """How long ago mail was read, what waits, the last alerts, the model, the next retraining.

    Exit code 1 when mail was never read or not for 15 minutes, or alerts failed within a day.

    Example: jeeves status --watch
    """
    from jeeves import bootstrap, logs
    from jeeves.cli.details import figures, render_details
    from jeeves.cli.standing import Standing
    from jeeves.cli.status import render
    from jeeves.errors import ConfigError
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    if watch and details:
        raise ConfigError("--details are the figures of a week: leave --watch away for them.")
    settings = load_settings()
    if watch:
        from jeeves.cli import live

        live.watch(settings, as_json=as_json)
        return
    with (
        bootstrap.open_database(settings) as database,
        closing(database.reading()) as reading,
        closing(database.store()) as store,
    ):
        report = Standing(settings, reading, store).report(bootstrap.now())
        found = figures(settings, database) if details else None
    if as_json:
        more = {"watch": found.as_dict()} if found else {}
        print(json.dumps(report.as_json() | more, indent=2))
    else:
        terminal = sys.stdout.isatty()
        print(render(report, settings.zone, reasons=terminal))
        if found:
            print(render_details(found, settings.zone, words=terminal))
    if not report.healthy:
        raise typer.Exit(1)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Try every link, and say what mends one that is broken.

    Settings, database, disk, IMAP, clock, model, Twilio, voice, and whether anything runs Jeeves.
    Exit code 1 where one is broken; 0 where all work, be it with warnings.

    Example: jeeves doctor
    """
    from jeeves import logs
    from jeeves.cli.doctor import examine

    logs.configure(quiet=True)
    findings = []
    for finding in examine():
        findings.append(finding)
        if not as_json:
            print(finding, flush=True)
    if as_json:
        print(json.dumps([finding.as_json() for finding in findings], indent=2))
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
