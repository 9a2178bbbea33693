"""The whole database in a file, and back: every table by COPY, in one transaction.

Not by pg_dump: what it writes can only be read by servers of its own version or newer ones, and is
a program that the restoring server runs. These are rows and nothing else. The tables are made by
our own migrations, at the revision at which the rows were written, and then brought to ours; so
any PostgreSQL, of any version, can take what another gave.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from graphlib import TopologicalSorter
from typing import IO, Any, Protocol

from psycopg2 import extensions

from jeeves import __version__
from jeeves.adapters.postgres import schema
from jeeves.adapters.postgres.connection import (
    Row,
    SqlCursor,
    connect,
    queries,
    translate_errors,
)
from jeeves.errors import ArchiveError, NotEmpty, StoreError

KIND = "backup"
FORMAT_VERSION = 1
OURS = {"ours": list(schema.TABLES)}
#: Rows are written the same way by every server.
SAME = """
set local timezone = 'UTC';
set local datestyle = 'ISO, YMD';
set local intervalstyle = 'postgres';
set local extra_float_digits = 1;
set local bytea_output = 'hex';
set local lock_timeout = '10s'
"""


class Source(Protocol):
    """A backup, verified, to be read from."""

    @property
    def manifest(self) -> Any:
        """What it says of itself."""
        ...

    def open(self, name: str) -> IO[bytes]:
        """A part."""
        ...


class Target(Protocol):
    """A backup that is being written."""

    @contextmanager
    def part(self, name: str) -> Iterator[IO[bytes]]:
        """A new part."""
        ...

    def digest(self, name: str) -> str:
        """That of a part that is written."""
        ...

    def finish(self, kind: str, format_version: int, facts: Any) -> str:
        """It is complete."""
        ...


@dataclass(frozen=True, slots=True)
class Copied:
    """What was written or read, in counts."""

    #: Rows by table.
    rows: dict[str, int]

    @property
    def mails(self) -> int:
        """How many mails."""
        return self.rows.get("messages", 0)

    def __str__(self) -> str:
        return f"{self.mails:,} mails, {sum(self.rows.values()):,} rows in all"


@contextmanager
def snapshot(
    dsn: str, now: datetime, *, hold: bool = False
) -> Iterator[Callable[[Target], Copied]]:
    """Gives what writes the database, as it is now, to a file; nothing of it is changed.

    Args:
        dsn: The database.
        now: Aware.
        hold: Until this is left nobody else writes to it.

    Raises:
        StoreUnavailable: it cannot be reached, or somebody is writing to it for long.
    """
    with closing(connect(dsn)) as connection, translate_errors():
        connection.set_session(
            isolation_level=extensions.ISOLATION_LEVEL_REPEATABLE_READ, readonly=not hold
        )
        with connection, connection.cursor(cursor_factory=SqlCursor) as sql:
            sql.execute(SAME)
            if hold:
                # Before anything is read: what is waited for is seen.
                sql.execute(f"lock table {', '.join(schema.TABLES)} in share mode")

            def write(file: Target) -> Copied:
                return _write(sql, file, now)

            yield write


def restore(dsn: str, source: Source, *, replace: bool = False) -> Copied:
    """Load a backup into a database, verify each row, and bring it to this version's schema.

    It is one transaction: killed at any time, the database is as it was before.

    Args:
        dsn: The database.
        source: The backup.
        replace: What is in the database is given up for it.

    Raises:
        NotEmpty: the database holds something, and ``replace`` is not said.
        ArchiveError: the backup is none of a version that is known here.
        StoreError: another server made other rows of it, or the database is in use.
        SchemaOutOfDate: the database is newer than this version of Jeeves.
    """
    manifest = source.manifest
    written_at = _known_revision(manifest)
    current = schema.revision(dsn)
    if current is not None and current > schema.HEAD:
        schema.require_head(dsn)
    with schema.migrating(dsn) as change, change.connection.cursor(cursor_factory=SqlCursor) as sql:
        sql.execute(SAME)
        if current is not None:
            _make_room(sql, replace=replace)
            change.to("base", current)
        change.to(written_at, None)
        tables = _tables(sql)
        said = {one["name"]: one for one in manifest["tables"]}
        if {name: columns for name, (columns, _) in tables.items()} != {
            name: one["columns"] for name, one in said.items()
        }:
            raise ArchiveError(
                f"The backup says that it stands at schema {written_at}, but has other tables: "
                "take another backup."
            )
        for name in _in_order(sql, tables):
            columns, key = tables[name]
            with source.open(part_name(name)) as rows:
                sql.copy_expert(f"copy {name} ({', '.join(columns)}) from stdin", rows)
            digest, count = _digest(sql, name, columns, key)
            if (digest, count) != (said[name]["sha256"], said[name]["rows"]):
                raise StoreError(
                    f"The rows of {name} are not what was written ({count:,} of "
                    f"{said[name]['rows']:,}): nothing was kept; try another server."
                )
        _count_on(sql, manifest["counters"])
        change.to("head", written_at)
    return Copied({name: one["rows"] for name, one in said.items()})


def place_of(dsn: str) -> str:
    """What two addresses have in common that lead to one database, and no others have.

    Raises:
        StoreUnavailable: it cannot be reached.
    """
    with (
        closing(connect(dsn)) as connection,
        translate_errors(),
        connection.cursor(cursor_factory=SqlCursor) as sql,
    ):
        sql.execute(queries()["place"])
        row: Row = sql.fetchone() or {}
        return str(row["place"])


def part_name(table: str) -> str:
    """Where the rows of a table are."""
    return f"tables/{table}.copy"


def _write(sql: SqlCursor, file: Target, now: datetime) -> Copied:
    sql.execute("select version_num from alembic_version")
    found: Row = sql.fetchone() or {}
    tables = []
    for name, (columns, key) in _tables(sql).items():
        with file.part(part_name(name)) as part:
            sql.copy_expert(_copy_out(name, columns, key), part)
        count = sql.rowcount
        tables.append(
            {
                "name": name,
                "columns": columns,
                "rows": count,
                "sha256": file.digest(part_name(name)),
            }
        )
    facts = {
        "jeeves": __version__,
        "created_at": now.isoformat(),
        "schema": found["version_num"],
        "tables": tables,
        "counters": _counters(sql),
    }
    file.finish(KIND, FORMAT_VERSION, facts)
    return Copied({str(one["name"]): int(str(one["rows"])) for one in tables})


def _known_revision(manifest: Any) -> str:
    try:
        revision = manifest["schema"]
        tables = [
            (one["name"], one["columns"], one["rows"], one["sha256"]) for one in manifest["tables"]
        ]
        counters = {
            name: (int(last), bool(called)) for name, (last, called) in manifest["counters"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise ArchiveError("The manifest of the backup cannot be used: take another.") from exc
    known = {path.name[:4] for path in (schema.migrations_folder() / "versions").glob("[0-9]*.py")}
    if revision not in known:
        raise ArchiveError(
            f"The backup stands at schema {revision!s:.10} and this Jeeves knows those up to "
            f"{schema.HEAD}: upgrade Jeeves first."
        )
    missing = [name for name, *_ in tables if part_name(name) not in manifest["parts"]]
    if missing or len({name for name, *_ in tables}) < len(tables) or not counters:
        raise ArchiveError("The manifest of the backup cannot be used: take another.")
    return str(revision)


def _make_room(sql: SqlCursor, *, replace: bool) -> None:
    """Our tables are empty; nobody else reads or writes them until the transaction ends."""
    names = list(_tables(sql))
    if not names:
        return
    sql.execute(f"lock table {', '.join(names)} in access exclusive mode")
    filled = " or ".join(f"exists (select from {name})" for name in names if name != "heartbeats")
    sql.execute(f"select {filled} as filled")
    row = sql.fetchone()
    if row and row["filled"] and not replace:
        raise NotEmpty(
            "The database holds mail or labels already, and they would be lost: nothing was "
            "changed. With --replace they give way to the backup; else take an empty database."
        )
    sql.execute(f"truncate {', '.join(names)} restart identity")


def _tables(sql: SqlCursor) -> dict[str, tuple[list[str], str]]:
    """Columns and order of our tables that are there; names as they stand in SQL."""
    sql.execute(queries()["tables"], OURS)
    return {row["name"]: (row["columns"], row["key"]) for row in sql.fetchall()}


def _in_order(sql: SqlCursor, tables: Any) -> list[str]:
    """The tables, each after those that its rows refer to."""
    sql.execute(queries()["table_links"], OURS)
    order: TopologicalSorter[str] = TopologicalSorter({name: set() for name in tables})
    for row in sql.fetchall():
        order.add(row["referring"], row["referred"])
    return list(order.static_order())


def _copy_out(name: str, columns: list[str], key: str) -> str:
    # names are those of our own schema
    rows = f"select {', '.join(columns)} from {name} order by {key}"  # noqa: S608
    return f"copy ({rows}) to stdout"


class _Hash:
    """A file that keeps the digest of what is written to it."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Take it in."""
        self.digest.update(data)
        return len(data)


def _digest(sql: SqlCursor, name: str, columns: list[str], key: str) -> tuple[str, int]:
    """Digest and number of the rows of a table, as they would be written to a file."""
    out = _Hash()
    sql.copy_expert(_copy_out(name, columns, key), out)
    return out.digest.hexdigest(), sql.rowcount


def _counters(sql: SqlCursor) -> dict[str, tuple[int, bool]]:
    """How far rows were counted, by table and column: numbers are never given twice."""
    sql.execute(queries()["counters"], OURS)
    found = {}
    for row in sql.fetchall():
        sql.execute(f"select last_value, is_called from {row['sequence']}")  # noqa: S608
        state: Row = sql.fetchone() or {}
        found[row["name"]] = (state["last_value"], state["is_called"])
    return found


def _count_on(sql: SqlCursor, counters: Any) -> None:
    sql.execute(queries()["counters"], OURS)
    for row in sql.fetchall():
        last, called = counters[row["name"]]
        sql.execute("select setval(%s::regclass, %s, %s)", (row["sequence"], last, called))
