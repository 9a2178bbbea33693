"""Links that are really tried as they are set up: a login, a text, a spoken word."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from secrets import randbelow

from jeeves import bootstrap, notifying
from jeeves.adapters.sms.codes import PAGES
from jeeves.cli.authorising import consent
from jeeves.cli.examining.mail import Arrivals, look
from jeeves.domain.alert import Alert, AlertKind, Channel, make_reference
from jeeves.domain.ports import Notifier
from jeeves.errors import ConfigError, DeliveryRefused, JeevesError
from jeeves.settings import Settings

#: How long a test text is followed, and how often Twilio is asked, in seconds.
FOLLOWED_FOR, ASKED_EVERY = 30.0, 1.0
TEXT = "Jeeves: this is the test that you asked for. Texts reach you. {reference}"
#: A test that Twilio cannot hand on within this time is dropped.
OF_USE = timedelta(minutes=10)
WORD = "Jeeves is listening. You will hear of meetings that have no place."


def login(settings: Settings) -> str:
    """Log in and open the mailbox read-only; how it was reached.

    Raises:
        MailboxError, ConfigError: it cannot be read.
    """
    return look(settings, settings.account(), Arrivals()).says


def google(settings: Settings) -> str:
    """As ``login``, after the owner's consent in the browser, which is kept."""
    account = settings.account()
    status = consent(settings, account)
    return f'{account.host} by Google sign-in, mailbox "{status.mailbox}", read-only'


def credentials(settings: Settings) -> str:
    """What Twilio says of the account; sends nothing.

    Raises:
        DeliveryError, ConfigError: it cannot be asked, or refuses.
    """
    return f"Twilio: {_texts(settings).check()}"


def text(settings: Settings) -> str:
    """Send a test text and follow it for half a minute; how far it came.

    Raises:
        DeliveryError, ConfigError: it was refused, did not arrive, or nobody knows.
    """
    notifier = _texts(settings)
    test = _test(settings, Channel.SMS, TEXT)
    sent = replace(test, receipt=notifier.send(test))
    end = time.monotonic() + FOLLOWED_FOR
    while (found := notifier.follow(sent)) is not None and not found.final:
        if time.monotonic() > end:
            return (
                f'Twilio took the test text; after {FOLLOWED_FOR:.0f} s its status is "'
                f'{found.status}": if it does not come, see https://console.twilio.com'
            )
        time.sleep(ASKED_EVERY)
    if found is not None and not found.delivered:
        raise DeliveryRefused(found.error)
    return "the test text has arrived" if found else "Twilio took the test text"


def word(settings: Settings) -> str:
    """Say a word as alerts are said; through what it was heard, or where the file is.

    Raises:
        DeliveryError: there is no voice, or its file cannot be written.
    """
    with notifying.open_speech(settings) as voice:
        if voice is None:
            return "switched off"
        receipt = voice.send(_test(settings, Channel.SPEECH, WORD))
    return f"{receipt.note} ({receipt.id})"


def voice(settings: Settings) -> str:
    """Try the voice without saying anything; as ``word``."""
    with notifying.open_speech(settings) as found:
        return "switched off" if found is None else found.check()


def explained(error: JeevesError) -> str:
    """One sentence that ends with a full stop, and the page to open where there is one."""
    said = str(error).rstrip(".")
    code = error.code if isinstance(error, DeliveryRefused) else None
    if code is not None and PAGES not in said:
        return f"{said}: {PAGES}/{code}"
    return f"{said}."


def _texts(settings: Settings) -> Notifier:
    for notifier in notifying.notifiers_of(settings, None, None):
        if notifier.channel is Channel.SMS:
            return notifier
    raise ConfigError("Text messages are not set up: ALERT_TO is empty.")


def _test(settings: Settings, channel: Channel, words: str) -> Alert:
    reference, now = make_reference(randbelow), bootstrap.now()
    return Alert(
        reference=reference,
        account=settings.gmail_address or "",
        thread_key="test",
        message_id=None,
        channel=channel,
        text=words.format(reference=reference),
        created_at=now,
        kind=AlertKind.NOTICE,
        expires_at=now + OF_USE,
    )
