"""The settings: environment first, then .env in the working folder, then .env in JEEVES_HOME."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from jeeves import templates
from jeeves.accounts import (
    E164,
    GMAIL_HOST,
    IN_THE_CLEAR,
    NAME,
    NO_E164,
    Account,
    is_address,
    is_loopback,
    mistakes,
    read_accounts,
    without_blanks,
)
from jeeves.alerting import Alerting
from jeeves.channels import UNPROVEN, ChannelSettings
from jeeves.domain.operating import Costs
from jeeves.domain.templates import Templates
from jeeves.errors import ConfigError
from jeeves.keeping import Keeping
from jeeves.observing import Observing
from jeeves.slips import dotenv, refuse_slips, refuse_unknown, suggestion

#: Settings that hold a secret may come from a file instead.
SECRETS = "database_url gmail_app_password twilio_auth_token twilio_api_secret alert_urls".split()


def default_home() -> Path:
    """Where the embedded database and the state live when JEEVES_HOME does not say."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/jeeves")
    state = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(state) / "jeeves"


class Settings(ChannelSettings, Alerting, Keeping, Observing):
    """Every setting, checked. Empty means not set."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_ignore_empty=True, hide_input_in_errors=True
    )

    database_url: SecretStr | None = None
    database_url_file: Path | None = None
    jeeves_home: Path = Field(default_factory=default_home)
    jeeves_models_dir: Path | None = None

    gmail_address: str | None = None
    gmail_app_password: SecretStr | None = None
    gmail_app_password_file: Path | None = None
    gmail_oauth_client_file: Path | None = None
    gmail_aliases: str = ""
    gmail_filter: str | None = None
    accounts_file: Path | None = None
    imap_host: str = GMAIL_HOST
    imap_port: int = Field(default=993, ge=1, le=65535)
    imap_security: Literal["tls", "starttls", "none"] = "tls"
    imap_ca_file: Path | None = None
    imap_mailbox: str | None = None
    gmail_write_labels: bool = False
    poll_seconds: float = Field(default=60, ge=1, le=85)
    backfill_mb_per_day: int = Field(default=500, ge=1)

    miss_cost: float = Field(default=Costs().miss, gt=0, le=1_000_000)
    false_alarm_cost: float = Field(default=Costs().false_alarm, gt=0, le=1_000_000)
    recall_floor: float = Field(default=Costs().recall_floor, ge=0, le=1)

    retrain_labels: int = Field(default=20, ge=0)
    retrain_hour: int = Field(default=3, ge=0, le=23)
    models_kept: int = Field(default=10, ge=2, le=1000)

    twilio_account_sid: str | None = None
    twilio_auth_token: SecretStr | None = None
    twilio_auth_token_file: Path | None = None
    twilio_api_key: str | None = None
    twilio_api_secret: SecretStr | None = None
    twilio_api_secret_file: Path | None = None
    twilio_from: str | None = None
    twilio_messaging_service_sid: str | None = None
    twilio_base_url: str | None = None
    alert_to: str | None = None
    alert_templates_file: Path | None = None

    speech: Literal["on", "off", "file"] = "on"

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        for name in SECRETS:
            path = values.get(f"{name}_file")
            if path and not values.get(name):
                try:
                    secret = Path(path).expanduser().read_text(encoding="utf-8").strip()
                except (OSError, UnicodeDecodeError) as exc:
                    raise ValueError(
                        f"{name.upper()}_FILE names a file that cannot be read "
                        f"({type(exc).__name__})"
                    ) from exc
                values = {**values, name: secret}
        return values

    @field_validator(
        "jeeves_home",
        "jeeves_models_dir",
        "imap_ca_file",
        "accounts_file",
        "alert_templates_file",
        "gmail_oauth_client_file",
    )
    @classmethod
    def _expand(cls, path: Path | None) -> Path | None:
        return path.expanduser().absolute() if path is not None else None

    @field_validator("gmail_address")
    @classmethod
    def _one_address(cls, address: str | None) -> str | None:
        if address is not None and not is_address(address):
            raise ValueError("is not an e-mail address such as name@gmail.com")
        return address

    @field_validator("gmail_app_password")
    @classmethod
    def _without_blanks(cls, password: SecretStr | None) -> SecretStr | None:
        return None if password is None else without_blanks(password)

    @field_validator("gmail_aliases")
    @classmethod
    def _addresses(cls, aliases: str) -> str:
        if not all(map(is_address, aliases.replace(",", " ").split())):
            raise ValueError("is not a list of e-mail addresses with commas between them")
        return aliases

    @field_validator("alert_to", "twilio_from")
    @classmethod
    def _e164(cls, number: str | None) -> str | None:
        if number is not None and not E164.fullmatch(number):
            raise ValueError(NO_E164)
        return number

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.imap_security == "none" and not is_loopback(self.imap_host):
            raise ValueError(f"IMAP_SECURITY=none {IN_THE_CLEAR}")
        if self.gmail_address and not (
            self.gmail_app_password
            or self.gmail_oauth_client_file
            or self.google_token_file(self.gmail_address).is_file()
        ):
            raise ValueError(
                "GMAIL_ADDRESS is set but GMAIL_APP_PASSWORD is not: make an app password at "
                "https://myaccount.google.com/apppasswords, or set GMAIL_OAUTH_CLIENT_FILE and run "
                "`jeeves auth google`"
            )
        if self.twilio_callback_url and not self.twilio_auth_token:
            raise ValueError(UNPROVEN)
        missing = self._missing_for_sms()
        if missing:
            raise ValueError(f"text messages also need {', '.join(missing)}")
        return self

    def _missing_for_sms(self) -> list[str]:
        parts = (self.twilio_account_sid, self.twilio_auth_token, self.twilio_api_key)
        if not any((*parts, self.twilio_api_secret, self.twilio_from, self.alert_to)):
            return []
        needed = {
            "TWILIO_ACCOUNT_SID": self.twilio_account_sid,
            "TWILIO_AUTH_TOKEN (or TWILIO_API_KEY and TWILIO_API_SECRET)": self.twilio_auth_token
            or (self.twilio_api_key and self.twilio_api_secret),
            "TWILIO_FROM (or TWILIO_MESSAGING_SERVICE_SID)": self.twilio_from
            or self.twilio_messaging_service_sid,
            "ALERT_TO": self.alert_to,
        }
        return [name for name, value in needed.items() if not value]

    @property
    def has_account(self) -> bool:
        """Whether there is a mailbox to watch."""
        return bool(self.accounts)

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The accounts to watch: that of .env first, then those of ``accounts_file``.

        Raises:
            ConfigError: the file cannot be read or used.
        """
        listed = read_accounts(self.accounts_file) if self.accounts_file else []
        if not self.has_sms and any(account.alert_to for account in listed):
            raise ConfigError(
                f"{self.accounts_file} gives alert_to, but text messages are not set up: set "
                "TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_FROM and ALERT_TO."
            )
        named = {account.address.lower() for account in listed}
        if self.gmail_address is None or self.gmail_address.lower() in named:
            return tuple(listed)
        own = Account(
            address=self.gmail_address,
            password=self.gmail_app_password,
            oauth=self.gmail_app_password is None,
            aliases=tuple(self.gmail_aliases.replace(",", " ").split()),
            host=self.imap_host,
            port=self.imap_port,
            security=self.imap_security,
            ca_file=self.imap_ca_file,
            mailbox=self.imap_mailbox,
            filter=self.gmail_filter,
        )
        return (own, *listed)

    def account(self, address: str | None = None) -> Account:
        """The account with this address; the first where none is given.

        Raises:
            ConfigError: there is no such account, or none at all.
        """
        if not self.accounts:
            raise ConfigError(
                "No account is configured: run `jeeves init`, or set GMAIL_ADDRESS and "
                "GMAIL_APP_PASSWORD in .env (.env.example explains them), or try `jeeves demo`."
            )
        if address is None:
            return self.accounts[0]
        for account in self.accounts:
            if account.address.lower() == address.strip().lower():
                return account
        raise ConfigError("No account has this address: name one that .env or accounts.toml has.")

    @property
    def has_sms(self) -> bool:
        """Whether text messages can be sent."""
        return self.alert_to is not None

    def google_token_file(self, address: str) -> Path:
        """Where the OAuth token of the account ``address`` is kept."""
        return self.jeeves_home / "oauth" / f"{quote(address.lower(), safe='@+')}.json"

    @cached_property
    def templates(self) -> Templates:
        """What alerts say.

        Raises:
            ConfigError: the file that says it cannot be read or used.
        """
        path = self.alert_templates_file
        return Templates() if path is None else templates.read_templates(path)

    @property
    def costs(self) -> Costs:
        """What the thresholds are chosen for."""
        return Costs(self.miss_cost, self.false_alarm_cost, self.recall_floor)

    @property
    def own_models(self) -> Path:
        """Where the owner's models are kept."""
        return self.jeeves_models_dir or self.jeeves_home / "models"


def env_files(folder: Path | None = None) -> tuple[Path, Path]:
    """Where .env is looked for: in a folder (the working one), whose word is last; in JEEVES_HOME.

    Raises:
        ConfigError: the first of them cannot be read.
    """
    here = (folder or Path.cwd()) / ".env"
    home = Path(os.environ.get("JEEVES_HOME") or dotenv(here).get("JEEVES_HOME") or default_home())
    return here, home.expanduser() / ".env"


def load_settings(folder: Path | None = None, *, offline: bool = False, **given: str) -> Settings:
    """The settings in force.

    Args:
        folder: where to look for .env first; the working folder by default.
        offline: nobody will log in, so that no password is asked for.
        given: settings that a command was told; they win.

    Raises:
        ConfigError: an unknown name, or a value that cannot be used; one sentence per mistake,
            none of which shows a value.
    """
    refuse_slips(os.environ, names())
    if offline:
        given = {"gmail_app_password": "unused", **given}
    here, at_home = env_files(folder)
    files = [path for path in (at_home, here) if path.is_file()]
    for path in files:
        refuse_unknown(path, names())
    try:
        # pydantic-settings reads the environment over the files, and a later file over an earlier
        settings = Settings(_env_file=files, **given)  # type: ignore[call-arg,arg-type]
    except ValidationError as exc:
        raise ConfigError(" ".join(sentences(exc))) from exc
    if settings.accounts_file is None:
        beside = (here.with_name(NAME), at_home.with_name(NAME))
        found = next((path for path in beside if path.is_file()), None)
        settings = settings.model_copy(update={"accounts_file": found})
    own_words = settings.jeeves_home / templates.NAME
    if settings.alert_templates_file is None and own_words.is_file():
        settings = settings.model_copy(update={"alert_templates_file": own_words})
    _ = settings.accounts, settings.templates  # what is wrong with them is said at once
    return settings


def names() -> set[str]:
    """Every setting's name as it is written in the environment."""
    return {name.upper() for name in Settings.model_fields}


def sentences(error: ValidationError) -> list[str]:
    """One sentence for each mistake, without the value that was given."""
    said = []
    for name, mistake, unknown in mistakes(error):
        what = f"is not a setting{suggestion(name, names())}" if unknown else mistake
        said.append(f"{name.upper()} {what}.".lstrip())
    return said
