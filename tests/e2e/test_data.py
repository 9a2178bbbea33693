"""Data in hand by the command line: text that goes, erase, archive, database."""

from __future__ import annotations

import os
import re
from contextlib import closing
from pathlib import Path

import psycopg2

from jeeves.adapters.postgres.store import PostgresStore
from jeeves.demo.gmail_server import GmailServer
from jeeves.domain.labelling import Source, Word
from jeeves.domain.message import Address
from jeeves.domain.verdict import Label
from jeeves.learning.origin import owners_key
from tests.builders import a_message
from tests.conftest import ask, run_sql
from tests.e2e.conftest import Jeeves
from tests.integration.test_retention import SECRET, a_mail, put

ADDRESS = "sam@example.org"
PASSWORD = "abcd efgh ijkl mnop"


def url_of(jeeves: Jeeves) -> str:
    return jeeves.environment["DATABASE_URL"]


def fill(jeeves: Jeeves) -> None:
    """Mail of two people, a part of it labelled."""
    with closing(PostgresStore(url_of(jeeves))) as store:
        eve = Address("Eve", "eve@example.net")
        ids = put(store, a_mail(sender=eve), a_message(), a_message())
        store.teach([Word(one, Label.NEEDS_LOCATION, Source.COMMAND) for one in ids[1:]])


def test_a_check_drops_old_text(jeeves_on_postgres: Jeeves, gmail: GmailServer) -> None:
    fill(jeeves_on_postgres)
    jeeves_on_postgres.watch(gmail)
    sounds = jeeves_on_postgres.home / "speech"
    sounds.mkdir()
    for name, when in (("old", 1e9), ("new", 4e9)):
        (sounds / f"jv-{name}.wav").touch()
        os.utime(sounds / f"jv-{name}.wav", (when, when))
    jeeves_on_postgres("check")
    assert [path.name for path in sounds.iterdir()] == ["jv-new.wav"]
    assert SECRET not in ask(
        url_of(jeeves_on_postgres), "select string_agg(body, ' ') from messages"
    )


def test_erase_says_what_and_how_many_asks_and_erases(jeeves_on_postgres: Jeeves) -> None:
    jeeves = jeeves_on_postgres
    fill(jeeves)
    asked = jeeves.cold("erase", "--sender", "Eve@example.net", code=2)
    assert "1 mails (0 of them labelled)" in asked.stdout
    assert "give --yes. Nothing was erased." in asked.stderr
    assert ask(url_of(jeeves), "select count(*) from messages") == "3"
    report = jeeves.home / "models/v/report.html"
    report.parent.mkdir(parents=True)
    report.touch()
    jeeves("erase", "--sender", "Eve@example.net", "--yes")
    assert not report.exists()
    assert ask(url_of(jeeves), "select count(*) from messages") == "2"
    none = jeeves("erase", "--sender", "eve@example.net", "--yes")
    assert "There is no mail from this address." in none.stdout
    assert "Give one of" in jeeves("erase", code=2).stderr
    assert "Give one of" in jeeves("erase", "--all", "--account", ADDRESS, code=2).stderr
    jeeves.configure(GMAIL_ADDRESS=ADDRESS, GMAIL_APP_PASSWORD=PASSWORD)
    assert "still configured" in jeeves("erase", "--account", ADDRESS, "--yes").stdout
    assert ask(url_of(jeeves), "select count(*) from messages") == "0"


def test_erase_all_waits_for_others_and_leaves_only_what_is_the_owners_own(
    jeeves_on_postgres: Jeeves,
) -> None:
    jeeves = jeeves_on_postgres
    fill(jeeves)
    owners_key(jeeves.home)
    for name in ("models/x/table", "oauth/sam.json", "speech/jv-1.wav"):
        (jeeves.home / name).parent.mkdir(parents=True)
        (jeeves.home / name).write_text("x")
    (jeeves.home / ".env").write_text("BODY_DAYS=30\n")
    with closing(psycopg2.connect(url_of(jeeves), application_name="jeeves")):
        assert "Another Jeeves" in jeeves("erase", "--all", "--yes", code=75).stderr
    assert ask(url_of(jeeves), "select count(*) from messages") == "3"
    said = jeeves("erase", "--all", "--yes").stdout
    assert "3 mails (2 of them labelled)" in said
    assert {path.name for path in jeeves.home.iterdir()} == {".env"}
    assert ask(url_of(jeeves), "select count(*) from messages") == "0"


def test_the_embedded_database_is_backed_up_moved_and_erased_by_one_command_each(
    jeeves: Jeeves, database_url: str, tmp_path: Path
) -> None:
    jeeves("list")
    file = str(tmp_path / "b.zip")
    assert "0 mails" in jeeves("database", "backup", file).stdout
    assert "is there already" in jeeves("database", "backup", file, code=1).stderr
    assert "every row compared" in jeeves("database", "restore", file).stdout
    assert "nothing to do" in jeeves("database", "upgrade").stdout
    (jeeves.home / ".env").write_text("# mine\nBODY_DAYS=30\n")
    said = jeeves.cold("database", "move", database_url, "--write-env").stdout
    assert "every row compared" in said
    env = jeeves.home / ".env"
    assert env.stat().st_mode & 0o777 == 0o600
    assert env.read_text().startswith("# mine\nBODY_DAYS=30\nDATABASE_URL=")
    run_sql(database_url, "insert into mutes values ('a', 'sender', 'b', now())")
    assert "b" in jeeves("mute").stdout
    refused = jeeves("database", "move", database_url, code=2).stderr
    assert "that of the database in use" in refused
    jeeves.configure(DATABASE_URL="")
    env.unlink()
    jeeves("erase", "--all", "--yes")
    assert not list(jeeves.home.glob("postgres-*"))


def test_a_password_in_an_address_is_not_shown(jeeves_on_postgres: Jeeves) -> None:
    from jeeves.cli.databases import masked

    assert masked("postgresql://sam:hunter2@db/jeeves") == "postgresql://sam:...@db/jeeves"
    assert masked("postgresql://sam@db/jeeves") == "postgresql://sam@db/jeeves"
    assert "hunter2" not in masked("host=db password=hunter2")
    refused = jeeves_on_postgres("database", "move", "postgresql://s:hunter2@/[", code=None)
    assert "hunter2" not in refused.stdout + refused.stderr
    assert refused.returncode != 0


def test_an_archive_is_carried_to_another_machine(
    jeeves_on_postgres: Jeeves, tmp_path: Path
) -> None:
    jeeves = jeeves_on_postgres
    fill(jeeves)
    jeeves.configure(GMAIL_ADDRESS=ADDRESS, GMAIL_APP_PASSWORD=PASSWORD, MISS_COST="7")
    file = str(tmp_path / "a.zip")
    said = jeeves.cold("archive", "save", file, "--with-secrets").stdout
    assert "2 labelled mails, 0 models, the settings" in said
    assert re.search(r"\b[0-9a-f]{64}\b", said)
    (tmp_path / "other").mkdir()
    other = Jeeves(tmp_path / "other", jeeves.warm)
    other.configure(DATABASE_URL=url_of(jeeves))
    said = other.cold("archive", "restore", file).stdout
    assert "2 labels, 0 of them new; 0 mails stored" in said
    assert "MISS_COST='7.0'" in (other.home / ".env").read_text()
