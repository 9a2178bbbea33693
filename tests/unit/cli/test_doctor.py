"""What the doctor says of channels, and of what leaves the machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from jeeves.cli.doctor import channels, what_leaves
from jeeves.settings import Settings


def settings(home: Path, **given: object) -> Settings:
    return Settings.model_validate({"jeeves_home": home, "speech": "off", **given})


@pytest.mark.parametrize(
    ("when", "what"), [("always", "alerts through"), ("fallback", "what fails elsewhere through")]
)
def test_services_that_mail_content_goes_to_are_listed_without_their_secrets(
    tmp_path: Path, when: str, what: str
) -> None:
    urls = SecretStr("ntfy://t0ps3cret, mailto://me:t0ps3cret@example.org")
    said = what_leaves(settings(tmp_path, alert_urls=urls, alert_urls_when=when))
    assert f"{what} ALERT_URLS (ntfy, mailto): sender's name, subject" in said
    assert "t0ps3cret" not in said
    assert "ALERT_URLS" not in what_leaves(settings(tmp_path))


def test_a_channel_that_cannot_be_set_up_does_not_stop_the_examination(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    found = list(channels(settings(tmp_path, alert_urls=SecretStr("ntfy://topic"))))
    assert [(f.link, f.ok) for f in found] == [("channels", False), ("sms", True), ("speech", True)]
    assert "jeeves[channels]" in found[0].says


def test_where_reports_are_awaited_is_said(tmp_path: Path) -> None:
    found = channels(
        settings(
            tmp_path,
            twilio_callback_url="https://host.example/s3cret-path",
            twilio_account_sid="AC" + "0" * 32,
            twilio_auth_token="x",
            twilio_from="+15005550006",
            alert_to="+15005550010",
            # nothing listens there
            twilio_base_url="http://127.0.0.1:9",
        )
    )
    (said,) = [finding.says for finding in found if finding.link == "callback"]
    assert said == "host.example hands Twilio's reports on to 127.0.0.1:8787"
