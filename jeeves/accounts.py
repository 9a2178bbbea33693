"""The mail accounts to watch: that of .env, and those of accounts.toml beside it."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from jeeves.errors import ConfigError

#: ITU-T E.164: a plus sign, then at most fifteen digits, no leading zero.
E164 = re.compile(r"\+[1-9]\d{6,14}")
NO_E164 = (
    "is not a phone number in E.164 form: a plus sign, the country code and the number, digits "
    "only, such as +15551234567"
)
NAME = "accounts.toml"
GMAIL_HOST = "imap.gmail.com"
IN_THE_CLEAR = (
    "would send the password in the clear: it is allowed for a server on this machine only; use "
    "tls or starttls"
)


class Account(BaseModel):
    """One account: how to read it, which addresses are its owner's, where its alerts go."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    address: str
    #: None where OAuth stands in for it.
    password: SecretStr | None = None
    oauth: bool = False
    #: Further addresses of the owner: what comes from them is own mail.
    aliases: tuple[str, ...] = ()
    host: str = GMAIL_HOST
    port: int = Field(default=993, ge=1, le=65535)
    security: Literal["tls", "starttls", "none"] = "tls"
    ca_file: Path | None = None
    #: None chooses All Mail where the server names one, else INBOX.
    mailbox: str | None = None
    #: Only mail that Gmail's search finds with these words is read.
    filter: str | None = None
    #: None sends its texts where all others go.
    alert_to: str | None = None

    @field_validator("address")
    @classmethod
    def _one_address(cls, address: str) -> str:
        if not is_address(address):
            raise ValueError("is not an e-mail address such as name@gmail.com")
        return address

    @field_validator("aliases")
    @classmethod
    def _addresses(cls, aliases: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(is_address, aliases)):
            raise ValueError("holds what is not an e-mail address")
        return tuple(alias.lower() for alias in aliases)

    @field_validator("password")
    @classmethod
    def _without_blanks(cls, password: SecretStr | None) -> SecretStr | None:
        return None if password is None else without_blanks(password)

    @field_validator("alert_to")
    @classmethod
    def _e164(cls, number: str | None) -> str | None:
        if number is not None and not E164.fullmatch(number):
            raise ValueError(NO_E164)
        return number

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError(f'security = "none" {IN_THE_CLEAR}')
        if self.password is None and not self.oauth:
            raise ValueError('needs password_file = "PATH" or oauth = true')
        return self


def is_address(text: str) -> bool:
    """Whether ``text`` looks like ``local@domain``."""
    return re.fullmatch(r"[^@\s]+@[^@\s]+", text) is not None


def without_blanks(password: SecretStr) -> SecretStr:
    """An app password as it is meant: Google shows its sixteen letters in four groups."""
    letters = re.sub(r"\s", "", password.get_secret_value())
    sixteen = re.fullmatch(r"[A-Za-z]{16}", letters) is not None
    return SecretStr(letters) if sixteen else password


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_accounts(path: Path) -> list[Account]:
    """The accounts of an accounts.toml, in its order.

    Paths in it are relative to its folder.

    Raises:
        ConfigError: it cannot be read or used; one sentence that shows no value.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path} cannot be read ({type(exc).__name__}).") from exc
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"{path} is no TOML: {exc}.") from exc
    tables = written.pop("account", None)
    if written or not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise ConfigError(f"{path} holds something else than [[account]] tables.")
    found = [
        _account(table, f"{path}, account {number}", path.parent)
        for number, table in enumerate(tables, start=1)
    ]
    addresses = [account.address.lower() for account in found]
    if len(set(addresses)) < len(addresses):
        raise ConfigError(f"{path} names an address twice: give each account once.")
    return found


def _account(table: dict[str, Any], where: str, folder: Path) -> Account:
    values = dict(table)
    if "password" in values:
        raise ConfigError(
            f'{where}: a password does not stand in this file; give password_file = "PATH".'
        )
    secret = values.pop("password_file", None)
    if secret is not None:
        values["password"] = _secret(folder / Path(str(secret)).expanduser(), where)
    if "ca_file" in values:
        values["ca_file"] = folder / Path(str(values["ca_file"])).expanduser()
    try:
        return Account(**values)
    except ValidationError as exc:
        said = [
            f"{where}: {name} {'is not a setting of an account' if unknown else message}."
            for name, message, unknown in mistakes(exc)
        ]
        raise ConfigError(" ".join(said).replace(":  ", ": ")) from exc


def mistakes(error: ValidationError) -> Iterator[tuple[str, str, bool]]:
    """Of each mistake where it is, what it is, and whether the name is unknown; never the value."""
    for mistake in error.errors(include_input=False, include_url=False):
        said = mistake["msg"].removeprefix("Value error, ")
        if mistake["type"] != "value_error":
            said = f"cannot be used: {said[:1].lower()}{said[1:]}"
        name = ".".join(map(str, mistake["loc"]))
        yield name, said, mistake["type"] == "extra_forbidden"


def _secret(path: Path, where: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(
            f"{where}: password_file names a file that cannot be read ({type(exc).__name__})."
        ) from exc


def reveal(secret: SecretStr | None) -> str | None:
    """The text of a secret; None stays None."""
    return secret.get_secret_value() if secret is not None else None
