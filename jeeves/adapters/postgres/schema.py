"""The schema's version, and the migrations that bring a database to it."""

from __future__ import annotations

from pathlib import Path

import psycopg2

from jeeves.adapters.postgres.connection import SqlCursor, connect, translate_errors
from jeeves.errors import SchemaOutOfDate

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
            "upgrade Jeeves."
        )


def migrate(dsn: str, target: str = "head") -> None:
    """Bring the database to ``target`` ("head", a revision, or "base" for empty).

    Everything happens in one transaction under an advisory lock.

    Raises:
        SchemaOutOfDate: the database is newer than this version of Jeeves.
        StoreUnavailable: the database cannot be reached.
    """
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import NullPool

    config = Config()
    # `%` starts an interpolation in alembic's configuration
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    current = revision(dsn)
    if current is not None and current > HEAD:
        require_head(dsn)
    engine = create_engine(
        "postgresql+psycopg2://", creator=lambda: psycopg2.connect(dsn), poolclass=NullPool
    )
    with translate_errors(), engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config.attributes["connection"] = connection
        if target == "base" or (target != "head" and current is not None and target < current):
            command.downgrade(config, target)
        else:
            command.upgrade(config, target)
