"""The settings of what Twilio reports and of further channels."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

#: Between two URLs: a comma or blanks, where a scheme follows; a URL may hold commas itself.
BETWEEN_URLS = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9]*://)")
A_URL = re.compile(r"[A-Za-z][A-Za-z0-9]*://\S+")
#: Labels of letters, digits and hyphens (RFC 1123, 2.1): Twilio takes no underscore.
HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
UNPROVEN = (
    "TWILIO_CALLBACK_URL needs TWILIO_AUTH_TOKEN: Twilio signs its reports with the auth token, "
    "and an API key cannot prove them"
)


class ChannelSettings(BaseSettings):
    """A part of ``jeeves.settings.Settings``."""

    twilio_callback_url: str | None = None
    twilio_callback_port: int = Field(default=8787, ge=1, le=65535)

    #: They hold the tokens of the services.
    alert_urls: SecretStr | None = None
    alert_urls_file: Path | None = None
    alert_urls_when: Literal["always", "fallback"] = "always"

    @field_validator("twilio_callback_url")
    @classmethod
    def _callback(cls, address: str | None) -> str | None:
        if address is None:
            return None
        try:
            url = urlsplit(address)
            plain = not (url.query or url.fragment or url.username or re.search(r"\s", address))
            whole = HOST.fullmatch(url.hostname or "") and (url.port or 443) and url.path.strip("/")
        except ValueError:  # a port that is no number
            plain, whole = False, None
        if url.scheme != "https" or not plain or not whole:
            raise ValueError(
                "is not an https URL with a host and a path and nothing else, such as "
                "https://host.example/twilio"
            )
        return address

    @field_validator("alert_urls")
    @classmethod
    def _urls(cls, urls: SecretStr | None) -> SecretStr | None:
        if urls is not None and not all(map(A_URL.fullmatch, split_urls(urls))):
            raise ValueError(
                "is not a list of apprise's URLs, such as ntfy://topic, with commas or blanks "
                "between them"
            )
        return urls

    @property
    def urls(self) -> tuple[str, ...]:
        """Where alerts go besides text messages and speech, as apprise writes it."""
        return split_urls(self.alert_urls) if self.alert_urls else ()

    @property
    def url_services(self) -> str:
        """The schemes of ``urls``, which tell the services and no secret, such as "ntfy, tgram"."""
        return ", ".join(dict.fromkeys(url.partition("://")[0].lower() for url in self.urls))


def split_urls(urls: SecretStr) -> tuple[str, ...]:
    """The single URLs of ALERT_URLS."""
    return tuple(BETWEEN_URLS.split(urls.get_secret_value().strip(" \t\r\n,")))
