"""systemd, launchd and cron are told, once, and told back; what is not ours stays as it is."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from jeeves.adapters import crontab
from jeeves.adapters.launchd import Launchd, property_list
from jeeves.adapters.systemd import Systemd, lingers, unit
from jeeves.adapters.systemd.unit import STATE
from jeeves.domain.installation import Installation
from jeeves.errors import ConfigError, NotInstalled
from tests.starters import Starters

#: There on every machine, so that systemd-analyze can find it.
PROGRAM = "/bin/sh"
OWN = Installation((PROGRAM,), Path("/"), Path("/tmp/a home %h"))
MACHINE = Installation((PROGRAM,), Path("/"), STATE, account="root")
MINE = b"MAILTO=ana\n# \xe9\n0 1 * * * backup 100\\%\n"
LINES = crontab.lines(OWN, 5, 3)


@pytest.fixture
def starters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Starters:
    made = Starters(tmp_path / "programs")
    monkeypatch.setenv("PATH", str(made.folder), prepend=os.pathsep)
    return made


@pytest.mark.parametrize("system", [True, False])
def test_a_unit_is_written_enabled_and_started_once(
    starters: Starters, tmp_path: Path, system: bool
) -> None:
    systemd = Systemd(system, tmp_path / "systemd" / "units")
    whose = "systemctl " if system else "systemctl --user "
    text = unit(OWN)
    assert systemd.install(text) == "It runs. Mail was read at 12:00:00."
    assert systemd.file.read_text() == text
    assert [line.removeprefix(whose).split()[0] for line in starters.asked()] == [
        *("show", "daemon-reload", "enable", "restart", "show"),
    ]
    systemd.install(text)
    again = starters.asked()
    assert f"{whose}start --no-block jeeves.service" in again
    assert not [line for line in again if "restart" in line or "daemon-reload" in line]
    systemd.install(text + "# changed\n")
    assert f"{whose}restart --no-block jeeves.service" in starters.asked()
    assert systemd.uninstall()
    assert f"{whose}disable --now jeeves.service" in starters.asked()
    assert list(systemd.units.iterdir()) == []
    assert not systemd.uninstall()
    assert starters.asked() == []


def test_a_unit_of_somebody_else_is_neither_replaced_nor_removed(
    starters: Starters, tmp_path: Path
) -> None:
    systemd = Systemd(False, tmp_path)
    systemd.file.write_text("[Service]\nExecStart=/usr/bin/butler\n")
    with pytest.raises(ConfigError, match="not written by Jeeves"):
        systemd.install(unit(OWN))
    assert not systemd.uninstall()
    assert "butler" in systemd.file.read_text()
    assert not [line for line in starters.asked() if "show" not in line]


def test_without_a_service_manager_nothing_is_written(starters: Starters, tmp_path: Path) -> None:
    starters.set("no-bus")
    systemd = Systemd(False, tmp_path / "units")
    with pytest.raises(ConfigError, match="Failed to connect to bus"):
        systemd.install(unit(OWN))
    assert not systemd.units.exists()


def test_a_service_that_ends_at_its_start_is_told(starters: Starters, tmp_path: Path) -> None:
    (starters.folder / "state").write_text("ActiveState=failed\nStatusText=\n")
    with pytest.raises(NotInstalled, match="journalctl --user -u jeeves"):
        Systemd(False, tmp_path).install(unit(OWN))


def test_services_go_on_after_a_logout_where_that_is_allowed(starters: Starters) -> None:
    assert lingers("ana")
    assert starters.asked() == ["loginctl enable-linger ana"]
    starters.set("no-linger")
    assert not lingers("ana")


def test_a_property_list_is_loaded_once_and_again_when_it_changed(
    starters: Starters, tmp_path: Path
) -> None:
    launchd = Launchd(False, tmp_path / "LaunchAgents")
    text = property_list(OWN)
    launchd.install(text)
    assert launchd.file.read_text() == text == (starters.folder / "loaded").read_text()
    assert f"launchctl bootstrap gui/{os.getuid()} {launchd.file}" in starters.asked()
    assert launchd.install(text) == "It runs as before."
    assert not [line for line in starters.asked() if "boot" in line]
    launchd.install(property_list(MACHINE))
    assert [line.split()[1] for line in starters.asked() if "boot" in line] == [
        *("bootout", "bootstrap"),
    ]
    assert launchd.uninstall()
    assert not launchd.file.exists()
    assert not (starters.folder / "loaded").exists()
    assert not launchd.uninstall()


def test_a_property_list_of_somebody_else_stays(starters: Starters, tmp_path: Path) -> None:
    launchd = Launchd(False, tmp_path)
    for text in ("no property list", property_list(OWN).replace("jeeves uninstall", "butler")):
        launchd.file.write_text(text)
        with pytest.raises(ConfigError, match="not written by Jeeves"):
            launchd.install(property_list(OWN))
        assert not launchd.uninstall()
        assert launchd.file.read_text() == text


def test_lines_come_into_a_crontab_and_go_and_all_others_stay(starters: Starters) -> None:
    starters.table.write_bytes(MINE)
    assert crontab.install(LINES)
    assert starters.table.read_bytes() == MINE + b"\n".join(LINES) + b"\n"
    assert not crontab.install(LINES)
    assert crontab.install(LINES[:1])
    assert starters.table.read_bytes() == MINE + LINES[0] + b"\n"
    assert crontab.uninstall()
    assert starters.table.read_bytes() == MINE
    assert not crontab.uninstall()


def test_a_crontab_that_was_not_there_is_not_there_again(starters: Starters) -> None:
    assert crontab.install(LINES)
    assert crontab.uninstall()
    assert not starters.table.exists()
    assert not crontab.uninstall()


def test_a_last_line_without_an_end_stays_a_line_of_its_own(starters: Starters) -> None:
    starters.table.write_bytes(MINE.rstrip(b"\n"))
    crontab.install(LINES)
    assert starters.table.read_bytes() == MINE + b"\n".join(LINES) + b"\n"


@pytest.mark.parametrize("flag", ["table.locked", "table.full"])
def test_a_crontab_that_cannot_be_read_or_written_is_as_it_was(
    starters: Starters, flag: str
) -> None:
    starters.table.write_bytes(MINE)
    starters.set(flag)
    with pytest.raises(NotInstalled, match="crontab cannot be"):
        crontab.install(LINES)
    assert starters.table.read_bytes() == MINE
    assert ("crontab -" in starters.asked()) == (flag == "table.full")


def test_without_cron_nothing_was_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="no cron here"):
        crontab.install(LINES)
    assert not crontab.uninstall()


def test_the_real_cron_takes_our_lines(
    needs_program: Callable[[str, str], str], tmp_path: Path
) -> None:
    program = needs_program("crontab", "apt-get install cron")
    usage = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    if "dry run" not in usage.stderr:
        pytest.skip("this crontab has no dry run; install Debian's with: apt-get install cron")
    table = tmp_path / "table"
    table.write_bytes(MINE + b"\n".join(LINES) + b"\n")
    # -n: it is looked at, and the crontab of whoever runs this stays as it is
    good = subprocess.run([program, "-n", table], capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stderr
    table.write_bytes(LINES[0].replace(b"*/5", b"*/x") + b"\n")
    assert subprocess.run([program, "-n", table], capture_output=True, check=False).returncode


@pytest.mark.parametrize("installation", [OWN, MACHINE], ids=["own", "machine"])
def test_systemd_finds_no_fault_with_the_unit(
    needs_program: Callable[[str, str], str], tmp_path: Path, installation: Installation
) -> None:
    program = needs_program("systemd-analyze", "apt-get install systemd")
    own = [] if installation.account else ["--user"]
    for text, sound in ((unit(installation), True), (unit(installation) + "[Sevrice]\n", False)):
        file = tmp_path / "jeeves.service"
        file.write_text(text)
        ran = subprocess.run(
            [program, *own, "verify", file],
            env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ("jeeves" in ran.stderr) != sound, ran.stderr
    assert sound or "Sevrice" in ran.stderr


def test_the_machines_service_is_exposed_to_little(
    needs_program: Callable[[str, str], str], tmp_path: Path
) -> None:
    program = needs_program("systemd-analyze", "apt-get install systemd")
    file = tmp_path / "jeeves.service"
    file.write_text(unit(Installation((PROGRAM,), Path("/"), STATE, account="jeeves"), sound=True))
    # at most 3.0 of 10; --threshold counts in tenths
    arguments = ["security", "--offline=true", "--no-pager", "--threshold=30", str(file)]
    ran = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-300:]
