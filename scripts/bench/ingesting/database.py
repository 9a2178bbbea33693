"""The embedded Postgres of a measurement."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2

from jeeves.adapters.embedded import EmbeddedPostgres
from jeeves.adapters.postgres import schema
from scripts.bench.ingesting.children import tree_cpu


class Database:
    """A migrated database, as Jeeves makes it for itself: durable, with its own settings."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        with closing(psycopg2.connect(dsn)) as connection:
            backend = Path(f"/proc/{connection.info.backend_pid}/stat").read_text()
            #: Of the server, whose children its other processes are (proc(5)).
            self.pid = int(backend.rpartition(")")[2].split()[1])

    def empty(self) -> None:
        """Forget all mail."""
        with closing(psycopg2.connect(self.dsn)) as connection:
            connection.autocommit = True
            with connection.cursor() as sql:
                sql.execute("truncate messages, cursors, heartbeats cascade")
                sql.execute("drop table if exists prototype")

    def one(self, query: str) -> int:
        """The number that ``query`` gives."""
        with closing(psycopg2.connect(self.dsn)) as connection, connection.cursor() as sql:
            sql.execute(query)
            row = sql.fetchone()
            return int(row[0]) if row else 0

    def cpu(self) -> float:
        """User and system seconds of the server and all of its processes so far."""
        return tree_cpu(self.pid)


@contextmanager
def embedded(home: Path) -> Iterator[Database]:
    """The server of a new home, while the ``with`` block runs."""
    home.mkdir()
    try:
        with EmbeddedPostgres(home) as dsn:
            schema.migrate(dsn)
            yield Database(dsn)
    finally:
        for room in home.glob("postgres-*"):
            # where root's server could not reach the home, it lies elsewhere
            shutil.rmtree(room.resolve(), ignore_errors=True)
