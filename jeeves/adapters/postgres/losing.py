"""What going back to an older schema would lose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg2 import sql

from jeeves.adapters.postgres import schema
from jeeves.adapters.postgres.connection import SqlCursor, queries


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
            return f"table {self.table} ({counted(self.rows)})"
        parts = [f"{counted(self.rows)} of {self.table}"] if self.rows else []
        parts += [
            f"{self.table}.{name} (in {counted(rows)})"
            for name, rows in self.columns.items()
            if rows
        ]
        return "; ".join(parts)


def losses(dsn: str, target: str) -> list[Loss]:
    """What going back to ``target`` would lose: it is done, looked at, and undone.

    Raises:
        ConfigError, SchemaOutOfDate, StoreUnavailable: as ``schema.goes_back``.
    """
    if not schema.goes_back(dsn, target):
        return []
    current = schema.revision(dsn)
    with schema.migrating(dsn) as change:
        with change.connection.cursor(cursor_factory=SqlCursor) as cursor:
            before = tables(cursor)
            filled = {table: rows(cursor, table, columns) for table, columns in before.items()}
            change.to(target, current)
            after = tables(cursor)
            left = {table: rows(cursor, table, [])[""] if table in after else 0 for table in before}
        change.connection.rollback()
    found = [
        Loss(
            table,
            filled[table][""] - left[table],
            table not in after,
            {one: filled[table][one] for one in columns if one not in after.get(table, ())},
        )
        for table, columns in before.items()
    ]
    return [loss for loss in found if loss.whole or str(loss)]


def counted(count: int) -> str:
    """Such as: 1 row."""
    return "1 row" if count == 1 else f"{count:,} rows"


def tables(cursor: SqlCursor) -> dict[str, list[str]]:
    """The columns of each of our tables, in the order in which these were made."""
    cursor.execute(queries()["columns_of_tables"])
    return {row["name"]: row["columns"] for row in cursor.fetchall()}


def rows(cursor: SqlCursor, table: str, columns: list[str]) -> dict[str, int]:
    """Rows of a table (under the name ""), and those that say something in each column."""
    every = [sql.SQL("count(*) as {}").format(sql.Identifier("rows of the table"))]
    each = [sql.SQL("count({0}) as {0}").format(sql.Identifier(column)) for column in columns]
    cursor.execute(
        sql.SQL("select {} from {}").format(sql.SQL(", ").join(every + each), sql.Identifier(table))
    )
    found = dict(cursor.fetchone() or {})
    return {"": found.pop("rows of the table"), **found}
