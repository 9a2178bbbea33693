"""Mail from before Jeeves on a real Postgres: read back, audited, imported."""

from __future__ import annotations

import tracemalloc
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg2
import pytest

from jeeves.adapters.archive import mails
from jeeves.adapters.postgres.history import PostgresHistory
from jeeves.adapters.postgres.reading import Reading
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.message import FetchedMail, Origin
from jeeves.errors import ConfigError, MailboxUnavailable, OverQuota
from jeeves.mail.mime import read
from jeeves.service import backfill
from jeeves.service.audit import Audit, fill_gap, run_audit
from jeeves.service.backfill import BackfillReport, run_backfill
from jeeves.service.history import ImportReport, import_mails
from jeeves.service.triage import FIRST_READ, CycleReport, ingest, run_cycle
from tests.builders import ACCOUNT, NOW, a_fetched_mail, raw_mail
from tests.fakes import FakeClock, FakeMailbox, FakeScorer, RecordingNotifier

PLENTY = 10**9
LONG_AGO = NOW - timedelta(days=400)


@dataclass
class WatchedMailbox(FakeMailbox):
    """A mailbox that remembers what was fetched, in order."""

    fetched: list[int] = field(default_factory=list)

    def fetch(self, uids: Sequence[int]) -> Generator[FetchedMail, None, None]:
        for mail in super().fetch(uids):
            self.fetched.append(mail.uid or 0)
            yield mail


class House:
    """A mailbox and a database, and short words for what tests do with them."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.store = PostgresStore(dsn)
        self.history = PostgresHistory(dsn)
        self.reading = Reading(dsn)
        self.mailbox = WatchedMailbox()
        self.clock = FakeClock()
        self.sms = RecordingNotifier()

    def close(self) -> None:
        self.store.close()
        self.history.close()
        self.reading.close()

    def mail(
        self, subject: str = "Lunch?", received_at: datetime = LONG_AGO, **facts: object
    ) -> int:
        return self.mailbox.add(
            raw_mail(subject=subject, text=subject, date=received_at), received_at, **facts
        )

    def cycle(self) -> CycleReport:
        return run_cycle(self.mailbox, self.store, FakeScorer, [self.sms], self.clock)

    def backfill(self, since: date | None = None, octets: int = PLENTY) -> BackfillReport:
        return run_backfill(
            self.mailbox, self.store, self.history, FakeScorer, self.clock, since, octets
        )

    def audit(self) -> Audit:
        return run_audit(self.mailbox, self.store, self.history, self.clock)

    def fix(self, found: Audit, octets: int = PLENTY) -> BackfillReport:
        return fill_gap(
            found, self.mailbox, self.store, self.history, FakeScorer, self.clock, octets
        )

    def import_(self, *given: FetchedMail) -> ImportReport:
        return import_mails(given, ACCOUNT, (), self.store, self.history, FakeScorer, self.clock)

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        connection = psycopg2.connect(self.dsn)
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            rows = cursor.fetchall() if cursor.description else []
        connection.close()
        return rows


@pytest.fixture
def house(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(backfill, "BATCH", 3)
    monkeypatch.setattr(backfill, "LISTED", 5)
    house = House(migrated_url)
    yield house
    house.close()


class TestBackfill:
    """`jeeves backfill`."""

    def test_all_mail_from_before_is_stored_in_silence_the_newest_first(self, house: House) -> None:
        for _ in range(12):
            house.mail()
        house.cycle()
        before = house.store.cursor(ACCOUNT, "INBOX")
        report = house.backfill()
        assert (report.seen, report.total) == (12, 12)
        assert (report.fetched, report.added, report.judged) == (12, 12, 12)
        assert report.octets == sum(len(m.raw) for m in house.mailbox.mails.values()) + 12 * 250
        assert house.mailbox.fetched == [10, 11, 12, 8, 9, 5, 6, 7, 3, 4, 1, 2]
        assert house.store.cursor(ACCOUNT, "INBOX") == before
        assert house.cycle() == CycleReport()
        assert house.sms.sent == []
        assert {row.withheld for row in house.reading.newest(20)} == {
            "arrived before Jeeves watched"
        }

    def test_of_the_last_days_no_older_mail_is_read(self, house: House) -> None:
        house.mail(received_at=NOW - timedelta(days=40))
        wanted = house.mail(received_at=NOW - timedelta(days=30))
        house.cycle()
        report = house.backfill((NOW - timedelta(days=30)).date())
        assert (report.total, report.added) == (1, 1)
        assert house.mailbox.fetched == [wanted]

    def test_what_is_stored_is_not_fetched_again(self, house: House) -> None:
        known = [house.mail(received_at=NOW - timedelta(days=1), gmail_id=str(n)) for n in (1, 2)]
        known += [house.mail(received_at=NOW - timedelta(days=1))]
        unknown = house.mail()
        house.cycle()
        assert sorted(house.mailbox.fetched) == known
        house.mailbox.fetched.clear()
        assert house.backfill().total == 4
        assert house.mailbox.fetched == [unknown]

    def test_a_backfill_goes_on_where_it_was_broken_off(self, house: House) -> None:
        for _ in range(20):
            house.mail()
        house.cycle()
        house.mailbox.faults["fetch 7"] = MailboxUnavailable("gone")
        with pytest.raises(MailboxUnavailable):
            house.backfill()
        stored = house.reading.backlog().messages
        assert stored == 13
        assert [b.next_uid for b in house.history.window(ACCOUNT, "INBOX").backfills] == [8]
        house.mailbox.fetched.clear()
        report = house.backfill()
        assert (report.added, len(house.mailbox.fetched)) == (20 - stored, 20 - stored)
        assert report.judged == 20
        assert report.total < 20
        house.mailbox.fetched.clear()
        assert house.backfill().total == 20
        assert house.mailbox.fetched == []

    def test_going_on_the_next_day_does_not_begin_again(self, house: House) -> None:
        for n in range(20):
            house.mail(received_at=LONG_AGO + timedelta(hours=n))
        house.cycle()
        house.mailbox.faults["fetch 7"] = MailboxUnavailable("gone")
        with pytest.raises(MailboxUnavailable):
            house.backfill(LONG_AGO.date())
        house.mailbox.faults["listed"] = MailboxUnavailable("gone")
        with pytest.raises(MailboxUnavailable):
            house.backfill((LONG_AGO + timedelta(days=1)).date())
        assert house.backfill((LONG_AGO + timedelta(days=1)).date()).total < 20
        assert house.reading.backlog().messages == 20

    def test_reading_back_further_starts_from_the_top(self, house: House) -> None:
        old = house.mail(received_at=NOW - timedelta(days=60))
        newer = house.mail(received_at=NOW - timedelta(days=30))
        # Put into the mailbox late: its UID is higher than that of newer mail.
        late = house.mail(received_at=NOW - timedelta(days=50))
        house.cycle()
        house.backfill((NOW - timedelta(days=31)).date())
        house.backfill((NOW - timedelta(days=61)).date())
        assert house.mailbox.fetched == [newer, old, late]

    def test_a_changed_uidvalidity_starts_over_without_doubling(self, house: House) -> None:
        for n in range(8):
            house.mail(gmail_id=str(n) if n % 2 else None)
        house.cycle()
        house.mailbox.faults["fetch 3"] = MailboxUnavailable("gone")
        with pytest.raises(MailboxUnavailable):
            house.backfill()
        stored = house.reading.backlog().messages
        house.mailbox.renumber()
        house.mailbox.fetched.clear()
        assert house.backfill().total == 8
        assert len(house.mailbox.fetched) == 8 - stored
        assert house.reading.backlog().messages == 8
        house.mailbox.fetched.clear()
        house.cycle()
        assert house.mailbox.fetched == []
        # All know where they are now.
        uids = house.sql("select uid from messages where uidvalidity = 2 order by uid")
        assert [uid for (uid,) in uids] == sorted(house.mailbox.mails)

    def test_an_imported_mail_is_not_fetched_but_learns_its_ids_of_gmail(
        self, house: House
    ) -> None:
        raw = raw_mail(date=LONG_AGO)
        house.import_(a_fetched_mail(raw, mailbox="all.mbox#1", uid=None, uidvalidity=None))
        uid = house.mailbox.add(raw, LONG_AGO, gmail_id="77", gmail_thread_id="7")
        copy = house.mailbox.add(raw, LONG_AGO, gmail_id="78", gmail_thread_id="7")
        house.backfill()
        # Two mails of Gmail with one Message-ID are two.
        assert house.mailbox.fetched == [uid] or house.mailbox.fetched == [copy]
        rows = house.sql("select gmail_id, thread_key, origin, uid from messages order by gmail_id")
        assert rows == [("77", "gm:7", "backfill", uid), ("78", "gm:7", "backfill", copy)]

    def test_the_bandwidth_of_a_day_ends_it_and_the_next_day_goes_on(self, house: House) -> None:
        for _ in range(10):
            house.mail(subject="x" * 5000)
        house.cycle()
        first = house.backfill(octets=60_000)
        assert first.put_off == (
            "The 0 MB of BACKFILL_MB_PER_DAY are used up for today: go on after 2026-11-20 "
            "00:00 UTC; nothing is read twice."
        )
        assert 0 < first.added == first.judged < 10
        # At most one mail more than allowed
        assert 60_000 <= house.history.octets(ACCOUNT, NOW.date()) < 72_000
        house.clock.advance(hours=11, minutes=59)
        assert house.backfill(octets=60_000).fetched == 0
        house.clock.advance(minutes=2)
        second = house.backfill(octets=60_000)
        assert first.added + second.added == 10
        assert second.put_off == ""
        assert len(house.mailbox.fetched) == len(set(house.mailbox.fetched)) == 10

    def test_a_server_that_gives_no_more_today_ends_it_in_the_same_way(self, house: House) -> None:
        for _ in range(5):
            house.mail()
        house.mailbox.faults["fetch 2"] = OverQuota("Try again tomorrow.")
        report = house.backfill()
        assert report.put_off == "Try again tomorrow."
        assert report.added == report.judged == 3
        assert house.backfill().added == 2

    def test_live_mail_that_waits_for_the_cycle_is_left_to_it(self, house: House) -> None:
        house.mail()
        house.cycle()
        live = house.mail("Lunch, live", NOW)
        assert house.backfill().added == 1
        assert live not in house.mailbox.fetched
        house.cycle()
        assert [alert.text for alert in house.sms.sent if "live" in alert.text]

    def test_live_mail_that_waits_for_its_verdict_is_left_to_the_cycle(self, house: House) -> None:
        house.mail()
        house.cycle()
        house.mail("Lunch, live", NOW)
        ingest(house.mailbox, house.store, house.clock)
        assert house.backfill().judged == 1
        house.import_(a_fetched_mail(uid=None, uidvalidity=None))
        assert house.cycle().alerts == 1

    def test_after_a_renumbering_mail_since_the_last_read_is_left_to_the_cycle(
        self, house: House
    ) -> None:
        house.mail()
        house.cycle()
        house.clock.advance(hours=1)
        house.mail("Lunch, live", house.clock.now)
        house.mailbox.renumber()
        assert house.backfill().added == 1
        assert house.cycle().alerts == 1

    def test_before_the_first_read_everything_is_history(self, house: House) -> None:
        house.mail(received_at=NOW)
        assert house.backfill().added == 1
        assert house.cycle().alerts == 0

    def test_a_poison_mail_is_stored_and_the_rest_is_read(self, house: House) -> None:
        house.mail()
        house.mailbox.add(b"\x00\xff\xfe\x01garbage", LONG_AGO)
        house.mail()
        report = house.backfill()
        assert (report.added, report.unreadable, report.judged) == (3, 1, 2)


class TestAudit:
    """`jeeves audit`."""

    @pytest.fixture
    def read_house(self, house: House) -> House:
        """Three mails of the last days and four of long ago, all read."""
        for n in range(4):
            house.mail(gmail_id=str(n) if n else None)
        for n in range(3):
            house.mail(received_at=NOW - timedelta(days=n))
        house.cycle()
        house.backfill()
        house.mailbox.fetched.clear()
        return house

    def test_of_what_is_stored_nothing_is_missing(self, read_house: House) -> None:
        found = read_house.audit()
        assert (found.expected, found.missing, found.gone, found.unreadable) == (7, (), 0, 0)
        assert read_house.mailbox.fetched == []

    def test_a_gap_is_found_by_ids_and_filled_in_silence(self, read_house: House) -> None:
        read_house.sql("delete from messages where uid in (2, 6)")
        found = read_house.audit()
        assert [one.uid for one in found.missing] == [2, 6]
        report = read_house.fix(found)
        assert (report.fetched, report.added, report.judged) == (2, 2, 2)
        assert sorted(read_house.mailbox.fetched) == [2, 6]
        assert read_house.audit().missing == ()
        assert read_house.cycle() == CycleReport()
        assert read_house.sms.sent == []

    def test_filling_a_gap_keeps_to_the_bandwidth(self, read_house: House) -> None:
        read_house.sql("delete from messages")
        used = read_house.history.octets(ACCOUNT, NOW.date())
        report = read_house.fix(read_house.audit(), used + 1)
        assert (report.added, report.total) == (1, 7)
        assert "BACKFILL_MB_PER_DAY" in report.put_off
        assert len(read_house.audit().missing) == 6

    def test_mail_that_its_owner_deleted_is_counted_as_gone(self, read_house: House) -> None:
        del read_house.mailbox.mails[3]
        found = read_house.audit()
        assert (found.expected, found.missing, found.gone) == (6, (), 1)

    def test_after_a_renumbering_the_same_mail_is_known(self, read_house: House) -> None:
        read_house.mailbox.renumber()
        for expected in (6, 7):
            found = read_house.audit()
            # The newest is the cycle's to read until it has seen the change.
            assert (found.expected, found.missing, found.gone) == (expected, (), 0)
            read_house.cycle()

    def test_live_mail_that_waits_for_the_cycle_is_not_missing(self, read_house: House) -> None:
        read_house.mail(received_at=NOW)
        assert read_house.audit().missing == ()
        read_house.cycle()
        read_house.sql("delete from messages where uid = 8")
        assert [one.uid for one in read_house.audit().missing] == [8]

    def test_a_mail_with_an_old_date_that_was_lost_is_missing(self, house: House) -> None:
        house.cycle()
        house.mail(received_at=LONG_AGO)
        house.cycle()
        assert house.audit().expected == 1
        house.sql("delete from messages")
        assert len(house.audit().missing) == 1

    def test_copies_without_any_id_are_one_stored_message(self, house: House) -> None:
        raw = b"\r\n".join(x for x in raw_mail().split(b"\r\n") if b"Message-ID" not in x)
        for _ in range(2):
            house.mailbox.add(raw, NOW)
        house.cycle()
        assert house.reading.backlog().messages == 1
        found = house.audit()
        assert (found.expected, found.missing, found.gone) == (2, (), 0)

    def test_only_what_was_to_be_read_is_expected(self, house: House) -> None:
        house.mail(received_at=NOW - timedelta(days=100))
        for n in range(5):
            house.mail(received_at=NOW - timedelta(days=50 - n))
        house.mail(received_at=NOW - FIRST_READ + timedelta(days=1))
        house.cycle()
        assert house.audit().expected == 1
        house.mailbox.faults["fetch 2"] = MailboxUnavailable("gone")
        with pytest.raises(MailboxUnavailable):
            house.backfill((NOW - timedelta(days=60)).date())
        assert house.audit().expected == 5
        house.backfill((NOW - timedelta(days=60)).date())
        found = house.audit()
        assert (found.expected, found.missing) == (6, ())
        house.mailbox.faults["fetch 1"] = MailboxUnavailable("gone")
        with pytest.raises(MailboxUnavailable):
            house.backfill()
        found = house.audit()
        # Passed again so far; what is stored and not passed yet is not gone.
        assert (found.expected, found.missing, found.gone) == (5, (), 0)
        house.backfill()
        assert house.audit().expected == 7

    def test_unreadable_mail_is_stored_and_counted(self, house: House) -> None:
        house.mailbox.add(b"\x00\xff\xfe\x01garbage", NOW)
        house.cycle()
        found = house.audit()
        assert (found.missing, found.unreadable) == ((), 1)

    def test_a_mailbox_that_was_never_read_cannot_be_audited(self, house: House) -> None:
        with pytest.raises(ConfigError, match="run `jeeves check` first"):
            house.audit()


class TestImport:
    """`jeeves import`."""

    def test_imported_mail_is_judged_in_silence_and_added_once(self, house: House) -> None:
        given = [a_fetched_mail(raw_mail(), uid=None, uidvalidity=None) for _ in range(3)]
        report = house.import_(*given)
        assert (report.added, report.judged) == (3, 3)
        assert report.octets == sum(len(mail.raw) for mail in given)
        assert house.import_(*given).added == 0
        assert house.reading.last_alerts(1) == []

    def test_the_thread_of_a_takeout_outweighs_what_a_mail_answers(self, house: House) -> None:
        first = raw_mail(Message_ID="<first@example.org>")
        house.import_(a_fetched_mail(first, uid=None, uidvalidity=None))
        answer = raw_mail(References="<first@example.org>")
        house.import_(a_fetched_mail(answer, uid=None, uidvalidity=None, gmail_thread_id="9"))
        assert ("gm:9",) in house.sql("select thread_key from messages")

    def test_what_an_alias_of_the_owner_wrote_is_own_mail(self, house: House) -> None:
        mail = a_fetched_mail(raw_mail(sender="Sam <sam@home.example>"))
        import_mails(
            [mail],
            ACCOUNT,
            ["sam@home.example"],
            house.store,
            house.history,
            FakeScorer,
            house.clock,
        )
        assert house.sql("select own from messages") == [(True,)]

    def test_memory_does_not_grow_with_the_archive(self, house: House, tmp_path: Path) -> None:
        box = tmp_path / "all.mbox"
        filler = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5\n" * 1400
        with box.open("w", encoding="ascii") as file:
            for n in range(60):
                file.write(
                    f"From - Tue Mar 03 09:30:00 2026\nFrom: ana@example.org\n"
                    f"Message-ID: <{n}@example.org>\nMIME-Version: 1.0\n"
                    'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nLunch?\n--b\n'
                    "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n"
                    f"{filler}--b--\n\n"
                )
        found = (mail for mail in mails(box) if isinstance(mail, FetchedMail))
        # Once before, for what is made on first use
        house.import_(next(found))
        tracemalloc.start()
        report = import_mails(
            found, ACCOUNT, (), house.store, house.history, FakeScorer, house.clock
        )
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert report.added == 59
        assert peak < box.stat().st_size / 3


def test_digests_that_are_stored_are_known(house: House) -> None:
    mail = a_fetched_mail()
    message = read(mail, ACCOUNT, Origin.IMPORT)
    house.store.ingest(ACCOUNT, [message], None)
    assert house.history.known_digests(ACCOUNT, [message.digest, "x"]) == {message.digest}
    assert house.history.known_digests("ben@example.org", [message.digest]) == set()


def test_octets_are_counted_for_each_account_and_day(house: House) -> None:
    today = NOW.astimezone(UTC).date()
    for octets in (10, 20):
        house.history.add(ACCOUNT, [], octets, today, None)
    assert house.history.octets(ACCOUNT, today) == 30
    assert house.history.octets(ACCOUNT, today - timedelta(days=1)) == 0
    assert house.history.octets("ben@example.org", today) == 0
