"""Settings that are being answered: what stands, what was said since, and what would come of it."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from pydantic import ValidationError

from jeeves import envfile
from jeeves.accounts import mistakes
from jeeves.errors import ConfigError
from jeeves.settings import Settings, env_files, names, sentences
from jeeves.slips import dotenv, refuse_slips, refuse_unknown

MAIL = (
    *("gmail_address", "gmail_app_password", "gmail_app_password_file"),
    *("gmail_oauth_client_file", "imap_host", "imap_port", "imap_security", "imap_ca_file"),
    "imap_mailbox",
)
TEXTS = (
    *("alert_to", "twilio_account_sid", "twilio_auth_token", "twilio_auth_token_file"),
    *("twilio_api_key", "twilio_api_secret", "twilio_api_secret_file", "twilio_from"),
    "twilio_messaging_service_sid",
)
VOICE = ("speech",)
TIMES = ("timezone", "quiet_hours")
#: All that `jeeves init` asks.
ASKED = (*MAIL, *TEXTS, *VOICE, *TIMES)
#: What a new value of a setting takes the place of.
RIVALS = {
    "gmail_app_password": ("gmail_app_password_file",),
    "gmail_app_password_file": ("gmail_app_password",),
    "gmail_oauth_client_file": ("gmail_app_password", "gmail_app_password_file"),
    "twilio_auth_token": (
        *("twilio_auth_token_file", "twilio_api_key", "twilio_api_secret"),
        "twilio_api_secret_file",
    ),
    "twilio_auth_token_file": (
        *("twilio_auth_token", "twilio_api_key", "twilio_api_secret"),
        "twilio_api_secret_file",
    ),
    "twilio_api_secret": ("twilio_api_secret_file",),
    "twilio_api_secret_file": ("twilio_api_secret",),
    "twilio_from": ("twilio_messaging_service_sid",),
    "twilio_messaging_service_sid": ("twilio_from",),
}


class Draft:
    """The settings as they would be, in the .env of the working folder, else of JEEVES_HOME.

    Raises:
        ConfigError: what stands there cannot be read, or is wrong in what is not asked.
    """

    def __init__(self) -> None:
        refuse_slips(os.environ, names())
        here, at_home = env_files()
        #: Where the settings are written.
        self.path = here if here.is_file() else at_home
        self._files = [path for path in (at_home, here) if path.is_file()]
        #: What the files say, by name in small letters; what is empty is not there.
        self._standing: dict[str, str] = {}
        for path in self._files:
            refuse_unknown(path, names())
            self._standing |= _said(dotenv(path).items())
        self._environment = _said(os.environ.items())
        #: What was answered: None takes a setting away.
        self.answers: dict[str, str | None] = {}
        self._require_sound()
        envfile.require_writable(self.path)

    @property
    def is_new(self) -> bool:
        """Whether nothing has been set up yet."""
        return not self._files

    def fixed(self, name: str) -> bool:
        """Whether the environment says it, which goes before every file."""
        return name in self._environment

    def value(self, name: str) -> str:
        """What a setting would be; "" where nothing was said of it."""
        if name in self._environment:
            return self._environment[name]
        if name in self.answers:
            return self.answers[name] or ""
        return self._standing.get(name, "")

    def has(self, *some: str) -> bool:
        """Whether any of these settings would have a value."""
        return any(map(self.value, some))

    def answer(self, name: str, value: str) -> None:
        """Take down an answer and take away what it takes the place of; "" is none."""
        value = tidy(name, value)
        if value:
            self.remove(RIVALS.get(name, ()))
        if value != self._standing.get(name, ""):
            self.answers[name] = value or None
        else:
            self.answers.pop(name, None)

    def remove(self, some: Iterable[str]) -> None:
        """Take settings away, as far as they stand in the file."""
        for name in some:
            if name in self._standing:
                self.answers[name] = None
            else:
                self.answers.pop(name, None)

    def settings(self, part: Collection[str] = ASKED) -> Settings:
        """The settings as they would be, of all that is asked only ``part``.

        So one part can be tried while another is not yet whole.

        Raises:
            ConfigError: a value cannot be used, or one is missing.
        """
        given: dict[str, Any] = {"accounts_file": None}
        for name in ASKED:
            if name not in part:
                given[name] = Settings.model_fields[name].get_default()
            elif name in self.answers and name not in self._environment:
                said = self.answers[name]
                given[name] = Settings.model_fields[name].get_default() if said is None else said
        if "twilio_auth_token" not in part:
            # Without the token it could not be used.
            given["twilio_callback_url"] = None
        try:
            return Settings(_env_file=self._files, **given)  # type: ignore[call-arg]
        except ValidationError as exc:
            raise ConfigError(" ".join(sentences(exc))) from exc

    def write(self) -> Path | None:
        """Write what was answered; where the file lies that was there before, if there was one.

        Raises:
            ConfigError: it cannot be written.
        """
        values = {name.upper(): value or "" for name, value in self.answers.items()}
        other = [path for path in self._files if path.resolve() != self.path.resolve()]
        for path in other:
            # An empty value in one file leaves that of the other in force.
            taken = {key.upper() for key, value in dotenv(path).items() if value}
            emptied = {name: "" for name, value in values.items() if not value and name in taken}
            if emptied:
                envfile.rewrite(path, emptied)
        return envfile.rewrite(self.path, values)

    def _require_sound(self) -> None:
        """Refuse what is wrong in what is not asked: no answer would mend it."""
        self.settings(())
        for name in filter(self.fixed, ASKED):
            if wrong := mistake(name, self._environment[name]):
                raise ConfigError(f"The environment's {name.upper()} {wrong}.")


def mistake(name: str, value: str) -> str | None:
    """What is wrong with the value of one setting, without the value; None if it can be used."""
    try:
        Settings(**{name: tidy(name, value)})  # type: ignore[arg-type]
    except ValidationError as exc:
        for found, said, _ in mistakes(exc):
            if found == name:
                return said + (_nearest_zone(value) if name == "timezone" else "")
    return None


def tidy(name: str, value: str) -> str:
    """A value as it is meant: numbers without what people write between digits, whole paths."""
    value = value.strip()
    if name in ("alert_to", "twilio_from"):
        value = re.sub(r"[\s()./-]", "", value)
        return f"+{value[2:]}" if value.startswith("00") else value
    if name.endswith("_file") and value:
        # Jeeves may be started from another folder.
        return str(Path(value).expanduser().absolute())
    return value


def _said(pairs: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    return {name.lower(): value for name, value in pairs if value}


def _nearest_zone(zone: str) -> str:
    known = {name.rpartition("/")[2].lower(): name for name in sorted(available_timezones())}
    wanted = zone.strip().replace(" ", "_").rpartition("/")[2].lower()
    close = difflib.get_close_matches(wanted, known, n=1)
    return f": did you mean {known[close[0]]}" if close else ""
