"""The schema's version, and the migrations that bring a database to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from psycopg2 import extensions

from jeeves.adapters.postgres.connection import SqlCursor, connect, translate_errors
from jeeves.errors import ConfigError, SchemaOutOfDate

if TYPE_CHECKING:
    from alembic.config import Config

#: The newest revision under migrations/versions (a test holds the two together: asking alembic
#: would cost every command a third of a second).
HEAD = "0006"
#: All tables of that revision but alembic's own (a test holds the two together). In a database of
#: the owner's there may be tables of others, which are none of our business.
TABLES = (
    *("alerts", "backfills", "bandwidth", "conversations", "cursors", "erased_messages"),
    *("heartbeats", "labels", "messages", "mutes", "pauses", "verdicts", "written_labels"),
)
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
    schema has no place for: ``losing.losses`` says what.

    Raises:
        ConfigError: there is no such revision.
        SchemaOutOfDate: the database is newer than this version of Jeeves.
        StoreUnavailable: the database cannot be reached.
    """
    goes_back(dsn, target)
    current = revision(dsn)
    with migrating(dsn) as change:
        change.to(target, current)


@dataclass(frozen=True, slots=True)
class Change:
    """A transaction that changes the schema, and may do more."""

    #: Its connection, to do more with.
    connection: extensions.connection
    _config: Config

    def to(self, target: str, current: str | None) -> None:
        """Bring the database from the revision ``current`` (None: no tables) to ``target``."""
        from alembic import command

        if target == "base" or (target != "head" and current is not None and target < current):
            command.downgrade(self._config, target)
        else:
            command.upgrade(self._config, target)


@contextmanager
def migrating(dsn: str) -> Iterator[Change]:
    """One transaction, under an advisory lock, that is committed at the end.

    Raises:
        StoreUnavailable: the database cannot be reached.
    """
    from alembic.config import Config
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import NullPool

    config = Config()
    # `%` starts an interpolation in alembic's configuration
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    engine = create_engine(
        "postgresql+psycopg2://", creator=lambda: connect(dsn), poolclass=NullPool
    )
    with translate_errors(), engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        config.attributes["connection"] = connection
        driver = connection.connection.driver_connection
        yield Change(cast("extensions.connection", driver), config)
