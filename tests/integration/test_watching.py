"""Jeeves watches itself, on a real Postgres: each figure, and the rhythm of its line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from jeeves.adapters.postgres.store import PostgresStore
from jeeves.cli.details import render_details
from jeeves.domain.alert import AlertState, Channel
from jeeves.domain.drift import Drift
from jeeves.domain.labelling import Source, Word
from jeeves.domain.message import DRAFT, Message, Origin
from jeeves.domain.ports import Judgement
from jeeves.domain.schedule import Rules
from jeeves.domain.verdict import Band, Label, Score, Verdict
from jeeves.domain.watching import SAMPLED, WATCHED_BEAT, WEEK, FoundBy, Watch
from jeeves.errors import ModelNotFound
from jeeves.service.terms import Terms
from jeeves.service.triage import CycleReport, run_cycle
from jeeves.service.watching import LOOK_EVERY, Weekly, say_weekly, watch
from tests.builders import ACCOUNT, NOW, a_message, an_alert, an_outcome, raw_mail
from tests.conftest import run_sql
from tests.fakes import FakeClock, FakeMailbox, FakeScorer, RecordingNotifier

ELSE = "ana@example.org"
DAY = timedelta(days=1)
#: In which a model hears no wish to meet, and the sentences neither.
UNDERSTOOD_LATE = "Lunch Thursday 12:30 works for me."
PLACE = "Let's meet at Nopa on Hayes Street at 12:30."
SECRET = "zzcassowary"


@dataclass
class DeafScorer(FakeScorer):
    """Hears nothing in any mail."""

    def score(self, message: Message) -> Score:
        return replace(super().score(message), probability=0.01)


class House:
    """A database, a mailbox, and short words for what tests do with them."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.store = PostgresStore(dsn)
        self.mailbox = FakeMailbox()
        self.clock = FakeClock()
        self.sms = RecordingNotifier(Channel.SMS)
        self.speech = RecordingNotifier(Channel.SPEECH)

    def cycle(self, scorer: type[FakeScorer] = DeafScorer) -> CycleReport:
        terms = Terms(Rules(zone=UTC))
        notifiers = [self.sms, self.speech]
        return run_cycle(self.mailbox, self.store, scorer, notifiers, self.clock, terms)

    def mail(self, text: str, answers: str = "", own: bool = False) -> None:
        """One that arrives, and is read and judged by a model that hears nothing."""
        sender = {"sender": f"Sam Reader <{ACCOUNT}>"} if own else {}
        headers = {"In_Reply_To": answers, "References": answers} if answers else {}
        raw = raw_mail("Thursday", text, date=self.clock.now, **sender, **headers)
        self.mailbox.add(raw, self.clock.now)
        self.clock.advance(hours=1)
        self.cycle()

    def talk(self, *texts: str, own: Sequence[bool] = (False, True)) -> list[int]:
        """A conversation of these mails; their ids."""
        first = "<first@example.org>"
        raw = raw_mail("Thursday", texts[0], date=self.clock.now, Message_ID=first)
        if own[0]:
            raw = raw.replace(b"Ana Lopez <ana@example.org>", f"Sam Reader <{ACCOUNT}>".encode())
        self.mailbox.add(raw, self.clock.now)
        self.cycle()
        for text, by_owner in zip(texts[1:], own[1:], strict=True):
            self.mail(text, first, by_owner)
        return self.ids("gmail_id is null")

    def ids(self, where: str = "true") -> list[int]:
        with self.store.connection.transaction() as sql:
            sql.execute(f"select id from messages where {where} order by id")
            return [row["id"] for row in sql.fetchall()]

    def put(self, count: int = 1, ago: timedelta = DAY, **changes: Any) -> list[int]:
        """Stored mails, not judged; their ids."""
        values = {"received_at": NOW - ago, **changes}
        before = set(self.ids())
        account = changes.get("account", ACCOUNT)
        self.store.ingest(account, [a_message(**values) for _ in range(count)], None)
        return [one for one in self.ids() if one not in before]

    def judge(self, ids: Sequence[int], probability: float, model: str = "fake-model") -> None:
        score = Score(probability, (), 0.0, model)
        verdict = Verdict(score, 0.5, Band.ALERT if probability >= 0.5 else Band.QUIET)
        self.store.record([Judgement(one, verdict) for one in ids])

    def judged(self, count: int, ago: timedelta, probability: float, **changes: Any) -> None:
        model = changes.pop("model", "fake-model")
        self.judge(self.put(count, ago, **changes), probability, model)

    def tell(
        self,
        message_id: int,
        ago: timedelta = DAY,
        state: AlertState = AlertState.SENT,
        channels: Sequence[Channel] = (Channel.SMS, Channel.SPEECH),
        **changes: Any,
    ) -> None:
        """An alert about a message, and what became of it."""
        alerts = [
            an_alert(
                message_id=message_id,
                channel=channel,
                created_at=NOW - ago,
                question="1.1",
                **{"thread_key": f"of {message_id}", **changes},
            )
            for channel in channels
        ]
        self.store.record([], [an_outcome(alerts=tuple(alerts))])
        rows = ", ".join(f"'{alert.reference}'" for alert in alerts)
        run_sql(
            self.dsn,
            f"update alerts set state = '{state}', settled_at = '{NOW - ago}' "
            f"where reference in ({rows})",
        )

    def label(self, message_id: int, label: Label | None) -> None:
        self.store.teach([Word(message_id, label, Source.COMMAND)])

    def watch(self, now: datetime = NOW, account: str | None = None) -> Watch:
        return watch(self.store, FakeScorer(), now, account)


@pytest.fixture
def house(migrated_url: str) -> Iterator[House]:
    house = House(migrated_url)
    yield house
    house.store.close()


@pytest.fixture
def listening(house: House) -> House:
    """A house whose mailbox has been seen: what comes now is live."""
    house.cycle()
    return house


def test_of_no_mail_there_is_nothing_to_tell(house: House) -> None:
    found = house.watch()
    assert found.line(UTC) == (
        "week to 19 Nov: 0 mails judged, no alerts, 0 missed found later; "
        "scores too few to tell, words too few to tell"
    )
    assert (found.missed, found.unknown) == ((), ())
    assert "none found" in render_details(found, None)


def test_scores_of_the_week_are_compared_with_the_weeks_before(house: House) -> None:
    house.judged(40, 2 * DAY, 0.01)
    house.judged(20, 3 * DAY, 0.6)
    house.judged(90, 20 * DAY, 0.015)
    house.judged(30, 80 * DAY, 0.3)
    scores = house.watch().week.scores
    assert scores.now == (0, 0, 40, 0, 0, 0, 0, 20)
    assert scores.before == (0, 0, 90, 0, 0, 0, 30, 0)
    assert scores.drift is Drift.CHANGED
    told = render_details(house.watch(), None)
    assert " 0.5 to 1      33.3%   0.0%" in told
    assert " 0.2 to 0.5     0.0%  25.0%" in told


def test_the_week_begins_seven_days_ago_and_twelve_before_it_count(house: House) -> None:
    for ago in (timedelta(0), WEEK - timedelta(seconds=1), WEEK, 13 * WEEK - timedelta(seconds=1)):
        house.judged(1, ago, 0.01)
    for ago in (13 * WEEK, -timedelta(seconds=1)):
        house.judged(1, ago, 0.01)
    scores = house.watch().week.scores
    assert (sum(scores.now), sum(scores.before)) == (2, 2)


def test_only_mail_of_other_people_that_was_judged_counts(house: House) -> None:
    house.judged(1, DAY, 0.01)
    house.judged(1, DAY, 0.01, own=True)
    house.judged(1, DAY, 0.01, bulk=True)
    house.judged(1, DAY, 0.01, origin=Origin.IMPORT)
    house.judged(1, DAY, 0.01, origin=Origin.BACKFILL)
    house.put()
    assert house.watch().week.judged == 2
    # What is not judged yet is read for its words.
    assert house.watch().week.words.now.mails == 3


def test_where_the_model_changed_its_scores_are_not_compared(house: House) -> None:
    house.judged(60, DAY, 0.9)
    house.judged(60, 30 * DAY, 0.01, model="older")
    house.judged(10, 30 * DAY, 0.9)
    week = house.watch().week
    assert week.scores.others == (0, 60)
    assert week.scores.in_words() == "scores too few to tell (the model is new)"
    assert week.judged == 60


def test_of_a_mail_that_was_judged_twice_the_newest_verdict_counts(house: House) -> None:
    [message_id] = house.put()
    house.judge([message_id], 0.9, "older")
    run_sql(
        house.dsn,
        f"update messages set judged_at = null where id = {message_id}",
        "update verdicts set judged_at = now() - interval '1 day'",
    )
    house.judge([message_id], 0.01)
    scores = house.watch().week.scores
    assert (scores.now, scores.others) == ((0, 0, 1, 0, 0, 0, 0, 0), (0, 0))


def test_unknown_words_of_the_week_are_compared_with_those_before(house: House) -> None:
    house.put(60, 2 * DAY, own_words=f"one {SECRET} three")
    house.put(60, 30 * DAY, own_words="one two three")
    found = house.watch()
    assert (found.week.words.now.share, found.week.words.before.share) == (1 / 3, 0)
    assert found.week.words.drift is Drift.CHANGED
    assert found.unknown == (SECRET,)


def test_a_sample_is_bounded_and_evenly_spread(house: House) -> None:
    house.put(5, 6 * DAY)
    house.put(5, DAY)
    house.put(1, labels=(DRAFT,))
    sample = list(house.store.sampled(None, NOW - WEEK, NOW, 4))
    assert [NOW - one.received_at for one in sample] == [6 * DAY, 6 * DAY, DAY, DAY]
    assert len(list(house.store.sampled(None, NOW - WEEK, NOW, SAMPLED))) == 10
    assert list(house.store.sampled(None, NOW - DAY, NOW, SAMPLED)) == []


def test_alerts_are_measured_by_what_the_owner_says_of_their_mails(house: House) -> None:
    right, needless, silent, earlier, long_ago, taken_back = house.put(6)
    for one in (right, needless, silent, taken_back):
        house.tell(one)
    house.tell(earlier, 30 * DAY)
    house.tell(long_ago, 91 * DAY)
    for one in (right, earlier, long_ago):
        house.label(one, Label.NEEDS_LOCATION)
    for one in (needless, taken_back):
        house.label(one, Label.OTHER)
    house.label(taken_back, None)
    found = house.watch()
    week = found.week.answers
    assert (week.alerts, week.right, week.needless) == (4, 1, (needless,))
    assert (found.answers.alerts, found.answers.right) == (5, 2)
    assert found.answers.needless == (needless,)
    assert f"needless: {needless}" in render_details(found, None)


def test_only_alerts_that_were_said_count_and_each_mail_once(house: House) -> None:
    ids = house.put(4)
    house.tell(ids[0], channels=[Channel.SMS])
    house.tell(ids[0], channels=[Channel.SPEECH], state=AlertState.FAILED)
    for one, state in zip(ids[1:], ("failed", "cancelled", "expired"), strict=True):
        house.tell(one, state=AlertState(state))
    assert house.watch().week.answers.alerts == 1


def test_what_a_digest_said_was_said(house: House) -> None:
    said, failed = house.put(2)
    for one, state in ((said, "sent"), (failed, "failed")):
        house.tell(one, state=AlertState.PENDING, channels=[Channel.SMS])
        run_sql(
            house.dsn,
            "insert into alerts (reference, account, thread_key, kind, channel, state, body,"
            f" created_at, settled_at) values ('jv-D{one}', '{ACCOUNT}', 'digest {one}', 'digest',"
            f" 'sms', '{state}', '', '{NOW}', '{NOW}')",
            f"update alerts set state = 'digested', digest_reference = 'jv-D{one}'"
            f" where message_id = {one}",
        )
    [alert] = house.store.alerts_said(ACCOUNT, NOW - WEEK, NOW)
    assert (alert.message_id, alert.said_at) == (said, NOW)


def test_a_meeting_without_an_alert_was_missed(listening: House) -> None:
    first, _ = listening.talk(UNDERSTOOD_LATE, PLACE)
    assert listening.sms.sent == []
    found = listening.watch(listening.clock.now)
    [missed] = found.missed
    assert (missed.message_id, missed.found_by) == (first, FoundBy.MEETING)
    assert found.week.missed == 1
    assert f"{first} (by its meeting)" in render_details(found, None)
    assert listening.watch(listening.clock.now + 8 * DAY).week.missed == 0
    assert len(listening.watch(listening.clock.now + 8 * DAY).missed) == 1
    assert listening.watch(listening.clock.now + 31 * DAY).missed == ()


def test_a_meeting_that_was_told_was_not_missed(listening: House) -> None:
    listening.talk("Want to grab lunch on Thursday?", PLACE)
    assert listening.sms.sent
    assert listening.watch(listening.clock.now).missed == ()


@pytest.mark.parametrize(
    ("texts", "own"),
    [
        # proposed by the owner
        ((UNDERSTOOD_LATE, PLACE), (True, False)),
        ((UNDERSTOOD_LATE, "Gladly.", PLACE), (True, False, True)),
        # the place stands from the first
        ((f"{UNDERSTOOD_LATE} {PLACE}", "Perfect, see you there."), (False, True)),
        (("How are you?", f"{UNDERSTOOD_LATE} {PLACE}"), (False, False)),
        # not in person
        ((UNDERSTOOD_LATE, "Let's do it on Zoom instead."), (False, True)),
        # not settled
        ((UNDERSTOOD_LATE, "Great."), (False, True)),
    ],
)
def test_what_needed_no_alert_was_not_missed(
    listening: House, texts: tuple[str, ...], own: tuple[bool, ...]
) -> None:
    listening.talk(*texts, own=own)
    assert listening.sms.sent == []
    assert listening.watch(listening.clock.now).missed == ()


@pytest.mark.parametrize(("answer", "missed"), [(PLACE, 1), ("Let's do it on Zoom instead.", 0)])
def test_a_meeting_that_came_about_online_was_not_missed(
    listening: House, answer: str, missed: int
) -> None:
    listening.talk("Want to grab lunch on Thursday?", answer)
    run_sql(listening.dsn, "update alerts set state = 'failed'")
    assert len(listening.watch(listening.clock.now).missed) == missed


@pytest.mark.parametrize(("state", "missed"), [("failed", 1), ("expired", 1), ("cancelled", 0)])
def test_an_alert_that_failed_was_missed_and_one_that_came_to_nothing_was_not(
    listening: House, state: str, missed: int
) -> None:
    first, _ = listening.talk(UNDERSTOOD_LATE, PLACE)
    [key] = listening.store.unalerted(None, NOW - WEEK, listening.clock.now)
    listening.tell(first, state=AlertState(state), thread_key=key.thread_key)
    assert len(listening.watch(listening.clock.now).missed) == missed


def test_what_the_owner_says_needs_a_place_was_missed_and_counts_once(listening: House) -> None:
    first, answer = listening.talk(UNDERSTOOD_LATE, PLACE)
    listening.label(first, Label.NEEDS_LOCATION)
    [missed] = listening.watch(listening.clock.now).missed
    assert (missed.message_id, missed.found_by) == (first, FoundBy.LABEL)
    listening.label(answer, Label.NEEDS_LOCATION)
    assert len(listening.watch(listening.clock.now).missed) == 1


def test_what_the_owner_says_needs_none_was_not(listening: House) -> None:
    first, _ = listening.talk(UNDERSTOOD_LATE, PLACE)
    listening.label(first, Label.OTHER)
    assert listening.watch(listening.clock.now).missed == ()


def test_labels_of_told_old_and_own_mail_tell_of_no_miss(house: House) -> None:
    untold, told, own = *house.put(2), *house.put(own=True)
    backfilled, old = *house.put(origin=Origin.BACKFILL), *house.put(ago=31 * DAY)
    with house.store.connection.transaction() as sql:
        sql.execute("select thread_key from messages where id = %s", (told,))
        row = sql.fetchone()
    assert row is not None
    house.tell(told, thread_key=row["thread_key"])
    for one in (untold, told, own, backfilled, old):
        house.label(one, Label.NEEDS_LOCATION)
    assert [one.message_id for one in house.watch().missed] == [untold]


def test_accounts_are_watched_apart_or_together(house: House) -> None:
    house.judged(2, DAY, 0.01)
    house.judged(3, DAY, 0.01, account=ELSE)
    [theirs] = house.put(account=ELSE)
    house.label(theirs, Label.NEEDS_LOCATION)
    assert [house.watch(account=one).week.judged for one in (ACCOUNT, ELSE, None)] == [2, 3, 5]
    assert [len(house.watch(account=one).missed) for one in (ACCOUNT, ELSE, None)] == [0, 1, 1]


def test_a_line_is_said_once_a_week_and_the_first_a_week_after_the_first_look(
    house: House,
) -> None:
    clock, said = house.clock, []
    for _ in range(22):
        said.append(bool(say_weekly(ACCOUNT, house.store, FakeScorer, clock(), UTC)))
        clock.advance(days=1)
    assert [day for day, one in enumerate(said) if one] == [7, 14, 21]
    _, detail = house.store.heartbeats()[ACCOUNT, WATCHED_BEAT]
    assert detail.startswith("week to 10 Dec: 0 mails judged")


def test_a_clock_that_was_set_back_does_not_end_the_lines(house: House) -> None:
    house.store.beat(ACCOUNT, WATCHED_BEAT, NOW + 400 * DAY)
    assert say_weekly(ACCOUNT, house.store, FakeScorer, NOW, UTC)


def test_of_two_processes_one_says_it(house: House) -> None:
    house.store.beat(ACCOUNT, WATCHED_BEAT, NOW - WEEK)

    def load() -> FakeScorer:
        # The other was quicker.
        house.store.beat(ACCOUNT, WATCHED_BEAT, NOW, "theirs")
        return FakeScorer()

    assert say_weekly(ACCOUNT, house.store, load, NOW, UTC) is None


def test_without_a_model_there_is_no_line_until_there_is_one(house: House) -> None:
    house.store.beat(ACCOUNT, WATCHED_BEAT, NOW - WEEK)

    def refuse() -> FakeScorer:
        raise ModelNotFound("There is no model.")

    assert say_weekly(ACCOUNT, house.store, refuse, NOW) is None
    assert say_weekly(ACCOUNT, house.store, FakeScorer, NOW)


def test_a_check_says_it_too_and_loads_the_model_only_when_it_is_due(house: House) -> None:
    loaded = []

    class Counting(FakeScorer):
        def __init__(self) -> None:
            super().__init__()
            loaded.append(1)

    weeks = []
    for _ in range(9):
        weeks.append(house.cycle(Counting).week)
        house.clock.advance(days=1)
    assert [day for day, week in enumerate(weeks) if week] == [7]
    assert loaded == [1]


def test_a_daemon_asks_the_database_once_an_hour(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    heartbeats = house.store.heartbeats

    def counting() -> Mapping[tuple[str, str], tuple[datetime, str]]:
        asked.append(1)
        return heartbeats()

    monkeypatch.setattr(house.store, "heartbeats", counting)
    weekly = Weekly(ACCOUNT, house.clock, UTC)
    for _ in range(9):
        weekly.say_if_due(house.store, FakeScorer())
        house.clock.now += LOOK_EVERY / 4
    assert len(asked) == 3


def test_nothing_of_a_mail_is_logged_kept_or_told_to_a_journal(listening: House) -> None:
    """Promise 5."""
    listening.talk(f"{UNDERSTOOD_LATE} {SECRET} {SECRET}", PLACE)
    listening.store.beat(ACCOUNT, WATCHED_BEAT, listening.clock.now - WEEK)
    with capture_logs() as logs:
        listening.cycle()
    [event] = [event for event in logs if event["event"] == "watched"]
    assert event["missed"] == 1
    found = listening.watch(listening.clock.now)
    _, kept = listening.store.heartbeats()[ACCOUNT, WATCHED_BEAT]
    assert kept == event["line"]
    journal = [str(logs), kept, json.dumps(found.as_dict()), render_details(found, None)]
    for told in journal:
        assert not [
            word
            for word in (SECRET, "lunch", "nopa", "ana", "sam", "thursday")
            if word in told.lower().replace("`jeeves", "")
        ]
    assert SECRET in render_details(found, None, words=True)
