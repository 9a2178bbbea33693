"""Commands about judgement: score, train, evaluate."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    pass

Messages = Annotated[Path, typer.Option(help="Folder of ID.eml files.")]
Labels = Annotated[Path, typer.Option(help="TSV with the columns id and needs_location.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(score)
    app.command()(train)
    app.command()(evaluate)


def score(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help=".eml, folder, mbox or Maildir")
    ],
) -> None:
    """Judge mail from disk, one JSON object a line; needs no database and no account.

    Exit code 1 if any mail could not be read; the others are still judged.

    Example: jeeves score ~/Maildir invitation.eml
    """
    from jeeves import bootstrap, logs
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    scorer = bootstrap.make_scorer(load_settings())
    unreadable = 0
    for line in scored(paths, scorer):
        unreadable += "error" in line
        print(json.dumps(line, ensure_ascii=False))
    sys.stdout.flush()
    if unreadable:
        raise typer.Exit(1)
