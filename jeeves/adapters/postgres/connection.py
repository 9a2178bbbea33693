"""One connection that mends itself, and the named queries."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar
from zlib import crc32

import psycopg2
import psycopg2.extensions
import psycopg2.extras

from jeeves.errors import SchemaOutOfDate, StoreError, StoreUnavailable

P = ParamSpec("P")
T = TypeVar("T")
Row = dict[str, Any]
SqlCursor = psycopg2.extras.RealDictCursor

CONNECT_SECONDS = 10
#: A connection has a statement planned, once for all, when it executes it for so many times. What
#: ends before that has no use for a plan that is kept.
PLANNED_FROM = 5
#: Keeps a half-open connection from hanging a cycle (libpq, connection parameters).
LIBPQ: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "application_name": "jeeves",
    # COPY sends bytes; whatever PGCLIENTENCODING says
    "client_encoding": "UTF8",
}

_VALUE = re.compile(r"%\((\w+)\)s")
BROKEN = (psycopg2.OperationalError, psycopg2.InterfaceError)
#: A plan is not there, or another's, where a pooler gives each transaction one of its sessions; it
#: does not hold any more where a table got a column.
PLANS_LOST = (
    psycopg2.errors.InvalidSqlStatementName,
    psycopg2.errors.DuplicatePreparedStatement,
    psycopg2.errors.FeatureNotSupported,
)


@cache
def queries() -> dict[str, str]:
    """Every block of queries.sql by the name in its head."""
    text = Path(__file__).with_name("queries.sql").read_text(encoding="utf-8")
    blocks = re.split(r"(?m)^-- name: (\w+)\n", text)[1:]
    return {
        name: block.strip().removesuffix(";")
        for name, block in zip(blocks[::2], blocks[1::2], strict=True)
    }


class Session(psycopg2.extensions.connection):
    """A connection that knows how often it executed what, and what is planned on it."""

    #: Whether it may keep plans.
    plans = True

    def __init__(self, dsn: str, **options: Any) -> None:
        super().__init__(dsn, **options)
        self.executed: Counter[str] = Counter()
        self.planned: set[str] = set()


def execute(sql: SqlCursor, values: Mapping[str, Any], *names: str) -> None:
    """Execute these queries, each with a snapshot of its own, in one round trip.

    For what somebody waits for. Of a query that is short and finds little, planning takes most of
    the time: what is executed again and again is planned once (PREPARE).
    """
    sql.execute(";\n".join([_call(sql, name) for name in names]), values)


def execute_anew(sql: SqlCursor, values: Mapping[str, Any], *names: str) -> None:
    """Execute these queries in one round trip, each planned for these very values.

    For what is given much at once: a plan that was kept when the tables were small is of no use.
    """
    sql.execute(";\n".join([queries()[name] for name in names]), values)


def _call(sql: SqlCursor, name: str) -> str:
    session = sql.connection
    assert isinstance(session, Session)  # noqa: S101  # `connect` makes no others
    session.executed[name] += 1
    if not session.plans or session.executed[name] < PLANNED_FROM:
        return queries()[name]
    prepare, call = _planned(name)
    if name not in session.planned:
        # Noted first: where it fails, the connection is given up, or does without.
        session.planned.add(name)
        sql.execute(prepare)
    return call


def plan_name(name: str) -> str:
    """What the plan of a query is called.

    By its text too: behind a pooler the sessions of the server are shared, perhaps with another
    version of Jeeves, whose query of that name takes other values.
    """
    return f"{name}_{crc32(queries()[name].encode()):08x}"


@cache
def _planned(name: str) -> tuple[str, str]:
    """What has Postgres plan a query, and what executes it from then on."""
    query, plan = queries()[name], plan_name(name)
    values = list(dict.fromkeys(_VALUE.findall(query)))
    numbered = _VALUE.sub(lambda found: f"${values.index(found[1]) + 1}", query)
    given = ", ".join(f"%({value})s" for value in values)
    return (
        f"prepare {plan} as {numbered}",
        f"execute {plan} ({given})" if values else f"execute {plan}",
    )


@contextmanager
def translate_errors() -> Iterator[None]:
    """Turn what psycopg2 raises into our own errors."""
    try:
        yield
    except (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn) as exc:
        raise SchemaOutOfDate(
            "The database does not have the tables this version of Jeeves needs: "
            "run `jeeves migrate`."
        ) from exc
    except BROKEN as exc:
        raise StoreUnavailable(
            f"Postgres cannot be used ({first_line(exc)}): check DATABASE_URL and that the "
            "server runs; nothing is lost, Jeeves tries again."
        ) from exc
    except psycopg2.Error as exc:
        # The name of the error class only: server messages may quote the row, which is mail.
        raise StoreError(
            f"Postgres refused a statement ({type(exc).__name__}, SQLSTATE {exc.pgcode})."
        ) from exc


def first_line(error: BaseException) -> str:
    """What libpq said, without the lines of hints below."""
    return next(iter(str(error).strip().splitlines()), "connection closed")


def connect(dsn: str) -> Session:
    """A new connection to ``dsn``.

    Raises:
        StoreUnavailable: no server there, or it refuses.
    """
    with translate_errors():
        try:
            connection: Session = psycopg2.connect(dsn, connection_factory=Session, **LIBPQ)
        except psycopg2.ProgrammingError as exc:
            # libpq quotes the string it cannot parse, and that may hold a password.
            raise StoreUnavailable(
                "DATABASE_URL is not a Postgres address: write it as "
                "postgresql://user:password@host:5432/database."
            ) from exc
    return connection


class Connection:
    """A connection made on first use and made again after it broke. One thread only."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._open: Session | None = None
        self._plans = True

    @contextmanager
    def transaction(self) -> Iterator[SqlCursor]:
        """A cursor whose work is committed at the end, or rolled back on any error."""
        with (
            self._connected(autocommit=False) as connection,
            connection,
            connection.cursor(cursor_factory=SqlCursor) as cursor,
        ):
            yield cursor

    @contextmanager
    def statement(self) -> Iterator[SqlCursor]:
        """A cursor for one statement: a transaction by itself, in one round trip for three."""
        with (
            self._connected(autocommit=True) as connection,
            connection.cursor(cursor_factory=SqlCursor) as cursor,
        ):
            yield cursor

    @contextmanager
    def _connected(self, autocommit: bool) -> Iterator[Session]:
        with translate_errors():
            if self._open is None or self._open.closed:
                self._open = connect(self._dsn)
                self._open.plans = self._plans
            session = self._open
            try:
                session.autocommit = autocommit
                yield session
            except PLANS_LOST as exc:
                if not session.planned:
                    raise
                self.close()
                # What happened once would happen again.
                self._plans = False
                raise StoreUnavailable(
                    "Postgres does not know a statement any more that was planned before: nothing "
                    "is lost, Jeeves tries again."
                ) from exc
            except BROKEN:
                self.close()
                raise

    @property
    def used(self) -> bool:
        """Whether a connection stands that was made by an earlier transaction."""
        return self._open is not None and not self._open.closed

    def close(self) -> None:
        """Close the connection; the next transaction makes another."""
        if self._open is not None:
            # a broken connection may complain about being closed: there is nothing left to lose
            with suppress(psycopg2.Error):
                self._open.close()
            self._open = None


class HasConnection:
    """Base of the classes whose methods are one transaction each."""

    def __init__(self, dsn: str) -> None:
        self.connection = Connection(dsn)

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()


S = TypeVar("S", bound=HasConnection)


def in_transaction(
    method: Callable[Concatenate[S, SqlCursor, P], T],
) -> Callable[Concatenate[S, P], T]:
    """Run ``method(self, cursor, ...)`` as one transaction.

    A connection that broke while nobody used it (server restart, laptop sleep) is noticed only
    by its next statement, so the first failure on an old connection is retried once on a new
    one. Every statement is safe to repeat: writes ignore what is already there.
    """
    return _retried(method, Connection.transaction)


def in_one_statement(
    method: Callable[Concatenate[S, SqlCursor, P], T],
) -> Callable[Concatenate[S, P], T]:
    """As `in_transaction`, for a method that executes exactly one statement."""
    return _retried(method, Connection.statement)


def _retried(
    method: Callable[Concatenate[S, SqlCursor, P], T],
    cursor_of: Callable[[Connection], AbstractContextManager[SqlCursor]],
) -> Callable[Concatenate[S, P], T]:
    def run(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self.connection.used:
            try:
                with cursor_of(self.connection) as cursor:
                    return method(self, cursor, *args, **kwargs)
            except StoreUnavailable:
                pass
        with cursor_of(self.connection) as cursor:
            return method(self, cursor, *args, **kwargs)

    run.__doc__ = method.__doc__
    run.__name__ = method.__name__
    return run
