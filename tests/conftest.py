"""What all tests share: optional parts, and strictness about their absence."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests import no_mail_in_logs

ROOT = Path(__file__).resolve().parent.parent
ABSENT_SHARED = "the folder ../shared is not there (it is not part of the project)"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real mail beside the project; skips where it is absent."""
    folder = Path(os.environ.get("JEEVES_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(ABSENT_SHARED)
    return folder


@pytest.fixture(scope="session")
def needs_program() -> Callable[[str, str], str]:
    """Path of an optional program, or a skip that names the command which installs it."""

    def find(program: str, install: str) -> str:
        path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if path is None:
            pytest.skip(f"{program} is not installed; install it with: {install}")
        return path

    return find


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With JEEVES_TEST_STRICT=1 a skip is a failure, but for an absent ../shared."""
    report = yield
    strict = os.environ.get("JEEVES_TEST_STRICT") == "1"
    if strict and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if ABSENT_SHARED not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped although JEEVES_TEST_STRICT=1: {reason}"
    return report


def pytest_configure() -> None:
    """Everything that is logged in this process is looked at, by whichever test."""
    no_mail_in_logs.listen()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """A test during which anything of a mail was logged has failed: promise 5."""
    yield
    no_mail_in_logs.fail_if_any()


@pytest.fixture(scope="session")
def discard_database() -> Callable[[Path], None]:
    """Removes the database of a home, also where root's server keeps it outside."""

    def discard(home: Path) -> None:
        for room in home.glob("postgres-*"):
            shutil.rmtree(room.resolve(), ignore_errors=True)
            if room.is_symlink():
                room.unlink()

    return discard


@pytest.fixture(scope="session")
def postgres_server(
    tmp_path_factory: pytest.TempPathFactory, discard_database: Callable[[Path], None]
) -> Generator[str, None, None]:
    """DSN of database ``jeeves`` on an embedded server of this test session alone."""
    # Imported here: most tests need no database, and no driver.
    from psycopg2.extensions import make_dsn

    from jeeves.adapters.embedded import EmbeddedPostgres

    home = tmp_path_factory.mktemp("postgres")
    with EmbeddedPostgres(home) as dsn:
        # No test outlives a power cut, and on a busy disk fsync is most of the time.
        superuser = make_dsn(dsn, user="postgres", dbname="postgres")
        run_sql(superuser, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield dsn
    discard_database(home)


@pytest.fixture
def database_url(postgres_server: str) -> Generator[str, None, None]:
    """DSN of a database that is empty and belongs to this test alone."""
    from psycopg2.extensions import make_dsn

    name = f"test_{uuid.uuid4().hex[:12]}"
    superuser = make_dsn(postgres_server, user="postgres", dbname="postgres")
    run_sql(superuser, f"CREATE DATABASE {name} OWNER jeeves")
    yield make_dsn(postgres_server, dbname=name)
    run_sql(superuser, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def migrated_template(postgres_server: str) -> str:
    """Name of a database with the newest schema, to be copied: faster than migrating each."""
    from psycopg2.extensions import make_dsn

    from jeeves.adapters.postgres import schema

    name = f"template_{uuid.uuid4().hex[:12]}"
    superuser = make_dsn(postgres_server, user="postgres", dbname="postgres")
    run_sql(superuser, f"CREATE DATABASE {name} OWNER jeeves")
    schema.migrate(make_dsn(postgres_server, dbname=name))
    return name


#: All that a migration makes, but rows; and what a database itself may be set to.
SHAPE = """
select md5(string_agg(part, e'\\n' order by part)) from (
    select concat_ws(' ', relname, relkind, relowner, reloptions, relacl) from pg_class
        where relnamespace = 'public'::regnamespace
    union all
    select concat_ws(' ', relname, attname, atttypid, attnotnull, attidentity, attacl)
        from pg_attribute join pg_class c on c.oid = attrelid
        where relnamespace = 'public'::regnamespace
    union all select pg_get_expr(adbin, adrelid) from pg_attrdef
    union all select pg_get_indexdef(c.oid) from pg_class c
        where relnamespace = 'public'::regnamespace and relkind = 'i'
    union all select conname || pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace
    union all select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    union all select proname || prosrc from pg_proc where pronamespace = 'public'::regnamespace
    union all select nspname from pg_namespace where nspname !~ '^pg_'
    union all select extname from pg_extension
    union all select version_num from alembic_version
    union all select setconfig::text from pg_db_role_setting
    union all select concat_ws(' ', datallowconn, datconnlimit) from pg_database
        where datname = current_database()
) parts (part)
"""
EMPTY = """
do $$ begin execute (
    select 'truncate ' || string_agg(format('%I', relname), ', ') || ' restart identity'
        from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
        and relname <> 'alembic_version'
); end $$
"""


@pytest.fixture(scope="session")
def shape(postgres_server: str, migrated_template: str) -> str:
    """What ``SHAPE`` says of a database that was migrated and not touched."""
    from psycopg2.extensions import make_dsn

    return ask(make_dsn(postgres_server, user="postgres", dbname=migrated_template), SHAPE)


@pytest.fixture(scope="session")
def used_databases() -> list[str]:
    """Names of databases that tests have done with, empty again."""
    return []


@pytest.fixture
def migrated_url(
    postgres_server: str, migrated_template: str, shape: str, used_databases: list[str]
) -> Generator[str, None, None]:
    """DSN of a database with the newest schema and no rows, for this test alone.

    To empty one costs less than to copy it; its name is a new one, so nothing that an earlier test
    left running finds it. Where a test changed more than rows, the database is not used again.
    """
    from psycopg2.extensions import make_dsn

    name = f"test_{uuid.uuid4().hex[:12]}"
    superuser = make_dsn(postgres_server, user="postgres", dbname="postgres")
    if used_databases:
        run_sql(superuser, f"ALTER DATABASE {used_databases.pop()} RENAME TO {name}")
    else:
        run_sql(superuser, f"CREATE DATABASE {name} TEMPLATE {migrated_template} OWNER jeeves")
    yield make_dsn(postgres_server, dbname=name)
    run_sql(
        superuser,
        f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'",
    )
    inside = make_dsn(postgres_server, user="postgres", dbname=name)
    if ask(inside, SHAPE) == shape:
        run_sql(inside, EMPTY)
        used_databases.append(name)
    else:
        run_sql(superuser, f"DROP DATABASE {name} WITH (FORCE)")


def ask(dsn: str, question: str) -> str:
    """The one value that answers ``question``."""
    import psycopg2

    with contextlib.closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        row = cursor.fetchone()
    assert row is not None
    return str(row[0])


def run_sql(dsn: str, *statements: str) -> None:
    """Each statement in a transaction of its own."""
    import psycopg2

    with contextlib.closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
