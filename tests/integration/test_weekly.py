"""The weekly digest, on a real Postgres: once, through one channel, when it may."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.alert import Alert, AlertKind, AlertState, Channel
from jeeves.domain.labelling import Source, Word
from jeeves.domain.ports import Judgement, Scorer
from jeeves.domain.schedule import Rules
from jeeves.domain.verdict import Band, Label, Score, Verdict
from jeeves.domain.week import WeeklyAt
from jeeves.domain.weekly import EXPIRES, OF_USE
from jeeves.errors import ModelNotFound
from jeeves.service.delivery import deliver_all
from jeeves.service.terms import Terms
from jeeves.service.triage import run_cycle
from jeeves.service.weekly import announce_week
from tests.builders import ACCOUNT, a_message, an_alert, an_outcome
from tests.conftest import run_sql
from tests.fakes import FakeClock, FakeMailbox, FakeScorer, RecordingNotifier

#: A Sunday evening.
DUE = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
TERMS = Terms(Rules(zone=UTC), weekly=WeeklyAt(6, time(18)))
BOTH = [Channel.SMS, Channel.SPEECH]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Week:
    """A database with a week in it."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.store = PostgresStore(dsn)

    def announce(self, now: datetime, terms: Terms = TERMS, account: str = ACCOUNT) -> bool:
        return announce_week(account, self.store, BOTH, FakeScorer, now, terms)

    def digests(self, account: str = ACCOUNT) -> list[Alert]:
        with self.store.connection.transaction() as sql:
            sql.execute(
                "select reference from alerts where kind = 'notice' and account = %s", (account,)
            )
            names = [row["reference"] for row in sql.fetchall()]
        found = []
        clock = DUE + 40 * HOUR
        while alert := self.store.claim(account, BOTH, clock, 60, TERMS.rules):
            found.append(alert)
        assert {alert.reference for alert in found} == set(names)
        return found

    def mail(self, received_at: datetime, band: Band, **changes: object) -> int:
        """A judged mail; its id."""
        message = a_message(received_at=received_at, **changes)
        self.store.ingest(ACCOUNT, [message], None)
        with self.store.connection.transaction() as sql:
            sql.execute("select max(id) as id from messages")
            (row,) = sql.fetchall()
        verdict = Verdict(Score(0.4, (), 0.0, "fake-model"), 0.5, band)
        self.store.record([Judgement(row["id"], verdict)])
        return int(row["id"])

    def told(self, text: str, at: datetime, channel: Channel = Channel.SMS) -> None:
        """An alert that was said."""
        mail = self.mail(at, Band.ALERT)
        alert = an_alert(message_id=mail, text=text, channel=channel, created_at=at)
        alert = replace(alert, text=f"{text} {alert.reference}", question="1.1")
        self.store.record([], [an_outcome(alerts=(alert,))])
        run_sql(
            self.dsn,
            f"update alerts set state = 'sent', settled_at = '{at}' "
            f"where reference = '{alert.reference}'",
        )


@pytest.fixture
def week(migrated_url: str) -> Iterator[Week]:
    found = Week(migrated_url)
    yield found
    found.store.close()


def test_it_is_one_row_on_the_first_channel_with_what_was_told_that_week(week: Week) -> None:
    week.told("Ana: lunch Thu?", DUE - DAY)
    week.told("Ben: long ago?", DUE - 8 * DAY)
    week.told("Cy: aloud?", DUE - DAY, Channel.SPEECH)
    week.mail(DUE - DAY, Band.UNSURE, subject="zzcassowary")
    week.mail(DUE - 9 * DAY, Band.UNSURE)
    answered = week.mail(DUE - DAY, Band.UNSURE)
    week.store.teach([Word(answered, Label.OTHER, Source.COMMAND)])
    assert week.announce(DUE)
    (digest,) = week.digests()
    assert (digest.channel, digest.kind) == (Channel.SMS, AlertKind.NOTICE)
    assert "week to 22 Nov: 4 mails judged, 2 alerts" in digest.text
    assert "1 mail unsure: jeeves ask. Told: Ana: lunch Thu?" in digest.text
    assert digest.text.endswith(digest.reference)
    for absent in ("long ago", "aloud", "zzcassowary"):
        assert absent not in digest.text


def test_it_is_said_once_a_week_however_often_it_is_looked(week: Week) -> None:
    assert not week.announce(DUE - HOUR)
    assert [week.announce(DUE + n * HOUR) for n in range(20)] == [True] + [False] * 19
    assert week.announce(DUE + 7 * DAY)


def test_many_processes_that_look_at_once_make_one(week: Week) -> None:
    """Promise 3."""
    together = threading.Barrier(4)
    new: list[bool] = []

    def loads() -> Scorer:
        # All have found by now that there is none yet.
        together.wait(20)
        return FakeScorer()

    def looks() -> None:
        with closing(PostgresStore(week.dsn)) as store:
            new.append(announce_week(ACCOUNT, store, BOTH, loads, DUE, TERMS))

    threads = [threading.Thread(target=looks) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(new) == [False, False, False, True]
    assert len(week.digests()) == 1


def test_whoever_was_killed_after_the_row_makes_no_second(
    week: Week, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(PostgresStore, "beat", killed)
        with pytest.raises(KeyboardInterrupt):
            week.announce(DUE)
    assert not week.announce(DUE + HOUR)
    assert len(week.digests()) == 1


def test_nobody_who_did_not_ask_for_it_gets_one(week: Week) -> None:
    assert not week.announce(DUE, replace(TERMS, weekly=None))
    assert week.digests() == []


def test_a_machine_that_slept_says_it_a_day_late_and_no_later(week: Week) -> None:
    assert not week.announce(DUE + OF_USE + HOUR)
    assert week.announce(DUE + OF_USE - HOUR)
    (digest,) = week.digests()
    assert digest.expires_at == DUE + EXPIRES
    assert "week to 22 Nov" in digest.text


def test_it_waits_out_the_night_and_a_pause(week: Week) -> None:
    rules = Rules(zone=UTC, quiet_from=time(17), quiet_until=time(7))
    morning = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    week.store.pause(ACCOUNT, DUE + HOUR)
    terms = replace(TERMS, rules=rules)
    assert not week.announce(DUE, terms)
    assert week.announce(DUE + HOUR, terms)
    sms = RecordingNotifier(Channel.SMS)
    for now, sent in ((DUE + 2 * HOUR, 0), (morning + HOUR, 1)):
        deliver_all(ACCOUNT, week.store, [sms], FakeClock(now), terms)
        assert len(sms.sent) == sent


def test_without_a_model_it_says_so(week: Week) -> None:
    def none() -> Scorer:
        raise ModelNotFound("There is none.")

    assert announce_week(ACCOUNT, week.store, BOTH, none, DUE, TERMS)
    assert "no model can be used, see jeeves doctor" in week.digests()[0].text


def test_each_account_has_its_own(week: Week) -> None:
    assert week.announce(DUE)
    assert week.announce(DUE, account="olga@example.org")
    assert len(week.digests("olga@example.org")) == 1


def test_a_cycle_makes_it_and_delivers_it(week: Week) -> None:
    sms, speech = RecordingNotifier(Channel.SMS), RecordingNotifier(Channel.SPEECH)
    clock = FakeClock(DUE + HOUR)
    for _ in range(3):
        run_cycle(FakeMailbox(), week.store, FakeScorer, [sms, speech], clock, TERMS)
        clock.advance(minutes=5)
    assert [alert.state for alert in sms.sent] == [AlertState.SENDING]
    assert sms.sent[0].text.startswith("Your week to 22 Nov")
    assert speech.sent == []
