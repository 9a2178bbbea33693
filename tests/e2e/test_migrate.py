"""The schema on the command line: forwards by itself, back only when asked, never from newer."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psycopg2

from jeeves.adapters.postgres import schema
from tests.builders import raw_mail
from tests.e2e.conftest import Jeeves


def fill(jeeves: Jeeves, folder: Path) -> None:
    mail = folder / "one.eml"
    mail.write_bytes(raw_mail())
    jeeves.configure(GMAIL_ADDRESS="sam@example.org", GMAIL_APP_PASSWORD="x")
    jeeves("import", str(mail))
    jeeves("mute", "1")


def test_going_back_is_refused_with_what_it_loses_until_it_is_asked_for(
    jeeves_on_postgres: Jeeves, tmp_path: Path, migrated_url: str
) -> None:
    fill(jeeves_on_postgres, tmp_path)
    refused = jeeves_on_postgres("migrate", "--to", "0003", code=2).stderr
    assert "table mutes (1 row)" in refused
    assert "Nothing was changed" in refused
    assert "`jeeves migrate --to 0003 --lose`" in refused
    assert schema.revision(migrated_url) == schema.HEAD
    assert "Nothing is muted" not in jeeves_on_postgres("mute").stdout
    done = jeeves_on_postgres("migrate", "--to", "0003", "--lose").stdout
    assert "Lost: " in done
    assert f"{schema.HEAD} before, 0003 now" in done
    assert "run `jeeves migrate`" in jeeves_on_postgres("list", code=1).stderr
    jeeves_on_postgres("migrate")
    assert "Lunch on Thursday?" in jeeves_on_postgres("list").stdout
    assert "Nothing is muted" in jeeves_on_postgres("mute").stdout


def test_a_schema_newer_than_the_program_is_refused_by_every_command_and_left_alone(
    jeeves_on_postgres: Jeeves, tmp_path: Path, migrated_url: str
) -> None:
    fill(jeeves_on_postgres, tmp_path)
    with closing(psycopg2.connect(migrated_url)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute("update alembic_version set version_num = '9999'")
        for command in ("list", "check", "migrate", "migrate --to 0001 --lose", "pause 2h"):
            refused = jeeves_on_postgres(*command.split(), code=1).stderr
            assert "stands at schema 9999, newer than this Jeeves knows" in refused, command
            assert "upgrade Jeeves" in refused
        with connection, connection.cursor() as cursor:
            cursor.execute("select (select count(*) from mutes), (select count(*) from pauses)")
            assert cursor.fetchone() == (1, 0)


def test_a_schema_that_does_not_exist_is_refused(jeeves_on_postgres: Jeeves) -> None:
    said = jeeves_on_postgres("migrate", "--to", "tomorrow", code=2).stderr
    assert "There is no schema 'tomorrow': name one of 0001, " in said
