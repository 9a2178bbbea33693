"""The daemon on a real Postgres: it goes on, it says when it cannot, it ends when told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from psycopg2.extensions import make_dsn, parse_dsn
from structlog.testing import LogCapture

from jeeves.adapters.metrics import PrometheusMeter
from jeeves.adapters.postgres.reading import Reading
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.domain.alert import Alert, Channel, Receipt
from jeeves.domain.message import Message
from jeeves.domain.metering import UNMETERED, Meter
from jeeves.domain.schedule import Rules
from jeeves.domain.watching import WATCHED_BEAT
from jeeves.domain.week import WeeklyAt
from jeeves.errors import ConfigError, DeliveryRefused, LoginRefused, MailboxUnavailable
from jeeves.mail import acts, kinds, moments, places, proposal
from jeeves.mail.trigrams import Phrasebook
from jeeves.service import daemon as daemon_module
from jeeves.service.daemon import Daemon, run_all
from jeeves.service.delivery import LEASE_SECONDS
from jeeves.service.silence import SILENT_AFTER
from jeeves.service.telling import READ_BEAT
from jeeves.service.terms import FREE, Terms
from tests.builders import NOW, raw_mail
from tests.conftest import run_sql
from tests.fakes import FakeClock, FakeMailbox, FakeScorer, RecordingNotifier

SOON = 20.0


def until(condition: Callable[[], object]) -> None:
    """Wait for the daemon's threads; the bound is for a machine that does many things at once."""
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


class RecordingPulse:
    """What the loop tells of itself."""

    def __init__(self) -> None:
        self.steps = 0
        self.reads = 0
        self.causes: list[str] = []

    def goes_on(self) -> None:
        self.steps += 1

    def read(self) -> None:
        self.reads += 1

    def waits(self, cause: str) -> None:
        self.causes.append(cause)


class Setting:
    """A daemon, and all it talks to."""

    def __init__(self, dsn: str) -> None:
        self.mailbox = FakeMailbox()
        self.sms = RecordingNotifier(Channel.SMS)
        self.speech = RecordingNotifier(Channel.SPEECH)
        self.clock = FakeClock()
        self.stop = threading.Event()
        self.dsn = dsn
        self.reading = Reading(dsn)
        self.failures: list[BaseException] = []
        self.terms = FREE
        self.poll_seconds = 5.0
        self.pulse = RecordingPulse()
        self.number = 1
        self.meter: Meter = UNMETERED

    def daemon(self) -> Daemon:
        return Daemon(
            mailbox=self.mailbox,
            open_store=lambda: PostgresStore(self.dsn),
            serving=FakeScorer,
            notifiers=[self.sms, self.speech],
            clock=self.clock,
            poll_seconds=self.poll_seconds,
            stop=self.stop,
            terms=self.terms,
            pulse=self.pulse,
            number=self.number,
            meter=self.meter,
        )

    @contextmanager
    def running(self) -> Iterator[threading.Thread]:
        def run() -> None:
            try:
                self.daemon().run()
            except BaseException as exc:  # noqa: BLE001  # judged by the test
                self.failures.append(exc)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield thread
        finally:
            self.stop.set()
            thread.join(SOON)
            assert not thread.is_alive()

    def read(self) -> bool:
        return bool(self.reading.heartbeats())

    def accounts_read(self) -> int:
        return sum(name == READ_BEAT for _, name in self.reading.heartbeats())


@pytest.fixture
def setting(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Setting]:
    monkeypatch.setattr(daemon_module, "BACK_OFF", (0.01,))
    monkeypatch.setattr(daemon_module, "REFUSED_SECONDS", 0.01)
    monkeypatch.setattr(daemon_module, "COURIER_SECONDS", 0.05)
    setting = Setting(migrated_url)
    yield setting
    setting.reading.close()


def test_a_mail_that_arrives_is_told_and_stopping_ends_every_thread(setting: Setting) -> None:
    before = threading.active_count()
    with setting.running():
        until(setting.read)
        setting.mailbox.add(raw_mail(date=NOW), NOW)
        until(lambda: setting.sms.sent and setting.speech.sent)
    assert setting.failures == []
    assert threading.active_count() == before


def test_a_loop_that_waits_for_mail_shows_that_it_goes_on(setting: Setting) -> None:
    setting.poll_seconds = 60.0
    with setting.running():
        until(lambda: setting.pulse.reads)
        before = setting.pulse.steps
        until(lambda: setting.pulse.steps > before + 10)
        assert setting.pulse.reads == 1


def test_the_first_mail_finds_the_phrases_taken_apart(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    for module in (acts, kinds, moments, places, proposal):
        for kept in vars(module).values():
            if hasattr(kept, "cache_clear"):
                kept.cache_clear()
    make = Phrasebook.__init__

    def noted(self: Phrasebook[Any], expressions: Mapping[Any, str]) -> None:
        made.append(len(expressions))
        make(self, expressions)

    monkeypatch.setattr(Phrasebook, "__init__", noted)
    with setting.running():
        until(lambda: setting.pulse.reads)
        before = len(made)
        setting.mailbox.add(raw_mail("Lunch", "Want to grab lunch, or a call?", date=NOW), NOW)
        until(lambda: setting.sms.sent)
    assert 0 < before == len(made)
    assert setting.failures == []


def test_each_mail_is_a_step_so_that_a_long_first_read_is_not_taken_for_a_hang(
    setting: Setting,
) -> None:
    for number in range(50):
        setting.mailbox.add(raw_mail(f"Letter {number}", date=NOW), NOW)
    steps = []
    setting.pulse.read = lambda: steps.append(setting.pulse.steps)  # type: ignore[method-assign]
    with setting.running():
        until(lambda: steps)
    # fetched and judged
    assert steps[0] >= 2 * 50


def test_what_keeps_mail_from_being_read_is_told_and_the_wait_goes_on(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon_module, "BACK_OFF", (60.0,))
    monkeypatch.setattr(daemon_module, "LOOK_SECONDS", 0.01)
    setting.mailbox.faults["open"] = MailboxUnavailable("It is away.")
    with setting.running():
        until(lambda: setting.pulse.causes)
        before = setting.pulse.steps
        until(lambda: setting.pulse.steps > before + 10)
    assert setting.pulse.causes == ["It is away."]
    assert setting.pulse.reads == 0


def test_a_lost_connection_is_made_again(setting: Setting) -> None:
    with setting.running():
        until(setting.read)
        setting.mailbox.faults["wait"] = MailboxUnavailable("gone")
        setting.mailbox.faults["open"] = MailboxUnavailable("still gone")
        until(lambda: not setting.mailbox.faults)
        setting.mailbox.add(raw_mail(date=NOW), NOW)
        until(lambda: setting.sms.sent)
    assert setting.failures == []


def test_a_login_refused_at_the_start_ends_the_daemon_with_its_sentence(setting: Setting) -> None:
    setting.mailbox.faults["open"] = LoginRefused("Check the password.")
    with setting.running() as thread:
        thread.join(SOON)
    assert [str(failure) for failure in setting.failures] == ["Check the password."]


def test_a_patient_one_waits_out_a_login_refused_at_the_start(setting: Setting) -> None:
    setting.mailbox.faults["open"] = LoginRefused("Check the password.")
    running = threading.Thread(target=run_all, args=([setting.daemon()], setting.stop, True))
    running.start()
    until(setting.read)
    setting.stop.set()
    running.join(SOON)
    assert not running.is_alive()


@pytest.mark.parametrize("refusal", [LoginRefused("Not now."), ConfigError("No such mailbox.")])
def test_a_refusal_later_on_is_waited_out(setting: Setting, refusal: Exception) -> None:
    with setting.running():
        until(setting.read)
        setting.mailbox.faults["open"] = refusal
        setting.mailbox.faults["wait"] = MailboxUnavailable("gone")
        until(lambda: not setting.mailbox.faults)
        setting.mailbox.add(raw_mail(date=NOW), NOW)
        until(lambda: setting.sms.sent)
    assert setting.failures == []


def test_mail_unread_for_long_is_told_on_both_channels(setting: Setting) -> None:
    """Promise 6: silence is never success."""
    with setting.running():
        until(setting.read)
        setting.clock.advance(seconds=SILENT_AFTER.total_seconds() + 1)
        setting.mailbox.faults["wait"] = MailboxUnavailable("The server is away.")
        until(lambda: setting.sms.sent and setting.speech.sent)
    assert "has not been able to read your mail" in setting.sms.sent[0].text
    assert "The server is away." in setting.speech.sent[0].text


def test_without_a_database_the_notice_goes_out_directly(setting: Setting) -> None:
    """Promise 6, where there is no outbox to put it into."""
    setting.dsn = "host=127.0.0.1 port=1 dbname=none user=none"
    with setting.running():
        deadline = time.monotonic() + SOON
        while not setting.sms.sent and time.monotonic() < deadline:
            setting.clock.now += timedelta(minutes=1)
            time.sleep(0.02)
    assert len(setting.sms.sent) == len(setting.speech.sent) == 1
    assert "Postgres cannot be used" in setting.sms.sent[0].text


@pytest.mark.parametrize("works", [True, False])
def test_without_a_database_the_fallback_says_only_what_the_first_channel_cannot(
    setting: Setting, works: bool
) -> None:
    setting.dsn = "host=127.0.0.1 port=1 dbname=none user=none"
    setting.speech = RecordingNotifier(Channel.URL)
    setting.terms = Terms(fallback=Channel.URL)
    if not works:
        setting.sms.faults = [DeliveryRefused("no")]
    said = setting.sms if works else setting.speech
    with setting.running():
        deadline = time.monotonic() + SOON
        while not said.sent and time.monotonic() < deadline:
            setting.clock.now += timedelta(minutes=1)
            time.sleep(0.02)
    assert [len(setting.sms.sent), len(setting.speech.sent)] == ([1, 0] if works else [0, 1])


def test_a_database_that_is_back_is_told_on_both_channels(
    setting: Setting, postgres_server: str
) -> None:
    name = parse_dsn(setting.dsn)["dbname"]
    superuser = make_dsn(postgres_server, user="postgres", dbname="postgres")
    with setting.running():
        until(setting.read)
        run_sql(
            superuser,
            f"alter database {name} allow_connections false",
            f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'",
        )
        setting.mailbox.faults["wait"] = MailboxUnavailable("gone")
        deadline = time.monotonic() + SOON
        while not setting.sms.sent and time.monotonic() < deadline:
            setting.clock.now += timedelta(minutes=1)
            time.sleep(0.02)
        assert "Postgres cannot be used" in setting.sms.sent[0].text
        run_sql(superuser, f"alter database {name} allow_connections true")
        until(lambda: len(setting.sms.sent) == len(setting.speech.sent) == 2)
    assert "Jeeves reads your mail again since" in setting.sms.sent[1].text


def test_each_cycle_that_went_well_is_a_heartbeat_and_no_other(setting: Setting) -> None:
    beats: list[int] = []
    daemon = replace(setting.daemon(), beat=lambda: beats.append(1))
    setting.mailbox.faults["fetch 1"] = MailboxUnavailable("gone")
    thread = threading.Thread(target=daemon.run)
    thread.start()
    until(lambda: beats)
    before = len(beats)
    setting.mailbox.faults["open"] = MailboxUnavailable("gone")
    setting.mailbox.faults["wait"] = MailboxUnavailable("gone")
    until(lambda: not setting.mailbox.faults.keys() - {"fetch 1"})
    until(lambda: len(beats) == before + 1)
    setting.stop.set()
    thread.join(SOON)


def test_a_week_is_told_in_one_line(setting: Setting) -> None:
    def week() -> tuple[datetime, str] | None:
        return setting.reading.heartbeats().get((setting.mailbox.account, WATCHED_BEAT))

    setting.poll_seconds = 0.02
    with setting.running():
        until(week)
        assert week() == (NOW, "")
        setting.clock.advance(days=7)
        until(lambda: (week() or (NOW, ""))[1])
    assert setting.failures == []
    assert (week() or (NOW, ""))[1].startswith("week to 26 Nov: 0 mails judged")


def test_the_week_is_told_of_the_model_that_serves_now(setting: Setting) -> None:
    asked: list[str] = []

    class Asked(FakeScorer):
        def unknown(self, message: Message) -> tuple[list[str], int]:
            asked.append(self.version)
            return super().unknown(message)

    newer = Asked(version="newer")
    serving = iter([Asked()])
    daemon = replace(setting.daemon(), poll_seconds=0.02, serving=lambda: next(serving, newer))
    setting.mailbox.add(raw_mail(date=NOW), NOW)
    thread = threading.Thread(target=daemon.run)
    thread.start()
    until(lambda: (setting.mailbox.account, WATCHED_BEAT) in setting.reading.heartbeats())
    setting.clock.advance(days=7)
    until(lambda: asked)
    setting.stop.set()
    thread.join(SOON)
    assert set(asked) == {"newer"}


def test_a_model_that_was_refused_is_told_at_the_start(setting: Setting) -> None:
    daemon = replace(setting.daemon(), refused_models=("The newest model was changed.",))
    thread = threading.Thread(target=daemon.run)
    thread.start()
    until(lambda: setting.sms.sent and setting.speech.sent)
    setting.stop.set()
    thread.join(SOON)
    assert "The newest model was changed." in setting.sms.sent[0].text


def test_a_channel_that_fails_is_told_on_the_other(setting: Setting) -> None:
    """Promise 6: an alert that was not confirmed is said elsewhere."""
    setting.sms.faults = [DeliveryRefused("The phone said STOP.")]
    with setting.running():
        until(setting.read)
        setting.mailbox.add(raw_mail(date=NOW), NOW)
        until(lambda: len(setting.speech.sent) == 2)
    assert any("could not deliver a text message" in a.text for a in setting.speech.sent)


def test_a_courier_that_breaks_ends_the_daemon_loudly(setting: Setting) -> None:
    class Bug(Exception):
        """Not an error we expect."""

    setting.sms.faults = [Bug("broken")]
    with setting.running() as thread:
        until(setting.read)
        setting.mailbox.add(raw_mail(date=NOW), NOW)
        thread.join(SOON)
    assert [type(failure) for failure in setting.failures] == [Bug]


def test_a_slow_channel_does_not_hold_up_the_other(setting: Setting) -> None:
    release = threading.Event()

    class Slow(RecordingNotifier):
        """Speaks for as long as the test wants."""

        def send(self, alert: Alert) -> Receipt:
            release.wait(SOON)
            return super().send(alert)

    setting.speech = Slow(Channel.SPEECH)
    with setting.running():
        until(setting.read)
        for n in range(3):
            setting.mailbox.add(raw_mail(f"Lunch {n}?", date=NOW), NOW)
        until(lambda: len(setting.sms.sent) == 3)
        assert setting.speech.sent == []
        release.set()
        until(lambda: len(setting.speech.sent) == 3)


class TestSeveralAccounts:
    """One daemon for several accounts: each has its mailbox, its outbox and its troubles."""

    @pytest.fixture
    def other(self, setting: Setting) -> Iterator[Setting]:
        other = Setting(setting.dsn)
        other.mailbox.account = "other@example.org"
        other.stop = setting.stop
        yield other
        other.reading.close()

    @staticmethod
    @contextmanager
    def running(*settings: Setting) -> Iterator[None]:
        stop = settings[0].stop
        thread = threading.Thread(target=run_all, args=([one.daemon() for one in settings], stop))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(SOON)
            assert not thread.is_alive()

    def test_each_is_told_of_its_own_mail_on_its_own_phone(
        self, setting: Setting, other: Setting
    ) -> None:
        before = threading.active_count()
        with self.running(setting, other):
            until(lambda: setting.accounts_read() == 2)
            setting.mailbox.add(raw_mail("Lunch, Sam?", date=NOW), NOW)
            until(lambda: setting.sms.sent)
            other.mailbox.add(raw_mail("Lunch, Olga?", date=NOW), NOW)
            until(lambda: other.sms.sent)
        assert [alert.account for alert in setting.sms.sent] == [setting.mailbox.account]
        assert [alert.account for alert in other.sms.sent] == ["other@example.org"]
        assert threading.active_count() == before

    def test_the_log_tells_the_number_of_the_account_in_every_thread_of_it(
        self, setting: Setting, other: Setting
    ) -> None:
        capture = LogCapture()
        structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture])
        other.number = 2
        other.meter = meter = PrometheusMeter("0.1", lambda: None)
        try:
            with self.running(setting, other):
                until(lambda: setting.accounts_read() == 2)
                other.mailbox.faults["wait"] = MailboxUnavailable("away")
                other.mailbox.add(raw_mail("Lunch, Olga?", date=NOW), NOW)
                until(lambda: other.sms.sent and other.speech.sent)
                until(lambda: not other.mailbox.faults)
                until(lambda: any(told["event"] == "waiting" for told in capture.entries))
        finally:
            structlog.reset_defaults()
        told = {(entry["event"], entry.get("account")) for entry in capture.entries}
        assert {("judged", 2), ("alert sent", 2), ("waiting", 2)} <= told
        assert {account for _, account in told} == {1, 2}
        page = meter.page()[0].decode()
        assert 'jeeves_read_failures_total{cause="unavailable"} 1.0' in page
        assert 'jeeves_delivery_attempts_total{channel="speech",state="sent"} 1.0' in page

    @pytest.mark.parametrize(
        "trouble",
        [LoginRefused("no"), ConfigError("no"), MailboxUnavailable("away"), KeyError("a bug")],
        ids=lambda one: type(one).__name__,
    )
    def test_one_that_fails_never_stops_another_and_comes_back(
        self, setting: Setting, other: Setting, trouble: Exception
    ) -> None:
        setting.mailbox.faults["open"] = trouble
        other.poll_seconds = 0.2
        with self.running(setting, other):
            until(lambda: setting.accounts_read() == 2)
            other.mailbox.faults["open"] = trouble
            setting.mailbox.add(raw_mail("Lunch, Sam?", date=NOW), NOW)
            until(lambda: setting.sms.sent)
            until(lambda: not other.mailbox.faults)
            other.mailbox.add(raw_mail("Lunch, Olga?", date=NOW), NOW)
            until(lambda: other.sms.sent)

    def test_a_courier_that_breaks_delivers_again_later(
        self, setting: Setting, other: Setting
    ) -> None:
        setting.sms.faults = [KeyError("a bug")]
        with self.running(setting, other):
            until(lambda: setting.accounts_read() == 2)
            setting.mailbox.add(raw_mail("Lunch, Sam?", date=NOW), NOW)
            until(lambda: not setting.sms.faults)
            setting.clock.advance(seconds=LEASE_SECONDS + 1)
            until(lambda: setting.sms.sent)
            other.mailbox.add(raw_mail("Lunch, Olga?", date=NOW), NOW)
            until(lambda: other.sms.sent)


def test_the_digest_of_the_week_is_sent_once_by_daemons_side_by_side(setting: Setting) -> None:
    """Promise 3."""
    setting.terms = Terms(Rules(zone=UTC), weekly=WeeklyAt(NOW.weekday(), NOW.time()))
    setting.poll_seconds = 0.05
    with setting.running(), setting.running():
        until(lambda: setting.sms.sent)
        time.sleep(0.5)
    assert [alert.thread_key for alert in setting.sms.sent] == [f"week to {NOW.date()}"]
    assert setting.speech.sent == []
    assert setting.failures == []
