"""Our labels in a Gmail-like mailbox: only when asked for, only ours, and once."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from jeeves.adapters.gmail import GmailMailbox
from jeeves.adapters.gmail_labels import GmailLabels
from jeeves.adapters.postgres.reading import Reading
from jeeves.adapters.postgres.store import PostgresStore
from jeeves.demo.gmail_server import Delivered, GmailServer, logged_commands
from jeeves.domain.conversation import Conversation, Meeting, State
from jeeves.domain.labelling import (
    NEEDS_PLACE,
    SETTLED,
    LabelChange,
    LabelWish,
    training_label,
    wishes,
)
from jeeves.domain.message import Address, Marks
from jeeves.domain.ports import MailboxStatus
from jeeves.errors import ConfigError, LoginRefused, MailboxUnavailable, StoreUnavailable
from jeeves.service.daemon import Daemon
from jeeves.service.label_writing import (
    FAILED_SECONDS,
    LOOK_SECONDS,
    REFUSED_SECONDS,
    try_to_write_labels,
    write_labels,
    write_labels_forever,
)
from jeeves.service.marking import SWEEP_EVERY, sync_marks
from jeeves.service.triage import run_cycle
from tests.builders import ACCOUNT, NOW, a_message, an_alert, an_outcome, raw_mail
from tests.dovecot import a_dovecot, free_port
from tests.fakes import FakeClock, FakeMailbox, FakeScorer, RecordingNotifier
from tests.gmail_client import ALL_MAIL, connected, uid_of
from tests.integration.test_daemon import until
from tests.integration.test_imap import account_of
from tests.read_only import READ_ONLY, verb

ASKED = "<asked@example.org>"
OURS = re.compile(r'\("Jeeves/(needs place|settled)"\)')


def now() -> datetime:
    return datetime.now(UTC)


class House:
    """A mailbox that is watched, and one that labels are written to: the same account."""

    def __init__(self, server: GmailServer, wire_log: Path, dsn: str) -> None:
        self.server = server
        self.wire_log = wire_log
        self.store = PostgresStore(dsn)
        self.reading = Reading(dsn)
        self.mailbox = GmailMailbox(account_of(server))
        self.writer = GmailLabels(account_of(server))

    def cycle(self) -> None:
        run_cycle(self.mailbox, self.store, FakeScorer, [RecordingNotifier()], now)

    def alerting(self) -> Delivered:
        """A mail that was alerted on."""
        mail = self.server.deliver(raw_mail(Message_ID=ASKED))
        self.cycle()
        return mail

    def answers(self, text: str, *, own: bool = False) -> Delivered:
        """The next mail of the conversation that the last alerting mail began."""
        sender = f"Sam <{self.server.address}>" if own else "Ana Lopez <ana@example.org>"
        mail = self.server.deliver(
            raw_mail("Re: Lunch on Thursday?", text, sender, In_Reply_To=ASKED),
            labels=["\\Sent"] if own else ["\\Inbox"],
        )
        self.cycle()
        return mail

    def labels(self, mail: Delivered) -> set[str]:
        with connected(self.server, ALL_MAIL) as owner:
            uid = uid_of(owner, mail)
            return set(owner.get_gmail_labels([uid])[uid])

    def stored(self) -> Marks:
        [line] = self.reading.newest(1)
        assert line.message is not None
        return Marks(line.message.labels, line.message.starred)

    def newest_id(self) -> int:
        return self.reading.newest(1)[0].id


@pytest.fixture
def house(tmp_path: Path, migrated_url: str) -> Iterator[House]:
    wire_log = tmp_path / "wire.log"
    with GmailServer(wire_log=wire_log) as server:
        house = House(server, wire_log, migrated_url)
        house.cycle()
        yield house
        for part in (house.mailbox, house.writer, house.store, house.reading):
            part.close()


def test_a_mail_that_alerts_is_labelled_once_and_another_never(house: House) -> None:
    asks = house.alerting()
    other = house.server.deliver(raw_mail("Invoice", "Your invoice"))
    house.cycle()
    assert write_labels(house.writer, house.store) == 1
    assert house.labels(asks) == {"\\Inbox", NEEDS_PLACE}
    assert house.labels(other) == {"\\Inbox"}
    before = len(logged_commands(house.wire_log))
    assert write_labels(house.writer, house.store) == 0
    assert len(logged_commands(house.wire_log)) == before, "nothing to do is no connection"


def test_a_settled_conversation_changes_its_label_and_back_when_it_opens_again(
    house: House,
) -> None:
    asks = house.alerting()
    write_labels(house.writer, house.store)
    house.answers("Blue Bottle on Main Street at 12:30?", own=True)
    house.answers("Perfect, see you at Blue Bottle.")
    assert write_labels(house.writer, house.store) == 2
    assert house.labels(asks) == {"\\Inbox", SETTLED}
    house.cycle()
    assert write_labels(house.writer, house.store) == 0
    again = house.answers("Blue Bottle is closed on Thursday. Where else could we have lunch?")
    assert write_labels(house.writer, house.store) >= 2
    assert house.labels(asks) == {"\\Inbox", NEEDS_PLACE}
    assert house.labels(again) == {"\\Inbox", NEEDS_PLACE}


def test_settled_before_any_label_was_written_it_is_labelled_settled_alone(house: House) -> None:
    asks = house.alerting()
    house.answers("Blue Bottle on Main Street at 12:30?", own=True)
    assert write_labels(house.writer, house.store) == 1
    assert house.labels(asks) == {"\\Inbox", SETTLED}


def test_a_meeting_that_is_called_off_carries_neither_label(house: House) -> None:
    asks = house.alerting()
    write_labels(house.writer, house.store)
    house.answers("Sorry, I have to cancel our lunch on Thursday.")
    assert write_labels(house.writer, house.store) == 1
    assert house.labels(asks) == {"\\Inbox"}


def test_what_the_owner_takes_off_stays_off(house: House) -> None:
    asks = house.alerting()
    write_labels(house.writer, house.store)
    house.server.change(asks.gmail_id, remove_labels=[NEEDS_PLACE])
    house.cycle()
    assert write_labels(house.writer, house.store) == 0
    assert house.labels(asks) == {"\\Inbox"}


@pytest.mark.parametrize("label", [NEEDS_PLACE, SETTLED])
def test_a_label_jeeves_wrote_comes_back_and_teaches_it_nothing(house: House, label: str) -> None:
    asks = house.alerting()
    [thread_key] = thread_keys(house.store, house.newest_id())
    state = State.OPEN if label == NEEDS_PLACE else State.SETTLED
    stands(house.store, thread_key, state, house.server.address)
    write_labels(house.writer, house.store)
    house.server.change(asks.gmail_id, add_labels=["\\Starred"])
    house.mailbox.open()
    sync_marks(house.mailbox, house.store, lambda: now() + SWEEP_EVERY)
    assert label in house.stored().labels
    assert house.stored().starred
    assert training_label(house.stored()) is None


def test_nothing_but_our_labels_is_ever_written(house: House) -> None:
    """Promise 1: labels only below Jeeves/, and nothing else that could change a mailbox."""
    house.server.deliver(raw_mail())
    house.cycle()
    write_labels(house.writer, house.store)
    house.alerting()
    write_labels(house.writer, house.store)
    house.answers("Blue Bottle on Main Street at 12:30?", own=True)
    write_labels(house.writer, house.store)
    changing = []
    for command in logged_commands(house.wire_log):
        if verb(command) not in READ_ONLY or "BODY[" in command.upper():
            changing.append(command)
    assert {verb(c) for c in changing} == {"SELECT", "CREATE", "UID STORE"}
    for command in changing:
        if verb(command) == "SELECT":
            assert command == f'SELECT "{ALL_MAIL}"'
        elif verb(command) == "CREATE":
            assert re.fullmatch(r'CREATE "Jeeves/(needs place|settled)"', command), command
        else:
            assert re.fullmatch(rf"UID STORE [\d:,]+ [+-]X-GM-LABELS {OURS.pattern}", command)
    assert sum(verb(c) == "CREATE" for c in changing) == 2, "each label is made once"


def test_the_connection_itself_refuses_whatever_else_could_change_a_mailbox(house: House) -> None:
    """Promise 1, in code: the command is not sent."""
    house.alerting()
    house.writer.open()
    client = house.writer._session.client
    before = len(logged_commands(house.wire_log))
    for change in (
        lambda: client.add_flags([1], ["\\Seen"]),
        lambda: client.add_gmail_labels([1], ["Work"]),
        lambda: client.set_gmail_labels([1], [NEEDS_PLACE]),
        lambda: client.copy([1], NEEDS_PLACE),
        lambda: client.move([1], "[Gmail]/Trash"),
        lambda: client.append(NEEDS_PLACE, b"x"),
        lambda: client.create_folder("Work"),
        lambda: client.delete_folder(NEEDS_PLACE),
        lambda: client.fetch([1], ["BODY[]"]),
        client.expunge,
    ):
        with pytest.raises(RuntimeError, match="is not sent"):
            change()
    assert len(logged_commands(house.wire_log)) == before


def test_a_label_that_is_there_but_not_shown_is_no_failure(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connected(house.server) as owner:
        owner.create_folder(NEEDS_PLACE)
    asks = house.alerting()
    house.store.wish_labels(wishes([(house.newest_id(), State.OPEN)]))
    status = house.writer.open()
    client = house.writer._session.client
    monkeypatch.setattr(client._imap, "list", lambda *_: ("OK", [None]))
    house.writer.write(house.store.due_labels(house.server.address, status, 9))
    assert NEEDS_PLACE in house.labels(asks)


def test_a_lost_connection_is_tried_again_and_writes_what_is_left(house: House) -> None:
    asks = house.alerting()
    broken = GmailLabels(account_of(house.server, port=free_port()))
    assert try_to_write_labels(broken, house.store) == FAILED_SECONDS
    assert house.labels(asks) == {"\\Inbox"}
    assert try_to_write_labels(house.writer, house.store) == LOOK_SECONDS
    assert NEEDS_PLACE in house.labels(asks)


def test_a_crash_between_writing_and_remembering_writes_the_same_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = house.alerting()

    def crash(_changes: Sequence[LabelChange]) -> None:
        raise StoreUnavailable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(house.store, "labels_written", crash)
        with pytest.raises(StoreUnavailable):
            write_labels(house.writer, house.store)
    assert write_labels(house.writer, house.store) == 1
    assert house.labels(asks) == {"\\Inbox", NEEDS_PLACE}


def test_a_mail_under_an_old_uidvalidity_waits_until_it_is_read_again(house: House) -> None:
    asks = house.alerting()
    house.server.change_uidvalidity(ALL_MAIL)
    assert write_labels(house.writer, house.store) == 0
    assert house.labels(asks) == {"\\Inbox"}
    house.mailbox.close()
    house.cycle()
    assert write_labels(house.writer, house.store) == 1
    assert NEEDS_PLACE in house.labels(asks)


def test_a_server_without_gmails_labels_is_refused_in_one_sentence(
    needs_program: Callable[[str, str], str],
) -> None:
    with (
        a_dovecot(needs_program) as server,
        closing(GmailLabels(account_of(server))) as writer,
        pytest.raises(ConfigError, match="GMAIL_WRITE_LABELS=false"),
    ):
        writer.open()


@dataclass
class Refusing:
    """A writer whose mailbox is never open."""

    fault: Exception
    account: str = ACCOUNT
    tried: int = field(default=0)

    def open(self) -> MailboxStatus:
        self.tried += 1
        raise self.fault

    def write(self, changes: Sequence[LabelChange]) -> None:
        raise AssertionError(changes)

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def wished(migrated_url: str) -> Iterator[PostgresStore]:
    """A store with a label to write, of a mail in the mailbox INBOX."""
    mailbox, store, clock = FakeMailbox(), PostgresStore(migrated_url), FakeClock()
    run_cycle(mailbox, store, FakeScorer, [RecordingNotifier()], clock)
    mailbox.add(raw_mail(date=clock.now), clock.now)
    run_cycle(mailbox, store, FakeScorer, [RecordingNotifier()], clock)
    yield store
    store.close()


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (MailboxUnavailable("away"), FAILED_SECONDS),
        (StoreUnavailable("away"), FAILED_SECONDS),
        (LoginRefused("no"), REFUSED_SECONDS),
        (ConfigError("no labels"), REFUSED_SECONDS),
    ],
)
def test_a_failure_is_told_in_the_log_and_tried_later(
    wished: PostgresStore, fault: Exception, seconds: float
) -> None:
    with structlog.testing.capture_logs() as logs:
        assert try_to_write_labels(Refusing(fault), wished) == seconds
    assert [entry["error"] for entry in logs] == [str(fault)]


def test_whatever_happens_to_the_labels_their_thread_ends_in_one_line(
    wished: PostgresStore, migrated_url: str
) -> None:
    writer = Refusing(ZeroDivisionError("a bug"))
    with structlog.testing.capture_logs() as logs:
        write_labels_forever(
            writer, lambda: PostgresStore(migrated_url), threading.Event(), threading.Event()
        )
    assert writer.tried == 1
    assert [entry["error"] for entry in logs] == ["ZeroDivisionError"]


@dataclass
class Remembering:
    """A writer to a mailbox in memory."""

    mailbox: FakeMailbox
    account: str = ACCOUNT
    written: list[LabelChange] = field(default_factory=list)

    def open(self) -> MailboxStatus:
        return self.mailbox.status()

    def write(self, changes: Sequence[LabelChange]) -> None:
        self.written.extend(changes)

    def close(self) -> None:
        """Nothing to close."""


def test_the_daemon_writes_the_label_of_a_mail_as_soon_as_it_alerts(migrated_url: str) -> None:
    mailbox, stop = FakeMailbox(), threading.Event()
    writer = Remembering(mailbox)
    daemon = Daemon(
        mailbox=mailbox,
        open_store=lambda: PostgresStore(migrated_url),
        serving=FakeScorer,
        notifiers=[RecordingNotifier()],
        clock=FakeClock(),
        poll_seconds=5,
        stop=stop,
        label_writer=writer,
    )
    thread = threading.Thread(target=daemon.run)
    thread.start()
    try:
        until(lambda: has_read(migrated_url))
        uid = mailbox.add(raw_mail(date=NOW), NOW)
        until(lambda: writer.written)
    finally:
        stop.set()
        thread.join(20)
    assert [(c.uid, c.wish.label, c.wish.on) for c in writer.written] == [(uid, NEEDS_PLACE, True)]


def has_read(dsn: str) -> bool:
    with closing(Reading(dsn)) as reading:
        return bool(reading.heartbeats())


def test_an_alert_that_was_withheld_is_no_wish(migrated_url: str) -> None:
    mailbox, clock = FakeMailbox(), FakeClock()
    mailbox.add(raw_mail(date=clock.now), clock.now)
    with closing(PostgresStore(migrated_url)) as store:
        run_cycle(mailbox, store, FakeScorer, [RecordingNotifier()], clock)
        assert store.mislabelled(ACCOUNT) == []


def test_a_mail_that_is_not_in_the_mailbox_is_no_reason_to_connect(wished: PostgresStore) -> None:
    gone = a_message(uidvalidity=7)
    wished.ingest(ACCOUNT, [gone], None)
    [stored] = wished.unjudged(ACCOUNT, 1)
    wished.wish_labels(wishes([(stored.id, State.OPEN)]))
    assert not wished.labels_due(ACCOUNT)
    wished.wish_labels(wishes(wished.mislabelled(ACCOUNT)))
    assert wished.labels_due(ACCOUNT)


def test_the_latest_wish_stands(wished: PostgresStore) -> None:
    [(message_id, state)] = wished.mislabelled(ACCOUNT)
    assert state is State.OPEN
    status = FakeMailbox().status()
    wished.wish_labels(wishes([(message_id, State.OPEN)]))
    wished.wish_labels(wishes([(message_id, State.OPEN), (message_id, State.SETTLED)]))
    [change] = wished.due_labels(ACCOUNT, status, 10)
    assert (change.wish.label, change.wish.on) == (SETTLED, True)
    # The conversation is open: whoever looks next wishes so again.
    assert wished.mislabelled(ACCOUNT) == [(message_id, State.OPEN)]
    wished.labels_written([change])
    assert not wished.labels_due(ACCOUNT)
    assert wished.due_labels("b@x", status, 10) == []


def test_a_mail_that_came_when_the_place_was_settled_is_not_labelled(house: House) -> None:
    house.alerting()
    house.answers("Blue Bottle on Main Street at 12:30?", own=True)
    late = house.answers("Perfect, see you at lunch at Blue Bottle.")
    write_labels(house.writer, house.store)
    assert house.labels(late) == {"\\Inbox"}


def stands(store: PostgresStore, thread_key: str, state: State, account: str = ACCOUNT) -> None:
    """Write how a conversation stands."""
    meeting = Meeting(
        1, "lunch", state, None, "", Address("", ""), "", None, None, None, 1, owner_owes=True
    )
    outcome = an_outcome(
        account=account, thread_key=thread_key, conversation=Conversation((meeting,))
    )
    store.record([], [outcome])


def test_a_mail_that_alerted_without_a_verdict_of_its_own_is_labelled_too(
    wished: PostgresStore,
) -> None:
    """A place that falls through is told with a mail that does not ask to meet itself."""
    store = wished
    store.wish_labels(wishes(store.mislabelled(ACCOUNT)))
    mail = a_message()
    store.ingest(ACCOUNT, [mail], None)
    [stored] = store.unjudged(ACCOUNT, 1)
    stands(store, mail.thread_key, State.OPEN)
    assert store.mislabelled(ACCOUNT) == []
    alert = an_alert(message_id=stored.id, thread_key=mail.thread_key, question="1.1")
    store.record([], [an_outcome(thread_key=mail.thread_key, alerts=(alert,))])
    stands(store, mail.thread_key, State.OPEN)
    assert store.mislabelled(ACCOUNT) == [(stored.id, State.OPEN)]
    assert store.mislabelled("b@x") == []


def test_what_a_crash_left_unwished_is_wished_for_the_next_time(
    wished: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = Remembering(FakeMailbox())

    def crash(_wishes: Sequence[LabelWish]) -> None:
        raise StoreUnavailable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(wished, "wish_labels", crash)
        with pytest.raises(StoreUnavailable):
            write_labels(mailbox, wished)
    assert write_labels(mailbox, wished) == 1
    [(message_id, label)] = [(c.wish.message_id, c.wish.label) for c in mailbox.written]
    assert label == NEEDS_PLACE
    [thread_key] = thread_keys(wished, message_id)
    stands(wished, thread_key, State.SETTLED)
    with monkeypatch.context() as patch:
        patch.setattr(wished, "wish_labels", crash)
        with pytest.raises(StoreUnavailable):
            write_labels(mailbox, wished)
    assert write_labels(mailbox, wished) == 2


def thread_keys(store: PostgresStore, message_id: int) -> list[str]:
    with store.connection.statement() as sql:
        sql.execute("select thread_key from messages where id = %s", (message_id,))
        return [row["thread_key"] for row in sql.fetchall()]
