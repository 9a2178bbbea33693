"""The command that shows what Jeeves would have said about mail that is there already."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from jeeves.domain.message import Message
    from jeeves.service.replay import Replayed
    from jeeves.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(replay)


def replay(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help=".eml, folder, mbox or Maildir")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Of the database: the last N days.")
    ] = None,
    account: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Whose mail it is; GMAIL_ADDRESS if not given.")
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also conversations in which nobody wants to meet.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One object a conversation.")] = False,
) -> None:
    """Which alerts would have gone, when and why, and what settled them. Sends nothing.

    Each mail is judged in order of its date, as if it had just arrived. Mail from disk needs no
    database. Exit code 1 if any of it could not be read; the rest is still replayed.

    Example: jeeves replay ~/Mail/2026 --json
    """
    from jeeves import bootstrap, logs, modelling
    from jeeves.errors import ConfigError
    from jeeves.service.replay import replay as replayed
    from jeeves.settings import load_settings

    if bool(paths) == (days is not None):
        raise ConfigError("What is to be replayed? Give either a PATH or --days N.")
    logs.configure(quiet=True)
    settings = load_settings(offline=True)
    owner = (account or settings.gmail_address or "").lower()
    if not owner and settings.accounts:
        owner = settings.accounts[0].address.lower()
    if not owner:
        raise ConfigError("Whose mail is it? Give --account ADDRESS, or set GMAIL_ADDRESS.")
    messages: list[Message] = []
    unreadable = 0
    for mail in _messages(settings, owner, paths or [], days):
        if isinstance(mail, str):
            unreadable += 1
            print(mail, file=sys.stderr)
        else:
            messages.append(mail)
    terms = bootstrap.make_terms(settings)
    found = replayed(messages, modelling.make_scorer(settings), terms)
    if as_json:
        for one in found:
            print(json.dumps(one.as_dict(), ensure_ascii=False))
    else:
        _show(list(found) if everything else worth_showing(found), len(messages))
    if unreadable:
        raise typer.Exit(1)


def look_back(settings: Settings, owner: str, days: int) -> None:
    """Show which alerts would have gone about mail of the last ``days`` that is stored.

    Raises:
        StoreError, ModelError, ConfigError: it cannot be read or judged.
    """
    from jeeves import bootstrap, modelling
    from jeeves.service.replay import replay as replayed

    since = bootstrap.now() - timedelta(days=days)
    with bootstrap.open_database(settings) as database, closing(database.store()) as store:
        messages = store.recent_conversations(owner, since)
    terms = bootstrap.make_terms(settings)
    found = replayed(messages, modelling.make_scorer(settings), terms)
    _show(worth_showing(found), len(messages))


def worth_showing(found: Iterable[Replayed]) -> list[Replayed]:
    """The conversations in which somebody wants to meet."""
    from jeeves.domain.conversation import State

    return [one for one in found if one.state is not State.NONE or one.alert]


def _messages(
    settings: Settings, owner: str, paths: Sequence[Path], days: int | None
) -> Iterator[Message | str]:
    """The mails to replay; a sentence for each that cannot be read."""
    from jeeves import bootstrap
    from jeeves.adapters.archive import UnreadableFile, mails
    from jeeves.cli.history import aliases_of
    from jeeves.domain.message import FetchedMail, Unreadable
    from jeeves.service.replay import read_all

    if days is not None:
        since = bootstrap.now() - timedelta(days=days)
        with bootstrap.open_database(settings) as database, closing(database.store()) as store:
            yield from store.recent_conversations(owner, since)
        return
    broken: list[str] = []

    def whole() -> Iterator[FetchedMail]:
        for mail in chain.from_iterable(map(mails, paths)):
            if isinstance(mail, UnreadableFile):
                broken.append(f"{mail.source}: {mail.reason}")
            else:
                yield mail

    for message in read_all(whole(), owner, aliases_of(settings, owner)):
        yield f"{message.mailbox}: {message.reason}" if isinstance(message, Unreadable) else message
    yield from broken


def _show(found: Sequence[Replayed], mails: int) -> None:
    from rich.console import Console

    console = Console()
    if not found:
        print(f"{_counted(mails, 'mail')}, and in none does anybody want to meet.")
        return
    console.print(_table(found))
    alerts = sum(one.when is not None for one in found)
    taken_back = sum(one.retraction is not None for one in found)
    said = f"{_counted(mails, 'mail')}, {_counted(alerts, 'alert')}"
    print(f"{said}; taken back once it was needless: {taken_back}")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _standing(one: Replayed) -> str:
    """How a conversation stands: where people meet, or whose word is next."""
    if one.place:
        return f"{one.state.value}: {one.place}"
    if one.state.value != "open":
        return one.state.value
    asked = next(meeting for meeting in one.meetings if meeting.state is one.state)
    return f"open, {'yours' if asked.owner_owes else 'theirs'} to answer"


def _table(found: Sequence[Replayed]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("When", "Conversation", "State", "What would have been said"):
        table.add_column(column, overflow="fold")
    for one in found:
        said = [one.text or "nothing"]
        if one.text and one.when is None:
            said = ["nothing: settled before it was time to"]
        if one.retraction:
            said.append(one.retraction)
        table.add_row(
            Text(one.when.strftime("%Y-%m-%d %H:%M") if one.when else ""),
            Text(one.subject[:60]),
            Text(_standing(one)),
            Text("\n".join(said)),
        )
    return table
