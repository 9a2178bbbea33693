"""What no server says aloud: silence, a slept machine, mail that is gone, an old password."""

from __future__ import annotations

import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from jeeves.adapters.gmail import GmailMailbox
from jeeves.adapters.imap import ImapAccount, Timing
from jeeves.adapters.imap import waiting as waiting_module
from jeeves.adapters.postgres.reading import Reading
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.errors import MailboxUnavailable
from jeeves.service.daemon import BACK_OFF, REFUSED_SECONDS, Daemon, back_off
from jeeves.service.triage import ingest
from tests.builders import ACCOUNT, raw_mail
from tests.fakes import FakeScorer
from tests.read_only import those_that_change
from tests.scripted_imap import PASSWORD, Fault, Kind, Place, ScriptedImap, ServedMail, Step

#: As long as nothing is expected to be noticed by time alone.
FOR_EVER = 30.0
CALM = Timing(connect=FOR_EVER, read=FOR_EVER, command=FOR_EVER, probe=FOR_EVER, stop=0.02)
SILENT_IN_IDLE = Fault(Step.IDLE_DONE, Kind.HANG, Place.BEFORE)


def a_mail(uid: int, flags: bytes = b"", labels: tuple[bytes, ...] = ()) -> ServedMail:
    raw = raw_mail(f"Lunch {uid}?")
    return ServedMail(uid, raw, 2**60 + uid, 2**61 + uid, datetime.now(UTC), flags, labels)


def never() -> bool:
    return False


@contextmanager
def at(
    server: ScriptedImap, timing: Timing = CALM, authority: Path | None = None
) -> Iterator[GmailMailbox]:
    """A mailbox that was opened and searched; what it sent is judged at the end."""
    account = ImapAccount(
        ACCOUNT,
        PASSWORD,
        "localhost" if authority else "127.0.0.1",
        server.port,
        "tls" if authority else "none",
        ca_file=str(authority) if authority else None,
    )
    with server, closing(GmailMailbox(account, timing)) as mailbox:
        mailbox.open()
        mailbox.uids_after(0)
        yield mailbox
        mailbox.close()
        assert server.all_left()
    assert server.violations == those_that_change(server.commands) == []


def test_a_dead_connection_is_noticed_within_two_minutes() -> None:
    assert Timing().probe <= 90
    assert Timing().probe + Timing().read <= 120


def test_a_server_that_falls_silent_in_idle_is_noticed_by_the_probe() -> None:
    server = ScriptedImap([a_mail(1)], fault=SILENT_IN_IDLE)
    with (
        at(server, Timing(read=0.2, command=FOR_EVER, probe=0.2, stop=0.02)) as mailbox,
        pytest.raises(MailboxUnavailable),
    ):
        mailbox.wait(FOR_EVER, never)


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Sets the wall clock an hour on, as a slept machine finds it."""
    shift = [0.0]
    clock = SimpleNamespace(
        time=lambda: time.time() + shift[0], monotonic=time.monotonic, sleep=time.sleep
    )
    monkeypatch.setattr(waiting_module, "time", clock)

    def jump() -> None:
        shift[0] += 3600

    return jump


@pytest.mark.parametrize("idle", [True, False], ids=["idle", "polling"])
def test_a_machine_that_slept_asks_at_once(jump: Callable[[], None], idle: bool) -> None:
    with at(ScriptedImap(idle=idle)) as mailbox:
        threading.Timer(0.1, jump).start()
        assert mailbox.wait(FOR_EVER, never) is False
        mailbox.open()


def test_a_connection_that_died_while_the_machine_slept_is_noticed(
    jump: Callable[[], None],
) -> None:
    server = ScriptedImap(fault=SILENT_IN_IDLE)
    with at(server, Timing(read=0.2, probe=FOR_EVER, stop=0.02)) as mailbox:
        threading.Timer(0.1, jump).start()
        with pytest.raises(MailboxUnavailable):
            mailbox.wait(FOR_EVER, never)


@pytest.mark.parametrize("kind", [Kind.DROP, Kind.RESET, Kind.BYE])
def test_a_peer_that_closes_in_idle_ends_the_wait_at_once(kind: Kind) -> None:
    server = ScriptedImap(
        [a_mail(1)], [a_mail(2)], fault=Fault(Step.IDLE_EVENT, kind, Place.BEFORE)
    )
    looked = 0

    def counting() -> bool:
        nonlocal looked
        looked += 1
        return False

    with at(server) as mailbox:
        with pytest.raises(MailboxUnavailable):
            mailbox.wait(FOR_EVER, counting)
        # not round and round on a socket that is always readable
        assert looked < 20
        mailbox.open()
        assert mailbox.uids_after(1) == [2]


@pytest.mark.parametrize("news_first", [True, False], ids=["before", "with"])
def test_mail_announced_beside_the_continuation_is_not_missed(news_first: bool) -> None:
    server = ScriptedImap([a_mail(1)], news_first=news_first)
    server.on[Step.IDLE_START] = lambda: server.deliver(a_mail(2))
    with at(server) as mailbox:
        assert mailbox.wait(FOR_EVER, never) is True
        assert mailbox.uids_after(1) == [2]


def test_mail_that_another_answer_announces_is_not_missed() -> None:
    server = ScriptedImap([a_mail(1)])
    with at(server) as mailbox:
        server.deliver(a_mail(2))
        mailbox.open()
        # NOOP told of it, and IDLE will not again
        server.searched = server.uidnext
        assert mailbox.wait(FOR_EVER, never) is True
        assert mailbox.uids_after(1) == [2]


def asked(server: ScriptedImap) -> list[str]:
    """The verbs of all commands so far."""
    return [command.split()[0] for command in server.commands]


def test_what_idle_told_is_searched_at_once_and_all_else_after_a_noop() -> None:
    server = ScriptedImap([a_mail(1)], [a_mail(2)])
    with at(server) as mailbox:
        assert mailbox.wait(FOR_EVER, never) is True
        before = len(asked(server))
        mailbox.open()
        assert mailbox.uids_after(1) == [2]
        assert asked(server)[before:] == ["UID"]
        # nobody told of this one
        server.deliver(a_mail(3))
        mailbox.open()
        assert mailbox.uids_after(2) == [3]
        assert asked(server)[before:] == ["UID", "NOOP", "UID"]


def test_a_wait_that_ends_by_its_time_is_followed_by_a_noop() -> None:
    server = ScriptedImap([a_mail(1)])
    with at(server) as mailbox:
        assert mailbox.wait(0.05, never) is False
        before = len(asked(server))
        mailbox.open()
        assert asked(server)[before:] == ["NOOP"]


def test_a_connection_made_after_one_was_told_of_mail_examines() -> None:
    server = ScriptedImap([a_mail(1)], [a_mail(2)])
    with at(server) as mailbox:
        assert mailbox.wait(FOR_EVER, never) is True
        mailbox.close()
        before = len(asked(server))
        mailbox.open()
        assert "EXAMINE" in asked(server)[before:]
        mailbox.open()
        assert asked(server)[-1] == "NOOP"


def test_mail_that_comes_during_the_first_of_two_searches_is_not_missed() -> None:
    server = ScriptedImap([a_mail(1)])
    with at(server) as mailbox:
        server.late = [lambda: server.deliver(a_mail(2))]
        assert mailbox.uids_after(1) == []
        assert mailbox.uids_since(datetime.now(UTC) - timedelta(days=1)) == [1, 2]
        assert mailbox.wait(FOR_EVER, never) is True
        assert mailbox.uids_after(1) == [2]


def test_a_server_that_declines_idle_is_polled_on_the_same_connection() -> None:
    fault = Fault(Step.IDLE_START, Kind.NO, Place.BEFORE)
    server = ScriptedImap([a_mail(1)], fault=fault, times=2)
    with at(server, Timing(probe=0.05, stop=0.02)) as mailbox:
        for _ in range(2):
            assert mailbox.wait(FOR_EVER, never) is False
            mailbox.open()
            assert mailbox.uids_after(1) == []
    assert len(server.connections) == 1


@pytest.mark.parametrize("step", [Step.FACTS, Step.BODY])
def test_mail_expunged_between_search_and_fetch_is_passed_over(
    step: Step, migrated_url: str
) -> None:
    server = ScriptedImap([a_mail(1), a_mail(2), a_mail(3)])
    server.on[step] = lambda: server.mails.__delitem__(2)
    with at(server) as mailbox, closing(PostgresStore(migrated_url)) as store:
        assert ingest(mailbox, store, lambda: datetime.now(UTC)) == (2, 2, 0)
        assert ingest(mailbox, store, lambda: datetime.now(UTC)) == (0, 0, 0)
        cursor = store.cursor(ACCOUNT, "[Gmail]/All Mail")
    assert cursor is not None
    assert cursor.last_uid == 3


@pytest.mark.parametrize("mails", [[], [a_mail(41)]], ids=["empty", "full"])
def test_an_empty_range_is_no_mail_though_the_server_names_the_last(
    mails: list[ServedMail],
) -> None:
    server = ScriptedImap(mails)
    with at(server) as mailbox:
        assert mailbox.uids_after(41) == []
    assert "UID SEARCH UID 42:*" in server.commands


def test_a_mailbox_of_two_hundred_thousand_mails_is_searched() -> None:
    server = ScriptedImap()
    server.mails = dict.fromkeys(range(10**6, 10**6 + 200_000), a_mail(1))
    with at(server) as mailbox:
        assert len(mailbox.uids_after(0)) == 200_000


def test_a_keyword_that_is_a_number_or_no_utf7_stops_nothing() -> None:
    with at(ScriptedImap([a_mail(1, b"\\Flagged 42 AT&T")], gmail=False)) as mailbox:
        [mail] = mailbox.fetch([1])
    assert mail.labels == ("42", "AT&T")
    assert mail.starred


@pytest.fixture(scope="module")
def certificate(
    tmp_path_factory: pytest.TempPathFactory, needs_program: Callable[[str, str], str]
) -> tuple[Path, ssl.SSLContext]:
    """Of localhost, signed by itself; and a server that has it."""
    openssl = needs_program("openssl", "apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = [openssl, "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-days", "1"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context


@pytest.mark.parametrize("kind", [Kind.SPLIT, Kind.BINARY])
def test_mail_is_announced_over_tls_in_however_many_pieces(
    certificate: tuple[Path, ssl.SSLContext], kind: Kind
) -> None:
    authority, context = certificate
    fault = Fault(Step.IDLE_EVENT, kind, Place.BEFORE)
    server = ScriptedImap([a_mail(1)], [a_mail(2)], fault, tls=context)
    with at(server, CALM, authority) as mailbox:
        assert mailbox.wait(FOR_EVER, never) is True
        assert mailbox.uids_after(1) == [2]
    assert len(server.connections) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault(Step.IDLE_EVENT, Kind.DROP, Place.BEFORE),
        Fault(Step.IDLE_EVENT, Kind.TRICKLE, Place.BEFORE),
        Fault(Step.IDLE_EVENT, Kind.HANG, Place.MIDDLE),
        Fault(Step.IDLE_DONE, Kind.TRICKLE, Place.BEFORE),
    ],
    ids=str,
)
def test_a_connection_that_fails_in_idle_is_noticed_over_tls(
    certificate: tuple[Path, ssl.SSLContext], fault: Fault
) -> None:
    authority, context = certificate
    server = ScriptedImap([a_mail(1)], [a_mail(2)], fault, tls=context)
    timing = Timing(read=0.5, command=1.0, probe=0.1, stop=0.02)
    with at(server, timing, authority) as mailbox, pytest.raises(MailboxUnavailable):
        mailbox.wait(FOR_EVER, never)


def test_a_connection_that_lasts_is_examined_anew_without_being_made_anew() -> None:
    server = ScriptedImap()
    with at(server, replace(CALM, examine=0.0)) as mailbox:
        mailbox.open()
        mailbox.open()
    assert server.commands.count('EXAMINE "[Gmail]/All Mail"') == 3
    assert len(server.connections) == 1


class CountedStop(threading.Event):
    """Does not sleep: remembers how long it should have, and is set after ``waits`` times."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.waited: list[float] = []
        self._waits = waits

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0.0)
        if len(self.waited) == self._waits:
            self.set()
        return self.is_set()


class Resting(Daemon):
    """Waits out a failure in one piece, however long."""

    def _rest(self, seconds: float, cause: str) -> None:  # noqa: ARG002  # as there
        self.stop.wait(seconds)


def watch(server: ScriptedImap, stop: threading.Event, dsn: str) -> None:
    """The daemon until ``stop`` is set."""
    account = ImapAccount(ACCOUNT, PASSWORD, "127.0.0.1", server.port, "none")
    with server:
        Resting(
            mailbox=GmailMailbox(account, CALM),
            open_store=lambda: PostgresStore(dsn),
            serving=FakeScorer,
            notifiers=[],
            clock=lambda: datetime.now(UTC),
            poll_seconds=FOR_EVER,
            stop=stop,
        ).run()


def logins(server: ScriptedImap) -> int:
    return sum(command.startswith("LOGIN") for command in server.commands)


def test_a_refused_login_is_not_tried_in_a_loop(migrated_url: str) -> None:
    stop = CountedStop(4)
    fault = Fault(Step.IDLE_DONE, Kind.DROP, Place.BEFORE)
    server = ScriptedImap([a_mail(1)], [a_mail(2)], fault)

    def change_password() -> None:
        server.password = "another"

    server.on[Step.IDLE_START] = change_password
    watch(server, stop, migrated_url)
    # one back-off for the connection that was lost, then one long wait for each refusal
    assert stop.waited[1:] == [REFUSED_SECONDS] * 3
    assert logins(server) == 1 + 3


def test_a_connection_that_always_dies_in_idle_is_made_ever_more_seldom(migrated_url: str) -> None:
    stop = CountedStop(5)
    fault = Fault(Step.IDLE_START, Kind.DROP, Place.BEFORE)
    server = ScriptedImap([a_mail(1)], fault=fault, times=100)
    watch(server, stop, migrated_url)
    for waited, least in zip(stop.waited, BACK_OFF, strict=False):
        assert least <= waited <= 1.5 * least
    assert logins(server) == 5
    with closing(Reading(migrated_url)) as reading:
        assert reading.backlog().messages == 1


def test_the_back_off_grows_to_its_cap_and_is_partly_chance() -> None:
    for failures in range(1, 1000):
        least = BACK_OFF[min(failures, len(BACK_OFF)) - 1]
        assert least <= back_off(failures) <= 1.5 * least <= 450
    assert len({back_off(50) for _ in range(20)}) > 1
