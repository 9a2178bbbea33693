"""The groups of `jeeves --help`."""

from __future__ import annotations

from collections import Counter

import pytest
from typer.main import get_command

from jeeves.cli import COMMANDS, command_line
from jeeves.cli.groups import GROUPS, REST, grouped


def commands(called: str | None = None) -> list[str]:
    found: list[str] = list(get_command(command_line(called)).commands)  # type: ignore[attr-defined]
    return found


def test_every_command_stands_in_one_group() -> None:
    listed = [name for _, names in grouped(commands()) for name in names]
    assert sorted(listed) == sorted(commands())
    assert [title for title, _ in grouped(commands()) if title == REST] == []
    named = Counter(name for names in GROUPS.values() for name in names)
    assert [name for name, times in named.items() if times > 1] == []


def test_a_group_without_commands_is_not_shown_and_a_command_without_group_is() -> None:
    assert list(grouped(["juggle", "run"])) == [("Watch the mailbox", ["run"]), (REST, ["juggle"])]


@pytest.mark.parametrize("module", COMMANDS)
def test_a_command_loads_those_of_its_module_alone(module: str) -> None:
    for called in COMMANDS[module]:
        assert sorted(commands(called)) == sorted(COMMANDS[module])


def test_what_is_no_command_is_told_of_all() -> None:
    every = sorted(name for names in COMMANDS.values() for name in names)
    assert sorted(commands()) == sorted(commands("--help")) == sorted(commands("scor")) == every
