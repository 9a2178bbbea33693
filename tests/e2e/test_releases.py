"""What every release left on a machine opens in this version: database, model, settings.

`scripts/release_fixtures` made it when the release was made.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from jeeves import __version__
from jeeves.adapters.postgres import schema
from jeeves.adapters.postgres.reading import Reading
from tests.builders import raw_mail
from tests.conftest import ROOT
from tests.e2e.conftest import Jeeves

FIXTURES = ROOT / "tests" / "fixtures" / "releases"
RELEASES = sorted(path.name for path in FIXTURES.iterdir())


class Release:
    """A release's home and database, as this version finds them after an upgrade."""

    def __init__(self, version: str, jeeves: Jeeves, dsn: str) -> None:
        folder = FIXTURES / version
        self.jeeves = jeeves
        self.told: dict[str, Any] = json.loads((folder / "told.json").read_text("utf-8"))
        shutil.copytree(folder / "home", jeeves.home, dirs_exist_ok=True)
        (jeeves.home / "dotenv").rename(jeeves.home / ".env")
        # Git keeps no more of a mode than whether a file can be run.
        (jeeves.home / "model.key").chmod(0o600)
        jeeves.configure(DATABASE_URL=dsn)
        with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as sql:
            sql.execute(gzip.decompress((folder / "database.sql.gz").read_bytes()).decode())
        self.dsn = dsn

    def ask(self, *arguments: str) -> Any:
        """What a command says for machines."""
        return json.loads(self.jeeves(*arguments, "--json", code=None).stdout)

    def rows(self) -> dict[str, int]:
        """Rows of each table."""
        with closing(psycopg2.connect(self.dsn)) as connection, connection.cursor() as sql:
            sql.execute("select tablename from pg_tables where schemaname = 'public' order by 1")
            found = {}
            for (table,) in sql.fetchall():
                sql.execute(f'select count(*) from "{table}"')
                row = sql.fetchone()
                assert row is not None
                found[table] = row[0]
        return found


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest, jeeves: Jeeves, database_url: str) -> Release:
    return Release(request.param, jeeves, database_url)


def test_every_release_has_left_its_fixtures() -> None:
    """Whoever makes a release runs scripts/release_fixtures; the changelog lists releases."""
    headings = re.findall(
        r"(?m)^## \[?v?(\d+\.\d+\.\d+)\b", (ROOT / "CHANGELOG.md").read_text("utf-8")
    )
    # Between two releases the version is that of the next, with something behind it.
    this = {__version__} if re.fullmatch(r"[\d.]+", __version__) else set()
    assert {*headings, *this} <= set(RELEASES)


def test_the_database_of_a_release_opens_with_all_that_is_in_it(release: Release) -> None:
    before = release.rows()
    assert all(before.values()), before
    if schema.revision(release.dsn) != schema.HEAD:
        assert "run `jeeves migrate`" in release.jeeves("list", code=1).stderr
    release.jeeves("migrate")
    after = release.rows()
    assert {table: after.get(table) for table in before} == before
    listed = release.jeeves("list", "--limit", "1000").stdout
    assert listed.count("\n") > len(release.told["messages"])
    shown = release.jeeves("show", next(iter(release.told["messages"]))).stdout
    assert next(iter(release.told["messages"].values()))["subject"][:20] in shown
    status = release.jeeves("status", code=None)
    assert status.returncode in {0, 1}
    assert release.ask("status")


def test_what_a_release_said_is_what_this_version_says_of_it(release: Release) -> None:
    release.jeeves("migrate")
    alerts = {one["reference"]: one for one in release.ask("alerts", "--limit", "1000")}
    for told in release.told["alerts"]:
        now = alerts[told["reference"]]
        assert {name: now[name] for name in told} == told
    with closing(Reading(release.dsn)) as reading:
        rows = {str(row.id): row for row in reading.newest(1000, False)}
    for number, told in release.told["messages"].items():
        message, verdict, label = rows[number].message, rows[number].verdict, rows[number].label
        assert message is not None
        assert verdict is not None
        assert told == {
            "subject": message.subject,
            "probability": verdict.score.probability,
            "band": verdict.band.value,
            "label": label.value if label else None,
        }
    assert release.told["muted"] in release.jeeves("mute").stdout
    assert "Paused until" in release.jeeves("pause").stdout


def test_the_model_of_a_release_serves_and_the_release_can_be_taught_further(
    release: Release, tmp_path: Path
) -> None:
    release.jeeves("migrate")
    [model] = [one for one in release.told["models"] if one["state"] == "current"]
    mail = tmp_path / "one.eml"
    mail.write_bytes(raw_mail())
    scored = release.jeeves("score", str(mail))
    assert json.loads(scored.stdout)["model"] == model["version"], scored.stderr
    message = next(iter(release.told["messages"]))
    release.jeeves("relabel", message, "yes")
    assert "needs a place" in release.jeeves("show", message).stdout
