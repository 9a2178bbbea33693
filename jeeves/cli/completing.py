"""Completion in shells: the script that asks, and the answer; and the version."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

PROGRAM = "jeeves"
#: Set by the script while it asks what may come next (typer's convention).
ASKED_BY = "_JEEVES_COMPLETE"


class Shell(StrEnum):
    """Shells that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(completion)


def print_version(wanted: bool) -> None:
    """Say which version this is, and end."""
    if wanted:
        from jeeves import __version__

        print(f"{PROGRAM} {__version__}")
        raise typer.Exit


def program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Watches a mailbox and tells you when somebody wants to meet and nobody said where."""


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print what lets a shell complete commands and options.

    Shells read it from ~/.local/share/bash-completion/completions/jeeves (bash), from _jeeves in
    a folder of $fpath (zsh), or from ~/.config/fish/completions/jeeves.fish (fish).

    Example: source <(jeeves completion bash)
    """
    from typer._completion_shared import get_completion_script

    print(get_completion_script(prog_name=PROGRAM, complete_var=ASKED_BY, shell=shell.value))


def answer_shell() -> None:
    """Make typer able to answer a shell that asks; nothing where none does.

    typer does so by itself only where its own two options, which install the script, are among
    the program's.
    """
    if ASKED_BY in os.environ:
        from jeeves.cli.shells import register

        register()
