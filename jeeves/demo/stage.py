"""The demo: a sample mailbox, the real way of a mail, and a table that shows it.

Everything is real but the two ends: the mail server is ours and on loopback, and text messages
are shown instead of sent.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import make_dsn
from pydantic import SecretStr

from jeeves import bootstrap, logs, modelling, notifying
from jeeves.adapters.postgres import schema
from jeeves.adapters.postgres.reading import Reading
from jeeves.demo.gmail_server import GmailServer
from jeeves.demo.mails import SampleMail, arriving_mails, initial_mails
from jeeves.demo.screen import Lines, LiveTable, Screen
from jeeves.domain.alert import Alert, Channel, Receipt
from jeeves.domain.ports import Delivery, Notifier
from jeeves.errors import JeevesError
from jeeves.service.stopping import StopFlag, stop_on_signals
from jeeves.settings import Settings

HEADLINE = (
    "Jeeves reads a sample mailbox. Nothing leaves this machine: text messages are shown, not sent."
)
#: Seconds between two deliveries: time to read a line; and in a single round.
PACE_SECONDS = 4.0
ROUND_PACE_SECONDS = 0.1
#: How often the screen asks the database, in seconds.
REFRESH_SECONDS = 0.2
#: A single round takes a few seconds; no end within this many is a failure.
ROUND_SECONDS = 90.0
DATABASE_PREFIX = "jeeves_demo_"
#: Gmail keeps these out of All Mail.
UNREAD = frozenset({"\\Spam", "\\Trash"})


@dataclass(slots=True)
class ShownTexts:
    """The text-message channel of the demo: the screen shows what would be sent."""

    channel: Channel = Channel.SMS
    _shown: set[str] = field(default_factory=set)

    def send(self, alert: Alert) -> Receipt:
        """Take the text; the screen reads it from the database."""
        self._shown.add(alert.reference)
        return Receipt("shown", "shown instead of sent")

    def find(self, alert: Alert) -> Receipt | None:
        """Whether an earlier attempt was taken."""
        return Receipt("shown") if alert.reference in self._shown else None

    def follow(self, alert: Alert) -> Delivery | None:  # noqa: ARG002  # see below
        """None: what is shown has arrived."""
        return None

    def check(self) -> str:
        """Say what the channel does."""
        return "shows text messages instead of sending them"


def perform(settings: Settings, once: bool, screen: Screen | None = None) -> None:
    """Run the demo until a signal stops it, or for one round.

    Args:
        settings: The owner's, of which those about mail and alerts are not used.
        once: One round, as fast as it goes.
        screen: Where it is shown; None for standard output.

    Raises:
        JeevesError: a part could not be started, or the round did not end.
    """
    stop = StopFlag()
    if screen is None:
        live = sys.stdout.isatty() and not once
        screen = (LiveTable if live else Lines)(settings.zone, HEADLINE)
    with stop_on_signals(stop) as insistence, ExitStack() as stack:
        server = GmailServer(initial_mails(bootstrap.now()))
        stack.push(server)
        with in_thread(server.__enter__):
            dsn = stack.enter_context(demo_database(settings))
        account = demo_settings(settings, server, dsn)
        database = bootstrap.Database(dsn)
        notifiers: list[Notifier] = [ShownTexts()]
        notifiers += stack.enter_context(notifying.open_notifiers(account))
        scorer = modelling.make_scorer(account)
        reading = stack.enter_context(closing(database.reading()))
        stack.enter_context(screen)
        # after the screen has taken standard error, so that a warning does not tear it
        logs.configure(quiet=True)
        daemon = bootstrap.make_daemon(
            account, account.account(), database, notifiers, lambda: scorer, stop
        )
        # last in, first out: what is put away below must not be interrupted
        stack.callback(insistence.end)
        with in_thread(daemon.run, before_join=stop.set):
            play(server, reading, screen, stop, once)


def demo_settings(settings: Settings, server: GmailServer, dsn: str) -> Settings:
    """The owner's settings with the sample mailbox in place of theirs, and no Twilio."""
    return settings.model_copy(
        update={
            "database_url": SecretStr(dsn),
            "gmail_address": server.address,
            "gmail_app_password": SecretStr(server.password),
            "imap_host": server.host,
            "imap_port": server.port,
            "imap_security": "none",
            "imap_mailbox": None,
            "gmail_filter": None,
            "accounts_file": None,
            "alert_to": None,
            "alert_urls": None,
            # whoever looks at the demo is awake
            "quiet_hours": "off",
            "heartbeat_file": None,
            "heartbeat_url": None,
        }
    )


def play(
    server: GmailServer,
    reading: Reading,
    screen: Screen,
    stop: threading.Event,
    once: bool,
) -> None:
    """Deliver the arriving mails one by one while the daemon reads, and show what it makes of it.

    Raises:
        JeevesError: a single round did not end.
    """
    arriving: deque[SampleMail] = deque()
    expected = 0
    begun = False
    started = due = time.monotonic()
    pace = ROUND_PACE_SECONDS if once else PACE_SECONDS
    while not stop.is_set():
        backlog = reading.backlog()
        settled = backlog.messages >= expected and not backlog.unjudged
        if settled and not begun and reading.heartbeats():
            # What is delivered before the first read would be history, and silent.
            begun, expected = True, backlog.messages
            arriving.extend(arriving_mails(bootstrap.now()))
        if arriving and time.monotonic() >= due:
            mail = arriving.popleft()
            server.deliver(mail.raw, labels=mail.labels, seen=mail.seen)
            expected += UNREAD.isdisjoint(mail.labels)
            due = time.monotonic() + pace
        screen.show(reading.newest(screen.room))
        done = begun and not arriving and settled and backlog.messages >= expected
        if once and done and not backlog.alerts_open:
            return
        if once and time.monotonic() - started > ROUND_SECONDS:
            raise JeevesError(f"The demo round did not end within {ROUND_SECONDS:.0f} seconds.")
        stop.wait(min(REFRESH_SECONDS, pace))


@contextmanager
def demo_database(settings: Settings) -> Iterator[str]:
    """A database of the demo's own in the embedded server; gone at the end."""
    embedded = settings.model_copy(update={"database_url": None})
    with bootstrap.open_server(embedded) as dsn:
        # the role that serves may not create databases; the cluster's own may
        admin = make_dsn(dsn, user="postgres", dbname="postgres")
        name = sql.Identifier(f"{DATABASE_PREFIX}{os.getpid()}")
        drop_left_over(admin)
        execute(admin, sql.SQL("create database {} owner jeeves").format(name))
        try:
            own = make_dsn(dsn, dbname=name.strings[0])
            schema.migrate(own)
            yield own
        finally:
            drop(admin, name)


def drop_left_over(dsn: str) -> None:
    """Drop the databases of demos that were killed."""
    like = DATABASE_PREFIX.replace("_", r"\_") + "%"
    for (name,) in execute(
        dsn,
        sql.SQL("select datname from pg_database where datname like {}").format(sql.Literal(like)),
    ):
        try:
            os.kill(int(name.removeprefix(DATABASE_PREFIX)), 0)
        except ProcessLookupError:
            drop(dsn, sql.Identifier(name))
        except (OSError, ValueError):
            continue


def drop(dsn: str, name: sql.Identifier) -> None:
    """Drop a database whoever uses it."""
    execute(dsn, sql.SQL("drop database if exists {} with (force)").format(name))


def execute(dsn: str, statement: sql.Composable) -> Sequence[tuple[str]]:
    """Run one statement outside a transaction; the rows, if it has any."""
    with closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def in_thread(
    work: Callable[[], object], before_join: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Do ``work`` beside the block; what it raises is raised at the block's end."""
    failure: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as exc:  # noqa: BLE001  # raised again below, in the main thread
            failure.append(exc)
            before_join()

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    try:
        yield
    finally:
        before_join()
        thread.join()
    if failure:
        raise failure[0]
