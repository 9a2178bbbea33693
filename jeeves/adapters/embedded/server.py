"""The server of one room: whether it runs, how it is launched and how it ends."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import extensions

from jeeves.adapters.embedded.binaries import ENVIRONMENT, Programs, short_hash, spawn
from jeeves.adapters.embedded.cluster import (
    SUPERUSER,
    SYNC_METHOD,
    Room,
    first_error,
    link,
    prepare_cluster,
    user_name,
)
from jeeves.errors import ConfigError, StoreUnavailable

#: Name of the role and of its database.
DATABASE = "jeeves"
PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
#: Longest path of a Unix socket that every system takes (sun_path is 104 bytes on macOS).
SOCKET_PATH_BYTES = 100
LOG_BYTES = 1_000_000
#: Recovery after a power cut reads at most max_wal_size again; then there is no excuse left.
READY_SECONDS = 60.0
#: How long a server to be stopped may neither listen nor be gone.
SETTLE_SECONDS = 5.0
#: How long the server may take to end: in order, then by the way of a crash.
STOP_SECONDS = {"fast": 20.0, "immediate": 5.0}

#: Statements and their values hold mail; of errors, which quote both, nothing may be logged.
SETTINGS = """\
listen_addresses = ''
port = {port}
unix_socket_directories = {sockets}
unix_socket_permissions = 0700
max_connections = 40
shared_buffers = '32MB'
max_wal_size = '256MB'
max_wal_senders = 0
max_logical_replication_workers = 0
jit = off
fsync = on
recovery_init_sync_method = {sync_method}
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
class Server:
    """The server of one room. Its methods want the start lock held."""

    room: Room
    programs: Programs

    def connection(self) -> extensions.connection:
        """A superuser's connection, to the server that runs or to one launched for it.

        Raises:
            StoreUnavailable: it ended at its start, or does not answer in time.
        """
        room = self.room
        deadline = time.monotonic() + READY_SECONDS
        log_size: int | None = None
        while time.monotonic() < deadline:
            if listening(room.sockets):
                connection = connect(room)
                if connection is not None:
                    return connection
            elif (server_lock := room.lock("server")) is not None:
                # No process of a server lives: neither an earlier one's nor the one launched.
                try:
                    if log_size is not None:
                        raise StoreUnavailable(
                            f"PostgreSQL ended at its start ({last_words(room.log, log_size)}): "
                            f"{room.log} may tell more."
                        )
                    prepare_cluster(room, self.programs, server_lock)
                    log_size = self.launch(server_lock)
                finally:
                    os.close(server_lock)
            time.sleep(0.01)
        raise StoreUnavailable(
            f"The database in {room.path} does not answer within {READY_SECONDS:.0f} seconds: try "
            f"again later; {room.log} may tell why."
        )

    def launch(self, server_lock: int) -> int:
        """A server is on its way that holds the server lock; how long its log was before.

        The shell between us makes it nobody's child, so that no zombie waits for us to look.
        """
        room = self.room
        write_settings(room, open_sockets(room), self.programs.major)
        log = open_log(room)
        log_size = os.fstat(log).st_size
        command = self.programs.command("postgres", "-D", str(room.cluster))
        command += ["-c", f"config_file={room.settings}"]
        try:
            spawn(
                ["/bin/sh", "-c", '"$@" &', "sh", *command],
                account=room.account,
                output=log,
                keep=[server_lock],
                environment={**ENVIRONMENT, **dead_server(room)},
            )
            return log_size
        finally:
            os.close(log)

    def shut_down(self) -> bool:
        """End the server that runs; True if one ended, False if none ran or it will not end."""
        room = self.room
        ended: int | None = None
        stopped = False
        # One launched a moment ago does not listen yet, one that was killed does no more.
        deadline = time.monotonic() + SETTLE_SECONDS
        while ended is None and not listening(room.sockets) and time.monotonic() < deadline:
            ended = room.lock("server", seconds=0.02)
        for mode, seconds in STOP_SECONDS.items():
            if ended is None and listening(room.sockets):
                command = ["stop", "-W", "-m", mode, "-D", str(room.cluster)]
                spawn(self.programs.command("pg_ctl", *command), account=room.account)
                ended = room.lock("server", seconds=seconds)
                stopped = ended is not None
        if ended is not None:
            close_sockets(room)
            os.close(ended)
        return stopped


def connect(room: Room) -> extensions.connection | None:
    """A superuser's connection to the server that listens; None while it starts, recovers, ends.

    Raises:
        StoreUnavailable: it refused for another reason.
    """
    try:
        return psycopg2.connect(
            host=str(room.sockets), port=PORT, user=SUPERUSER, dbname=SUPERUSER, connect_timeout=5
        )
    except psycopg2.OperationalError as error:
        answer = str(error)
        if "FATAL:" in answer and "the database system is" not in answer:
            raise StoreUnavailable(
                f"The database in {room.path} refused a connection ({first_error(answer)}): try "
                "again when that has changed."
            ) from error
        return None


def listening(sockets: Path | None) -> bool:
    """Whether a server is behind the socket in that folder, ready or not."""
    if sockets is None:
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(sockets / SOCKET_NAME))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except TimeoutError:
            return True
        return True


def create_database(connection: extensions.connection) -> None:
    """Role and database ``jeeves`` exist."""
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (DATABASE,))
        if cursor.rowcount == 0:
            cursor.execute(f"CREATE ROLE {DATABASE} LOGIN")
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,))
        if cursor.rowcount == 0:
            cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {DATABASE}")


def dead_server(room: Room) -> dict[str, str]:
    """What tells a new server that the pid in the old one's postmaster.pid is not a server's.

    After a reboot that pid may be any program's, after a kill -9 a zombie's; PostgreSQL then
    refuses to start. Named as its grandparent's, the pid counts as stale (CreateLockFile in
    miscinit.c), while the check for shared memory still in use stays, which removing the file
    would lose. An empty file, which a power cut can leave, says nothing and is removed.
    """
    file = room.cluster / "postmaster.pid"
    if not file.exists():
        return {}
    text = file.read_text("ascii", "replace")
    if not text.strip("\0"):
        file.unlink()
    pid = text.partition("\n")[0]
    return {"PG_GRANDPARENT_PID": pid} if pid.isdigit() else {}


def last_words(log: Path, offset: int) -> str:
    """Why the server whose log begins at ``offset`` ended."""
    return first_error(log.read_bytes()[offset:].decode("utf-8", "replace"))


def open_sockets(room: Room) -> Path:
    """A private folder with a short path where the server may listen; empty, and noted.

    Raises:
        ConfigError: its name is taken by somebody else.
    """
    name = f"jeeves-{short_hash(str(room.path))}"
    folder = Path(tempfile.gettempdir()).resolve() / name
    # A comma separates hosts in libpq.
    fits = len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_BYTES and "," not in str(folder)
    if not fits or (room.account is not None and not room.account.reaches(folder.parent)):
        # Sticky, and whose folder it is gets checked.
        folder = Path("/tmp", name)  # noqa: S108
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {os.geteuid(), room.server_uid}:
            raise ConfigError(
                f"{folder}, where the database would listen, belongs to "
                f"{user_name(status.st_uid)} or is no folder: remove it, or set TMPDIR to a "
                "folder of your own."
            ) from None
        folder.chmod(0o700)
    if room.account is not None:
        os.chown(folder, room.account.uid, room.account.gid, follow_symlinks=False)
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


def write_settings(room: Room, sockets: Path, major: int) -> None:
    """The server's configuration file stands whole, readable for the server's account."""
    listed = '"' + str(sockets).replace('"', '""') + '"'
    quoted = "'" + listed.replace("\\", "\\\\").replace("'", "''") + "'"
    draft = room.settings.with_suffix(".new")
    text = SETTINGS.format(port=PORT, sockets=quoted, sync_method=SYNC_METHOD)
    if major >= 18:
        text += "io_method = 'sync'\n"
    draft.write_text(text, "utf-8")
    draft.chmod(0o644)
    draft.replace(room.settings)


def open_log(room: Room) -> int:
    """A descriptor that appends to the log, which starts afresh when it has grown long."""
    if room.log.exists() and room.log.stat().st_size > LOG_BYTES:
        room.log.replace(room.log.with_suffix(".log.1"))
    return os.open(room.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
