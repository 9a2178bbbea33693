"""Commands that get consent: auth google."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from jeeves.accounts import Account
    from jeeves.domain.ports import MailboxStatus
    from jeeves.settings import Settings

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
    from jeeves.settings import load_settings

    given = {"gmail_oauth_client_file": str(client)} if client else {}
    settings = load_settings(None, offline=False, **given)
    asked = the_account(settings, account)
    status = consent(settings, asked, no_browser=no_browser)
    print(f'The login at {asked.host} works; the mailbox "{status.mailbox}" can be read.')
    if not asked.oauth:
        print("The account has a password, which goes first: take it away to use the consent.")


def consent(settings: Settings, asked: Account, *, no_browser: bool = False) -> MailboxStatus:
    """Get the consent of an account in the browser, keep it, and read the mailbox with it.

    Raises:
        ConfigError, LoginRefused, MailboxError: there is no OAuth client, nobody consented, or
            the mailbox cannot be read.
    """
    from jeeves import bootstrap
    from jeeves.adapters.google_auth import authorise
    from jeeves.errors import ConfigError

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
                "If your browser is on another machine, forward the answer's port first: "
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
    return bootstrap.try_token(settings, asked)


def the_account(settings: Settings, address: str) -> Account:
    """The account to get consent for: of the settings where they have it, else a new one."""
    from jeeves.accounts import Account, is_address
    from jeeves.errors import ConfigError

    known = {one.address.lower(): one for one in settings.accounts}
    if not address and not known:
        raise ConfigError("Whose mail is it? Give --account ADDRESS, or set GMAIL_ADDRESS.")
    if not address or address.lower() in known:
        return settings.account(address or None)
    if not is_address(address):
        raise ConfigError("--account is not an e-mail address such as name@gmail.com.")
    return Account(
        address=address,
        oauth=True,
        host=settings.imap_host,
        port=settings.imap_port,
        security=settings.imap_security,
        ca_file=settings.imap_ca_file,
    )


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
