"""Commands by which Jeeves learns its owner: relabel."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from jeeves.cli import retraining

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jeeves.bootstrap import Database
    from jeeves.domain.message import FetchedMail
    from jeeves.domain.ports import Scorer
    from jeeves.service.relabelling import Said, Taken
    from jeeves.settings import Settings

SAID = ("yes", "no", "undo")


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(relabel)


def relabel(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="ID... yes|no|undo",
            help="Ids that `list` shows and what holds of them; or a table (.tsv) of ids and "
            "needs_location; or mail on disk (mbox, .eml, folder), with what holds of all of it or "
            "with the labels in it.",
        ),
    ],
    account: Annotated[
        str, typer.Option(help="Whose mail it is that lies on disk; GMAIL_ADDRESS if not given.")
    ] = "",
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Then learn from it, as `jeeves retrain` does.")
    ] = False,
) -> None:
    """Say whether mails need a place (yes), or do not (no), or take it back (undo).

    The latest word counts, wherever it was said: here, in a file, or by a label in the mailbox.

    Example: jeeves relabel 17 yes --retrain; jeeves relabel labels.tsv; jeeves relabel my.mbox yes
    """
    from jeeves import bootstrap, logs
    from jeeves.errors import ConfigError
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    settings = load_settings()
    said = cast("Said", what[-1].lower()) if what[-1].lower() in SAID else None
    names = what[:-1] if said else what
    if not names:
        raise ConfigError(f"Of which message does {what[-1]!r} hold? Give its id before it.")
    files = [Path(name) for name in names if not _names_message(name)]
    if files and len(files) < len(names):
        if not said and files == [Path(what[-1])] and not files[0].exists():
            raise ConfigError(f"Say yes, no or undo of a message: {what[-1]!r} is none of these.")
        raise ConfigError("Give ids or files, not both at once.")
    if not files and said is None:
        raise ConfigError(f"Say what holds of message {names[-1]}: yes, no or undo.")
    with bootstrap.open_database(settings) as database:
        if said and not files:
            taken = _of_ids(database, names, said)
        else:
            taken = _of_files(settings, database, files, said, account)
        tell_conversations(settings, database)
        print(summary(taken))
        if retrain:
            retraining.pull_and_learn(settings, database)
    if taken.unreadable:
        raise typer.Exit(1)


def summary(taken: Taken) -> str:
    """One line about what was said, in counts."""
    parts = [f"{taken.new:,} noted"]
    if same := taken.messages - taken.new:
        parts.append(f"{same:,} as before")
    if taken.unreadable:
        parts.append(f"{taken.unreadable:,} unreadable")
    return ", ".join(parts)


def _names_message(name: str) -> bool:
    """Whether it is a number, be it one that no message has."""
    return name.isascii() and name.isdecimal()


def _of_ids(database: Database, names: list[str], said: Said) -> Taken:
    from jeeves.domain.labelling import Source
    from jeeves.service.relabelling import lines_said, take_down

    with closing(database.store()) as store:
        return take_down(store, list(lines_said(names, said)), Source.COMMAND)


def _of_files(
    settings: Settings, database: Database, files: list[Path], said: Said | None, account: str
) -> Taken:
    from jeeves.adapters.label_table import read_table
    from jeeves.domain.labelling import Source
    from jeeves.errors import ConfigError
    from jeeves.service.relabelling import SAID as LABELS
    from jeeves.service.relabelling import Line, take_down

    tables = [path for path in files if path.suffix.lower() in (".tsv", ".txt")]
    if not tables:
        return _of_mail(settings, database, files, said, account)
    if said or len(tables) < len(files):
        raise ConfigError("A table of labels says itself what holds: give it alone.")
    lines = [
        Line(where, name, LABELS[cast("Said", word)])
        for path in tables
        for where, name, word in read_table(path)
    ]
    with closing(database.store()) as store:
        return take_down(store, lines, Source.FILE)


def _of_mail(
    settings: Settings, database: Database, files: list[Path], said: Said | None, account: str
) -> Taken:
    from itertools import chain

    from jeeves import bootstrap, modelling
    from jeeves.adapters.archive import UnreadableFile, mails
    from jeeves.cli.history import aliases_of, owner_of
    from jeeves.service.history import import_mails
    from jeeves.service.relabelling import take_down_mails

    owner = owner_of(settings, account)
    aliases = aliases_of(settings, owner)
    unreadable: dict[str, str] = {}

    def found() -> Iterator[FetchedMail]:
        for mail in chain.from_iterable([mails(path) for path in files]):
            if isinstance(mail, UnreadableFile):
                unreadable[mail.source] = mail.reason
            else:
                yield mail

    def load_scorer() -> Scorer:
        return modelling.make_scorer(settings)

    with closing(database.store()) as store, closing(database.history()) as history:
        # What is not stored cannot be labelled.
        import_mails(found(), owner, aliases, store, history, load_scorer, bootstrap.now)
        taken = take_down_mails(store, found(), owner, aliases, said)
    for source, reason in unreadable.items():
        print(f"{source}: {reason}", file=sys.stderr)
    return replace(taken, unreadable=taken.unreadable + len(unreadable))


def tell_conversations(settings: Settings, database: Database) -> None:
    """What was said is heard by the conversations of the accounts that are watched."""
    from jeeves import bootstrap
    from jeeves.service.relabelling import reconsider

    terms = bootstrap.make_terms(settings)
    with closing(database.store()) as store:
        for account in store.unheard_accounts():
            reconsider(account, store, (), bootstrap.now(), terms)
