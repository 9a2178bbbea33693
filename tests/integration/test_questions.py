"""Decisions about conversations on a real Postgres: what they change in the outbox, and races."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from jeeves.adapters.postgres.conversations import write_outcomes
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.alert import Alert, AlertKind, AlertState, Channel, Receipt
from jeeves.domain.conversation import Conversation, Meeting, State
from jeeves.domain.message import Address
from jeeves.domain.outbox import Closing, Recorded
from jeeves.domain.ports import Judgement
from jeeves.domain.verdict import Band
from tests.builders import ACCOUNT, NOW, a_message, a_verdict, an_alert, an_outcome
from tests.locks import wait_for_lock

KEY = "gm:1"
CLOSING = Closing("1.1", "Settled: Blue Bottle.", "That is settled: Blue Bottle.")


@pytest.fixture
def store(migrated_url: str) -> Iterator[PostgresStore]:
    store = PostgresStore(migrated_url)
    yield store
    store.close()


def a_question(**changes: object) -> Alert:
    return an_alert(thread_key=KEY, question="1.1", **changes)


def tell(store: PostgresStore, *alerts: Alert) -> None:
    store.record([], [an_outcome(alerts=alerts)])


def close(store: PostgresStore, *closings: Closing) -> None:
    store.record([], [an_outcome(closed=closings or (CLOSING,))])


def claim(store: PostgresStore, channel: Channel = Channel.SMS, later: float = 0) -> Alert | None:
    return store.claim(ACCOUNT, [channel], NOW + timedelta(seconds=later), 60)


def claimed(store: PostgresStore, channel: Channel = Channel.SMS, later: float = 0) -> Alert:
    alert = claim(store, channel, later)
    assert alert is not None
    return alert


def settle(store: PostgresStore, alert: Alert, state: AlertState) -> None:
    receipt = Receipt("SM1") if state is AlertState.SENT else None
    store.settle(replace(alert, state=state, receipt=receipt), NOW)


def rows(store: PostgresStore) -> dict[tuple[AlertKind, Channel], AlertState]:
    return {
        (kind, alert.channel): alert.state
        for (_, kind), alerts in store.questions(ACCOUNT, KEY).items()
        for alert in alerts
    }


ALERT, RETRACTION = (AlertKind.ALERT, Channel.SMS), (AlertKind.RETRACTION, Channel.SMS)


def test_a_thread_comes_in_the_order_received_with_the_newest_bands(store: PostgresStore) -> None:
    late = a_message(thread_key=KEY, received_at=NOW + timedelta(hours=1))
    early = a_message(thread_key=KEY, received_at=NOW, own=True)
    store.ingest(ACCOUNT, [late, early, a_message()], None)
    first = next(one for one in store.unjudged(ACCOUNT, 9) if one.message == late)
    store.record([Judgement(first.id, a_verdict())])
    thread = store.thread(ACCOUNT, KEY)
    assert [one.message for one in thread.messages] == [early, late]
    assert [one.band for one in thread.messages] == [None, Band.ALERT]
    assert thread.read_up_to == max(one.id for one in thread.messages)
    assert store.thread(ACCOUNT, "gm:none").read_up_to == 0


def test_how_a_conversation_stands_is_kept(store: PostgresStore) -> None:
    def meeting(number: int, state: State, place: str) -> Meeting:
        return Meeting(
            number, "lunch", state, None, place, Address("", ""), "", None, None, None, 1, True
        )

    meetings = (meeting(1, State.SETTLED, "Blue Bottle"), meeting(2, State.OPEN, ""))
    at = NOW + timedelta(days=1)
    store.record([], [an_outcome(conversation=Conversation(meetings), meeting_at=at)])
    store.record([], [an_outcome(thread_key="gm:2", conversation=Conversation(meetings[:1]))])
    with store.connection.statement() as sql:
        sql.execute("select * from conversations order by thread_key")
        first, second = sql.fetchall()
    assert (first["state"], first["open_question"], first["meeting_at"]) == ("open", "2.1", at)
    assert (second["state"], second["open_question"]) == ("settled", "")
    assert second["place"] == "Blue Bottle"


def test_a_decision_that_newer_mail_has_overtaken_is_not_written(store: PostgresStore) -> None:
    """Promise 3: never an alert about a place that is already settled."""
    mail = a_message(thread_key=KEY)
    store.ingest(ACCOUNT, [mail], None)
    [asked] = store.unjudged(ACCOUNT, 9)
    seen = store.thread(ACCOUNT, KEY).read_up_to
    store.ingest(ACCOUNT, [a_message(thread_key=KEY, own=True)], None)
    judgements = [Judgement(asked.id, a_verdict())]
    stale = an_outcome(read_up_to=seen, alerts=(a_question(),))
    assert store.record(judgements, [stale]) == Recorded(0, frozenset({KEY}))
    assert rows(store) == {}
    # The verdict stays, and the message waits for who comes next, should this process end here.
    assert [one.band for one in store.thread(ACCOUNT, KEY).messages].count(Band.ALERT) == 1
    assert asked.id in {one.id for one in store.unjudged(ACCOUNT, 9)}
    fresh = replace(stale, read_up_to=store.thread(ACCOUNT, KEY).read_up_to)
    assert store.record(judgements, [fresh]) == Recorded(1)
    assert asked.id not in {one.id for one in store.unjudged(ACCOUNT, 9)}


def test_what_another_process_has_judged_is_not_decided_anew(store: PostgresStore) -> None:
    store.ingest(ACCOUNT, [a_message(thread_key=KEY)], None)
    [asked] = store.unjudged(ACCOUNT, 9)
    store.record([Judgement(asked.id, a_verdict(0.1))], [an_outcome()])
    late = an_outcome(alerts=(a_question(),))
    assert store.record([Judgement(asked.id, a_verdict())], [late]) == Recorded()


def test_other_conversations_are_decided_although_one_went_on(store: PostgresStore) -> None:
    store.ingest(ACCOUNT, [a_message(thread_key=KEY), a_message(thread_key="gm:2")], None)
    other = an_alert(thread_key="gm:2", question="1.1")
    recorded = store.record(
        [],
        [
            an_outcome(read_up_to=0, alerts=(a_question(),)),
            an_outcome(thread_key="gm:2", alerts=(other,)),
        ],
    )
    assert recorded == Recorded(1, frozenset({KEY}))


def test_settled_before_it_is_said_is_cancelled_and_not_taken_back(store: PostgresStore) -> None:
    tell(store, a_question(), replace(a_question(), kind=AlertKind.REMINDER))
    close(store)
    assert set(rows(store).values()) == {AlertState.CANCELLED}
    assert len(rows(store)) == 2
    assert claim(store, later=3600) is None


def test_settled_afterwards_is_taken_back_once_on_the_channel_that_said_it(
    store: PostgresStore,
) -> None:
    tell(store, a_question(), a_question(channel=Channel.SPEECH))
    settle(store, claimed(store), AlertState.SENT)
    close(store)
    close(store)
    retraction = claimed(store)
    assert retraction.kind is AlertKind.RETRACTION
    assert retraction.text == f"Settled: Blue Bottle. {retraction.reference}"
    settle(store, retraction, AlertState.SENT)
    assert claim(store, later=3600) is None
    assert claim(store, Channel.SPEECH, later=3600) is None
    assert rows(store)[AlertKind.ALERT, Channel.SPEECH] is AlertState.CANCELLED


def test_what_is_spoken_is_taken_back_in_words_for_the_ear(store: PostgresStore) -> None:
    tell(store, a_question(channel=Channel.SPEECH))
    settle(store, claimed(store, Channel.SPEECH), AlertState.SENT)
    close(store)
    assert claimed(store, Channel.SPEECH).text == "That is settled: Blue Bottle."


def test_without_words_nothing_is_taken_back(store: PostgresStore) -> None:
    tell(store, a_question())
    settle(store, claimed(store), AlertState.SENT)
    close(store, Closing("1.1"))
    assert rows(store) == {ALERT: AlertState.SENT}


def test_what_waited_goes_at_once_when_its_meeting_has_become_urgent(
    store: PostgresStore,
) -> None:
    tell(store, a_question(not_before=NOW + timedelta(hours=9)))
    [row] = store.questions(ACCOUNT, KEY)["1.1", AlertKind.ALERT]
    store.record([], [an_outcome(moved=(replace(row, not_before=None, urgent=True),))])
    assert claimed(store).reference == row.reference


def test_a_reminder_that_moves_is_due_at_its_own_time_and_no_part_of_a_digest(
    store: PostgresStore,
) -> None:
    at = NOW + timedelta(hours=9)
    tell(store, a_question(kind=AlertKind.REMINDER, not_before=at))
    [row] = store.questions(ACCOUNT, KEY)["1.1", AlertKind.REMINDER]
    later = replace(row, not_before=at + timedelta(hours=1))
    store.record([], [an_outcome(moved=(later,))])
    assert claim(store, later=9.5 * 3600) is None
    with store.connection.statement() as sql:
        sql.execute("select held from alerts")
        assert [found["held"] for found in sql.fetchall()] == [False]


def test_another_question_of_the_conversation_stays_open(store: PostgresStore) -> None:
    tell(store, a_question(), replace(a_question(), question="2.1"))
    close(store)
    assert claimed(store).question == "2.1"


@pytest.mark.parametrize("outcome", [AlertState.SENT, AlertState.FAILED])
def test_a_retraction_waits_for_an_alert_under_way_and_goes_only_if_that_was_said(
    store: PostgresStore, outcome: AlertState
) -> None:
    tell(store, a_question())
    under_way = claimed(store)
    close(store)
    assert rows(store) == {ALERT: AlertState.SENDING, RETRACTION: AlertState.PENDING}
    assert claim(store) is None
    settle(store, under_way, outcome)
    store.sweep(ACCOUNT, Channel.SMS, NOW, "")
    if outcome is AlertState.SENT:
        assert claimed(store).kind is AlertKind.RETRACTION
    else:
        assert rows(store)[RETRACTION] is AlertState.CANCELLED


def test_an_alert_that_could_not_be_sent_and_is_settled_meanwhile_is_cancelled(
    store: PostgresStore,
) -> None:
    tell(store, a_question())
    under_way = claimed(store)
    close(store)
    settle(store, under_way, AlertState.PENDING)
    store.sweep(ACCOUNT, Channel.SMS, NOW, "")
    assert set(rows(store).values()) == {AlertState.CANCELLED}


def test_an_alert_in_doubt_that_is_settled_meanwhile_is_looked_up_and_not_sent(
    store: PostgresStore,
) -> None:
    tell(store, a_question())
    claimed(store)
    close(store)
    again = claimed(store, later=61)
    assert again.in_doubt
    assert again.barred
    settle(store, again, AlertState.PENDING)
    assert rows(store)[ALERT] is AlertState.CANCELLED


def at_once(*parts: Callable[[], object]) -> None:
    """Run the parts side by side, begun together; what one raises is raised here."""
    barrier = threading.Barrier(len(parts))
    failures: list[BaseException] = []

    def run(part: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            part()
        except BaseException as exc:  # noqa: BLE001  # raised below
            failures.append(exc)

    threads = [threading.Thread(target=run, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if failures:
        raise failures[0]


def test_who_decides_waits_for_who_is_deciding(store: PostgresStore, migrated_url: str) -> None:
    other = PostgresStore(migrated_url)

    def answer() -> None:
        other.ingest(ACCOUNT, [a_message(thread_key=KEY, own=True)], None)
        seen = other.thread(ACCOUNT, KEY).read_up_to
        other.record([], [an_outcome(read_up_to=seen, closed=(CLOSING,))])

    answering = threading.Thread(target=answer)
    with store.connection.transaction() as sql:
        write_outcomes(sql, [an_outcome(read_up_to=0, alerts=(a_question(),))], [])
        answering.start()
        wait_for_lock(migrated_url)
    answering.join(10)
    assert rows(store) == {ALERT: AlertState.CANCELLED}
    other.close()


def test_two_processes_that_decide_at_once_never_leave_an_alert_about_a_settled_place(
    store: PostgresStore, migrated_url: str
) -> None:
    """One has seen the question only; the other stores the answer and has seen both."""
    other = PostgresStore(migrated_url)
    for number in range(40):
        key = f"gm:race-{number}"
        store.ingest(ACCOUNT, [a_message(thread_key=key)], None)
        asked = store.thread(ACCOUNT, key)
        alert = an_alert(thread_key=key, question="1.1")

        def ask(key: str = key, seen: int = asked.read_up_to, alert: Alert = alert) -> None:
            store.record([], [an_outcome(thread_key=key, read_up_to=seen, alerts=(alert,))])

        def answer(key: str = key) -> None:
            other.ingest(ACCOUNT, [a_message(thread_key=key, own=True)], None)
            seen = other.thread(ACCOUNT, key).read_up_to
            other.record([], [an_outcome(thread_key=key, read_up_to=seen, closed=(CLOSING,))])

        at_once(ask, answer)
        found = store.questions(ACCOUNT, key)
        states = [alert.state for alerts in found.values() for alert in alerts]
        assert AlertState.PENDING not in states
    assert claim(store) is None
    other.close()


def test_processes_that_decide_the_same_put_one_alert_into_the_outbox(
    store: PostgresStore, migrated_url: str
) -> None:
    stores = [PostgresStore(migrated_url) for _ in range(4)]
    counts: list[int] = []

    def decide(mine: PostgresStore) -> None:
        outcome = an_outcome(alerts=(a_question(), a_question(channel=Channel.SPEECH)))
        counts.append(mine.record([], [outcome]).alerts)

    at_once(*(lambda mine=mine: decide(mine) for mine in stores))
    assert sorted(counts) == [0, 0, 0, 2]
    for mine in stores:
        mine.close()


def test_decisions_about_the_same_conversations_in_another_order_do_not_lock_each_other_out(
    store: PostgresStore, migrated_url: str
) -> None:
    other = PostgresStore(migrated_url)
    keys = [f"gm:{number}" for number in range(30)]
    outcomes = [an_outcome(thread_key=key, closed=(CLOSING,)) for key in keys]
    for key in keys:
        alert = an_alert(thread_key=key, question="1.1")
        store.record([], [an_outcome(thread_key=key, alerts=(alert,))])

    def decide(mine: PostgresStore, step: int) -> None:
        for _ in range(20):
            mine.record([], outcomes[::step])

    at_once(lambda: decide(store, 1), lambda: decide(other, -1))
    assert claim(store) is None
    other.close()


def test_a_claim_and_a_closing_at_once_end_in_an_alert_taken_back_or_never_said(
    store: PostgresStore, migrated_url: str
) -> None:
    other = PostgresStore(migrated_url)
    for number in range(40):
        key = f"gm:claim-{number}"
        alert = an_alert(thread_key=key, question="1.1")
        store.record([], [an_outcome(thread_key=key, alerts=(alert,))])
        at_once(
            lambda: claim(store),
            lambda key=key: other.record([], [an_outcome(thread_key=key, closed=(CLOSING,))]),  # type: ignore[misc]
        )
        found = store.questions(ACCOUNT, key)
        [told] = found["1.1", AlertKind.ALERT]
        taken_back = found.get(("1.1", AlertKind.RETRACTION), [])
        assert (told.state, len(taken_back)) in {
            (AlertState.SENDING, 1),
            (AlertState.CANCELLED, 0),
        }
    other.close()
