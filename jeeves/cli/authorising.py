"""Commands that get consent: auth google."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

auth = typer.Typer(
    help="Let Jeeves read mail by OAuth2 in place of an app password.\n\n"
    "Example: jeeves auth google",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.add_typer(auth, name="auth")


@auth.callback()
def _group() -> None:
    # With a callback, a group of one command stays a group.
    pass


@auth.command()
def google(
    account: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Whose mail; GMAIL_ADDRESS if not given.")
    ] = "",
    client: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="JSON file of an OAuth client of type Desktop app; GMAIL_OAUTH_CLIENT_FILE if "
            "not given.",
        ),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address to open.")
    ] = False,
) -> None:
    """Ask the owner of a Google account for consent, and try it.

    Example: jeeves auth google --client client_secret.json
    """
    from jeeves import bootstrap
    from jeeves.adapters.google_auth import authorise
    from jeeves.errors import ConfigError
    from jeeves.settings import load_settings

    given = {"gmail_address": account, "gmail_oauth_client_file": str(client or "")}
    settings = load_settings(None, **{name: value for name, value in given.items() if value})
    if not settings.accounts:
        raise ConfigError("Whose mail is it? Give --account ADDRESS, or set GMAIL_ADDRESS.")
    asked = settings.account(account or None)
    if settings.gmail_oauth_client_file is None:
        raise ConfigError(
            "Which OAuth client? Create one of type Desktop app at "
            "https://console.cloud.google.com/auth/clients, download its JSON file and give it "
            "with --client FILE, or set GMAIL_OAUTH_CLIENT_FILE."
        )

    def show(url: str, port: int) -> None:
        opened = not no_browser and open_browser(url)
        print(f"{'Your browser opens' if opened else 'Open'} this address:\n\n  {url}\n")
        if not opened:
            print(
                "In a browser on another machine, forward the answer's port first: "
                f"ssh -L {port}:127.0.0.1:{port} THIS_MACHINE"
            )
        print("Waiting for your consent ...", flush=True)

    ends = authorise(
        settings.gmail_oauth_client_file,
        asked.address,
        settings.google_token_file(asked.address),
        show,
    )
    print("The consent is kept.")
    if ends is not None:
        print(
            f"It dies on {ends.astimezone(settings.zone):%d %B %Y}, for the consent screen is in "
            "Testing: publish the app at https://console.cloud.google.com/auth/audience, then run "
            "`jeeves auth google` once more."
        )
    status = bootstrap.try_token(settings, asked)
    print(f'The login at {asked.host} works; the mailbox "{status.mailbox}" can be read.')
    if not asked.oauth:
        print("The account has a password, which goes first: take it away to use the consent.")


def open_browser(url: str) -> bool:
    """Open ``url`` in the owner's browser; False where there is none with a window."""
    import os
    import sys
    import webbrowser

    # Without a display webbrowser takes a text browser, and with it the terminal.
    windows = sys.platform in ("darwin", "win32")
    if not windows and not any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))):
        return False
    return webbrowser.open(url)
