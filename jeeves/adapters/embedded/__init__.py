"""The embedded Postgres that serves when no DATABASE_URL is given.

``start()`` shares a server that already runs for the same home, or starts one; ``stop()`` of the
last user stops it. cluster.py draws the files and the locks that this takes, server.py launches
and ends the server, binaries.py finds its programs.

The server runs in a session of its own: Ctrl-C in a terminal does not reach it, and a kill -9 of
its users leaves it running until the next ``stop()``. Python ends at once on SIGTERM, without
``finally`` or atexit: whoever calls ``start()`` must turn SIGTERM into an orderly end that calls
``stop()``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import psycopg2
from psycopg2 import extensions

from jeeves.adapters.embedded.binaries import MAJOR, find_programs, server_account
from jeeves.adapters.embedded.cluster import Room, open_room
from jeeves.adapters.embedded.server import (
    DATABASE,
    PORT,
    READY_SECONDS,
    Server,
    create_database,
    listening,
)
from jeeves.errors import ConfigError, JeevesError, StoreUnavailable

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
        return extensions.make_dsn(host=host, port=PORT, user=DATABASE, dbname=DATABASE)

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


def running(home: Path) -> bool:
    """Whether the embedded server of ``home`` runs now; nothing is started or made."""
    if sys.platform == "win32":
        return False
    try:
        return listening(Room(home / f"postgres-{MAJOR}", server_account()).sockets)
    except (OSError, ConfigError):
        return False


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
