"""Commands that keep the database: backup, restore, move, upgrade."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from jeeves.settings import Settings

database = typer.Typer(
    help="Back up the database, bring it back, move it to another server or version.\n\n"
    "Example: jeeves database backup jeeves-backup.zip",
    no_args_is_help=True,
    rich_markup_mode=None,
)
File = Annotated[Path, typer.Argument(metavar="FILE", help="A file of `jeeves database backup`.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.add_typer(database, name="database")


@database.command()
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; it holds your mail.")],
) -> None:
    """Write the whole database into one file, for you alone (mode 0600); Jeeves may go on running.

    Any version of PostgreSQL can take it back.

    Example: jeeves database backup jeeves-backup.zip
    """
    from jeeves import logs, preserving
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    copied = preserving.back_up(load_settings(offline=True), file)
    print(f"Written: {copied}. The file holds mail in clear: keep it safe.")


@database.command()
def restore(
    file: File,
    replace: Annotated[
        bool, typer.Option("--replace", help="What is in the database is given up for it.")
    ] = False,
) -> None:
    """Bring a backup back; whole, or, whatever happens on the way, not at all.

    Example: jeeves database restore jeeves-backup.zip
    """
    from jeeves import logs, preserving
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    settings = load_settings(offline=True)
    copied, aside = preserving.bring_back(settings, file, replace=replace)
    print(f"Brought back, and every row compared: {copied}.")
    for path in aside:
        print(f"The database of another version is at {path} now; remove it when you like.")


@database.command()
def move(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL",
            help="postgresql://user:password@host:5432/database, an empty one; - reads it from "
            "standard input.",
        ),
    ],
    write_env: Annotated[
        bool, typer.Option("--write-env", help="Write DATABASE_URL into .env, too.")
    ] = False,
) -> None:
    """Copy everything to another Postgres and compare every row; the database here stays as it is.

    Jeeves must not be running meanwhile.

    Example: jeeves database move postgresql://jeeves@db.example/jeeves
    """
    from jeeves import logs, preserving
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    settings = load_settings(offline=True)
    target = sys.stdin.readline().strip() if url == "-" else url
    with preserving.moving(settings, target) as copied:
        written = write_address(settings, target) if write_env else None
    print(f"Moved, and every row compared: {copied}.")
    if written is not None:
        print(f"{written} names it from now on.")
    else:
        print(f"Put this line into .env before Jeeves starts again:\nDATABASE_URL={masked(target)}")
    if settings.database_url is None:
        print(f"The embedded database is still in {settings.jeeves_home}.")


@database.command()
def upgrade(
    programs: Annotated[
        Path | None,
        typer.Option(
            "--programs", metavar="DIR", help="Where the old version's postgres and pg_ctl are."
        ),
    ] = None,
) -> None:
    """Bring an embedded database that another major version of PostgreSQL wrote to this one.

    Needs the programs of that version; without them, restore a backup. The old database is put
    aside, not changed.

    Example: jeeves database upgrade --programs /usr/lib/postgresql/17/bin
    """
    from jeeves import logs, preserving
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    done = preserving.upgrade(load_settings(offline=True), programs)
    if done is None:
        print("The database is of this version already, or there is none: nothing to do.")
        return
    copied, aside = done
    print(f"Upgraded, and every row compared: {copied}.")
    for path in aside:
        print(f"The old database is at {path} now; remove it when you like.")


def write_address(settings: Settings, url: str) -> Path:
    """DATABASE_URL stands in the .env that is in force, which is for its owner's eyes only then.

    Raises:
        ConfigError: it cannot be written.
    """
    from dotenv import set_key

    from jeeves.errors import ConfigError

    here = Path.cwd() / ".env"
    path = here if here.is_file() else settings.jeeves_home / ".env"
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)
        set_key(path, "DATABASE_URL", url, quote_mode="always", follow_symlinks=True)
    except OSError as exc:
        raise ConfigError(
            f"Everything is copied, but {path} cannot be written ({exc.strerror}): put "
            "DATABASE_URL there yourself."
        ) from exc
    return path


def masked(url: str) -> str:
    """The address, its password as three dots."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:
        return "..."
    if not parts.scheme.startswith("postgres"):
        return "..." if "password" in url else url
    return url.replace(f":{password}@", ":...@") if password else url
