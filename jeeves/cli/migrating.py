"""The command about the schema: migrate."""

from __future__ import annotations

from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(migrate)


def migrate(
    to: Annotated[str, typer.Option(help='"head", a revision, or "base" (drops all).')] = "head",
    lose: Annotated[
        bool, typer.Option("--lose", help="Go back though something is lost; it says what.")
    ] = False,
) -> None:
    """Bring the database's schema to this version.

    An older one, for an older Jeeves, is refused with what would be lost, unless --lose is given.

    Example: jeeves migrate
    """
    from jeeves import bootstrap, logs
    from jeeves.adapters.postgres import losing, schema
    from jeeves.errors import ConfigError
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    with bootstrap.open_server(load_settings()) as dsn:
        before = schema.revision(dsn)
        if schema.goes_back(dsn, to):
            lost = "; ".join(map(str, losing.losses(dsn, to))) or "nothing"
            if not lose:
                raise ConfigError(
                    f"Going back from schema {before} to {to} would lose: {lost}. Nothing was "
                    f"changed: keep a copy, then `jeeves migrate --to {to} --lose` does it."
                )
        else:
            lost = ""
        schema.migrate(dsn, to)
        after = schema.revision(dsn)
    if lost:
        print(f"Lost: {lost}.")
    print(f"Schema: {before or 'none'} before, {after or 'none'} now.")
