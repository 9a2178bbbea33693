"""What all tests share: optional parts, and strictness about their absence."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

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


@pytest.fixture
def migrated_url(postgres_server: str, migrated_template: str) -> Generator[str, None, None]:
    """DSN of a database with the newest schema and no rows, for this test alone."""
    from psycopg2.extensions import make_dsn

    name = f"test_{uuid.uuid4().hex[:12]}"
    superuser = make_dsn(postgres_server, user="postgres", dbname="postgres")
    run_sql(superuser, f"CREATE DATABASE {name} TEMPLATE {migrated_template} OWNER jeeves")
    yield make_dsn(postgres_server, dbname=name)
    run_sql(superuser, f"DROP DATABASE {name} WITH (FORCE)")


def run_sql(dsn: str, *statements: str) -> None:
    """Each statement in a transaction of its own."""
    import psycopg2

    with contextlib.closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
