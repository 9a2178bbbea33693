"""The commands archive save and archive restore: what you have taught, in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

archive = typer.Typer(
    help="Carry labels, settings and models to another machine in one file.\n\n"
    "Example: jeeves archive save jeeves-archive.zip",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.add_typer(archive, name="archive")


@archive.command()
def save(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    with_secrets: Annotated[
        bool,
        typer.Option("--with-secrets", help="Passwords, tokens and the models' key, too."),
    ] = False,
) -> None:
    """Write labels with the mail they are of, settings and models into one file (mode 0600).

    Example: jeeves archive save jeeves-archive.zip
    """
    from jeeves import carrying, logs
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    saved, digest = carrying.save(load_settings(), file, with_secrets=with_secrets)
    print(f"Written: {saved}. The file holds mail in clear: keep it safe.")
    print(f"Digest, which proves it where the models' key is another: {digest}")


@archive.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An archive.")],
    digest: Annotated[
        str,
        typer.Option(
            metavar="SHA256", help="What `save` told: proves that the models are your own."
        ),
    ] = "",
) -> None:
    """Add what an archive holds to what is here; nothing here is changed or lost.

    Example: jeeves archive restore jeeves-archive.zip
    """
    from jeeves import carrying, logs
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    told = carrying.restore(load_settings(offline=True), file, digest.strip())
    print("\n".join(told.sentences))
