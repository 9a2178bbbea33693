"""What shells are told of each word that may come next.

As typer tells it, but without rich: typer takes help texts for rich's markup, which ours are not,
breaks them at the width of the terminal, where a shell takes each line for a word, and needs
another quarter of a second to load it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer._click.shell_completion import add_completion_class
from typer._completion_classes import FishComplete, ZshComplete, completion_init

if TYPE_CHECKING:
    from typer._click.shell_completion import CompletionItem

#: Characters of a help text that zsh would take for its own, in a string that it evaluates twice.
FOR_ZSH = str.maketrans({'"': '""', "'": "''", "$": r"\$", "`": r"\`", ":": r"\\:"})


class Zsh(ZshComplete):
    """Words with their help, quoted."""

    def format_completion(self, item: CompletionItem) -> str:
        """Such as "--once":"One cycle"."""
        word = item.value.translate(FOR_ZSH)
        return f'"{word}":"{one_line(item).translate(FOR_ZSH)}"' if item.help else f'"{word}"'


class Fish(FishComplete):
    """Words with their help behind a tab."""

    def format_completion(self, item: CompletionItem) -> str:
        """The word, and on the same line its help."""
        return f"{item.value}\t{one_line(item)}" if item.help else str(item.value)


def one_line(item: CompletionItem) -> str:
    """The help of a word."""
    return " ".join((item.help or "").split())


def register() -> None:
    """Let typer answer bash, zsh and fish."""
    completion_init()
    add_completion_class(Zsh, "zsh")
    add_completion_class(Fish, "fish")
