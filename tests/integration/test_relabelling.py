"""Conversations hear what the owner says of their mails, on a real Postgres."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extras import RealDictCursor

from jeeves.adapters.label_table import read_table
from jeeves.adapters.postgres.connection import Row
from jeeves.adapters.postgres.history import PostgresHistory
from jeeves.adapters.postgres.reading import Reading
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.alert import AlertKind, AlertState, Channel
from jeeves.domain.labelling import NEEDS_PLACE, Source, wishes
from jeeves.domain.message import FetchedMail
from jeeves.domain.outbox import Recorded
from jeeves.domain.verdict import Label
from jeeves.errors import LabelError
from jeeves.service.deciding import conclude
from jeeves.service.history import import_mails
from jeeves.service.relabelling import (
    SAID,
    Line,
    Said,
    Taken,
    lines_said,
    reconsider,
    take_down,
    take_down_mails,
)
from jeeves.service.terms import FREE
from jeeves.service.triage import run_cycle
from tests.builders import ACCOUNT, NOW, a_fetched_mail, a_message, an_alert, an_outcome, raw_mail
from tests.fakes import FakeClock, FakeMailbox, FakeScorer, RecordingNotifier
from tests.integration.test_daemon import until
from tests.integration.test_questions import at_once
from tests.locks import wait_for_lock

#: By its sentences, whatever the model says; and where nobody but the owner could know it.
ASKS = "Want to grab lunch on Thursday? Where should we meet?"
MISSED = "It would be nice to catch up one of these days."
ANSWER = "Gladly, and thanks for asking."
ALERT = AlertKind.ALERT


class House:
    """A mailbox, its database, and short words for what tests do with them."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.store = PostgresStore(dsn)
        self.history = PostgresHistory(dsn)
        self.reading = Reading(dsn)
        self.mailbox = FakeMailbox(modseqs={}, examined_modseq=1)
        self.clock = FakeClock()
        self.sms = RecordingNotifier()

    def close(self) -> None:
        for one in (self.store, self.history, self.reading):
            one.close()

    def cycle(self) -> None:
        run_cycle(self.mailbox, self.store, FakeScorer, [self.sms], self.clock)

    def mail(self, text: str, subject: str = "Hello", **headers: str) -> int:
        """Short id of a mail that arrives live, and is judged."""
        if not self.mailbox.mails:
            self.cycle()
        self.clock.advance(minutes=5)
        raw = raw_mail(subject, text, date=self.clock.now, **headers)
        uid = self.mailbox.add(raw, self.clock.now)
        self.cycle()
        [found] = [
            row.id for row in self.reading.newest(99) if row.message and row.message.uid == uid
        ]
        return found

    def answer(self, text: str = ANSWER, **headers: str) -> int:
        return self.mail(text, "Re: Hello", In_Reply_To="<first@x>", **headers)

    def say(self, said: Said, *ids: int) -> Taken:
        taken = take_down(self.store, list(lines_said(map(str, ids), said)), Source.COMMAND)
        # As the command does, which knows no channels.
        reconsider(ACCOUNT, self.store, (), self.clock(), FREE)
        return taken

    def pause(self) -> None:
        self.store.pause(ACCOUNT, self.clock() + timedelta(hours=9))

    def rows(self) -> list[tuple[AlertKind, AlertState]]:
        return [(row.alert.kind, row.alert.state) for row in self.reading.told(99)][::-1]

    def states(self) -> list[str]:
        return [str(row["state"]) for row in self.sql("select state from conversations")]

    def unheard(self) -> int:
        return len(self.sql("select from labels where heard_at is null"))

    def sql(self, statement: str) -> list[Row]:
        with self.store.connection.statement() as sql:
            sql.execute(statement)
            return list(sql.fetchall()) if sql.description is not None else []


@pytest.fixture
def house(migrated_url: str) -> Iterator[House]:
    house = House(migrated_url)
    yield house
    house.close()


WAITS = (
    "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
)
FIRST = {"Message_ID": "<first@x>"}


class TestNo:
    @pytest.mark.parametrize("text", [ASKS, "Lunch, perhaps."])
    def test_an_alert_that_has_not_gone_yet_is_cancelled(self, house: House, text: str) -> None:
        """Also where not the model has found it, but a sentence."""
        house.mail("Nothing.")
        house.pause()
        asking = house.mail(text)
        assert house.rows() == [(ALERT, AlertState.PENDING)]
        house.say("no", asking)
        assert house.rows() == [(ALERT, AlertState.CANCELLED)]
        assert "open" not in house.states()
        assert house.unheard() == 0

    def test_one_that_was_sent_is_closed_and_nothing_is_texted(self, house: House) -> None:
        asking = house.mail(ASKS)
        house.say("no", asking)
        house.cycle()
        assert [alert.kind for alert in house.sms.sent] == [ALERT]
        assert house.rows() == [(ALERT, AlertState.SENT)]
        [row] = house.reading.told(9)
        assert row.closed_at is not None

    @pytest.mark.parametrize("which", ["first", "answer"])
    def test_nor_is_it_when_the_conversation_goes_on(self, house: House, which: str) -> None:
        """Whether the mail is labelled that alerted, or another one that names a place."""
        first = house.mail(ASKS, **FIRST)
        answer = house.answer("Lunch on Thursday at noon it is. Where?")
        house.say("no", first, *([answer] if which == "answer" else []))
        house.answer("See you at Blue Bottle at 12:30 on Thursday.")
        house.cycle()
        assert [alert.kind for alert in house.sms.sent] == [ALERT]

    def test_a_mail_that_arrives_labelled_so_alerts_nobody(self, house: House) -> None:
        house.mail("Nothing.")
        uid = house.mailbox.add(raw_mail(text=ASKS, date=NOW), house.clock.now)
        house.mailbox.mark(uid, "Jeeves/no")
        house.cycle()
        assert house.rows() == []
        assert house.states() == ["none", "none"]

    def test_by_a_label_in_the_mailbox_it_is_heard_in_the_same_cycle(self, house: House) -> None:
        house.mail("Nothing.")
        house.pause()
        house.mail(ASKS)
        house.mailbox.mark(house.mailbox.uidnext - 1, "Jeeves/no")
        house.cycle()
        assert house.rows() == [(ALERT, AlertState.CANCELLED)]
        house.mailbox.mark(house.mailbox.uidnext - 1)
        house.cycle()
        assert house.states() == ["none", "open"]

    def test_the_label_that_jeeves_writes_goes(self, house: House) -> None:
        asking, again = house.mail(ASKS, **FIRST), house.answer("Lunch on Friday, then? Where?")

        def wished() -> set[int]:
            house.store.wish_labels(wishes(house.store.mislabelled(ACCOUNT)))
            on = f"select message_id from written_labels where wanted and label = '{NEEDS_PLACE}'"
            return {int(row["message_id"]) for row in house.sql(on)}

        assert wished() == {asking, again}
        house.say("no", again)
        assert wished() == {asking}, "the other one keeps the conversation open"
        assert house.states() == ["open"]
        house.say("no", asking)
        assert wished() == set()
        house.say("undo", asking, again)
        assert wished() == {asking, again}

    def test_of_one_mail_leaves_open_what_another_has_asked(self, house: House) -> None:
        house.mail(ASKS, **FIRST)
        house.say("no", house.answer("Good idea, lunch on Thursday."))
        assert house.states() == ["open"]
        [row] = house.reading.told(9)
        assert row.closed_at is None


class TestYes:
    def test_of_a_missed_mail_opens_its_conversation_and_tells_nobody(self, house: House) -> None:
        missed = house.mail(MISSED, **FIRST)
        assert house.states() == ["none"]
        house.say("yes", missed)
        house.cycle()
        assert house.states() == ["open"]
        assert house.rows() == []
        house.answer()
        [alert] = house.sms.sent
        assert alert.kind is ALERT
        house.answer("More of this.")
        assert len(house.sms.sent) == 1

    def test_of_an_answer_opens_it_too_and_of_a_mail_that_seemed_to_name_a_place(
        self, house: House
    ) -> None:
        house.mail("Lunch at Nopa on Thursday at 12:30, see you there.", **FIRST)
        answer = house.answer("I have changed my mind about that one.")
        assert house.states() == ["settled"]
        house.say("yes", answer)
        assert house.states() == ["open"]
        house.answer("At Zuni, then, at 12:30.", sender=f"Sam <{ACCOUNT}>")
        assert house.states() == ["settled"]

    def test_taken_back_is_as_if_nothing_had_been_said(self, house: House) -> None:
        missed, asking = house.mail(MISSED), house.mail(ASKS)
        house.say("yes", missed)
        house.say("no", asking)
        assert sorted(house.states()) == ["none", "open"]
        house.say("undo", missed, asking)
        by_id = {
            row["id"]: row["state"]
            for row in house.sql(
                "select m.id, state from messages m join conversations using (account, thread_key)"
            )
        }
        assert (by_id[missed], by_id[asking]) == ("none", "open")


class TestHearing:
    def test_of_imported_conversations_nothing_is_decided(self, house: House) -> None:
        house.mail("Nothing.")
        mail = a_fetched_mail(raw_mail(text=ASKS), uid=None, uidvalidity=None)
        import_mails([mail], ACCOUNT, (), house.store, house.history, FakeScorer, house.clock)
        newest = max(row.id for row in house.reading.newest(9))
        assert house.say("yes", newest) == Taken(1, 1)
        assert len(house.states()) == 1
        assert house.rows() == []
        assert house.unheard() == 0

    def test_a_decision_that_has_not_heard_the_latest_word_is_not_written(
        self, house: House
    ) -> None:
        asking = house.mail(ASKS)
        key = house.reading.newest(1)[0].message.thread_key  # type: ignore[union-attr]
        thread = house.store.thread(ACCOUNT, key)
        take_down(house.store, list(lines_said([str(asking)], "no")), Source.COMMAND)
        stale = conclude(ACCOUNT, key, thread, {}, (), {}, [], house.clock(), FREE)
        assert house.store.record([], [stale]) == Recorded(again=frozenset({key}))
        assert house.unheard() == 1
        assert reconsider(ACCOUNT, house.store, (), house.clock(), FREE) == 1
        assert house.states() == ["none"]

    def test_nothing_is_said_while_a_decision_is_written(
        self, house: House, migrated_url: str
    ) -> None:
        """What is said next finds the alert, and closes it."""
        house.store.ingest(ACCOUNT, [a_message(thread_key="gm:1")], None)
        [one] = house.store.unjudged(ACCOUNT, 9)
        decider, other = PostgresStore(migrated_url), House(migrated_url)
        alert = an_alert(thread_key="gm:1", question="1.1", message_id=one.id)
        deciding = threading.Thread(
            target=decider.record, args=([], [an_outcome(alerts=(alert,), heard_up_to=0)])
        )
        saying = threading.Thread(target=other.say, args=("no", one.id))
        with closing(psycopg2.connect(migrated_url)) as holder, holder.cursor() as sql:
            # Who writes the same row waits until this is given up.
            sql.execute(
                "insert into conversations (account, thread_key, state, updated_at) "
                f"values ('{ACCOUNT}', 'gm:1', 'none', now())"
            )
            deciding.start()
            until(lambda: house.sql(WAITS))
            saying.start()
            wait_for_lock(migrated_url)
            holder.rollback()
        deciding.join(10)
        saying.join(10)
        assert house.rows() == [(ALERT, AlertState.CANCELLED)]
        decider.close()
        other.close()

    def test_two_processes_that_hear_at_once_leave_the_latest_word(
        self, house: House, migrated_url: str
    ) -> None:
        asking = house.mail(ASKS)
        other = House(migrated_url)
        sayings: list[Said] = ["no", "undo", "yes", "no", "yes", "no"]
        for said in sayings:
            take_down(house.store, list(lines_said([str(asking)], said)), Source.COMMAND)
            at_once(
                lambda: reconsider(ACCOUNT, house.store, (), house.clock(), FREE),
                lambda: reconsider(ACCOUNT, other.store, [Channel.SMS], house.clock(), FREE),
            )
            assert house.states() == ["none" if said == "no" else "open"]
            assert house.unheard() == 0
        assert len(house.sms.sent) == 1
        other.close()


class TestTables:
    def table(self, folder: Path, *rows: str) -> list[Line]:
        path = folder / "labels.tsv"
        path.write_text("\n".join(["id\tneeds_location", *rows]), encoding="utf-8")
        return [
            Line(where, name, SAID[said])  # type: ignore[index]
            for where, name, said in read_table(path)
        ]

    def test_ids_and_message_ids_are_taken_all_or_none(self, house: House, tmp_path: Path) -> None:
        first = a_message(message_id="12345")
        second = a_message()
        elsewhere = replace(second, account="b@x", gmail_id=None)
        house.store.ingest(ACCOUNT, [first, second], None)
        house.store.ingest("b@x", [elsewhere], None)
        ids = [one.id for one in house.store.unjudged(ACCOUNT, 9)]
        lines = self.table(
            tmp_path, f"00{ids[0]}\tYES", "<12345>\tyes", f"<{second.message_id}>\t0"
        )
        assert take_down(house.store, lines, Source.FILE) == Taken(3, 3)
        assert [(one.id, one.label) for one in house.store.labelled()][:2] == [
            (ids[0], Label.NEEDS_LOCATION),
            (ids[1], Label.OTHER),
        ]
        for wrong, told in (
            ("4711\t1", "line 4: 4711"),
            (f"{9**40}\t1", f"line 4: {9**40}"),
            (f"<{second.message_id}>\t1", "labels.tsv, line 3 and labels.tsv, line 4 say diff"),
            ("no\0where@x\t1", "no such message"),
            ("12345\t1", "line 4: 12345"),
        ):
            lines = self.table(tmp_path, f"{ids[0]}\tno", f"{ids[1]}\tno", wrong)
            with pytest.raises(LabelError, match="Nothing was labelled") as failure:
                take_down(house.store, lines, Source.FILE)
            assert told in str(failure.value)
        assert len(list(house.store.labelled())) == 3

    def test_of_many_unknown_ones_some_are_named(self, house: House) -> None:
        lines = list(lines_said(map(str, range(1, 31)), "undo"))
        with pytest.raises(LabelError, match=r"\(message 1; .* message 5; and 25 more\)"):
            take_down(house.store, lines, Source.FILE)

    def test_a_long_table_is_a_few_statements(
        self, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        house.sql(
            "insert into messages (account, origin, mailbox, message_id, digest, thread_key, "
            f"received_at) select '{ACCOUNT}', 'import', 'a', n || '@x', n::text, n::text, now() "
            "from generate_series(1, 3000) n"
        )
        rows = [f"{n}\t1" if n % 2 else f"<{n}@x>\t0" for n in range(1, 3001)]
        lines = self.table(tmp_path, *rows)
        statements = 0
        execute = RealDictCursor.execute

        def counted(self: RealDictCursor, *arguments: object) -> object:
            nonlocal statements
            statements += 1
            return execute(self, *arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(RealDictCursor, "execute", counted)
        assert take_down(house.store, lines, Source.FILE) == Taken(3000, 3000)
        assert statements <= 6
        assert reconsider(ACCOUNT, house.store, (), NOW, FREE) == 0
        assert statements < 30, "of conversations without decisions, hundreds at a time"
        assert house.unheard() == 0


class TestFiles:
    def test_mail_on_disk_is_known_by_what_it_says_and_by_its_message_id(
        self, house: House
    ) -> None:
        raw = raw_mail(Message_ID="<listed@x>")
        stored = house.mailbox
        house.mail("Nothing.")
        stored.add(raw, house.clock.now)
        stored.add(raw_mail(Message_ID=""), house.clock.now)
        house.cycle()
        on_disk = [
            FetchedMail(raw.replace(b"Subject: ", b"Subject: [list] "), "a.eml", NOW),
            FetchedMail(list(stored.mails.values())[-1].raw, "b.eml", NOW),
            FetchedMail(raw_mail(), "unstored.eml", NOW),
        ]
        assert take_down_mails(house.store, on_disk, ACCOUNT, (), "no") == Taken(2, 2)
        assert take_down_mails(house.store, on_disk, ACCOUNT, (), "no") == Taken(2, 0)
        assert take_down_mails(house.store, on_disk, ACCOUNT, (), None) == Taken()
        assert take_down_mails(house.store, on_disk, ACCOUNT, (), "undo") == Taken(2, 2)
        assert list(house.store.labelled()) == []

    def test_one_that_says_the_same_under_another_message_id_is_another(self, house: House) -> None:
        raws = [raw_mail(date=NOW, Message_ID=f"<{n}@x>") for n in range(3)]
        house.mail("Nothing.")
        for raw in raws[:2]:
            house.mailbox.add(raw, house.clock.now)
        house.cycle()
        on_disk = [FetchedMail(raw, "a.mbox", NOW) for raw in raws[1:]]
        assert take_down_mails(house.store, on_disk, ACCOUNT, (), "yes") == Taken(1, 1)
        [labelled] = house.store.labelled()
        assert labelled.message.message_id == "1@x"
