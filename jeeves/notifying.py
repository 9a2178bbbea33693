"""The channels by which the owner is told, wired as the settings say."""
# Imports of adapters stand in the functions: a command loads only what it uses.

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from jeeves.accounts import Account, reveal
from jeeves.domain.ports import Notifier
from jeeves.settings import Settings

if TYPE_CHECKING:
    from jeeves.adapters.apprise_urls import UrlNotifier
    from jeeves.adapters.sms import SmsNotifier


@contextmanager
def open_speech(settings: Settings) -> Iterator[Notifier | None]:
    """The one voice of this process, for all accounts; None where it is switched off."""
    if settings.speech == "off":
        yield None
        return
    from jeeves.adapters.speech import SpeechNotifier

    folder = settings.jeeves_home / "speech"
    with closing(SpeechNotifier(mode=settings.speech, folder=folder)) as speech:
        yield speech


@contextmanager
def open_notifiers(settings: Settings, account: Account | None = None) -> Iterator[list[Notifier]]:
    """The channels that are configured for an account, text messages first."""
    with open_speech(settings) as speech:
        yield notifiers_of(settings, account, speech)


def notifiers_of(
    settings: Settings, account: Account | None, speech: Notifier | None
) -> list[Notifier]:
    """The channels of an account, text messages first, speech last."""
    notifiers: list[Notifier] = []
    if settings.has_sms:
        notifiers.append(make_sms(settings, account))
    if settings.urls:
        notifiers.append(make_urls(settings))
    return [*notifiers, speech] if speech is not None else notifiers


def make_sms(settings: Settings, account: Account | None = None) -> SmsNotifier:
    """Text messages to the owner of an account; None: to ALERT_TO.

    Raises:
        ConfigError: as ``SmsNotifier``.
    """
    from jeeves.adapters.sms import SmsNotifier

    return SmsNotifier(
        account_sid=settings.twilio_account_sid or "",
        auth_token=reveal(settings.twilio_auth_token),
        api_key=settings.twilio_api_key,
        api_secret=reveal(settings.twilio_api_secret),
        sender=settings.twilio_from,
        messaging_service_sid=settings.twilio_messaging_service_sid,
        to=(account.alert_to if account else None) or settings.alert_to or "",
        base_url=settings.twilio_base_url,
        callback_url=settings.twilio_callback_url,
    )


def make_urls(settings: Settings) -> UrlNotifier:
    """Alerts to the services of ALERT_URLS.

    Raises:
        ConfigError: as ``UrlNotifier``.
    """
    from jeeves.adapters.apprise_urls import UrlNotifier

    return UrlNotifier(settings.urls)


def has_player() -> bool:
    """Whether a program that plays sounds is installed."""
    from jeeves.adapters.speech import found_players

    return bool(found_players())


@contextmanager
def open_callback(
    settings: Settings, told: Callable[[str, str, int | None], None]
) -> Iterator[None]:
    """While this is open ``told`` hears what Twilio reports, if TWILIO_CALLBACK_URL is set.

    It is called in another thread, with the sid of a message, its status and its error code.

    Raises:
        ConfigError: the port is taken.
    """
    if settings.twilio_callback_url is None:
        yield
        return
    from jeeves.adapters.twilio_callback import TwilioCallback

    with TwilioCallback(
        url=settings.twilio_callback_url,
        auth_token=reveal(settings.twilio_auth_token),
        port=settings.twilio_callback_port,
        told=told,
    ):
        yield
