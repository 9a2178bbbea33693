"""Commands about what starts Jeeves: service install, cron install, uninstall."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from jeeves.domain.installation import Installation

service = typer.Typer(
    help="Let systemd or launchd run Jeeves, from each start of the machine on.\n\n"
    "Example: jeeves service install",
    no_args_is_help=True,
    rich_markup_mode=None,
)
cron = typer.Typer(
    help="Let cron run `jeeves check` every few minutes.\n\nExample: jeeves cron install",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.add_typer(service, name="service")
    app.add_typer(cron, name="cron")
    app.command()(uninstall)


@service.callback()
def _service() -> None:
    # With a callback, a group of one command stays a group.
    pass


@cron.callback()
def _cron() -> None:
    pass


@service.command("install")
def install_service(
    system: Annotated[
        bool | None,
        typer.Option(
            "--system/--user",
            help="For the machine, with few rights, or for you alone. If not given: for the "
            "machine where root says it.",
        ),
    ] = None,
    account: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="As whom the machine's service runs. If not given: who called sudo, else an "
            "account `jeeves`, which is made.",
        ),
    ] = "",
    show: Annotated[
        bool, typer.Option("--print", help="Show what would be written; change nothing.")
    ] = False,
) -> None:
    """Run Jeeves as a service, restarted when it fails or hangs: a systemd unit, or launchd's.

    The settings are read from .env in this folder, or in JEEVES_HOME, at each start. Say it again
    after you have moved something; it changes only what is not so yet.

    Example: jeeves service install
    """
    import os

    from jeeves.cli.preparing import ACCOUNT, prepared, shown_for, sudo_user
    from jeeves.errors import ConfigError

    root = os.geteuid() == 0
    system = (bool(account) or root) if system is None else system
    if system and not root and not show:
        raise ConfigError("The machine's service takes root: say it with sudo, or leave it out.")
    if account and not system:
        raise ConfigError("A service of your own runs as you: leave --account out.")
    starter = starters(system=system)[0]
    whom = (account or sudo_user() or ACCOUNT) if system else None
    if show:
        print(starter.text(shown_for(whom)), end="")
        return
    starter.require()
    installation = prepared(whom).installation
    how = starter.install(starter.text(installation))
    print(f"{starter.file}\n{how}")
    if whom is not None:
        mine = f"sudo -u {whom} JEEVES_HOME={shlex.quote(str(installation.home))}"
        command = " ".join(map(shlex.quote, installation.program))
        print(f"It runs as {whom}; so do the commands: {mine} {command} status")
    elif sys.platform != "darwin":
        keep_running()


@cron.command("install")
def install_cron(
    every: Annotated[
        int, typer.Option(min=1, max=30, metavar="MINUTES", help="Between two looks.")
    ] = 5,
    retrain: Annotated[
        bool,
        typer.Option("--retrain/--no-retrain", help="Learn from new labels in the night, too."),
    ] = True,
    show: Annotated[bool, typer.Option("--print", help="Show the lines; change nothing.")] = False,
) -> None:
    """Put `jeeves check` into your crontab, beside your own lines, which stay as they are.

    One that takes longer than MINUTES is not overtaken by the next. Not beside the service, which
    reads mail at once.

    Example: jeeves cron install --every 10
    """
    from jeeves.adapters import crontab
    from jeeves.cli.preparing import prepared

    found = prepared(None)
    hour = found.retrain_hour if retrain else None
    wanted = crontab.lines(found.installation, every, hour)
    new = False if show else crontab.install(wanted)
    for line in wanted:
        print(line.decode("utf-8", "replace"))
    if not show:
        print("These lines are in your crontab now." if new else "Your crontab has them already.")


def uninstall(
    system: Annotated[
        bool | None,
        typer.Option("--system/--user", help="As `jeeves service install` was told."),
    ] = None,
) -> None:
    """Take away what `jeeves service install` and `jeeves cron install` have put there.

    Your mail, your settings and what Jeeves has learned stay; it says where they are.

    Example: jeeves uninstall
    """
    import os

    from jeeves.adapters import crontab
    from jeeves.cli.preparing import what_stays

    gone = []
    system = os.geteuid() == 0 if system is None else system
    for starter in starters(system=system):
        if starter.uninstall():
            gone.append(str(starter.file))
    if crontab.uninstall():
        gone.append("the lines in your crontab")
    for what in gone:
        print(f"removed: {what}")
    if not gone:
        print("Nothing was installed.")
    for starter in starters(system=not system):
        if starter.installed():
            how = "jeeves uninstall --user" if system else "sudo jeeves uninstall"
            print(f"still there: {starter.file}, which `{how}` removes")
    for line in what_stays():
        print(line)


class Starter(Protocol):
    """What starts programs on this machine."""

    @property
    def file(self) -> Path:
        """Where it is told of Jeeves."""
        ...

    def text(self, installation: Installation) -> str:
        """What it is told."""
        ...

    def require(self) -> None:
        """Raise ConfigError unless it can be told."""
        ...

    def installed(self) -> bool:
        """Whether it was told."""
        ...

    def install(self, text: str) -> str:
        """Tell it; how Jeeves runs then."""
        ...

    def uninstall(self) -> bool:
        """Take it back; whether it was told."""
        ...


def starters(*, system: bool) -> list[Starter]:
    """What starts programs here, for the machine or for whoever we are."""
    import os

    if sys.platform == "darwin":
        from jeeves.adapters.launchd import Launchd

        return [Launchd.of(system=system)]
    from jeeves.adapters.systemd import Systemd

    return [Systemd.of(os.environ, system=system)]


def keep_running() -> None:
    """Let the services of whoever we are run without a login; else say who can."""
    import getpass

    from jeeves.adapters.systemd import lingers

    name = getpass.getuser()
    if not lingers(name):
        print(f"Until you log out. So that it stays: sudo loginctl enable-linger {name}")
