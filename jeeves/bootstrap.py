"""THE composition root: settings in, wired parts out, closed in reverse order."""
# Imports of adapters and structlog stand in the functions: a command loads only what it uses.

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from jeeves.accounts import Account, reveal
from jeeves.domain.alert import Channel
from jeeves.domain.metering import UNMETERED, Meter
from jeeves.settings import Settings

if TYPE_CHECKING:
    from threading import Event

    from jeeves.adapters.imap import ImapAccount
    from jeeves.adapters.postgres.erasing import PostgresErasing
    from jeeves.adapters.postgres.history import PostgresHistory
    from jeeves.adapters.postgres.reading import Reading
    from jeeves.adapters.postgres.retention import PostgresRetention
    from jeeves.adapters.postgres.store import PostgresStore
    from jeeves.domain.ports import LabelWriter, Mailbox, MailboxStatus, Notifier, Scorer
    from jeeves.service.daemon import Daemon
    from jeeves.service.pulse import Pulse
    from jeeves.service.retention import Keep
    from jeeves.service.terms import Terms


#: UIDs among which the newest mail of a mailbox is looked for: those of expunged mail are many.
NEWEST_AMONG = 1000


def now() -> datetime:
    """The real clock: aware, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Database:
    """A reachable database that has this version's schema."""

    dsn: str

    def store(self) -> PostgresStore:
        """A store with a connection of its own."""
        from jeeves.adapters.postgres.store import PostgresStore

        return PostgresStore(self.dsn)

    def history(self) -> PostgresHistory:
        """Mail that never alerts, with a connection of its own."""
        from jeeves.adapters.postgres.history import PostgresHistory

        return PostgresHistory(self.dsn)

    def reading(self) -> Reading:
        """The views for people, with a connection of their own."""
        from jeeves.adapters.postgres.reading import Reading

        return Reading(self.dsn)

    def retention(self) -> PostgresRetention:
        """What drops old text, with a connection of its own."""
        from jeeves.adapters.postgres.retention import PostgresRetention

        return PostgresRetention(self.dsn)

    def erasing(self) -> PostgresErasing:
        """What erases, with a connection of its own."""
        from jeeves.adapters.postgres.erasing import PostgresErasing

        return PostgresErasing(self.dsn)


@contextmanager
def open_server(settings: Settings) -> Iterator[str]:
    """The address of the Postgres in use; the embedded one runs while this is open.

    Raises:
        StoreUnavailable, ConfigError: it cannot be started.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    from jeeves.adapters.embedded import EmbeddedPostgres

    server = EmbeddedPostgres(settings.jeeves_home)
    try:
        yield server.start()
    finally:
        server.stop()


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """The database, its schema checked; the embedded one is migrated by itself.

    Raises:
        StoreUnavailable: it cannot be reached.
        SchemaOutOfDate: DATABASE_URL names one that `jeeves migrate` has to mend first.
    """
    from jeeves.adapters.postgres import schema

    with open_server(settings) as dsn:
        if settings.database_url is None and (schema.revision(dsn) or "") < schema.HEAD:
            schema.migrate(dsn)
        schema.require_head(dsn)
        yield Database(dsn)


def make_mailbox(settings: Settings, account: Account, meter: Meter = UNMETERED) -> Mailbox:
    """The mailbox of an account, not yet connected; ``meter`` is told how its server answers."""
    from jeeves.adapters.gmail import GmailMailbox

    return GmailMailbox(replace(imap_account(settings, account), timed=meter.commanded))


@dataclass(frozen=True, slots=True)
class MailboxSeen:
    """A mailbox as `jeeves doctor` sees it."""

    status: MailboxStatus
    is_gmail: bool
    #: When its newest mail reached the server, by the server's clock; None where there is none.
    newest: datetime | None


def look_at_mailbox(settings: Settings, account: Account) -> MailboxSeen:
    """Log in and EXAMINE the mailbox of an account; nothing of any mail is kept.

    Raises:
        MailboxError, ConfigError: it cannot be read.
    """
    from jeeves.adapters.gmail import GmailMailbox

    with closing(GmailMailbox(imap_account(settings, account))) as mailbox:
        status = mailbox.open()
        uids = mailbox.uids_after(max(status.uidnext - NEWEST_AMONG, 0))
        listed = next(mailbox.listed(uids[-1:]), None)
        return MailboxSeen(status, mailbox.is_gmail, listed.received_at if listed else None)


def make_label_writer(settings: Settings, account: Account) -> LabelWriter | None:
    """What writes our labels into a mailbox, not yet connected; None where that is not asked."""
    if not settings.gmail_write_labels:
        return None
    from jeeves.adapters.gmail_labels import GmailLabels

    return GmailLabels(imap_account(settings, account))


def imap_account(settings: Settings, account: Account) -> ImapAccount:
    """How the adapters reach an account."""
    from jeeves.adapters.imap import ImapAccount

    return ImapAccount(
        address=account.address,
        password=reveal(account.password) or "",
        host=account.host,
        port=account.port,
        security=account.security,
        ca_file=str(account.ca_file) if account.ca_file else None,
        mailbox=account.mailbox,
        aliases=account.aliases,
        gmail_filter=account.filter,
        token=google_token(settings, account.address) if account.oauth else None,
    )


def try_token(settings: Settings, account: Account) -> MailboxStatus:
    """The mailbox of an account, as it is reached with its OAuth token.

    Raises:
        MailboxError, ConfigError: it cannot be reached.
    """
    by_token = account.model_copy(update={"password": None, "oauth": True})
    with closing(make_mailbox(settings, by_token)) as mailbox:
        return mailbox.open()


def google_token(settings: Settings, address: str) -> Callable[[bool], str]:
    """Gives access tokens for the account ``address``."""
    from jeeves.adapters.google_auth import GoogleToken

    return GoogleToken(settings.google_token_file(address))


def consent_ends(settings: Settings, account: Account) -> datetime | None:
    """When Google ends the consent that mail is read with; None where it does not, or none is."""
    if not account.oauth:
        return None
    from jeeves.adapters import google_auth

    return google_auth.consent_ends(settings.google_token_file(account.address))


def make_terms(settings: Settings) -> Terms:
    """How alerts are told."""
    from jeeves.service.terms import Terms

    return Terms(
        rules=settings.rules(),
        templates=settings.templates,
        links=settings.alert_links,
        silent_after=timedelta(minutes=settings.silent_minutes),
        fallback=Channel.URL if settings.alert_urls_when == "fallback" else None,
        weekly=settings.weekly,
    )


def make_keep(settings: Settings) -> Keep:
    """What is kept of mail, and for how long."""
    from jeeves.service.retention import Keep

    text = timedelta(days=settings.body_days) if settings.body_days else None
    return Keep(text, settings.keep_labelled == "text", lambda before: drop_files(settings, before))


def drop_files(settings: Settings, before: datetime | None = None) -> None:
    """Remove files that quote mail, spoken alerts and reports of models; all, or those older."""
    for folder, names in (
        (settings.jeeves_home / "speech", "*.wav"),
        (settings.own_models, "*/report.html"),
    ):
        for path in folder.glob(names):
            # what another process removes meanwhile, or keeps us from, is not worth a failure
            with suppress(OSError):
                if before is None or path.stat().st_mtime < before.timestamp():
                    path.unlink()


@contextmanager
def open_heartbeat(settings: Settings) -> Iterator[Callable[[str], None]]:
    """The sign of life of this process; to be told each address whose mail was read."""
    if settings.heartbeat_file is None and settings.heartbeat_url is None:
        yield lambda _: None
        return
    from jeeves.adapters.heartbeat import Heartbeat

    url = reveal(settings.heartbeat_url)
    sources = len(settings.accounts)
    with closing(Heartbeat(settings.heartbeat_file, url, sources=sources)) as heartbeat:
        yield heartbeat.beat


@contextmanager
def turn_to_check(settings: Settings) -> Iterator[bool]:
    """Whether no other `jeeves check` of the same home runs; none begins while this is open.

    Raises:
        ConfigError: the home cannot be written.
    """
    from jeeves.adapters.turn import take_turn

    with take_turn(settings.jeeves_home, "check") as ours:
        yield ours


@contextmanager
def open_service_manager(settings: Settings) -> Iterator[Callable[[str], Pulse]]:
    """Gives the pulse of each address; who started us (systemd) is told of it, and of the end."""
    import os

    from jeeves.adapters.sd_notify import ServiceManager

    manager = ServiceManager.of(os.environ, len(settings.accounts))
    # It is ours to tell, and no child's.
    os.environ.pop("NOTIFY_SOCKET", None)
    try:
        yield manager.loop
    finally:
        manager.stopping()


def make_daemon(
    settings: Settings,
    account: Account,
    database: Database,
    notifiers: Sequence[Notifier],
    serving: Callable[[], Scorer],
    stop: Event,
    beat: Callable[[str], None] = lambda _: None,
    refused_models: Sequence[str] = (),
    pulse: Pulse | None = None,
    meter: Meter = UNMETERED,
) -> Daemon:
    """The daemon of one account, not yet running; it ends when ``stop`` is set."""
    from jeeves.service.daemon import Daemon
    from jeeves.service.pulse import SILENT

    addresses = [one.address for one in settings.accounts]
    return Daemon(
        mailbox=make_mailbox(settings, account, meter),
        open_store=database.store,
        serving=serving,
        notifiers=notifiers,
        clock=now,
        poll_seconds=settings.poll_seconds,
        stop=stop,
        label_writer=make_label_writer(settings, account),
        terms=make_terms(settings),
        beat=lambda: beat(account.address),
        refused_models=refused_models,
        pulse=pulse or SILENT,
        number=addresses.index(account.address) + 1,
        meter=meter,
    )
