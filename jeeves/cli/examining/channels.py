"""The channels by which the owner is told, and what leaves the machine."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

from jeeves import notifying
from jeeves.accounts import Account
from jeeves.cli.examining.finding import Check, Finding, Found, Grade
from jeeves.errors import ConfigError, DeliveryRefused, JeevesError
from jeeves.settings import Settings

TWILIO_CONSOLE = "https://console.twilio.com"
TWILIO_ERRORS = "https://www.twilio.com/docs/api/errors"
TWILIO_STATUS = "https://status.twilio.com"
APPRISE = "https://github.com/caronc/apprise/wiki"
TEXTS = "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM and ALERT_TO in .env"


def checks(settings: Settings) -> Iterator[Check]:
    """Text messages to each recipient, ALERT_URLS and the voice, as they are configured."""
    for place, account in recipients(settings):
        yield Check(f"sms{place}", partial(text, settings, account), mends)
    if settings.urls:
        yield Check("url", partial(services, settings), mends_services)
    if settings.speech != "off":
        yield Check("speech", partial(voice, settings), lambda _: "pip install 'jeeves[voice]'")


def recipients(settings: Settings) -> list[tuple[str, Account | None]]:
    """An account for each phone that is texted, and its place in order where there are several."""
    if not settings.has_sms:
        return []
    phones: dict[str | None, Account | None] = {}
    for account in settings.accounts or (None,):
        phones.setdefault((account.alert_to if account else None) or settings.alert_to, account)
    if len(phones) == 1:
        return [("", account) for account in phones.values()]
    return [(f" {number}", account) for number, account in enumerate(phones.values(), start=1)]


def text(settings: Settings, account: Account | None) -> Found:
    """What Twilio says of the account, the sender and the recipient; sends nothing."""
    sms = notifying.make_sms(settings, account)
    says = sms.check()
    # What is certain to fail comes first.
    doubts = sorted(sms.doubts(), key=lambda doubt: not doubt.certain)
    if doubts:
        grade = Grade.BROKEN if doubts[0].certain else Grade.WARNING
        told = "; ".join([says, *(doubt.says for doubt in doubts)])
        return Found(told, grade, doubts[0].page)
    if settings.twilio_from is None:
        return Found(f"{says}; the numbers of the messaging service are not looked at")
    return Found(f"{says}; sender and recipient are in order")


def services(settings: Settings) -> Found:
    """Which services ALERT_URLS names; sends nothing."""
    return Found(notifying.make_urls(settings).check())


def voice(settings: Settings) -> Found:
    """Where spoken alerts go; says nothing aloud."""
    with notifying.open_speech(settings) as speech:
        says = speech.check() if speech is not None else "switched off by SPEECH=off"
    if settings.speech == "on" and not notifying.has_player():
        mends = "apt-get install alsa-utils, or SPEECH=off in .env"
        return Found(f"{says}, so nobody hears it", Grade.WARNING, mends)
    return Found(says)


def mends(error: JeevesError) -> str:
    """What mends text messages that Twilio refuses."""
    if isinstance(error, ConfigError):
        return TEXTS
    if isinstance(error, DeliveryRefused):
        return f"{TWILIO_ERRORS}/{error.code}" if error.code else TWILIO_CONSOLE
    return TWILIO_STATUS


def mends_services(error: JeevesError) -> str:
    """What mends ALERT_URLS."""
    return "pip install 'jeeves[channels]'" if isinstance(error, ConfigError) else APPRISE


def configured(settings: Settings) -> Iterator[Finding]:
    """What can be said without asking anybody: which channels there are not, and the callback."""
    if not settings.has_sms:
        told_elsewhere = bool(settings.urls) or not settings.has_account
        grade = Grade.OK if told_elsewhere else Grade.WARNING
        if settings.has_account and not settings.urls and settings.speech != "on":
            grade = Grade.BROKEN
        says = "no text messages"
        if not told_elsewhere:
            says += ": alerts are heard where this machine stands, if at all"
        yield Finding("sms", Found(says, grade, "" if told_elsewhere else TEXTS))
    if settings.twilio_callback_url is not None:
        host = urlsplit(settings.twilio_callback_url).hostname
        port = settings.twilio_callback_port
        says = f"{host} hands Twilio's reports on to 127.0.0.1:{port}"
        yield Finding("callback", Found(says))
    if settings.speech == "off":
        yield Finding("speech", Found("switched off by SPEECH=off"))


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
    if settings.weekly is not None and (settings.has_sms or settings.urls):
        parts.append("the same way once a week a digest of what was alerted (WEEKLY_DIGEST)")
    if settings.heartbeat_url is not None:
        parts.append("a sign of life to HEARTBEAT_URL: nothing of any mail")
    return "; ".join(parts) or "nothing"
