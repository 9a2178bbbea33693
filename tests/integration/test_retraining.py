"""Learning the owner on a real Postgres: what serves, what is refused, what failures leave."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.labelling import Source, Word
from jeeves.domain.operating import Costs
from jeeves.domain.verdict import Label
from jeeves.errors import ModelError, RetrainingRuns, TooFewLabels
from jeeves.learning import registry, serving
from jeeves.learning.owners_model import OwnersModel
from jeeves.learning.serving import Renewed, Shelf, load_scorer
from jeeves.learning.shelf_list import listed
from jeeves.learning.table import Table
from jeeves.learning.upkeep import one_at_a_time, roll_back
from jeeves.service.daemon import Daemon
from jeeves.service.retraining import REPORT, Retrained, retrain
from tests.builders import ACCOUNT, NOW, a_message, raw_mail
from tests.conftest import ROOT, run_sql
from tests.fakes import FakeClock, FakeMailbox
from tests.integration.test_daemon import until
from tests.model.lessons import mails, small_table
from tests.unit.learning.test_registry import FACTS, KEY


class School:
    """An owner, his labels and his models; the starter is a small one."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn = dsn
        self.store = PostgresStore(dsn)
        self.own = Shelf(folder / "own", KEY)
        starter = folder / "starter"
        version = registry.save(starter, small_table(), b"pipeline", FACTS, NOW, KEY)
        registry.promote(starter, version, KEY)
        self.starter = Shelf(starter, KEY)
        self.clock = FakeClock(NOW + timedelta(days=30))
        self.given = 0

    def label(self, labels: Sequence[bool] | None = None, count: int = 24) -> None:
        """Store and label the next ``count`` mails; default: as is right."""
        start = self.given
        some = []
        for number, one in enumerate(mails()):
            if number >= count:
                break
            place = start + number
            message = replace(
                one.message,
                account=ACCOUNT,
                gmail_id=None,
                message_id=f"{place}@example.org",
                digest=f"digest-{place}",
                thread_key=f"id:{place}",
                received_at=NOW + timedelta(hours=place),
            )
            label = one.label
            if labels is not None:
                label = Label.NEEDS_LOCATION if labels[number] else Label.OTHER
            some.append((message, label))
        self.given += count
        self.store.ingest(ACCOUNT, [message for message, _ in some], None)
        known = {
            digest: short
            for short, digest, _ in self.store.stored_alike(
                ACCOUNT, [message.digest for message, _ in some], []
            )
        }
        self.store.teach(
            [Word(known[message.digest], label, Source.COMMAND) for message, label in some]
        )

    def retrain(
        self,
        *,
        keep: int = 10,
        force: bool = False,
        least_new: int = 0,
        draw: Callable[[OwnersModel], str] | None = None,
    ) -> Retrained:
        self.clock.advance(minutes=1)
        return retrain(
            self.store,
            self.own,
            self.starter,
            KEY,
            Costs(),
            self.clock,
            keep,
            force=force,
            least_new=least_new,
            draw=draw,
        )

    def serving(self) -> str:
        return load_scorer([self.own, self.starter]).scorer.version


@pytest.fixture
def database_of_another(postgres_server: str, migrated_template: str) -> Iterator[str]:
    """DSN of a second database with the newest schema and no rows."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    superuser = make_dsn(postgres_server, user="postgres", dbname="postgres")
    run_sql(superuser, f"CREATE DATABASE {name} TEMPLATE {migrated_template} OWNER jeeves")
    yield make_dsn(postgres_server, dbname=name)
    run_sql(superuser, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def school(migrated_url: str, tmp_path: Path) -> Iterator[School]:
    school = School(migrated_url, tmp_path)
    yield school
    school.store.close()


def test_what_is_not_worse_serves_and_says_why(school: School) -> None:
    school.label()
    done = school.retrain(draw=lambda model: f"<p>{len(model.lesson.labels)} mails</p>")
    assert done.version is not None
    assert done.promoted, done.why
    assert done.why.startswith("Not worse than the current model: average precision")
    assert school.serving() == done.version
    report = school.own.folder / done.version / REPORT
    assert report.read_text() == "<p>24 mails</p>"
    assert report.stat().st_mode & 0o077 == 0
    (line, starter) = listed([school.own, school.starter])
    assert (line.state, line.labels, line.why) == ("current", 24, done.why)
    assert starter.state == "spare"


def test_what_is_worse_is_refused_kept_and_listed_but_for_force(school: School) -> None:
    # the opposite of what is so, in both halves of the mails: nothing in it can be learned
    school.label([n % 4 < 2 for n in range(24)])
    done = school.retrain()
    assert not done.promoted
    assert "orse than the current model" in done.why
    assert school.serving() == registry.current(school.starter.folder)
    line = listed([school.own, school.starter])[0]
    assert (line.version, line.state, line.why) == (done.version, "refused", done.why)
    forced = school.retrain(force=True)
    assert forced.promoted
    assert forced.why.startswith("By --force. ")
    assert school.serving() == forced.version


def test_nothing_new_is_no_reason_to_train_but_a_label_taken_back_is(school: School) -> None:
    school.label()
    first = school.retrain(force=True)
    again = school.retrain()
    assert again == Retrained(
        None,
        False,
        "Nothing was labelled since the last training: there is nothing new to learn.",
    )
    school.store.teach([Word(1, None, Source.COMMAND)])
    after = school.retrain()
    assert after.version not in (None, first.version)
    assert after.model is not None
    assert len(after.model.lesson.labels) == 23


def test_for_the_night_there_have_to_be_enough_new_labels(school: School) -> None:
    school.label(count=12)
    assert "at 20 it is time" in school.retrain(least_new=20).why
    school.label(count=8)
    assert school.retrain(least_new=20).version is not None


def test_the_second_model_is_held_to_the_first_on_what_is_new_since(school: School) -> None:
    school.label()
    first = school.retrain(force=True)
    school.label()
    second = school.retrain()
    assert second.model is not None
    assert first.model is not None
    # of the 48 mails the newer half: those that the first was not fitted on
    assert second.model.gate.messages <= 24
    assert second.model.lesson.current.tolist() != second.model.lesson.starter.tolist()


def test_a_model_of_another_database_keeps_nothing_from_being_learned(
    school: School, database_of_another: str, tmp_path: Path
) -> None:
    school.label()
    school.retrain(force=True)
    elsewhere = School(database_of_another, tmp_path / "elsewhere")
    elsewhere.own = school.own
    elsewhere.clock = school.clock
    # as many words as the model knows, or fewer: they are others all the same
    elsewhere.label()
    assert elsewhere.retrain().version is not None
    elsewhere.store.close()


def test_too_few_labels_leave_no_version(school: School) -> None:
    school.label(count=6)
    with pytest.raises(TooFewLabels, match="Only 6 of your mails are labelled"):
        school.retrain()
    school.label([True] * 8, count=8)
    school.store.teach([Word(i, Label.NEEDS_LOCATION, Source.COMMAND) for i in range(1, 15)])
    with pytest.raises(TooFewLabels, match="are labelled as needing none"):
        school.retrain()
    assert registry.versions(school.own.folder) == []


def test_no_more_versions_are_kept_than_asked_and_what_goes_is_told(school: School) -> None:
    school.label()
    made = [school.retrain(force=True) for _ in range(4)]
    assert [one.removed for one in made] == [(), (), (), ()]
    last = school.retrain(force=True, keep=3)
    assert last.removed == (made[0].version, made[1].version)
    assert len(registry.versions(school.own.folder)) == 3
    roll_back(school.own.folder, KEY)
    assert school.serving() == made[3].version


def test_of_two_at_once_one_says_so(school: School) -> None:
    school.label()
    with one_at_a_time(school.own.folder), pytest.raises(RetrainingRuns):
        school.retrain()


@pytest.mark.parametrize("name", ["_write", "sync"])
def test_a_full_disk_leaves_what_serves_and_says_what_to_do(
    school: School, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    school.label()
    before = school.retrain(force=True).version

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(registry, name, full)
    with pytest.raises(ModelError, match=r"cannot be written into .*No space left.*make room"):
        school.retrain(force=True)
    monkeypatch.undo()
    assert school.serving() == before
    assert school.retrain(force=True).promoted


def test_a_report_that_cannot_be_written_loses_no_model(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    school.label()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "touch", full)
    done = school.retrain(force=True, draw=lambda _: "page")
    assert school.serving() == done.version


KILLED = """
import sys
from pathlib import Path
from jeeves.domain.operating import Costs
from jeeves.learning.serving import Shelf
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.service.retraining import retrain
from tests.fakes import FakeClock
from tests.unit.learning.test_registry import KEY
folder = Path(sys.argv[2])
print("ready", flush=True)
clock = FakeClock()
while True:
    clock.advance(seconds=1)
    retrain(PostgresStore(sys.argv[1]), Shelf(folder / "own", KEY), Shelf(folder / "starter", KEY),
            KEY, Costs(), clock, 3, force=True)
    print("done", flush=True)
"""


def test_whenever_it_is_killed_a_good_model_serves_and_the_next_training_works(
    school: School, tmp_path: Path
) -> None:
    school.label()
    school.retrain(force=True)
    for wait in (0.05, 0.3):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, school.dsn, str(tmp_path)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        assert any(line == "done\n" for line in child.stdout)
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        serving_now = school.serving()
        assert serving_now == registry.current(school.own.folder)
    done = school.retrain(force=True, keep=3)
    assert school.serving() == done.version
    left = {path.name for path in school.own.folder.iterdir() if path.name.startswith(".")}
    assert left == {".retrain.lock"}


def test_the_daemon_judges_by_the_new_model_without_a_restart(school: School) -> None:
    school.label()
    shelves = [school.own, school.starter]
    renewed = Renewed(shelves, None, load_scorer(shelves))
    stop = threading.Event()
    mailbox = FakeMailbox()
    daemon = Daemon(
        mailbox, lambda: PostgresStore(school.dsn), renewed, [], school.clock, 0.05, stop
    )
    thread = threading.Thread(target=daemon.run)
    thread.start()
    try:
        mailbox.add(raw_mail("Lunch", "Lunch on Thursday?"), school.clock())
        until(lambda: models(school) == {registry.current(school.starter.folder)})
        version = school.retrain(force=True).version
        mailbox.add(raw_mail("Dinner", "Dinner on Friday?"), school.clock())
        until(lambda: version in models(school))
    finally:
        stop.set()
        thread.join(20)


def models(school: School) -> set[str | None]:
    """The models by which mail was judged."""
    with closing(psycopg2.connect(school.dsn)) as connection, connection.cursor() as sql:
        sql.execute("select distinct model from verdicts")
        return {model for (model,) in sql.fetchall()}


def test_an_owners_model_serves_as_fast_and_in_the_same_form(school: School) -> None:
    school.label()
    done = school.retrain(force=True)
    own = serving.load(school.own.folder, str(done.version), KEY)
    assert set(own.table.text.index) == set(Table.loads(small_table()).text.index)
    assert own.score(a_message()).reasons
