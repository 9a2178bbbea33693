"""accounts.toml: several accounts, and one sentence for each mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jeeves.accounts import read_accounts
from jeeves.errors import ConfigError
from jeeves.settings import load_settings

TWO = """
[[account]]
address = "Ana@example.org"
password_file = "ana.secret"
aliases = ["Ana.Lopez@example.net"]
mailbox = "INBOX"
alert_to = "+15005550011"

[[account]]
address = "ben@example.org"
oauth = true
filter = "-category:promotions"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ana.secret").write_text("abcd efgh ijkl mnop\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JEEVES_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def texting(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "x",
        "TWILIO_FROM": "+15005550006",
        "ALERT_TO": "+15005550010",
    }.items():
        monkeypatch.setenv(name, value)


def written(folder: Path, text: str) -> Path:
    path = folder / "accounts.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_account_has_its_own_secret_aliases_mailbox_and_phone(folder: Path) -> None:
    ana, ben = read_accounts(written(folder, TWO))
    assert ana.password is not None
    assert ana.password.get_secret_value() == "abcdefghijklmnop"
    assert ana.aliases == ("ana.lopez@example.net",)
    assert (ana.mailbox, ana.alert_to) == ("INBOX", "+15005550011")
    assert (ben.password, ben.oauth, ben.filter) == (None, True, "-category:promotions")


@pytest.mark.usefixtures("texting")
def test_the_account_of_env_comes_first_and_is_not_doubled(folder: Path) -> None:
    written(folder, TWO)
    (folder / ".env").write_text(
        "GMAIL_ADDRESS=cas@example.org\nGMAIL_APP_PASSWORD=x\nGMAIL_ALIASES=c@a.org, C@b.org\n",
        encoding="utf-8",
    )
    settings = load_settings()
    assert [one.address for one in settings.accounts] == [
        "cas@example.org",
        "Ana@example.org",
        "ben@example.org",
    ]
    assert settings.accounts[0].aliases == ("c@a.org", "c@b.org")
    assert settings.account("ANA@example.org").mailbox == "INBOX"
    (folder / ".env").write_text(
        "GMAIL_ADDRESS=ana@Example.org\nGMAIL_APP_PASSWORD=x\n", encoding="utf-8"
    )
    assert [one.address for one in load_settings().accounts] == [
        "Ana@example.org",
        "ben@example.org",
    ]


@pytest.mark.usefixtures("texting")
def test_an_account_that_is_not_there_is_named_no_further(folder: Path) -> None:
    with pytest.raises(ConfigError, match="No account is configured"):
        load_settings().account()
    written(folder, TWO)
    with pytest.raises(ConfigError, match="No account has this address"):
        load_settings().account("nobody@example.org")


ONE = '[[account]]\naddress = "a@b.c"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[account]", "is no TOML"),
        ('[account]\naddress = "a@b.c"\n', "something else than [[account]] tables"),
        (f"{ONE}oauth = true\n[other]\nx = 1\n", "something else than [[account]] tables"),
        (ONE, 'account 1: needs password_file = "PATH" or oauth = true.'),
        ("[[account]]\noauth = true\n", "account 1: address cannot be used: field required."),
        (f'{ONE}password = "hunter2"\n', "a password does not stand in this file"),
        (f'{ONE}password_file = "not-there"\n', "password_file names a file that cannot be read"),
        (f'{ONE}oauth = true\nmailbx = "x"\n', "mailbx is not a setting of an account"),
        (f'{ONE}oauth = true\nalert_to = "015112345"\n', "alert_to is not a phone number in E.164"),
        (f'{ONE}oauth = true\naliases = ["me"]\n', "aliases holds what is not an e-mail address"),
        (f'{ONE}oauth = true\nsecurity = "none"\n', "allowed for a server on this machine only"),
        (f"{ONE}oauth = true\n{ONE}oauth = true\n", "names an address twice"),
    ],
)
def test_a_mistake_is_one_sentence_that_shows_no_secret(
    folder: Path, text: str, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(sentence)) as caught:
        read_accounts(written(folder, text))
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "015112345" not in str(caught.value)


def test_a_phone_for_alerts_without_text_messages_is_told_instead_of_forgotten(
    folder: Path,
) -> None:
    written(folder, f'{ONE}oauth = true\nalert_to = "+15005550011"\n')
    with pytest.raises(ConfigError, match="text messages are not set up"):
        load_settings()


def test_a_mistake_in_the_file_is_told_when_the_settings_are_read(folder: Path) -> None:
    written(folder, ONE)
    with pytest.raises(ConfigError, match="account 1"):
        load_settings()
