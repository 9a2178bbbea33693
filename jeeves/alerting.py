"""The settings of when alerts go, and of what is said when Jeeves cannot do its work."""

from __future__ import annotations

import re
from datetime import time
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from jeeves.domain.schedule import Rules, clock
from jeeves.domain.week import WeeklyAt, parse_weekly


class Alerting(BaseSettings):
    """When alerts go: a part of `jeeves.settings.Settings`."""

    quiet_hours: str = "22-7"
    alerts_per_hour: int = Field(default=10, ge=1)
    sms_per_month: int = Field(default=200, ge=1)
    reminder_hours: float = Field(default=3, ge=0, le=168)
    retractions: bool = True
    alert_links: bool = False
    weekly_digest: str = "off"
    silent_minutes: float = Field(default=15, ge=2, le=1440)
    heartbeat_file: Path | None = None
    heartbeat_url: SecretStr | None = None
    timezone: str | None = None

    @field_validator("quiet_hours")
    @classmethod
    def _two_times(cls, hours: str) -> str:
        if hours.strip().lower() != "off":
            quiet_times(hours)
        return hours

    @field_validator("weekly_digest")
    @classmethod
    def _day_and_hour(cls, words: str) -> str:
        parse_weekly(words)
        return words

    @field_validator("heartbeat_url")
    @classmethod
    def _web_address(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not re.fullmatch(r"https?://[^\s/]+\S*", url.get_secret_value()):
            raise ValueError("is not an address that begins with https:// or http://")
        return url

    @field_validator("heartbeat_file")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path.expanduser().absolute() if path is not None else None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
                raise ValueError("is not a time zone such as Europe/Berlin") from exc
        return name

    @cached_property
    def zone(self) -> ZoneInfo | None:
        """The owner's time zone; None is the machine's own."""
        return ZoneInfo(self.timezone) if self.timezone else None

    @property
    def weekly(self) -> WeeklyAt | None:
        """When the digest of the week is made; None: it is not wanted."""
        return parse_weekly(self.weekly_digest)

    def rules(self) -> Rules:
        """When alerts may go."""
        begin, end = (None, None)
        if self.quiet_hours.strip().lower() != "off":
            begin, end = quiet_times(self.quiet_hours)
        return Rules(
            quiet_from=begin,
            quiet_until=end,
            zone=self.zone,
            alerts_per_hour=self.alerts_per_hour,
            sms_per_month=self.sms_per_month,
            reminder_hours=self.reminder_hours,
            retractions=self.retractions,
        )


def quiet_times(hours: str) -> tuple[time, time]:
    """Begin and end of "22-7" or "22:30-6:45".

    Raises:
        ValueError: it is neither.
    """
    parts = [clock(part.strip()) for part in hours.split("-")]
    if len(parts) != 2 or parts[0] is None or parts[1] is None:
        raise ValueError("is not two times such as 22-7 or 22:30-6:45, nor off")
    return parts[0], parts[1]
