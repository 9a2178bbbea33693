"""To see that a process waits for another in Postgres."""

from __future__ import annotations

import time
from contextlib import closing

import psycopg2


def wait_for_lock(dsn: str) -> None:
    """Return once somebody waits for an advisory lock of this database."""
    deadline = time.monotonic() + 10
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as sql:
        while time.monotonic() < deadline:
            sql.execute(
                "select count(*) from pg_locks join pg_database on pg_database.oid = database "
                "where locktype = 'advisory' and not granted and datname = current_database()"
            )
            if sql.fetchall() != [(0,)]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waited for the lock")
