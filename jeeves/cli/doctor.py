"""Every link, tried: ok, or what mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from jeeves import bootstrap, modelling, notifying
from jeeves.accounts import Account
from jeeves.cli.status import expectation
from jeeves.domain.ports import LabelWriter
from jeeves.errors import ConfigError, JeevesError
from jeeves.settings import Settings, load_settings


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one link."""

    link: str
    ok: bool
    #: One sentence: how it is, or what mends it.
    says: str

    def __str__(self) -> str:
        return f"{self.link:<10} {'ok' if self.ok else 'BROKEN':<7} {self.says}"

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def examine() -> Iterator[Finding]:
    """Try the links one after the other; a broken one does not stop the rest."""
    try:
        settings = load_settings()
    except JeevesError as exc:
        yield Finding("settings", False, str(exc))
        return
    home = settings.jeeves_home
    yield Finding("settings", True, f"read; data is kept in {home}")
    mails_a_day = None
    try:
        says, mails_a_day = database(settings)
        yield Finding("database", True, says)
    except JeevesError as exc:
        yield Finding("database", False, str(exc))
    yield from mailboxes(settings)
    yield from label_writers(settings)
    yield look("model", lambda: model(settings, mails_a_day))
    yield from channels(settings)
    yield Finding("leaves", True, what_leaves(settings))


def look(link: str, examined: Callable[[], str]) -> Finding:
    """The finding of one examination."""
    try:
        return Finding(link, True, examined())
    except JeevesError as exc:
        return Finding(link, False, str(exc))


def database(settings: Settings) -> tuple[str, float | None]:
    """Connect and compare the schema; how it is, and mails a day where that is known."""
    with bootstrap.open_database(settings) as opened, closing(opened.reading()) as reading:
        stored = reading.backlog().messages
        mails_a_day = reading.mails_a_day(bootstrap.now())
    kind = "embedded" if settings.database_url is None else "DATABASE_URL"
    return f"{kind}, schema up to date, {stored} messages", mails_a_day


def mailboxes(settings: Settings) -> Iterator[Finding]:
    """Each account's mailbox; where there are several, which is told by its place in order."""
    if not settings.accounts:
        yield look("mail", lambda: mail(settings, settings.account()))
    for number, account in enumerate(settings.accounts, start=1):
        link = "mail" if len(settings.accounts) == 1 else f"mail {number}"
        yield look(link, partial(mail, settings, account))


def mail(settings: Settings, account: Account) -> str:
    """Log in and EXAMINE the mailbox."""
    with closing(bootstrap.make_mailbox(settings, account)) as mailbox:
        status = mailbox.open()
    secure = "" if account.security == "none" else f" over {account.security.upper()}"
    ends = bootstrap.consent_ends(settings, account)
    dies = f"; the consent dies on {ends.astimezone(settings.zone):%d %B %Y}" if ends else ""
    return f'{account.host}{secure}, mailbox "{status.mailbox}", read-only{dies}'


def label_writers(settings: Settings) -> Iterator[Finding]:
    """Where labels are written back: each connection that could."""
    for number, account in enumerate(settings.accounts, start=1):
        writer = bootstrap.make_label_writer(settings, account)
        if writer is not None:
            link = "labels" if len(settings.accounts) == 1 else f"labels {number}"
            yield look(link, partial(label_writer, writer))


def label_writer(writer: LabelWriter) -> str:
    """Log in and SELECT the mailbox; nothing is written."""
    with closing(writer):
        writer.open()
    return "Jeeves/needs place and Jeeves/settled can be written, and nothing else"


def model(settings: Settings, mails_a_day: float | None) -> str:
    """Load the model as serving does, and say what to expect of it."""
    found = modelling.model_in_use(settings)
    expected = expectation(found, mails_a_day)
    says = f"{found.says}; {expected}" if expected else found.says
    if not found.ok:
        raise JeevesError(says)
    return says


def what_leaves(settings: Settings) -> str:
    """What crosses the machine's border, and whether mail content is in it."""
    hosts = dict.fromkeys(account.host for account in settings.accounts)
    parts = [f"the IMAP session with {host}" for host in hosts]
    if any(account.oauth for account in settings.accounts):
        parts.append("new access tokens from Google: nothing of any mail")
    if settings.has_sms:
        parts.append(
            "text messages through Twilio: sender's name, subject, a few words of the mail"
        )
    if settings.urls:
        when = "what fails elsewhere" if settings.alert_urls_when == "fallback" else "alerts"
        parts.append(
            f"{when} through ALERT_URLS ({settings.url_services}): sender's name, subject, a few "
            "words of the mail"
        )
    if settings.heartbeat_url is not None:
        parts.append("a sign of life to HEARTBEAT_URL: nothing of any mail")
    return "; ".join(parts) or "nothing"


def channels(settings: Settings) -> Iterator[Finding]:
    """Each channel by its own check; what leaves the machine is said."""
    try:
        with notifying.open_notifiers(settings) as notifiers:
            for notifier in notifiers:
                yield look(notifier.channel.value, notifier.check)
    except ConfigError as exc:
        yield Finding("channels", False, str(exc))
    if not settings.has_sms:
        yield Finding(
            "sms",
            bool(settings.urls) or not settings.has_account,
            "no text messages: set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM and ALERT_TO",
        )
    if settings.twilio_callback_url is not None:
        host = urlsplit(settings.twilio_callback_url).hostname
        port = settings.twilio_callback_port
        yield Finding("callback", True, f"{host} hands Twilio's reports on to 127.0.0.1:{port}")
    if settings.speech == "off":
        yield Finding("speech", True, "switched off by SPEECH=off")
