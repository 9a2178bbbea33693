"""What of the owner's settings the demo uses."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from pydantic import SecretStr

from jeeves import notifying
from jeeves.demo.gmail_server import GmailServer
from jeeves.demo.stage import demo_settings
from jeeves.settings import Settings


def test_the_demo_texts_nobody_and_sends_nothing_to_the_services_of_the_owner(
    tmp_path: Path,
) -> None:
    own = Settings.model_validate(
        {
            "jeeves_home": tmp_path,
            "twilio_account_sid": "AC" + "0" * 32,
            "twilio_auth_token": "x",
            "twilio_from": "+15005550006",
            "alert_to": "+15005550010",
            "alert_urls": SecretStr("ntfy://topic"),
            "speech": "off",
        }
    )
    server = SimpleNamespace(address="a@example.org", password="x", host="127.0.0.1", port=1)
    shown = demo_settings(own, cast(GmailServer, server), "postgresql://demo")
    assert notifying.notifiers_of(shown, None, None) == []
