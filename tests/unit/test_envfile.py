"""A .env that is rewritten: what else stands in it stays, and nobody else can read it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given, settings
from hypothesis import strategies as st

from jeeves.envfile import require_writable, rewrite
from jeeves.errors import ConfigError

BEFORE = """\
# mine
export GMAIL_ADDRESS=ana@example.org   # a remark
MISS_COST=20

SPEECH= # none?
TIMEZONE="Europe/Berlin" # home
this is no setting
ALERT_TO= '+4917 # 0'   # phone

# two lines
GMAIL_APP_PASSWORD='old
er'
gmail_filter = -category:promotions
"""
AFTER = """\
# mine
export GMAIL_ADDRESS='ana lopez@example.org'   # a remark
MISS_COST=20

SPEECH=on # none?
TIMEZONE= # home
this is no setting
ALERT_TO=+15005550010   # phone

# two lines
GMAIL_APP_PASSWORD='new\\'er\\\\'
gmail_filter =
QUIET_HOURS=22-6
"""
NEW = {
    "GMAIL_APP_PASSWORD": "new'er\\",
    "GMAIL_FILTER": "",
    "QUIET_HOURS": "22-6",
    "SPEECH": "on",
    "ALERT_TO": "+15005550010",
    "TIMEZONE": "",
    "GMAIL_ADDRESS": "ana lopez@example.org",
}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_else_stands_there_stays_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(BEFORE)
    path.chmod(0o644)
    old = rewrite(path, NEW)
    assert path.read_text() == AFTER
    found = {name.upper(): value for name, value in dotenv_values(path).items()}
    assert {name: found[name] for name in NEW} == NEW
    assert mode(path) == 0o600
    assert old == tmp_path / ".env.bak"
    assert old.read_text() == BEFORE
    assert mode(old) == 0o600
    assert sorted(one.name for one in tmp_path.iterdir()) == [".env", ".env.bak"]


def test_a_new_file_says_what_it_is_and_has_no_old_one(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert rewrite(tmp_path / ".env", {"SPEECH": "off"}) is None
    finally:
        os.umask(before)
    path = tmp_path / ".env"
    assert path.read_text().startswith("# Settings of Jeeves")
    assert path.read_text().endswith("\nSPEECH=off\n")
    assert mode(path) == 0o600


def test_where_nothing_changes_nothing_is_written_but_the_mode(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# no newline\nSPEECH=off")
    path.chmod(0o644)
    before = path.stat().st_ino
    assert rewrite(path, {}) is None
    assert path.stat().st_ino == before
    assert mode(path) == 0o600
    assert rewrite(path, {"TIMEZONE": "UTC"}) is not None
    assert path.read_text() == "# no newline\nSPEECH=off\nTIMEZONE=UTC\n"


def test_ends_of_lines_stay(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"A=1\r\nB=2 # two\r\n")
    rewrite(path, {"A": "3", "B": "4"})
    assert path.read_bytes() == b"A=3\r\nB=4 # two\r\n"


def test_a_link_is_followed(tmp_path: Path) -> None:
    real = tmp_path / "kept" / "settings"
    real.parent.mkdir()
    real.write_text("A=1\n")
    link = tmp_path / ".env"
    link.symlink_to(real)
    rewrite(link, {"A": "2"})
    assert link.is_symlink()
    assert real.read_text() == "A=2\n"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=30))
@settings(max_examples=40, deadline=None)
def test_any_value_comes_back_or_is_refused_and_the_file_stays(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    path = tmp_path_factory.mktemp("env") / ".env"
    path.write_text(BEFORE)
    try:
        rewrite(path, {"GMAIL_APP_PASSWORD": value})
    except ConfigError:
        assert path.read_text() == BEFORE
    else:
        assert dotenv_values(path)["GMAIL_APP_PASSWORD"] == value


def test_a_value_that_would_be_another_is_refused_without_showing_it(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(BEFORE)
    with pytest.raises(ConfigError, match="GMAIL_APP_PASSWORD_FILE") as refused:
        rewrite(path, {"GMAIL_APP_PASSWORD": "hunter${HOME}2"})
    assert "hunter" not in str(refused.value)
    assert path.read_text() == BEFORE
    assert [one.name for one in tmp_path.iterdir()] == [".env"]


def test_what_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    for attempt in (require_writable, lambda path: rewrite(path, {"A": "1"})):
        with pytest.raises(ConfigError, match="cannot be written"):
            attempt(blocked / "home" / ".env")


def test_its_folder_is_made(tmp_path: Path) -> None:
    require_writable(tmp_path / "a" / "b" / ".env")
    assert list((tmp_path / "a" / "b").iterdir()) == []
