"""The schema's version, and the migrations that bring a database to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg2

from jeeves.adapters.postgres.connection import SqlCursor, connect, translate_errors
from jeeves.errors import ConfigError, SchemaOutOfDate

if TYPE_CHECKING:
    import sqlalchemy

#: The newest revision under migrations/versions (a test holds the two together: asking alembic
#: would cost every command a third of a second).
HEAD = "0005"
#: Two processes that migrate at once would trip over each other's half-made types.
LOCK = 0x6A656576  # "jeev"


def migrations_folder() -> Path:
    """Where the migrations are: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parents[2]
    packaged = package / "_migrations"
    return packaged if packaged.is_dir() else package.parent / "migrations"


def revisions() -> list[str]:
    """Every revision this version of Jeeves knows, oldest first."""
    return sorted(path.name[:4] for path in (migrations_folder() / "versions").glob("[0-9]*.py"))


def revision(dsn: str) -> str | None:
    """The revision a database stands at; None where it has no tables of ours.

    Raises:
        StoreUnavailable: the database cannot be reached.
    """
    connection = connect(dsn)
    try:
        with translate_errors(), connection, connection.cursor(cursor_factory=SqlCursor) as sql:
            sql.execute("select to_regclass('alembic_version') is not null as ours")
            row = sql.fetchone()
            if row is None or not row["ours"]:
                return None
            sql.execute("select version_num from alembic_version")
            row = sql.fetchone()
            return row["version_num"] if row else None
    finally:
        connection.close()


def require_head(dsn: str) -> None:
    """Do nothing if the database has this version's schema.

    Raises:
        SchemaOutOfDate: it has another, or none.
        StoreUnavailable: it cannot be reached.
    """
    found = revision(dsn)
    if found is None:
        raise SchemaOutOfDate("The database has no tables of Jeeves yet: run `jeeves migrate`.")
    if found < HEAD:
        raise SchemaOutOfDate(
            f"The database stands at schema {found} and this Jeeves needs {HEAD}: "
            "run `jeeves migrate`."
        )
    if found > HEAD:
        raise SchemaOutOfDate(
            f"The database stands at schema {found}, newer than this Jeeves knows ({HEAD}): "
            "upgrade Jeeves; nothing was read or changed."
        )


def goes_back(dsn: str, target: str) -> bool:
    """Whether ``migrate`` to ``target`` would take away from what the database has.

    Raises:
        ConfigError: there is no such revision.
        SchemaOutOfDate: the database is newer than this version of Jeeves.
        StoreUnavailable: the database cannot be reached.
    """
    if target not in {"head", "base", *revisions()}:
        raise ConfigError(
            f"There is no schema {target[:20]!r}: name one of {', '.join(revisions())}, head or "
            "base."
        )
    current = revision(dsn)
    if current is not None and current > HEAD:
        require_head(dsn)
    return current is not None and (target == "base" or (target != "head" and target < current))


def migrate(dsn: str, target: str = "head") -> None:
    """Bring the database to ``target`` ("head", a revision, or "base" for empty).

    Everything happens in one transaction under an advisory lock. Going back loses what the older
    schema has no place for: ``losses`` says what.

    Raises:
        ConfigError, SchemaOutOfDate, StoreUnavailable: as ``goes_back``.
    """
    back = goes_back(dsn, target)
    with _locked(dsn) as connection:
        _run(connection, target, back)


@dataclass(frozen=True, slots=True)
class Loss:
    """What going back takes away of one table."""

    table: str
    #: Rows that go, and whether the table goes with them.
    rows: int
    whole: bool
    #: Columns that go, with the number of rows that say something in them.
    columns: Mapping[str, int]

    def __str__(self) -> str:
        """Such as: table mutes (3 rows); 2 rows of labels; labels.heard_at (in 12 rows)."""
        if self.whole:
            return f"table {self.table} ({_rows(self.rows)})"
        parts = [f"{_rows(self.rows)} of {self.table}"] if self.rows else []
        parts += [
            f"{self.table}.{name} (in {_rows(rows)})" for name, rows in self.columns.items() if rows
        ]
        return "; ".join(parts)


def losses(dsn: str, target: str) -> list[Loss]:
    """What going back to ``target`` would lose: it is done, looked at, and undone.

    Raises:
        ConfigError, SchemaOutOfDate, StoreUnavailable: as ``goes_back``.
    """
    if not goes_back(dsn, target):
        return []
    with _locked(dsn) as connection:
        before = _tables(connection)
        said = {
            (table, column): _count(connection, table, column)
            for table, columns in before.items()
            for column in columns
        }
        rows = {table: _count(connection, table) for table in before}
        _run(connection, target, back=True)
        after = _tables(connection)
        found = [
            Loss(
                table,
                rows[table] - (_count(connection, table) if table in after else 0),
                table not in after,
                {
                    column: said[table, column]
                    for column in columns
                    if column not in after.get(table, ())
                },
            )
            for table, columns in before.items()
        ]
        connection.rollback()
    return [loss for loss in found if loss.whole or str(loss)]


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


@contextmanager
def _locked(dsn: str) -> Iterator[sqlalchemy.Connection]:
    """A transaction, committed at the end, that no other migration runs beside."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import NullPool

    engine = create_engine(
        "postgresql+psycopg2://", creator=lambda: psycopg2.connect(dsn), poolclass=NullPool
    )
    with translate_errors(), engine.connect() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        yield connection
        connection.commit()


def _run(connection: sqlalchemy.Connection, target: str, back: bool) -> None:
    """Migrate as part of the transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    # `%` starts an interpolation in alembic's configuration
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    (command.downgrade if back else command.upgrade)(config, target)


def _tables(connection: sqlalchemy.Connection) -> dict[str, Sequence[str]]:
    """The columns of each of our tables."""
    from sqlalchemy import inspect

    inspector = inspect(connection)
    return {
        table: [column["name"] for column in inspector.get_columns(table)]
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def _count(connection: sqlalchemy.Connection, table: str, column: str | None = None) -> int:
    """Rows of a table, or those that say something in a column."""
    from sqlalchemy import column as named
    from sqlalchemy import func, select
    from sqlalchemy import table as called

    counted = func.count() if column is None else func.count(named(column))
    return int(connection.execute(select(counted).select_from(called(table))).scalar_one())
