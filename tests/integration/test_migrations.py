"""Every migration on a database that is full, up and down, one step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
from psycopg2 import sql

from jeeves.adapters.postgres import losing, schema
from jeeves.adapters.postgres.reading import Reading

#: A value of each type; of columns that allow certain texts only, the first of these is taken.
VALUES = {
    "bigint": "1",
    "integer": "1",
    "smallint": "1",
    "text": "'x'",
    "text[]": "'{x}'",
    "jsonb": "'[]'",
    "boolean": "false",
    "double precision": "0.5",
    "date": "'2026-11-19'",
    "timestamp with time zone": "'2026-11-19 12:00+00'",
    "bytea": "'\\x00'",
}
#: What no type tells of a column.
GIVEN = {"identity": "repeat('0', 64)"}
TABLES = """
select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
    and relname <> 'alembic_version' order by oid
"""
#: Each column that has to be given, its type, the texts it allows, and the table it points to.
COLUMNS = """
select attname, format_type(atttypid, atttypmod),
    (select (regexp_match(pg_get_constraintdef(c.oid), '''([^'']*)'''))[1]
        from pg_constraint c where conrelid = attrelid and contype = 'c' and conkey = array[attnum]
        and pg_get_constraintdef(c.oid) ~ 'ANY' limit 1),
    (select confrelid::regclass::text from pg_constraint
        where conrelid = attrelid and contype = 'f' and conkey = array[attnum])
from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped
    and attnotnull and not atthasdef and attidentity = '' and attgenerated = ''
"""


@contextmanager
def connected(dsn: str) -> Iterator[psycopg2.extensions.cursor]:
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        yield cursor


def rows(dsn: str) -> dict[str, int]:
    """Rows of each table."""
    found = {}
    with connected(dsn) as cursor:
        cursor.execute(TABLES)
        for (table,) in cursor.fetchall():
            cursor.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table)))
            row = cursor.fetchone()
            assert row is not None
            found[table] = row[0]
    return found


def fill(dsn: str) -> None:
    """Give each table a row that has none yet, by what the database says of its columns."""
    empty = [table for table, count in rows(dsn).items() if not count]
    with connected(dsn) as cursor:
        for table in empty:
            cursor.execute(COLUMNS, (table,))
            columns = {}
            for name, kind, allowed, target in cursor.fetchall():
                value = VALUES[kind] if allowed is None else f"'{allowed}'"
                if target is not None and kind == "bigint":
                    value = f"(select min(id) from {target})"
                columns[name] = GIVEN.get(name, value)
            cursor.execute(
                sql.SQL("insert into {} ({}) values ({})").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, columns)),
                    sql.SQL(", ".join(columns.values())),
                )
            )


def test_each_step_up_keeps_every_row_and_each_step_down_works_on_a_full_database(
    database_url: str,
) -> None:
    for revision in schema.revisions():
        before = rows(database_url)
        schema.migrate(database_url, revision)
        after = rows(database_url)
        assert {table: after[table] for table in before} == before, revision
        fill(database_url)
        assert all(rows(database_url).values())
    schema.require_head(database_url)
    with closing(Reading(database_url)) as reading:
        [message] = reading.newest(10, False)
    assert message.verdict is not None
    for revision in [*reversed(schema.revisions()[:-1]), "base"]:
        full = set(rows(database_url))
        lost = {loss.table for loss in losing.losses(database_url, revision) if loss.whole}
        schema.migrate(database_url, revision)
        assert full - set(rows(database_url)) == lost, revision
        # What stays is still there: rows of an older version are for older versions.
        assert revision == "base" or rows(database_url)["messages"] == 1
    assert rows(database_url) == {}
