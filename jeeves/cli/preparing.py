"""What has to be there before Jeeves is started by somebody else than its owner's shell."""

from __future__ import annotations

import os
import pwd
import shlex
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from jeeves.adapters import rehearsal
from jeeves.adapters.embedded import running
from jeeves.adapters.rehearsal import Rehearsed
from jeeves.adapters.systemd import ask
from jeeves.adapters.systemd.unit import STATE
from jeeves.domain.installation import Installation
from jeeves.errors import ConfigError, JeevesError
from jeeves.settings import default_home, load_settings

#: Made for the machine's service where nobody else is named.
ACCOUNT = "jeeves"


def sudo_user() -> str | None:
    """Who became root by sudo; None where nobody did."""
    name = os.environ.get("SUDO_USER")
    return name if name and name != "root" and exists(name) else None


def exists(account: str) -> bool:
    """Whether the machine knows this account."""
    try:
        pwd.getpwnam(account)
    except KeyError:
        return False
    return True


def prepared(whom: str | None) -> Rehearsed:
    """How Jeeves is to be started as ``whom`` in this folder, all that takes being there.

    Raises:
        ConfigError: it could not run so.
        NotInstalled: the account cannot be made.
    """
    home = Path(os.environ["JEEVES_HOME"]) if os.environ.get("JEEVES_HOME") else None
    if whom is None:
        return rehearsal.rehearse(Path.cwd(), None, home)
    if not exists(whom):
        make_account(whom)
    rehearsal.try_program(Path.cwd(), pwd.getpwnam(whom))
    if whom == ACCOUNT:
        # Not somebody's: it lives where root's own would.
        home = load_settings(offline=True).jeeves_home
        hand_over(home, pwd.getpwnam(whom))
    return rehearsal.rehearse(Path.cwd(), whom, home)


def shown_for(whom: str | None) -> Installation:
    """As ``prepared``, as far as it can be known without making anything."""
    home = Path(os.environ["JEEVES_HOME"]) if os.environ.get("JEEVES_HOME") else None
    return replace(
        rehearsal.rehearse(Path.cwd(), None, home, make=False).installation, account=whom
    )


def make_account(name: str) -> None:
    """There is a system account of this name, with no password and no shell.

    Raises:
        ConfigError: another name than our own was asked for.
        NotInstalled: it cannot be made.
    """
    if name != ACCOUNT or sys.platform == "darwin":
        raise ConfigError(f"There is no account {name} here: name one by --account, or make it.")
    options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    ask("useradd", *options, "--home-dir", str(STATE), name)


def hand_over(home: Path, account: pwd.struct_passwd) -> None:
    """The folder ``home`` and all that is in it belong to the account.

    Raises:
        ConfigError: somebody else has it, or root's database is at work in it.
    """
    if not home.exists():
        home.mkdir(mode=0o700, parents=True)
    owner = home.stat().st_uid
    if owner == account.pw_uid:
        return
    if owner != 0 or (home != STATE and any(home.iterdir())):
        # Only of its own place is it known that nothing of anybody else is in it.
        raise ConfigError(
            f"{home} does not belong to {account.pw_name}: name its owner by --account, or say "
            f"chown -R {account.pw_name} {shlex.quote(str(home))}"
        )
    if running(home):
        raise ConfigError(f"Jeeves runs for root in {home}: end that, and say this again.")
    for folder, _, files in os.walk(home):
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def what_stays() -> Iterator[str]:
    """Lines that say where data and settings are, and which command removes them."""
    home, own_database = default_home(), False
    try:
        settings = load_settings(offline=True)
        home, own_database = settings.jeeves_home, settings.database_url is not None
    except JeevesError:
        # Settings that are wrong must not keep anything installed.
        pass
    yield "What stays, and what removes it:"
    if own_database:
        yield "  mail        in the database that DATABASE_URL names: drop it there"
    what = "models, keys" if own_database else "mail, models, keys"
    if home.exists():
        yield f"  {what}: rm -r {shlex.quote(str(home))}"
    dotenv = Path.cwd() / ".env"
    if dotenv.is_file():
        yield f"  settings, with secrets: rm {shlex.quote(str(dotenv))}"
    if exists(ACCOUNT):
        yield f"  the account {ACCOUNT}: userdel {ACCOUNT}"
    if sys.prefix != sys.base_prefix:
        yield f"  the program: rm -r {shlex.quote(sys.prefix)}"
