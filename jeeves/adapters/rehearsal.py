"""Whether Jeeves could run as it would be started: tried, in a process that has those rights.

What is set in a shell, readable for its owner or found on a PATH need not be so for a service.
"""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict

from jeeves.domain.installation import Installation
from jeeves.errors import ConfigError

#: Reads the settings, in the folder where Jeeves would run; prints JSON, as all of these do.
SETTINGS = """\
import json, sys
from jeeves.errors import JeevesError
from jeeves.settings import load_settings
try:
    settings = load_settings()
except JeevesError as exc:
    print(json.dumps({"error": str(exc)}))
    sys.exit()
"""
#: Tells what is in them.
TELL = """\
writes = [settings.jeeves_models_dir, settings.heartbeat_file and settings.heartbeat_file.parent]
paths = [value for _, value in settings if hasattr(value, "is_absolute")]
print(json.dumps({
    "home": str(settings.jeeves_home), "accounts": len(settings.accounts),
    "retrain_hour": settings.retrain_hour if settings.retrain_labels else None,
    "writes": [str(path) for path in writes if path],
    "reads": [str(path.absolute()) for path in paths], "base": sys.base_prefix,
}))
"""
#: Makes the home, with the rights of whom it is for.
MAKE = """\
import os
from jeeves.adapters.turn import make_home
home = settings.jeeves_home
try:
    if settings.accounts:
        make_home(home)
except OSError as exc:
    print(json.dumps({"error": f"{home} cannot be made ({exc.strerror}): make it for whom it is."}))
    sys.exit()
if home.exists() and not os.access(home, os.W_OK):
    print(json.dumps({"error": f"{home} cannot be written: give it to whom it is for."}))
    sys.exit()
"""
SECONDS = 60.0


class Found(TypedDict):
    """What the settings are."""

    error: NotRequired[str]
    home: str
    accounts: int
    retrain_hour: int | None
    writes: list[str]
    reads: list[str]
    base: str


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What was found."""

    installation: Installation
    #: When to learn from new labels; None where that is switched off.
    retrain_hour: int | None


def rehearse(
    folder: Path, account: str | None, home: Path | None, *, make: bool = True
) -> Rehearsed:
    """How Jeeves would be started in ``folder``.

    Args:
        folder: Where .env is looked for first.
        account: As whom; None for whoever we are. Another than ourselves takes root.
        home: JEEVES_HOME; None where the settings, or else that account, say.
        make: Whether JEEVES_HOME is to be there then.

    Raises:
        ConfigError: it could not run so; one sentence says what mends it.
    """
    entry = pwd.getpwnam(account) if account else pwd.getpwuid(os.geteuid())
    environment = {"PATH": os.defpath, "HOME": entry.pw_dir, "USER": entry.pw_name}
    if home is not None:
        environment["JEEVES_HOME"] = str(home)
    code = SETTINGS + (MAKE if make else "") + TELL
    found = try_settings(folder, entry if account else None, environment, code)
    if not found["accounts"]:
        raise ConfigError(
            f"No account is configured for a program that is started in {folder}: it knows nothing "
            "of what is set in your shell, so put GMAIL_ADDRESS and the rest into .env there, or "
            f"into {found['home']}/.env (.env.example explains them)."
        )
    installation = Installation(
        program=program(),
        folder=folder,
        home=Path(found["home"]),
        account=account,
        writes=tuple(map(Path, found["writes"])),
        reads=(Path(found["base"]), *map(Path, found["reads"])),
    )
    unspeakable = installation.unspeakable()
    if unspeakable:
        raise ConfigError(f"{unspeakable} has a control character in it: rename that folder.")
    return Rehearsed(installation, found["retrain_hour"])


def try_settings(
    folder: Path,
    account: pwd.struct_passwd | None,
    environment: Mapping[str, str],
    code: str,
) -> Found:
    """The settings as ``account`` (None: whoever we are) reads them in ``folder`` by ``code``.

    Raises:
        ConfigError: it cannot read them, or not run this program.
    """
    who = f"the account {account.pw_name}" if account else "a program with no shell around it"
    ran = run(folder, account, environment, code)
    if ran.returncode:
        raise cannot_run(who, folder, ran.stderr.strip().rpartition("\n")[2])
    found: Found = json.loads(ran.stdout)
    if "error" in found:
        mend = ""
        if account and "cannot be read" in found["error"]:
            mend = (
                f" Files that it has to read may be given to it: chown {account.pw_name} "
                f"{folder / '.env'}"
            )
        raise ConfigError(f"With the settings as {who} has them: {found['error']}{mend}")
    return found


def try_program(folder: Path, account: pwd.struct_passwd) -> None:
    """Raise ConfigError unless ``account`` can run this program in ``folder``."""
    ran = run(folder, account, {"PATH": os.defpath}, "import jeeves.settings")
    if ran.returncode:
        why = ran.stderr.strip().rpartition("\n")[2]
        raise cannot_run(f"the account {account.pw_name}", folder, why)


def run(
    folder: Path, account: pwd.struct_passwd | None, environment: Mapping[str, str], code: str
) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in this Python, as ``account``; what cannot begin has the exit code 126."""
    command = [sys.executable, "-P", "-c", code]
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=os.getgrouplist(account.pw_name, account.pw_gid) if account else None,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        return subprocess.CompletedProcess(command, 126, "", type(exc).__name__)


def cannot_run(who: str, folder: Path, why: str) -> ConfigError:
    """What to tell of a program that cannot be run."""
    return ConfigError(
        f"{who[0].upper()}{who[1:]} cannot run {sys.executable} in {folder} ({why}): put Jeeves "
        "and .env where it can, such as below /opt, or choose who runs it by --account."
    )


def program() -> tuple[str, ...]:
    """The command line of this installation, by absolute paths."""
    launcher = Path(sys.executable).with_name("jeeves")
    if os.access(launcher, os.X_OK):
        return (str(launcher),)
    return (sys.executable, "-P", "-m", "jeeves")
