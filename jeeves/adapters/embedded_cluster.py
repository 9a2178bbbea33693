"""The files of the embedded Postgres: where they lie, how they come to be, what is locked.

    HOME/postgres-18/       or a link of that name, where root's server cannot reach HOME
        cluster/            made by initdb under another name and renamed when it is whole
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

import contextlib
import os
import shutil
import stat
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from jeeves.adapters.embedded_binaries import (
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
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
#: Longest path of a Unix socket that every system takes (sun_path is 104 bytes on macOS).
SOCKET_PATH_BYTES = 100
LOG_BYTES = 1_000_000

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
)
#: Statements and their values hold mail; of errors, which quote both, nothing may be logged.
SETTINGS = """\
listen_addresses = ''
port = {port}
unix_socket_directories = {sockets}
unix_socket_permissions = 0700
max_connections = 40
shared_buffers = '32MB'
max_wal_size = '256MB'
io_method = 'sync'
max_wal_senders = 0
max_logical_replication_workers = 0
jit = off
fsync = on
full_page_writes = on
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_checkpoints = off
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = 'none'
"""


@dataclass(frozen=True, slots=True)
class Room:
    """The folder ``postgres-18`` of one home, links resolved."""

    path: Path

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
    def sockets(self) -> Path | None:
        """The folder where the server listens, or did before it was killed."""
        try:
            return (self.path / "socket").readlink()
        except FileNotFoundError:
            return None

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
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
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
    room = Room(name.resolve())
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
        f"PostgreSQL {MAJOR}: serve it with PostgreSQL {version} by DATABASE_URL, or move it away "
        "to begin with an empty database."
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
    if not room.cluster.exists():
        draft = room.path / "cluster.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if programs.account is not None:
            os.chown(draft, programs.account.uid, programs.account.gid)
        # With the ctype "C" the text search would take curly quotation marks for letters.
        ctype = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
        made = spawn(
            programs.command("initdb", *INITDB, f"--lc-ctype={ctype}", "--pgdata", str(draft)),
            account=programs.account,
            keep=[server_lock],
        )
        if made.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise StoreUnavailable(
                f"PostgreSQL could not make its database in {room.path} "
                f"({first_error(made.stdout)}): mend that and try again, or set DATABASE_URL."
            )
        draft.rename(room.cluster)
    check_owner(room.cluster, programs.account.uid if programs.account else os.geteuid())
    version = (room.cluster / "PG_VERSION").read_text("ascii").strip()
    if version != str(MAJOR):
        raise other_version(room.cluster, version)


def first_error(output: str) -> str:
    """The first error in what initdb or the server wrote."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line in lines:
        for mark in ("FATAL:", "PANIC:", "ERROR:", "error:"):
            if mark in line and "the database system is" not in line:
                return line.partition(mark)[2].strip()
    return lines[-1] if lines else "it left no message"


def open_sockets(room: Room, account: Account | None) -> Path:
    """A private folder with a short path where the server may listen; empty, and noted.

    Raises:
        ConfigError: its name is taken by somebody else.
    """
    name = f"jeeves-{short_hash(str(room.path))}"
    folder = Path(tempfile.gettempdir()).resolve() / name
    # A comma separates hosts in libpq.
    fits = len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_BYTES and "," not in str(folder)
    if not fits or (account is not None and not account.reaches(folder.parent)):
        # Sticky, and whose folder it is gets checked.
        folder = Path("/tmp", name)  # noqa: S108
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in ours(account):
            raise ConfigError(
                f"{folder}, where the database would listen, belongs to "
                f"{user_name(status.st_uid)} or is no folder: remove it, or set TMPDIR to a "
                "folder of your own."
            ) from None
        folder.chmod(0o700)
    if account is not None:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    if room.sockets != folder:
        close_sockets(room)
        link(folder, room.path / "socket")
    remove_sockets(folder)
    return folder


def close_sockets(room: Room) -> None:
    """What a server that ended left in the temporary folder is gone."""
    folder = room.sockets
    if folder is not None:
        remove_sockets(folder)
        with contextlib.suppress(OSError):
            folder.rmdir()
    (room.path / "socket").unlink(missing_ok=True)


def remove_sockets(folder: Path) -> None:
    """No socket is left of a server none of whose processes lives any more.

    Their lock files name pids that may be other programs' by now.
    """
    for left_over in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (folder / left_over).unlink(missing_ok=True)


def ours(account: Account | None) -> set[int]:
    """The uids that are trusted with the socket folder."""
    return {os.geteuid()} | ({account.uid} if account else set())


def link(target: Path, name: Path) -> None:
    """``name`` points to ``target``, whoever was the first to say so."""
    try:
        name.symlink_to(target)
    except FileExistsError:
        if name.resolve() != target.resolve():
            raise


def write_settings(room: Room, sockets: Path) -> None:
    """The server's configuration file stands whole, readable for the server's account."""
    listed = '"' + str(sockets).replace('"', '""') + '"'
    quoted = "'" + listed.replace("\\", "\\\\").replace("'", "''") + "'"
    draft = room.settings.with_suffix(".new")
    draft.write_text(SETTINGS.format(port=PORT, sockets=quoted), "utf-8")
    draft.chmod(0o644)
    draft.replace(room.settings)


def open_log(room: Room) -> int:
    """A descriptor that appends to the log, which starts afresh when it has grown long."""
    if room.log.exists() and room.log.stat().st_size > LOG_BYTES:
        room.log.replace(room.log.with_suffix(".log.1"))
    return os.open(room.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
