"""The settings of what is kept of mail, and for how long."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class Keeping(BaseSettings):
    """What is kept: a part of `jeeves.settings.Settings`."""

    body_days: int = Field(default=90, ge=0, le=36_500)
    keep_labelled: Literal["text", "nothing"] = "text"
