"""Completion, in the shells themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer._click.shell_completion import ShellComplete
from typer._completion_classes import BashComplete
from typer.main import get_command

from jeeves.cli import command_line
from jeeves.cli.completing import ASKED_BY, PROGRAM
from jeeves.cli.shells import Fish, Zsh
from tests.conftest import ROOT
from tests.e2e.conftest import Jeeves


@pytest.fixture
def on_path(tmp_path: Path) -> dict[str, str]:
    """An environment in which `jeeves` is this checkout's."""
    program = tmp_path / "bin" / PROGRAM
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m jeeves "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}


def said_by(shell: list[str], script: str, environment: dict[str, str]) -> list[str]:
    """The words that a shell prints after it has read the script."""
    ran = subprocess.run(
        [*shell, script], capture_output=True, text=True, env=environment, check=True, timeout=60
    )
    assert ran.stderr == ""
    return ran.stdout.split()


def test_bash_completes_commands_and_options(jeeves: Jeeves, on_path: dict[str, str]) -> None:
    script = jeeves.cold("completion", "bash").stdout
    ask = "COMP_WORDS=({}); COMP_CWORD={}; _jeeves_completion jeeves; echo ${{COMPREPLY[@]}}\n"
    words = said_by(
        ["bash", "--norc", "-c"],
        script + "\n" + ask.format("jeeves re", 1) + ask.format("jeeves list --needs", 2),
        on_path,
    )
    assert sorted(words[:-1]) == ["relabel", "replay", "retrain"]
    assert words[-1] == "--needs-location"


def test_zsh_completes_commands(
    jeeves: Jeeves, on_path: dict[str, str], needs_program: Callable[[str, str], str]
) -> None:
    zsh = needs_program("zsh", "apt-get install zsh")
    script = jeeves("completion", "zsh").stdout
    # What would show the words hands them on; compdef belongs to a shell that somebody types in.
    ask = (
        "compdef() { }\n_arguments() { print -r -- $@ }\n"
        f"{script}\nwords=(jeeves re); CURRENT=2; _jeeves_completion"
    )
    said = " ".join(said_by([zsh, "-f", "-c"], ask, on_path))
    assert all(f'"{name}":' in said for name in ("relabel", "replay", "retrain"))
    assert '"list"' not in said


def test_fish_completes_commands(
    jeeves: Jeeves, on_path: dict[str, str], needs_program: Callable[[str, str], str]
) -> None:
    fish = needs_program("fish", "apt-get install fish")
    script = jeeves("completion", "fish").stdout
    said = said_by([fish, "--no-config", "-c"], f"{script}\ncomplete -C 'jeeves roll'", on_path)
    assert said[0] == "rollback"


def test_a_shell_that_cannot_complete_is_refused_in_a_sentence(jeeves: Jeeves) -> None:
    assert "'csh' is not one of" in jeeves("completion", "csh", code=2).stderr


def lines(shell: type[ShellComplete]) -> Iterator[str]:
    """What a shell is told after each command and a dash."""
    root = get_command(command_line())
    asked = shell(root, {}, PROGRAM, ASKED_BY)
    for name in ["", *root.commands]:  # type: ignore[attr-defined]
        for item in asked.get_completions([name] if name else [], "--" if name else ""):
            yield asked.format_completion(item)


@pytest.mark.parametrize("shell", [BashComplete, Zsh, Fish])
def test_every_option_of_every_command_is_told(shell: type[ShellComplete]) -> None:
    told = list(lines(shell))
    for word in ("run", "--once", "--needs-location", "--retrain", "--version"):
        assert any(word in line for line in told) == (word != "--version"), word
    # A shell takes a line for a word.
    assert not [line for line in told if "\n" in line]
