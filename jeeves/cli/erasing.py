"""The command erase: what is stored of a person, of an account, or at all."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jeeves.settings import Settings

KEPT = "Nothing was erased."


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(erase)


def erase(
    sender: Annotated[
        str, typer.Option(metavar="ADDRESS", help="All mail from this address.")
    ] = "",
    account: Annotated[
        str, typer.Option(metavar="ADDRESS", help="All that is stored of this account.")
    ] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="All: the database, models, their key, tokens, speech.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
) -> None:
    """Erase what Jeeves has stored, after telling how much that is; the mailbox is not touched.

    Mail of an erased sender is not stored again, whatever reads it; new mail from there is. An
    erased account that is still configured is read anew, its last 14 days first.

    Example: jeeves erase --sender ana@example.org
    """
    from jeeves import logs
    from jeeves.errors import ConfigError
    from jeeves.settings import load_settings

    if bool(sender) + bool(account) + everything != 1:
        raise ConfigError("Erase what? Give one of --sender ADDRESS, --account ADDRESS or --all.")
    logs.configure(quiet=True)
    settings = load_settings(offline=True)
    if everything:
        erase_all(settings, yes=yes)
    else:
        erase_some(settings, sender.strip().lower(), account.strip().lower(), yes=yes)


def erase_some(settings: Settings, sender: str, account: str, *, yes: bool) -> None:
    """Erase a sender or an account."""
    from contextlib import closing

    from jeeves import bootstrap

    with (
        bootstrap.open_database(settings) as database,
        closing(database.erasing()) as store,
    ):
        found = store.of_sender(sender) if sender else store.of_account(account)
        print(f"Stored: {found}.")
        if sender and not (found.messages or found.mutes):
            print(f"There is no mail from this address. {KEPT}")
            return
        if not agreed(yes=yes):
            return
        if sender:
            store.erase_sender(sender, bootstrap.now())
        else:
            store.erase_account(account)
    bootstrap.drop_files(settings)
    print(
        "Erased, and with it spoken alerts and reports of models, which may quote it. Models that "
        "were trained on it keep what they have learned until the next one."
    )
    if any(one.address.lower() == account for one in settings.accounts):
        print(
            "The account is still configured: its last 14 days are read again at the next start. "
            "Take it out of .env or accounts.toml to prevent that."
        )


def erase_all(settings: Settings, *, yes: bool) -> None:
    """Erase the database and what lies beside it in JEEVES_HOME."""
    from contextlib import closing

    from jeeves import bootstrap, preserving
    from jeeves.errors import ConfigError

    embedded = settings.database_url is None
    if not embedded or any(settings.jeeves_home.glob("postgres-*/cluster")):
        try:
            with (
                bootstrap.open_database(settings) as database,
                closing(database.erasing()) as store,
            ):
                preserving.refuse_company(database)
                print(f"Stored: {store.of_all()}.")
        except ConfigError:
            if not embedded:
                raise
            # One that cannot be served can still be removed.
            print(f"Stored: a database in {settings.jeeves_home} that cannot be served.")
    files = list(belongings(settings))
    for path in files:
        print(f"Also: {path}")
    if not agreed(yes=yes):
        return
    if embedded:
        remove_embedded(settings)
    else:
        with (
            bootstrap.open_database(settings) as database,
            closing(database.erasing()) as store,
        ):
            store.erase_all()
    for path in files:
        remove(path)
    print(
        "Erased. Your settings (.env, accounts.toml) and files of your own, such as backups, are "
        "where they were; at the next start the last 14 days of configured accounts are read again."
    )


def belongings(settings: Settings) -> Iterator[Path]:
    """What Jeeves keeps outside of the database, where it is there."""
    from jeeves.learning.origin import KEY

    home = settings.jeeves_home
    for path in (settings.own_models, home / KEY, home / "oauth", home / "speech"):
        if path.exists():
            yield path
    yield from home.glob("set-aside-*")


def remove_embedded(settings: Settings) -> None:
    """No embedded database is left, of whatever version.

    Raises:
        StoreUnavailable: it is in use.
        ConfigError: it cannot be removed.
    """
    import shutil

    from jeeves.adapters.embedded import clearing, translate_errors

    with translate_errors(settings.jeeves_home):
        clearing.remove(settings.jeeves_home)
        for path in clearing.set_aside(settings.jeeves_home):
            shutil.rmtree(path)


def remove(path: Path) -> None:
    """The file or folder is gone.

    Raises:
        StoreError: it cannot be removed.
    """
    import shutil

    from jeeves.errors import StoreError

    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as exc:
        raise StoreError(
            f"{path} cannot be removed ({exc.strerror}): remove it yourself, or run the command "
            "again as the user who owns it."
        ) from exc


def agreed(*, yes: bool) -> bool:
    """Whether the owner says so; without a terminal only by --yes.

    Raises:
        ConfigError: there is nobody to ask.
    """
    from jeeves.errors import ConfigError

    if yes:
        return True
    if not sys.stdin.isatty():
        raise ConfigError(f"There is no terminal to ask at: give --yes. {KEPT}")
    if typer.prompt('Erase it for good? Type "erase" to do so', default="no") == "erase":
        return True
    print(KEPT)
    return False
