"""The groups of `jeeves --help`."""

from __future__ import annotations

from collections import Counter

from typer.main import get_command

from jeeves.cli import app
from jeeves.cli.groups import GROUPS, REST, grouped


def commands() -> list[str]:
    found: list[str] = list(get_command(app).commands)  # type: ignore[attr-defined]
    return found


def test_every_command_stands_in_one_group() -> None:
    listed = [name for _, names in grouped(commands()) for name in names]
    assert sorted(listed) == sorted(commands())
    assert [title for title, _ in grouped(commands()) if title == REST] == []
    named = Counter(name for names in GROUPS.values() for name in names)
    assert [name for name, times in named.items() if times > 1] == []


def test_a_group_without_commands_is_not_shown_and_a_command_without_group_is() -> None:
    assert list(grouped(["juggle", "run"])) == [("Watch the mailbox", ["run"]), (REST, ["juggle"])]
