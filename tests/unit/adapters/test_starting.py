"""What starts Jeeves is told in its own language: a unit, a property list, lines of a crontab."""

from __future__ import annotations

import configparser
import plistlib
import shlex
from pathlib import Path

import pytest

from jeeves.adapters import crontab
from jeeves.adapters.launchd import property_list
from jeeves.adapters.systemd.unit import STATE, quoted, unit
from jeeves.domain.installation import MARK, Installation

PROGRAM = "/opt/jeeves/.venv/bin/jeeves"
OWN = Installation((PROGRAM,), Path("/opt/jeeves"), Path("/home/ana/.local/share/jeeves"))
MACHINE = Installation((PROGRAM,), Path("/opt/jeeves"), STATE, account="jeeves")
ODD = Installation(
    ("/home/ana/50% off $HOME/bin/py", "-P", "-m", "jeeves"),
    Path("/home/ana/50% off $HOME"),
    Path('/home/ana/a "b"'),
)


def parsed(text: str) -> configparser.ConfigParser:
    # strict: no setting twice, but for those that systemd adds up
    once = text.replace("SystemCallFilter=~", "SystemCallFilterOut=~")
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes="#")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(once)
    return parser


def test_a_unit_of_ones_own_starts_with_the_login_and_is_watched() -> None:
    found = parsed(unit(OWN))
    service = found["Service"]
    assert service["ExecStart"] == f"{PROGRAM} run"
    assert service["WorkingDirectory"] == "/opt/jeeves"
    assert service["Environment"] == "JEEVES_HOME=/home/ana/.local/share/jeeves"
    assert (service["Type"], service["NotifyAccess"]) == ("notify", "main")
    assert service["WatchdogSec"] == "5min"
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("on-failure", "2")
    assert "User" not in service
    assert found["Install"]["WantedBy"] == "default.target"


def test_a_unit_of_ones_own_asks_for_nothing_that_only_root_can_give() -> None:
    service = parsed(unit(OWN))["Service"]
    root_only = {"CapabilityBoundingSet", "DeviceAllow", "DevicePolicy", "SupplementaryGroups"}
    assert not [name for name in service if name.startswith(("Protect", "Private"))]
    assert not root_only & set(service)
    assert service["NoNewPrivileges"] == "yes"


def test_the_machines_unit_has_an_account_a_place_and_few_rights() -> None:
    found = parsed(unit(MACHINE, sound=True))
    service = found["Service"]
    assert (service["User"], service["StateDirectory"]) == ("jeeves", "jeeves")
    assert (service["CapabilityBoundingSet"], service["ProtectSystem"]) == ("", "strict")
    assert service["ReadWritePaths"] == "/tmp /var/tmp -/var/lib/jeeves"
    assert service["ProtectHome"] == "yes"
    assert service["SupplementaryGroups"] == "audio"
    assert found["Install"]["WantedBy"] == "multi-user.target"


def test_what_lives_in_a_home_is_not_hidden_from_it() -> None:
    at_home = Installation((PROGRAM,), Path("/home/ana/jeeves"), Path("/home/ana/x"), "ana")
    service = parsed(unit(at_home))["Service"]
    assert service["ProtectHome"] == "read-only"
    assert service["ReadWritePaths"].endswith(" -/home/ana/x")
    assert "StateDirectory" not in service
    assert "SupplementaryGroups" not in service


def test_paths_with_signs_that_mean_something_are_escaped() -> None:
    service = parsed(unit(ODD))["Service"]
    assert service["ExecStart"] == '"/home/ana/50%% off $HOME/bin/py" -P -m jeeves run'
    assert service["WorkingDirectory"] == "/home/ana/50%% off $HOME"
    assert service["Environment"] == '"JEEVES_HOME=/home/ana/a \\"b\\""'
    assert quoted("plain") == "plain"


def test_a_path_with_a_line_end_is_told() -> None:
    broken = Installation((PROGRAM,), Path("/opt/a\nExecStartPre=x"), STATE)
    assert broken.unspeakable() == r"'/opt/a\nExecStartPre=x'"
    assert ODD.unspeakable() is None


@pytest.mark.parametrize("installation", [OWN, MACHINE, ODD])
def test_a_property_list_says_what_was_meant(installation: Installation) -> None:
    found = plistlib.loads(property_list(installation).encode())
    assert found["Label"] == "jeeves"
    assert found["ProgramArguments"] == [*installation.program, "run", "--patient"]
    assert found["WorkingDirectory"] == str(installation.folder)
    assert found["EnvironmentVariables"] == {"JEEVES_HOME": str(installation.home)}
    assert found["KeepAlive"] == {"SuccessfulExit": False}
    assert found["RunAtLoad"] is True
    assert found.get("UserName") == installation.account
    assert found["Comment"] == MARK


def test_cron_runs_check_and_learns_in_the_night() -> None:
    check, retrain = crontab.lines(OWN, 5, 3)
    begin = b"cd /opt/jeeves && JEEVES_HOME=/home/ana/.local/share/jeeves " + PROGRAM.encode()
    assert check == b"*/5 * * * * " + begin + b" check # by `jeeves cron install`"
    assert retrain.startswith(b"17 3 * * * " + begin + b" retrain --if-due #")
    assert len(crontab.lines(OWN, 1, None)) == 1
    assert crontab.lines(OWN, 1, None)[0].startswith(b"* * * * * ")


def test_what_cron_hands_to_the_shell_is_what_was_meant() -> None:
    line = crontab.lines(ODD, 5, None)[0].decode().split(maxsplit=5)[5]
    assert "%" not in line.replace("\\%", "")
    # as cron does it: a percent sign that is escaped stands for itself
    assert shlex.split(line.replace("\\%", "%"), comments=True) == [
        *("cd", "/home/ana/50% off $HOME", "&&", 'JEEVES_HOME=/home/ana/a "b"'),
        *("/home/ana/50% off $HOME/bin/py", "-P", "-m", "jeeves", "check"),
    ]


def test_lines_of_others_are_others_whatever_they_say() -> None:
    crontab_before = (
        b"# by me\n0 1 * * * jeeves check\n\n\xe9%\n* * * * * x # by `jeeves cron install`\n"
    )
    assert crontab.others(crontab_before) == [b"# by me", b"0 1 * * * jeeves check", b"", b"\xe9%"]
