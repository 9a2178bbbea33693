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
) -> None:
    """How long ago mail was read, what waits, the last alerts, the model in use.

    Exit code 1 when mail was never read or not for 15 minutes, or alerts failed.

    Example: jeeves status --details
    """
    from jeeves import bootstrap, logs, modelling
    from jeeves.cli.details import figures, render_details
    from jeeves.cli.status import gather, render
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    settings = load_settings()
    with bootstrap.open_database(settings) as database, closing(database.reading()) as reading:
        model, accounts = modelling.model_in_use(settings), settings.accounts
        addresses = [account.address for account in accounts]
        silent = settings.silent_minutes * 60
        report = gather(reading, model, bootstrap.now(), addresses, silent)
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
    """Try every link: settings, database, IMAP, model, Twilio, voice.

    Example: jeeves doctor
    """
    from jeeves import logs
    from jeeves.cli.doctor import examine

    logs.configure(quiet=True)
    findings = list(examine())
    if as_json:
        print(json.dumps([finding.as_json() for finding in findings], indent=2))
    else:
        for finding in findings:
            print(finding)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
