"""What `jeeves init` asks, part by part, and how each part is tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from jeeves.accounts import GMAIL_HOST
from jeeves.cli import trying
from jeeves.cli.drafting import MAIL, TEXTS, TIMES, VOICE, Draft, mistake
from jeeves.cli.interview import Interview
from jeeves.errors import DeliveryRefused, JeevesError
from jeeves.settings import Settings

GMAIL_DOMAINS = ("gmail.com", "googlemail.com")
APP_PASSWORDS = "https://myaccount.google.com/apppasswords"
CLIENTS = "https://console.cloud.google.com/auth/clients"
TWILIO = "https://console.twilio.com"
PASSWORDS = ("gmail_app_password", "gmail_app_password_file")
TOKENS = ("twilio_auth_token", "twilio_auth_token_file")
KEYS = ("twilio_api_key", "twilio_api_secret", "twilio_api_secret_file")
SERVICE = "twilio_messaging_service_sid"
AGAIN, KEEP, LEAVE = "again", "keep", "leave"
PASSWORD, GOOGLE, TOKEN, KEY = "password", "google", "token", "key"


@dataclass(frozen=True, slots=True)
class Part:
    """Questions that belong together."""

    title: str
    words: str
    names: Sequence[str]
    ask: Callable[[Interview, Draft], None]
    #: Tries what was answered, and shows what works; raises JeevesError.
    attempt: Callable[[Interview, Draft, Settings], None]


def go_through(part: Part, talk: Interview, draft: Draft) -> bool:
    """Ask a part until it works, or the owner keeps it as it is or leaves it out.

    Returns:
        Whether all of it works. Left out, the draft is as it was before.
    """
    talk.heading(part.title, part.words)
    before = dict(draft.answers)
    while True:
        part.ask(talk, draft)
        choices = {AGAIN: "answer once more", LEAVE: "change nothing of this"}
        try:
            settings = draft.settings(part.names)
            choices = {AGAIN: choices[AGAIN], KEEP: "keep it all the same", LEAVE: choices[LEAVE]}
            part.attempt(talk, draft, settings)
        except JeevesError as exc:
            talk.bad(trying.explained(exc))
        else:
            return True
        choice = talk.choose("What now", choices, AGAIN)
        if choice == LEAVE:
            draft.answers = before
        if choice != AGAIN:
            return False


def ask(
    talk: Interview,
    draft: Draft,
    name: str,
    question: str,
    usual: str = "",
    *,
    optional: bool = False,
) -> None:
    """Ask for one setting, if the environment does not say it; what is usual is not written."""
    if told_of_environment(talk, draft, name):
        return
    standing = draft.value(name)
    said = talk.ask(question, standing or usual, partial(mistake, name), optional=optional)
    if standing or said != usual:
        draft.answer(name, said)


def ask_secret(talk: Interview, draft: Draft, question: str, name: str) -> None:
    """Ask for one secret, if the environment does not say it."""
    if told_of_environment(talk, draft, name) or told_of_environment(talk, draft, f"{name}_file"):
        return
    while True:
        said = talk.secret(question, standing=draft.has(name, f"{name}_file"))
        if said is None:
            return
        if wrong := mistake(name, said):
            talk.bad(f"This {wrong}.")
            continue
        draft.answer(name, said)
        return


def told_of_environment(talk: Interview, draft: Draft, name: str) -> bool:
    """Whether the environment says a setting; then so is said."""
    if draft.fixed(name):
        talk.say(f"{name.upper()} stands in the environment, which goes before .env: not asked.")
    return draft.fixed(name)


def ask_mail(talk: Interview, draft: Draft) -> None:
    """The account: where it is and how to log in."""
    ask(talk, draft, "gmail_address", "Your mail address")
    domain = draft.value("gmail_address").rpartition("@")[2].lower()
    host = draft.value("imap_host") or GMAIL_HOST
    if domain not in GMAIL_DOMAINS or host != GMAIL_HOST:
        question = f"Its IMAP server ({GMAIL_HOST} for Google Workspace)"
        ask(talk, draft, "imap_host", question, GMAIL_HOST)
        host = draft.value("imap_host") or GMAIL_HOST
    if host != GMAIL_HOST:
        ask(talk, draft, "imap_port", "Port", "993")
        ask(
            talk,
            draft,
            "imap_security",
            "Encryption: tls, starttls, or none on this machine",
            "tls",
        )
        ask(talk, draft, "imap_mailbox", "Mailbox to read; Enter for all mail", optional=True)
    if way_in(talk, draft, host) == PASSWORD:
        if host == GMAIL_HOST:
            talk.say(f"An app password, made for Jeeves alone: {APP_PASSWORDS}")
            talk.say("Google asks for 2-Step Verification first. Blanks in it do not matter.")
        ask_secret(talk, draft, "App password" if host == GMAIL_HOST else "Password", PASSWORDS[0])
        return
    draft.remove(PASSWORDS)
    if not has_consent(draft):
        talk.say(f"An OAuth client of type Desktop app, its JSON file downloaded: {CLIENTS}")
        talk.say("Publish the app under Audience: in Testing, Google ends a consent after 7 days.")
        ask(talk, draft, "gmail_oauth_client_file", "Path of that file")


def way_in(talk: Interview, draft: Draft, host: str) -> str:
    """How to log in; asked only where Google may be the one to say."""
    if any(map(draft.fixed, PASSWORDS)):
        return PASSWORD
    google = draft.has("gmail_oauth_client_file") or has_consent(draft)
    if host != GMAIL_HOST and not google:
        return PASSWORD
    choices = {
        PASSWORD: "an app password: two minutes",
        GOOGLE: "Google sign-in in the browser: needs an OAuth client of yours",
    }
    usual = GOOGLE if google and not draft.has(*PASSWORDS) else PASSWORD
    return talk.choose("How may Jeeves log in", choices, usual)


def has_consent(draft: Draft) -> bool:
    """Whether a Google sign-in of this address is kept."""
    address = draft.value("gmail_address")
    return bool(address) and draft.settings(()).google_token_file(address).is_file()


def try_mail(talk: Interview, draft: Draft, settings: Settings) -> None:
    """Log in and open the mailbox; where the browser is to say so first, by way of it."""
    if not draft.has(*PASSWORDS) and (
        not has_consent(draft)
        or (
            settings.gmail_oauth_client_file is not None
            and talk.yes("A Google sign-in is kept. Ask for a new one", standing=False)
        )
    ):
        talk.good(trying.google(settings))
        return
    with talk.trying("Logging in"):
        says = trying.login(settings)
    talk.good(says)


def ask_texts(talk: Interview, draft: Draft) -> None:
    """Twilio and the phone, or neither."""
    wanted = draft.has("alert_to") or draft.is_new
    if not any(map(draft.fixed, TEXTS)) and not talk.yes(
        "Do you want text messages", standing=wanted
    ):
        draft.remove([*TEXTS, "twilio_callback_url"])
        return
    ask(talk, draft, "alert_to", "Your phone, with + and country code")
    talk.say(f"Account SID and auth token are on the first page of {TWILIO}")
    ask(talk, draft, "twilio_account_sid", "Account SID (AC...)")
    if way_to_twilio(talk, draft) == TOKEN:
        # The token also proves Twilio's reports, so that of a key it may stand beside.
        draft.remove(KEYS)
        ask_secret(talk, draft, "Auth token", "twilio_auth_token")
    else:
        ask(talk, draft, "twilio_api_key", "API key (SK...)")
        ask_secret(talk, draft, "Its secret", "twilio_api_secret")
    ask_sender(talk, draft)


def way_to_twilio(talk: Interview, draft: Draft) -> str:
    """How to log in at Twilio."""
    if any(map(draft.fixed, (*TOKENS, *KEYS))):
        return KEY if draft.fixed("twilio_api_key") else TOKEN
    choices = {TOKEN: "the account's auth token", KEY: "an API key, which can be revoked alone"}
    return talk.choose("Log in by", choices, KEY if draft.has("twilio_api_key") else TOKEN)


def ask_sender(talk: Interview, draft: Draft) -> None:
    """From whom texts come: a number or a messaging service."""
    for name in ("twilio_from", SERVICE):
        if told_of_environment(talk, draft, name):
            return

    def check(said: str) -> str | None:
        return None if said.upper().startswith("MG") else mistake("twilio_from", said)

    standing = draft.value("twilio_from") or draft.value(SERVICE)
    said = talk.ask("Your Twilio number (+...) or messaging service (MG...)", standing, check)
    draft.answer(SERVICE if said.upper().startswith("MG") else "twilio_from", said)


def try_texts(talk: Interview, draft: Draft, settings: Settings) -> None:
    """Ask Twilio about the account, then send a text if that is wanted."""
    if not draft.has("alert_to"):
        talk.say("No text messages.")
        return
    with talk.trying("Asking Twilio"):
        says = trying.credentials(settings)
    talk.good(says)
    if talk.yes(f"Send a test text to {settings.alert_to} now", standing=True):
        with talk.trying("Sending"):
            says = trying.text(settings)
        talk.good(says)


def ask_voice(talk: Interview, draft: Draft) -> None:
    """Whether alerts are spoken."""
    if told_of_environment(talk, draft, "speech"):
        return
    choices = {
        "on": "aloud, through this machine's sound",
        "file": "written to wav files",
        "off": "not at all",
    }
    chosen = talk.choose("Are alerts spoken", choices, draft.value("speech") or "on")
    if chosen != "on" or draft.has("speech"):
        draft.answer("speech", chosen)


def try_voice(talk: Interview, _: Draft, settings: Settings) -> None:
    """Say a word if that is wanted, and ask whether it was heard."""
    if settings.speech == "off":
        talk.say("No voice.")
    elif settings.speech == "on" and talk.yes("Say a word now", standing=True):
        with talk.trying("Speaking"):
            says = trying.word(settings)
        if "no sound player" in says:
            talk.say("To hear alerts install a player, on Debian with: apt-get install alsa-utils")
        if says.startswith("spoken") and not talk.yes("Did you hear it", standing=True):
            raise DeliveryRefused(
                "Nothing was heard: turn the volume up and choose the right output in the "
                "system's sound settings, or let alerts be written to files"
            )
        talk.good(says)
    else:
        with talk.trying("Trying the voice"):
            says = trying.voice(settings)
        talk.good(says)


def ask_times(talk: Interview, draft: Draft) -> None:
    """Time zone and quiet hours."""
    here = f"{datetime.now().astimezone():%H:%M}"
    question = f"Time zone, such as Europe/Berlin; Enter for the machine's, where it is {here}"
    ask(talk, draft, "timezone", question, optional=True)
    zone = draft.value("timezone")
    if zone and mistake("timezone", zone) is None:
        talk.say(f"There it is {datetime.now(ZoneInfo(zone)):%H:%M}.")
    ask(talk, draft, "quiet_hours", "Quiet hours, such as 22-7 or 22:30-6:45, or off", "22-7")


def try_times(talk: Interview, _: Draft, settings: Settings) -> None:
    """Nothing is to be tried: what was answered can be used."""
    night = settings.quiet_hours.strip().lower()
    if night == "off":
        talk.good("alerts come at any hour")
    else:
        talk.good(f"no alert between {night.replace('-', ' and ')}, but of today and tomorrow")


MAIL_PART = Part(
    "1 of 4  Mail",
    "Jeeves reads one mailbox, and only reads it.",
    MAIL,
    ask_mail,
    try_mail,
)
REST = (
    Part(
        "2 of 4  Text messages",
        "They go through your own account at Twilio, which charges for each.",
        TEXTS,
        ask_texts,
        try_texts,
    ),
    Part("3 of 4  Voice", "", VOICE, ask_voice, try_voice),
    Part("4 of 4  Times", "", TIMES, ask_times, try_times),
)
