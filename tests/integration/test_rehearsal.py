"""Whether Jeeves could run as it would be started is tried, with the rights it would have."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from jeeves.adapters.rehearsal import program, rehearse
from jeeves.errors import ConfigError

SETTINGS = "GMAIL_ADDRESS=ana@example.org\nGMAIL_APP_PASSWORD=abcdefghijklmnop\nRETRAIN_HOUR=4\n"


def test_what_is_found_is_what_the_settings_say(tmp_path: Path) -> None:
    settings = f"{SETTINGS}HEARTBEAT_FILE={tmp_path}/beat/alive\nJEEVES_HOME={tmp_path}/home\n"
    (tmp_path / ".env").write_text(settings)
    found = rehearse(tmp_path, None, None)
    assert found.retrain_hour == 4
    installation = found.installation
    assert (installation.folder, installation.home) == (tmp_path, tmp_path / "home")
    assert installation.writes == (tmp_path / "beat",)
    assert Path(sys.base_prefix) in installation.reads
    assert Path(installation.program[0]).is_absolute()
    assert installation.program == program()


def test_the_home_is_there_then_unless_it_was_only_asked(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(SETTINGS)
    home = tmp_path / "home"
    rehearse(tmp_path, None, home, make=False)
    assert not home.exists()
    rehearse(tmp_path, None, home)
    # root's Postgres runs as somebody else, who has to pass
    assert stat.S_IMODE(home.stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(SETTINGS)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"file/home cannot be made \(Not a directory\)"):
        rehearse(tmp_path, None, tmp_path / "file" / "home")


def test_what_the_shell_has_set_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GMAIL_ADDRESS", "ana@example.org")
    monkeypatch.setenv("GMAIL_APP_PASSWORD", "abcdefghijklmnop")
    with pytest.raises(ConfigError, match="knows nothing of what is set in your shell"):
        rehearse(tmp_path, None, tmp_path / "home")
    assert not (tmp_path / "home").exists()


def test_settings_that_whoever_runs_it_cannot_read_are_told(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(SETTINGS)
    # what root may read, its service may not; what nobody may read, an ordinary user may not
    root = os.geteuid() == 0
    dotenv.chmod(0o600 if root else 0)
    with pytest.raises(ConfigError, match="cannot") as told:
        rehearse(tmp_path, "nobody" if root else None, tmp_path / "home")
    assert "abcdefghijklmnop" not in str(told.value)
    assert "\n" not in str(told.value)
