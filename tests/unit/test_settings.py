"""Settings: where they come from, and what is refused in one sentence."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jeeves.domain.operating import Costs
from jeeves.errors import ConfigError
from jeeves.settings import Settings, load_settings, names
from tests.conftest import ROOT

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load the settings from an environment of the test's own."""
    for name in list(os.environ):
        if name in names() or name.startswith(("JEEVES_", "GMAIL_", "IMAP_", "TWILIO_")):
            monkeypatch.delenv(name)

    def load(dotenv: str | None = None, home: Path | None = None, **environment: str) -> Settings:
        monkeypatch.setenv("JEEVES_HOME", str(home or tmp_path / "home"))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        if dotenv is not None:
            (tmp_path / ".env").write_text(dotenv, encoding="utf-8")
        return load_settings(tmp_path)

    return load


def test_nothing_configured_is_fine(load: Load) -> None:
    settings = load()
    assert not settings.has_account
    assert not settings.has_sms
    assert settings.imap_host == "imap.gmail.com"
    assert settings.imap_port == 993


def test_errors_cost_what_the_settings_say(load: Load) -> None:
    assert load().costs == Costs(miss=10, false_alarm=1, recall_floor=0.9)
    found = load("MISS_COST=30\nFALSE_ALARM_COST=2.5\nRECALL_FLOOR=0\n")
    assert found.costs == Costs(miss=30, false_alarm=2.5, recall_floor=0)


def test_when_alerts_go_is_what_the_settings_say(load: Load) -> None:
    rules = load().rules()
    assert (rules.quiet_from, rules.quiet_until) == (time(22), time(7))
    assert (rules.alerts_per_hour, rules.sms_per_month) == (10, 200)
    assert (rules.reminder_hours, rules.retractions, rules.zone) == (3, True, None)
    rules = load(
        "QUIET_HOURS=22:30-6:45\nALERTS_PER_HOUR=3\nSMS_PER_MONTH=50\nREMINDER_HOURS=0\n"
        "RETRACTIONS=false\nTIMEZONE=Europe/Berlin\n"
    ).rules()
    assert (rules.quiet_from, rules.quiet_until) == (time(22, 30), time(6, 45))
    assert (rules.alerts_per_hour, rules.sms_per_month) == (3, 50)
    assert (rules.reminder_hours, rules.retractions) == (0, False)
    assert rules.zone == ZoneInfo("Europe/Berlin")
    assert load("QUIET_HOURS=off\n").rules().quiet_from is None


def test_the_environment_wins_over_the_folder_and_the_folder_over_home(
    load: Load, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".env").write_text("IMAP_HOST=home\nIMAP_PORT=1\nPOLL_SECONDS=9\n", encoding="utf-8")
    settings = load("IMAP_HOST=folder\nIMAP_PORT=2\n", home=home, IMAP_HOST="environment")
    assert (settings.imap_host, settings.imap_port) == ("environment", 2)
    assert settings.poll_seconds == 9


def test_empty_means_not_set(load: Load) -> None:
    settings = load("GMAIL_ADDRESS=\nIMAP_PORT=\nALERT_TO=\n")
    assert settings.gmail_address is None
    assert settings.imap_port == 993


def test_the_example_file_can_be_used_as_it_is(load: Load) -> None:
    load((ROOT / ".env.example").read_text(encoding="utf-8"))


def test_the_example_file_names_every_setting_and_no_other() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"(?m)^([A-Z_]+)=", text)) == names()


def test_an_app_password_may_be_pasted_with_its_blanks(load: Load) -> None:
    settings = load(GMAIL_ADDRESS="a@example.org", GMAIL_APP_PASSWORD="abcd efgh ijkl mnop")
    assert settings.gmail_app_password is not None
    assert settings.gmail_app_password.get_secret_value() == "abcdefghijklmnop"


def test_a_consent_or_a_client_to_get_one_stands_in_for_the_password(
    load: Load, tmp_path: Path
) -> None:
    client = tmp_path / "client.json"
    settings = load(GMAIL_ADDRESS="A@example.org", GMAIL_OAUTH_CLIENT_FILE=str(client))
    assert settings.gmail_oauth_client_file == client
    token = settings.google_token_file("A@example.org")
    token.parent.mkdir(parents=True)
    token.touch()
    assert load(GMAIL_OAUTH_CLIENT_FILE="").has_account


def test_another_password_keeps_its_blanks(load: Load) -> None:
    settings = load(GMAIL_ADDRESS="a@example.org", GMAIL_APP_PASSWORD="two words")
    assert settings.gmail_app_password is not None
    assert settings.gmail_app_password.get_secret_value() == "two words"


def test_a_secret_may_come_from_a_file(load: Load, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n", encoding="utf-8")
    settings = load(GMAIL_ADDRESS="a@example.org", GMAIL_APP_PASSWORD_FILE=str(secret))
    assert settings.gmail_app_password is not None
    assert settings.gmail_app_password.get_secret_value() == "s3cret"


def test_further_channels_are_urls_with_commas_or_blanks_between_them(load: Load) -> None:
    assert load().urls == ()
    urls = "ntfy://topic,  tgram://1:a/2\n mailto://u:p@h?to=a@b.org,c@d.org , TGRAM://3:b/4,"
    settings = load(ALERT_URLS=urls)
    assert settings.urls == (
        "ntfy://topic",
        "tgram://1:a/2",
        "mailto://u:p@h?to=a@b.org,c@d.org",
        "TGRAM://3:b/4",
    )
    assert settings.url_services == "ntfy, tgram, mailto"
    assert settings.alert_urls_when == "always"
    assert load(ALERT_URLS_WHEN="fallback").alert_urls_when == "fallback"


def test_further_channels_may_come_from_a_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "urls").write_text("ntfy://one\nntfy://two\n", encoding="utf-8")
    assert load(ALERT_URLS_FILE=str(tmp_path / "urls")).urls == ("ntfy://one", "ntfy://two")


def test_reports_of_twilio_need_the_token_that_signs_them(load: Load) -> None:
    sms = {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_API_KEY": "SK1",
        "TWILIO_API_SECRET": "x",
        "TWILIO_FROM": "+15005550006",
        "ALERT_TO": "+15005550010",
        "TWILIO_CALLBACK_URL": "https://host.example:8443/a/twilio",
    }
    with pytest.raises(ConfigError, match="TWILIO_CALLBACK_URL needs TWILIO_AUTH_TOKEN") as caught:
        load(**sms)
    assert str(caught.value).count(".") == 1
    settings = load(**sms, TWILIO_AUTH_TOKEN="x")
    assert settings.twilio_callback_url == "https://host.example:8443/a/twilio"
    assert settings.twilio_callback_port == 8787


@pytest.mark.parametrize(
    "url",
    [
        "http://host.example/twilio",
        "https://host.example",
        "https://host.example/",
        "https://localhost/twilio",
        "https://my_host.example/twilio",
        "https://me:pw@host.example/twilio",
        "https://host.example/twilio?x=1",
        "https://host.example/twilio#rc=2",
        "https://host.example:many/twilio",
        "https://host.example/twi lio",
        "host.example/twilio",
    ],
)
def test_an_address_that_twilio_or_the_signature_cannot_use_is_refused(
    load: Load, url: str
) -> None:
    with pytest.raises(ConfigError, match="TWILIO_CALLBACK_URL is not an https URL"):
        load(TWILIO_CALLBACK_URL=url)


def test_secrets_never_show(load: Load) -> None:
    settings = load(
        GMAIL_ADDRESS="a@example.org",
        GMAIL_APP_PASSWORD="hunter2",
        DATABASE_URL="postgresql://me:hunter2@h/d",
        TWILIO_ACCOUNT_SID="AC" + "0" * 32,
        TWILIO_AUTH_TOKEN="hunter2",
        TWILIO_FROM="+15005550006",
        ALERT_TO="+15005550010",
        ALERT_URLS="ntfy://me:hunter2@h/topic",
    )
    assert "hunter2" not in settings.url_services
    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"ALERT_TO": "0123456"}, "ALERT_TO is not a phone number in E.164 form"),
        ({"TWILIO_FROM": "555-1234"}, "TWILIO_FROM is not a phone number in E.164 form"),
        ({"GMAIL_ADRESS": "a@b"}, "did you mean GMAIL_ADDRESS"),
        ({"TWILIO_ACOUNT_SID": "AC"}, "did you mean TWILIO_ACCOUNT_SID"),
        ({"GMAIL_ADDRESS": "nobody"}, "GMAIL_ADDRESS is not an e-mail address"),
        ({"GMAIL_ADDRESS": "a@b.c"}, "GMAIL_APP_PASSWORD is not"),
        ({"IMAP_PORT": "many"}, "IMAP_PORT cannot be used"),
        ({"IMAP_PORT": "70000"}, "IMAP_PORT cannot be used"),
        ({"IMAP_SECURITY": "ssl"}, "IMAP_SECURITY cannot be used"),
        ({"IMAP_SECURITY": "none"}, "allowed for a server on this machine only"),
        ({"SPEECH": "loud"}, "SPEECH cannot be used"),
        ({"TIMEZONE": "Mars/Olympus"}, "TIMEZONE is not a time zone"),
        ({"QUIET_HOURS": "at night"}, "QUIET_HOURS is not two times such as 22-7"),
        ({"QUIET_HOURS": "22"}, "QUIET_HOURS is not two times"),
        ({"QUIET_HOURS": "22-25"}, "QUIET_HOURS is not two times"),
        ({"QUIET_HOUR": "22-7"}, "did you mean QUIET_HOURS"),
        ({"ALERTS_PER_HOUR": "0"}, "ALERTS_PER_HOUR cannot be used"),
        ({"SMS_PER_MONTH": "-1"}, "SMS_PER_MONTH cannot be used"),
        ({"REMINDER_HOURS": "nan"}, "REMINDER_HOURS cannot be used"),
        ({"RETRACTIONS": "perhaps"}, "RETRACTIONS cannot be used"),
        ({"SILENT_MINUTES": "1"}, "SILENT_MINUTES cannot be used"),
        ({"HEARTBEAT_URL": "hc-ping.com/secret"}, "HEARTBEAT_URL is not an address that begins"),
        ({"POLL_SECONDS": "0"}, "POLL_SECONDS cannot be used"),
        ({"MISS_COST": "0"}, "MISS_COST cannot be used"),
        ({"MISS_COST": "dear"}, "MISS_COST cannot be used"),
        ({"MISS_COST": "nan"}, "MISS_COST cannot be used"),
        ({"FALSE_ALARM_COST": "-1"}, "FALSE_ALARM_COST cannot be used"),
        ({"FALSE_ALARM_COST": "inf"}, "FALSE_ALARM_COST cannot be used"),
        ({"RECALL_FLOOR": "90"}, "RECALL_FLOOR cannot be used"),
        ({"RECALL_FLOOR": "-0.1"}, "RECALL_FLOOR cannot be used"),
        ({"ALERT_TO": "+15005550010"}, "text messages also need TWILIO_ACCOUNT_SID"),
        ({"ALERT_URLS": "hunter2"}, "ALERT_URLS is not a list of apprise's URLs"),
        ({"ALERT_URLS": "ntfy://topic, hunter2"}, "ALERT_URLS is not a list of apprise's URLs"),
        ({"ALERT_URLS": "ntfy://"}, "ALERT_URLS is not a list of apprise's URLs"),
        ({"ALERT_URLS_WHEN": "never"}, "ALERT_URLS_WHEN cannot be used"),
        ({"ALERT_URL": "ntfy://x"}, "did you mean ALERT_URLS"),
        ({"TWILIO_CALLBACK_PORT": "0"}, "TWILIO_CALLBACK_PORT cannot be used"),
        ({"GMAIL_APP_PASSWORD_FILE": "/not/there"}, "GMAIL_APP_PASSWORD_FILE names a file"),
    ],
)
def test_a_mistake_is_one_sentence(load: Load, environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence)) as caught:
        load(**environment)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_mistaken_value_is_not_repeated(load: Load) -> None:
    with pytest.raises(ConfigError) as caught:
        load(ALERT_TO="015112345678")
    assert "015112345678" not in str(caught.value)


def test_an_unknown_name_in_a_file_is_refused_with_a_suggestion(load: Load) -> None:
    with pytest.raises(ConfigError, match="unknown setting GMAIL_PASSWORD"):
        load("GMAIL_PASSWORD=x\n")


def test_plain_imap_is_allowed_on_this_machine(load: Load) -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        assert load(IMAP_SECURITY="none", IMAP_HOST=host).imap_security == "none"


def test_other_programs_variables_are_left_alone(load: Load) -> None:
    load(TWILIO_EDGE="dublin", TWILIO_REGION="ie1", JEEVES_TEST_STRICT="1", IMAP_X="1")
