"""The embedded Postgres that serves when no DATABASE_URL is given.

``start()`` shares a server that already runs for the same home, or starts one; ``stop()`` of the
last user stops it. Which files and locks that takes is drawn in embedded_cluster.py, where the
programs come from in embedded_binaries.py.

The server runs in a session of its own: Ctrl-C in a terminal does not reach it, and a kill -9 of
its users leaves it running until the next ``stop()``. Python ends at once on SIGTERM, without
``finally`` or atexit: whoever calls ``start()`` must turn SIGTERM into an orderly end that calls
``stop()``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psycopg2
from psycopg2 import extensions

from jeeves.adapters.embedded_binaries import ENVIRONMENT, MAJOR, Programs, find_programs, spawn
from jeeves.adapters.embedded_cluster import (
    PORT,
    SOCKET_NAME,
    SUPERUSER,
    Room,
    close_sockets,
    first_error,
    open_log,
    open_room,
    open_sockets,
    prepare_cluster,
    write_settings,
)
from jeeves.errors import ConfigError, JeevesError, StoreUnavailable

#: Role and database.
NAME = "jeeves"
#: Recovery after a power cut reads at most max_wal_size again; then there is no excuse left.
READY_SECONDS = 60.0
#: How long the server may take to end: in order, then by the way of a crash.
STOP_SECONDS = {"fast": 20.0, "immediate": 5.0}
#: These will not mend themselves.
SETTING_ERRORS = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EEXIST,
    errno.ELOOP,
    errno.ENAMETOOLONG,
}


class EmbeddedPostgres:
    """A Postgres server of one home, shared by every process that starts it.

    As a context manager it gives the DSN and stops at the end. One object serves one thread.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._server: Server | None = None
        #: Descriptor of our share in the use lock.
        self._use: int | None = None

    def start(self) -> str:
        """The server answers, and database and role ``jeeves`` exist; the libpq DSN for them.

        Calling it again is cheap, and serves anew if the server died meanwhile.

        Raises:
            ConfigError: the platform, the home or its owner cannot have an embedded server.
            StoreUnavailable: the server cannot be brought up now.
        """
        with translate_errors(self._home):
            programs = find_programs()
            room = open_room(self._home, programs.account)
            self._server = Server(room, programs)
            with starting(room):
                try:
                    if self._use is None:
                        self._use = room.lock("use", shared=True)
                    with contextlib.closing(self._server.connection()) as connection:
                        create_database(connection)
                        host = connection.info.host
                except BaseException as error:
                    # One that is still recovering is left to it: stopped, it would begin again.
                    self._leave(stop=not isinstance(error, StoreUnavailable))
                    raise
        return extensions.make_dsn(host=host, port=PORT, user=NAME, dbname=NAME)

    def stop(self) -> bool:
        """We use the server no longer; True if we were the last and it has been stopped.

        It takes milliseconds, and at most half a minute from a server that hangs. A server
        that is already dead, or a home that is gone, is no error.
        """
        if self._server is None or self._use is None:
            return False
        with contextlib.suppress(JeevesError, OSError), starting(self._server.room):
            return self._leave(stop=True)
        return self._leave(stop=False)

    def _leave(self, *, stop: bool) -> bool:
        """Give up our share in the use lock; with ``stop`` the last one out stops the server."""
        if self._use is not None:
            os.close(self._use)
            self._use = None
        if not stop or self._server is None:
            return False
        alone = self._server.room.lock("use")
        if alone is None:
            return False
        try:
            return self._server.shut_down()
        finally:
            os.close(alone)

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


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
        write_settings(room, open_sockets(room, self.programs.account))
        log = open_log(room)
        log_size = os.fstat(log).st_size
        command = self.programs.command("postgres", "-D", str(room.cluster))
        command += ["-c", f"config_file={room.settings}"]
        try:
            spawn(
                ["/bin/sh", "-c", '"$@" &', "sh", *command],
                account=self.programs.account,
                output=log,
                keep=[server_lock],
                environment={**ENVIRONMENT, **dead_server(room)},
            )
            return log_size
        finally:
            os.close(log)

    def shut_down(self) -> bool:
        """No server runs after the call; True if there was one, False also if it will not end."""
        room = self.room
        # One launched a moment ago does not listen yet, one that was killed does no more.
        ended = None if listening(room.sockets) else room.lock("server", seconds=1)
        stopped = False
        for mode, seconds in STOP_SECONDS.items():
            if ended is None and listening(room.sockets):
                command = ["stop", "-W", "-m", mode, "-D", str(room.cluster)]
                spawn(self.programs.command("pg_ctl", *command), account=self.programs.account)
                ended = room.lock("server", seconds=seconds)
                stopped = ended is not None
        if ended is not None:
            close_sockets(room)
            os.close(ended)
        return stopped


def running(home: Path) -> bool:
    """Whether the embedded server of ``home`` runs now; nothing is started or made."""
    try:
        return listening(Room(home / f"postgres-{MAJOR}").sockets)
    except OSError:
        return False


@contextlib.contextmanager
def starting(room: Room) -> Iterator[None]:
    """Nobody else starts or stops the server of ``room`` inside."""
    descriptor = room.lock("start", seconds=READY_SECONDS)
    if descriptor is None:
        raise StoreUnavailable(
            f"Another Jeeves has been starting or stopping the database in {room.path} for "
            f"{READY_SECONDS:.0f} seconds: end that one, or try again later."
        )
    try:
        yield
    finally:
        os.close(descriptor)


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
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (NAME,))
        if cursor.rowcount == 0:
            cursor.execute(f"CREATE ROLE {NAME} LOGIN")
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", (NAME,))
        if cursor.rowcount == 0:
            cursor.execute(f"CREATE DATABASE {NAME} OWNER {NAME}")


def dead_server(room: Room) -> dict[str, str]:
    """What tells a new server that the pid in the old one's postmaster.pid is not a server's.

    After a reboot that pid may be any program's, after a kill -9 a zombie's; PostgreSQL then
    refuses to start. Named as its grandparent's, the pid counts as stale (CreateLockFile in
    miscinit.c), while the check for shared memory still in use stays, which removing the file
    would lose.
    """
    try:
        pid = (room.cluster / "postmaster.pid").read_text("ascii").partition("\n")[0]
    except FileNotFoundError:
        return {}
    return {"PG_GRANDPARENT_PID": pid} if pid.isdigit() else {}


def last_words(log: Path, offset: int) -> str:
    """Why the server whose log begins at ``offset`` ended."""
    return first_error(log.read_bytes()[offset:].decode("utf-8", "replace"))


@contextlib.contextmanager
def translate_errors(home: Path) -> Iterator[None]:
    """What the system or PostgreSQL refuse inside becomes one sentence."""
    try:
        yield
    except OSError as error:
        place = error.filename or home
        if error.errno in SETTING_ERRORS:
            raise ConfigError(
                f"The embedded database cannot live in {home} ({place}: {error.strerror}): choose "
                "another folder with JEEVES_HOME, or set DATABASE_URL to a PostgreSQL server."
            ) from error
        raise StoreUnavailable(
            f"The embedded database in {home} cannot be served now ({place}: {error.strerror}): "
            "mend that, then try again."
        ) from error
    except psycopg2.Error as error:
        raise StoreUnavailable(
            f"The embedded database in {home} broke off ({str(error).strip().partition(chr(10))[0]}"
            "): try again."
        ) from error
