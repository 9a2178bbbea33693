"""The mail servers: whether mail can be read, all of it, and labels be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial

from jeeves import bootstrap
from jeeves.accounts import GMAIL_HOST, Account
from jeeves.cli.examining.finding import Check, Found, Grade
from jeeves.domain.ports import LabelWriter
from jeeves.errors import JeevesError, LoginRefused, MailboxUnavailable
from jeeves.settings import Settings

APP_PASSWORDS = "https://myaccount.google.com/apppasswords"
#: Gmail's settings of labels, where each has "Show in IMAP".
GMAIL_LABELS = "https://mail.google.com/mail/u/0/#settings/labels"
CONSENT = "jeeves auth google"
#: A consent that ends within this is told.
ENDS_SOON = timedelta(days=3)


class Arrivals:
    """When the newest mail of any account reached its server, by the clock there."""

    def __init__(self) -> None:
        self.newest: datetime | None = None

    def told(self, newest: datetime | None) -> None:
        """One account says so."""
        if newest is not None:
            self.newest = max(newest, self.newest or newest)


def checks(settings: Settings, arrivals: Arrivals) -> Iterator[Check]:
    """One for each account, told by its place in order where there are several."""
    if not settings.accounts:
        how = "jeeves init"
        yield Check("mail", lambda: look(settings, settings.account(), arrivals), lambda _: how)
    for number, account in enumerate(settings.accounts, start=1):
        place = "" if len(settings.accounts) == 1 else f" {number}"
        looks = partial(look, settings, account, arrivals)
        yield Check(f"mail{place}", looks, partial(mends, account))
        writer = bootstrap.make_label_writer(settings, account)
        if writer is not None:
            yield Check(f"labels{place}", partial(writes, writer), partial(mends, account))


def look(settings: Settings, account: Account, arrivals: Arrivals) -> Found:
    """Log in and EXAMINE the mailbox."""
    seen = bootstrap.look_at_mailbox(settings, account)
    arrivals.told(seen.newest)
    secure = "" if account.security == "none" else f" over {account.security.upper()}"
    says = f'{account.host}{secure}, mailbox "{seen.status.mailbox}", read-only'
    ends = bootstrap.consent_ends(settings, account)
    if ends is not None:
        says += f"; the consent dies on {ends.astimezone(settings.zone):%d %B %Y}"
    if seen.is_gmail and seen.status.mailbox.upper() == "INBOX":
        return of_the_inbox(says, chosen=account.mailbox is not None)
    if ends is not None and ends - bootstrap.now() <= ENDS_SOON:
        return Found(says, Grade.WARNING, CONSENT)
    return Found(says)


def of_the_inbox(says: str, *, chosen: bool) -> Found:
    """Of a Gmail account only the inbox is read: your own replies, and what you archive, are not.

    Args:
        says: How the mailbox is.
        chosen: Whether its owner named it, instead of All Mail being hidden.
    """
    says += "; your own replies and what filters archive are not seen"
    if chosen:
        return Found(says, Grade.WARNING, "IMAP_MAILBOX= in .env (empty), which reads All Mail")
    return Found(
        f"{says}, for All Mail is hidden from IMAP",
        Grade.WARNING,
        f'"Show in IMAP" beside All Mail on {GMAIL_LABELS}',
    )


def writes(writer: LabelWriter) -> Found:
    """Log in and SELECT the mailbox; nothing is written."""
    with closing(writer):
        writer.open()
    return Found("Jeeves/needs place and Jeeves/settled can be written, and nothing else")


def mends(account: Account, error: JeevesError) -> str:
    """What mends a mailbox that cannot be read."""
    if isinstance(error, LoginRefused):
        if account.oauth:
            return CONSENT
        return APP_PASSWORDS if account.host == GMAIL_HOST else "the password in .env"
    if isinstance(error, MailboxUnavailable):
        return f"openssl s_client -connect {account.host}:{account.port} shows who is in the way"
    return "IMAP_HOST, IMAP_CA_FILE and IMAP_MAILBOX in .env"
