"""What an answer changes in the settings, and what it leaves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from dotenv import dotenv_values

from jeeves.cli.drafting import Draft, mistake
from jeeves.errors import ConfigError
from jeeves.settings import names


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """JEEVES_HOME, beside a working folder; nothing else is set."""
    for name in set(os.environ) & names():
        monkeypatch.delenv(name)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("JEEVES_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def stands(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / ".env").write_text(text)
    return folder / ".env"


def test_a_new_secret_takes_the_place_of_the_file_that_held_it(home: Path) -> None:
    path = stands(home, "GMAIL_ADDRESS=sam@gmail.com\nGMAIL_APP_PASSWORD_FILE=/not/there\n")
    draft = Draft()
    draft.answer("gmail_app_password", "abcd efgh")
    assert draft.settings().gmail_app_password is not None
    draft.write()
    assert dotenv_values(path) == {
        "GMAIL_ADDRESS": "sam@gmail.com",
        "GMAIL_APP_PASSWORD_FILE": "",
        "GMAIL_APP_PASSWORD": "abcd efgh",
    }


def test_a_token_takes_the_place_of_a_key_and_a_number_that_of_a_service(home: Path) -> None:
    stands(home, "TWILIO_API_KEY=SK1\nTWILIO_API_SECRET=s\nTWILIO_MESSAGING_SERVICE_SID=MG1\n"
           "TWILIO_ACCOUNT_SID=AC1\nALERT_TO=+15005550010\n")  # fmt: skip
    draft = Draft()
    draft.answer("twilio_auth_token", "token")
    draft.answer("twilio_from", "0044 (20) 7946-0018")
    found = draft.settings()
    assert found.twilio_from == "+442079460018"
    assert (found.twilio_api_key, found.twilio_messaging_service_sid) == (None, None)


def test_what_was_taken_away_is_gone_though_another_file_says_it(home: Path) -> None:
    at_home = stands(home, "# mine\nTIMEZONE=UTC\nGMAIL_FILTER=x\n")
    here = stands(Path.cwd(), "QUIET_HOURS=off\n")
    draft = Draft()
    assert draft.path == here
    assert draft.value("timezone") == "UTC"
    draft.answer("timezone", "")
    draft.write()
    assert at_home.read_text() == "# mine\nTIMEZONE=\nGMAIL_FILTER=x\n"
    assert Draft().settings().timezone is None


def test_the_environment_goes_first_and_is_not_written(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands(home, "QUIET_HOURS=off\n")
    monkeypatch.setenv("QUIET_HOURS", "21-6")
    draft = Draft()
    assert draft.fixed("quiet_hours")
    assert draft.value("quiet_hours") == "21-6"
    assert draft.settings().quiet_hours == "21-6"
    monkeypatch.setenv("QUIET_HOURS", "late")
    with pytest.raises(ConfigError, match="environment's QUIET_HOURS is not two times"):
        Draft()


def test_a_path_is_written_whole(home: Path) -> None:
    draft = Draft()
    draft.answer("gmail_app_password_file", "secret")
    assert draft.value("gmail_app_password_file") == str(Path.cwd() / "secret")


def test_one_part_can_be_used_while_another_is_not_yet_whole(home: Path) -> None:
    stands(home, "TWILIO_ACCOUNT_SID=AC1\n")
    draft = Draft()
    draft.answer("gmail_address", "sam@gmail.com")
    draft.answer("gmail_app_password", "x")
    assert draft.settings(("gmail_address", "gmail_app_password")).has_account
    with pytest.raises(ConfigError, match="text messages also need"):
        draft.settings()


@pytest.mark.parametrize(
    ("zone", "meant"),
    [("Europe/Berlln", "Europe/Berlin"), ("new york", "America/New_York"), ("tokio", "Asia/Tokyo")],
)
def test_a_zone_spelt_wrongly_is_told_with_what_was_meant(zone: str, meant: str) -> None:
    assert (mistake("timezone", zone) or "").endswith(f"did you mean {meant}")
    assert mistake("timezone", meant) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("MISS_COST=dear", "MISS_COST cannot be used"),
        ("ALERT_URLS_FILE=/not/there", "ALERT_URLS_FILE names a file that cannot be read"),
        ("GMAIL_ADRESS=x", "unknown setting GMAIL_ADRESS: did you mean GMAIL_ADDRESS"),
    ],
)
def test_what_is_wrong_in_what_is_not_asked_is_told_first(
    home: Path, text: str, sentence: str
) -> None:
    stands(home, text)
    with pytest.raises(ConfigError, match=sentence):
        Draft()


def test_what_is_wrong_in_what_is_asked_is_for_the_questions_to_mend(home: Path) -> None:
    stands(home, "ALERT_TO=0170\nGMAIL_ADDRESS=sam@gmail.com\nSPEECH=loud\nIMAP_PORT=x\n")
    draft = Draft()
    for name, said in (("alert_to", ""), ("speech", "off"), ("imap_port", "")):
        draft.answer(name, said)
    draft.answer("gmail_app_password", "x")
    assert draft.settings().has_account
