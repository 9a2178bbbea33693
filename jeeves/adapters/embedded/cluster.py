"""The files of the embedded Postgres: where they lie, how they come to be, what is locked.

    HOME/postgres-18/       or a link of that name, where root's server cannot reach HOME
        cluster/            made by initdb under another name and renamed when it is whole
        cluster.upgraded/   takes its place where that was written by another version
        postgres.conf       written at every start of the server
        postgres.log
        socket              a link to the folder where the running server listens
        start.lock          exclusive: somebody is starting or stopping the server
        use.lock            shared: everybody who uses the server, for as long as they do
        server.lock         exclusive: every process of the server itself, by inheritance

The kernel drops a lock when the last process that holds it ends, however it ends. So nobody has
to believe a pid file: who uses the server, and whether any process of an earlier one is still
writing, is asked of the locks.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from jeeves.adapters.embedded.binaries import (
    MAJOR,
    Account,
    Programs,
    new_folder,
    public_folder,
    short_hash,
    spawn,
)
from jeeves.errors import ConfigError, StoreUnavailable

if sys.platform != "win32":
    import fcntl
    import pwd

SUPERUSER = "postgres"
#: A whole cluster that is to take the place of one that another version wrote.
UPGRADED = "cluster.upgraded"
#: One call for the whole file system, where there is one, instead of one per file: on a busy
#: disk that took a twentieth of the time.
SYNC_METHOD = "syncfs" if sys.platform == "linux" else "fsync"
#: The collation is PostgreSQL's own, so that no upgrade of the system's C library can disorder
#: an index.
INITDB = (
    f"--username={SUPERUSER}",
    "--auth-local=trust",
    "--auth-host=reject",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    f"--sync-method={SYNC_METHOD}",
)


@dataclass(frozen=True, slots=True)
class Room:
    """The folder ``postgres-18`` of one home."""

    path: Path
    #: Who runs the server; None: whoever we are.
    account: Account | None

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data directory; absent before the first start."""
        return self.path / "cluster"

    @property
    def log(self) -> Path:
        """What the server has to say; at most about two megabytes with its predecessor."""
        return self.path / "postgres.log"

    @property
    def settings(self) -> Path:
        """The server's configuration file."""
        return self.path / "postgres.conf"

    @property
    def server_uid(self) -> int:
        """Who owns the cluster and the socket."""
        return self.account.uid if self.account else os.geteuid()

    @property
    def sockets(self) -> Path | None:
        """The folder where the server listens, or did before it was killed.

        None if it is not there, or is somebody else's, who may have made one of that name since
        and let a false server listen there.
        """
        try:
            folder = (self.path / "socket").readlink()
            status = folder.lstat()
        except FileNotFoundError:
            return None
        ours = stat.S_ISDIR(status.st_mode) and status.st_uid == self.server_uid
        return folder if ours else None

    def lock(self, name: str, *, shared: bool = False, seconds: float = 0) -> int | None:
        """Take the lock ``name``: the descriptor whose closing releases it.

        None if others still hold it after ``seconds``.
        """
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        path = self.path / f"{name}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        deadline = time.monotonic() + seconds
        try:
            while True:
                try:
                    fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        os.close(descriptor)
                        return None
                    time.sleep(0.01)
                else:
                    return descriptor
        except BaseException:
            os.close(descriptor)
            raise


def open_room(home: Path, account: Account | None) -> Room:
    """The room of ``home``, which exists after the call with modes that let the server in.

    Raises:
        ConfigError: it belongs to somebody else, or holds another version.
        OSError: it cannot be made.
    """
    home = home.resolve()
    home.parent.mkdir(parents=True, exist_ok=True)
    # whoever runs the server for root must pass through a home that root makes, not look around
    new_folder(home, 0o711 if account else 0o700)
    name = home / f"postgres-{MAJOR}"
    if not os.path.lexists(name):
        refuse_other_versions(home)
        if account is None or account.reaches(home):
            new_folder(name, 0o711 if account else 0o700)
        else:
            elsewhere = public_folder() / short_hash(str(home))
            new_folder(elsewhere, 0o711)
            link(elsewhere, name)
    if not name.exists():
        raise ConfigError(
            f"{name} points to {name.readlink()}, which is not there: bring that folder back, or "
            f"remove {name} to begin with an empty database."
        )
    room = Room(name.resolve(), account)
    check_owner(room.path, os.geteuid())
    if account is not None and not account.reaches(room.path):
        raise ConfigError(
            f"The account {account.name}, as which PostgreSQL runs for root, cannot reach "
            f"{room.path}: let it pass with chmod o+x on the folders above, or set DATABASE_URL."
        )
    return room


def refuse_other_versions(home: Path) -> None:
    """Raise ConfigError if ``home`` holds a database of another major version only."""
    for folder in home.glob("postgres-*"):
        version = folder.name.removeprefix("postgres-")
        if version.isdigit() and version != str(MAJOR):
            raise other_version(folder, version)


def other_version(folder: Path, version: str) -> ConfigError:
    """What to tell somebody whose database was written by another PostgreSQL."""
    return ConfigError(
        f"The database in {folder} was written by PostgreSQL {version} and this Jeeves carries "
        f"PostgreSQL {MAJOR}: `jeeves database upgrade` brings it over, and where the programs of "
        f"PostgreSQL {version} cannot be had, `jeeves database restore FILE` a backup; or serve it "
        "with DATABASE_URL."
    )


def check_owner(path: Path, owner: int) -> None:
    """Raise ConfigError unless ``path`` belongs to the user with the uid ``owner``."""
    found = path.stat().st_uid
    if found != owner:
        raise ConfigError(
            f"The database in {path} belongs to {user_name(found)} and not to "
            f"{user_name(owner)}: run Jeeves as the user who made it, or choose another folder "
            "with JEEVES_HOME."
        )


def user_name(uid: int) -> str:
    """``user ana``, or ``user 1234`` where that uid has no name."""
    try:
        return f"user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user {uid}"


def prepare_cluster(room: Room, programs: Programs, server_lock: int) -> None:
    """There is a whole cluster of our version after the call; made if there was none.

    initdb inherits the server lock: killed with us or not, it counts as the server's until its
    last process ends, and nobody clears the half-made cluster away under it.
    """
    if not room.cluster.exists() and (room.path / UPGRADED).exists():
        (room.path / UPGRADED).rename(room.cluster)
    if not room.cluster.exists():
        draft = room.path / "cluster.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if room.account is not None:
            os.chown(draft, room.account.uid, room.account.gid)
        # With the ctype "C" the text search would take curly quotation marks for letters.
        ctype = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
        made = spawn(
            programs.command("initdb", *INITDB, f"--lc-ctype={ctype}", "--pgdata", str(draft)),
            account=room.account,
            keep=[server_lock],
        )
        if made.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise StoreUnavailable(
                f"PostgreSQL could not make its database in {room.path} "
                f"({first_error(made.stdout)}): mend that and try again, or set DATABASE_URL."
            )
        draft.rename(room.cluster)
    check_owner(room.cluster, room.server_uid)
    found = other_major(room, programs.major)
    if found is not None:
        raise other_version(room.cluster, found)


def other_major(room: Room, major: int = MAJOR) -> str | None:
    """The major version that wrote the cluster of ``room``, where that is not ``major``."""
    version = (room.cluster / "PG_VERSION").read_text("ascii", "replace").strip()
    return None if version == str(major) else version


def first_error(output: str) -> str:
    """The first error in what initdb or the server wrote."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line in lines:
        for mark in ("FATAL:", "PANIC:", "ERROR:", "error:"):
            if mark in line and "the database system is" not in line:
                return line.partition(mark)[2].strip()
    return lines[-1] if lines else "it left no message"


def link(target: Path, name: Path) -> None:
    """``name`` points to ``target``, whoever was the first to say so."""
    try:
        name.symlink_to(target)
    except FileExistsError:
        if name.resolve() != target.resolve():
            raise
