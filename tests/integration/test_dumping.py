"""Backups of a real Postgres: written, brought back, moved; killed on the way, nothing is half."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

import psycopg2
import pytest

from jeeves.adapters.container import Reading, reading, writing
from jeeves.adapters.postgres import schema
from jeeves.adapters.postgres.dumping import FORMAT_VERSION, KIND, Copied, restore, snapshot
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.labelling import Source, Word
from jeeves.domain.verdict import Label
from jeeves.errors import ArchiveError, NotEmpty, StoreError, StoreUnavailable
from tests.builders import ACCOUNT, NOW, a_message
from tests.conftest import ROOT, ask, run_sql
from tests.integration.test_retention import a_mail, put, told

#: All rows of all tables, in a way of its own.
ROWS = """
select md5(string_agg(t, e'\\n' order by t)) from (
    select 'm' || (to_jsonb(m))::text from messages m
    union all select 'v' || (to_jsonb(v))::text from verdicts v
    union all select 'a' || (to_jsonb(a))::text from alerts a
    union all select 'l' || (to_jsonb(l))::text from labels l
    union all select 'c' || (to_jsonb(c))::text from conversations c
    union all select 'h' || (to_jsonb(h))::text from heartbeats h
) rows (t)
"""
#: Restores a backup, and stops for ever when a table is to be loaded.
HANGS = """
import sys, time
from pathlib import Path
from jeeves.adapters.container import Reading, reading
from jeeves.adapters.postgres.dumping import restore
opened = Reading.open
def hang(self, name):
    if name == "tables/verdicts.copy":
        print("there", flush=True)
        time.sleep(600)
    return opened(self, name)
Reading.open = hang
with reading(Path(sys.argv[2]), "backup", 1) as source:
    restore(sys.argv[1], source, replace=True)
"""


@pytest.fixture
def filled_url(migrated_url: str) -> str:
    """A database with a row of most kinds, and what text can hold."""
    odd = 'tab\t, newline\n, backslash \\N \\. , quote " and \U0001f98a'
    with closing(PostgresStore(migrated_url)) as store:
        mail = a_mail(NOW, body=odd, subject=odd, labels=("a,b", 'c"d', "\\Inbox"))
        ids = put(store, mail, a_mail(NOW), a_message(gmail_id=None, sent_at=None))
        told(store, mail, ids[0])
        store.teach([Word(ids[1], Label.NEEDS_LOCATION, Source.COMMAND)])
        store.beat(ACCOUNT, "read", NOW)
    run_sql(
        migrated_url,
        "insert into alerts (reference, account, thread_key, kind, channel, state, body, "
        f"created_at) values ('jv-D', '{ACCOUNT}', 'd', 'digest', 'sms', 'sent', 'x', now())",
        "update alerts set state = 'digested', digest_reference = 'jv-D', receipt = null "
        "where kind = 'alert'",
    )
    return migrated_url


@pytest.fixture
def backup(filled_url: str, tmp_path: Path) -> Path:
    path = tmp_path / "backup.zip"
    dump(filled_url, path)
    return path


def dump(url: str, path: Path) -> Copied:
    with writing(path) as file, snapshot(url, NOW) as write:
        return write(file)


def load(url: str, path: Path, *, replace: bool = False) -> Copied:
    with reading(path, KIND, FORMAT_VERSION) as source:
        return restore(url, source, replace=replace)


def test_every_row_comes_back_and_numbers_go_on(
    filled_url: str, backup: Path, database_url: str
) -> None:
    assert load(database_url, backup).mails == 3
    assert ask(database_url, ROWS) == ask(filled_url, ROWS)
    assert schema.revision(database_url) == schema.HEAD
    new = "insert into labels (message_id, label, source) values (1, 'other', 'file') returning id"
    assert int(ask(database_url, new)) == int(ask(filled_url, new)) == 2
    assert backup.stat().st_mode & 0o777 == 0o600


def test_the_tables_of_ours_are_known(migrated_url: str) -> None:
    found = ask(
        migrated_url,
        "select string_agg(relname, ' ' order by relname collate \"C\") from pg_class "
        "where relnamespace = 'public'::regnamespace and relkind = 'r' "
        "and relname <> 'alembic_version'",
    )
    assert tuple(found.split()) == tuple(sorted(schema.TABLES))


def test_a_database_that_holds_something_is_not_overwritten_unless_that_is_said(
    filled_url: str, backup: Path
) -> None:
    with closing(PostgresStore(filled_url)) as store:
        put(store, a_message())
    before = ask(filled_url, ROWS)
    with pytest.raises(NotEmpty, match="--replace"):
        load(filled_url, backup)
    assert ask(filled_url, ROWS) == before
    load(filled_url, backup, replace=True)
    assert int(ask(filled_url, "select count(*) from messages")) == 3


def test_tables_of_others_are_neither_read_nor_changed(
    filled_url: str, tmp_path: Path, database_url: str
) -> None:
    run_sql(filled_url, "create table theirs (n int)", "insert into theirs values (1)")
    run_sql(database_url, "create table notes (n int)", "insert into notes values (1)")
    copied = dump(filled_url, tmp_path / "b.zip")
    assert "theirs" not in copied.rows
    load(database_url, tmp_path / "b.zip")
    load(database_url, tmp_path / "b.zip", replace=True)
    assert ask(database_url, "select n from notes") == "1"


def test_a_backup_of_an_older_version_is_brought_to_this_one(
    database_url: str, migrated_url: str, tmp_path: Path
) -> None:
    schema.migrate(database_url, "0004")
    run_sql(
        database_url,
        "insert into messages (account, origin, mailbox, digest, thread_key, received_at, labels) "
        f"values ('{ACCOUNT}', 'live', 'INBOX', 'd', 't', now(), '{{Jeeves/yes}}')",
    )
    dump(database_url, tmp_path / "old.zip")
    load(migrated_url, tmp_path / "old.zip")
    assert schema.revision(migrated_url) == schema.HEAD
    # which the migration of that time reads from the mailbox's own labels
    assert ask(migrated_url, "select label from current_labels") == "needs_location"


def changed(backup: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A copy of the file, its parts changed."""
    with zipfile.ZipFile(backup) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    change(parts)
    path = backup.with_name("changed.zip")
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return path


def flip(parts: dict[str, bytes]) -> None:
    name = "tables/messages.copy"
    parts[name] = parts[name].replace(b"zebra", b"horse")


def drop(parts: dict[str, bytes]) -> None:
    del parts["tables/labels.copy"]


def add(parts: dict[str, bytes]) -> None:
    parts["../../etc/cron.d/evil"] = b"* * * * * root true"


def newer(parts: dict[str, bytes]) -> None:
    parts["manifest.json"] = parts["manifest.json"].replace(b'"0006"', b'"9999"')


def other_format(parts: dict[str, bytes]) -> None:
    parts["manifest.json"] = parts["manifest.json"].replace(b'"format": 1', b'"format": 2')


def other_kind(parts: dict[str, bytes]) -> None:
    parts["manifest.json"] = parts["manifest.json"].replace(b'"backup"', b'"archive"')


def no_json(parts: dict[str, bytes]) -> None:
    parts["manifest.json"] = b"["


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (flip, "was changed or is not whole"),
        (drop, "does not hold what its manifest says"),
        (add, "does not hold what its manifest says"),
        (newer, "upgrade Jeeves first"),
        (other_format, "has format 2 and this Jeeves reads format 1"),
        (other_kind, "is of another kind"),
        (no_json, "is no backup of Jeeves"),
    ],
)
def test_what_was_changed_is_refused_before_anything_is_written(
    backup: Path, database_url: str, change: Callable[[dict[str, bytes]], None], sentence: str
) -> None:
    with pytest.raises(ArchiveError, match=sentence):
        load(database_url, changed(backup, change))
    assert schema.revision(database_url) is None


def test_half_a_file_and_something_else_are_refused(
    backup: Path, tmp_path: Path, database_url: str
) -> None:
    whole = backup.read_bytes()
    (tmp_path / "half").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text").write_text("hello")
    for name in ("half", "text", "missing"):
        with pytest.raises(ArchiveError):
            load(database_url, tmp_path / name)


def test_a_file_that_is_there_is_not_overwritten_and_none_is_left_half_written(
    filled_url: str, backup: Path
) -> None:
    before = backup.read_bytes()
    with pytest.raises(ArchiveError, match="is there already"):
        dump(filled_url, backup)
    assert backup.read_bytes() == before
    with pytest.raises(StoreUnavailable):
        dump("host=/nowhere", backup.with_name("new.zip"))
    assert [path.name for path in backup.parent.glob("*new*")] == []


def test_a_restore_that_is_killed_leaves_the_database_as_it_was(
    filled_url: str, backup: Path, database_url: str
) -> None:
    with closing(PostgresStore(filled_url)) as store:
        put(store, a_message())
    before = ask(filled_url, ROWS)
    for url in (filled_url, database_url):
        kill_when_it_hangs(url, backup)
    assert ask(filled_url, ROWS) == before
    assert schema.revision(database_url) is None
    load(database_url, backup)


def kill_when_it_hangs(url: str, backup: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HANGS, url, str(backup)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "there\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


class Altered:
    """A backup of which a server would make other rows."""

    def __init__(self, source: Reading) -> None:
        self.manifest = source.manifest
        self._source = source

    def open(self, name: str) -> IO[bytes]:
        return io.BytesIO(self._source.open(name).read().replace(b"zebra", b"horse"))


def test_rows_that_are_not_what_was_written_are_not_kept(backup: Path, database_url: str) -> None:
    with (
        reading(backup, KIND, FORMAT_VERSION) as source,
        pytest.raises(StoreError, match=r"are not what was written.*nothing was kept"),
    ):
        restore(database_url, Altered(source))
    assert schema.revision(database_url) is None


def test_while_it_is_moved_nobody_writes_and_everybody_reads(
    filled_url: str, tmp_path: Path
) -> None:
    with (
        snapshot(filled_url, NOW, hold=True),
        closing(psycopg2.connect(filled_url, options="-c lock_timeout=100")) as other,
        other.cursor() as sql,
    ):
        sql.execute("select count(*) from messages")
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            sql.execute("delete from heartbeats")


def test_what_is_written_meanwhile_is_not_in_the_backup(filled_url: str, tmp_path: Path) -> None:
    with closing(PostgresStore(filled_url)) as store, snapshot(filled_url, NOW) as write:
        put(store, a_message(), judged=False)
        # the snapshot is taken by the first look, and all tables are of it
        with writing(tmp_path / "b.zip") as file:
            first = write(file)
            put(store, a_message(), judged=False)
        with writing(tmp_path / "c.zip") as file:
            assert write(file).rows == first.rows


@pytest.fixture(autouse=True)
def _no_temporary_files(tmp_path: Path) -> Iterator[None]:
    yield
    assert [path.name for path in tmp_path.glob(".*")] == []
