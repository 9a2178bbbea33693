"""The commands in groups, as `jeeves --help`, the man page and the README's reader find them.

typer groups commands only where rich draws the help, which takes twice the time of the rest; this
draws the groups with the plain formatter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter

#: Titles in order, with the names of their commands in order.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Set up": ("init", "doctor", "auth", "service", "cron", "uninstall", "completion"),
    "Watch the mailbox": ("run", "check", "demo"),
    "See what it does": ("list", "show", "alerts", "status"),
    "Say when to be told": ("mute", "unmute", "pause"),
    "Teach it": ("relabel", "ask", "retrain", "models", "rollback"),
    "Read more mail": ("backfill", "audit", "import"),
    "Try it on mail": ("score", "replay"),
    "Your data": ("migrate", "database", "archive", "erase"),
    "Make models": ("train", "evaluate", "search"),
}
#: Of commands that no group names.
REST = "More"


def grouped(names: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Each group, and those of its commands that are among ``names``; none that is empty."""
    rest = dict.fromkeys(names)
    for title, members in GROUPS.items():
        found = [name for name in members if name in rest]
        for name in found:
            del rest[name]
        if found:
            yield title, found
    if rest:
        yield REST, list(rest)


class Grouped(TyperGroup):
    """The program; its help lists the commands in groups."""

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write a section for each group; their columns stand below each other."""
        commands = {
            name: command
            for name in self.list_commands(ctx)
            if (command := self.get_command(ctx, name)) is not None and not command.hidden
        }
        width = max(map(len, commands))
        room = formatter.width - 6 - width
        for title, names in grouped(commands):
            with formatter.section(title):
                formatter.write_dl(
                    [(name.ljust(width), commands[name].get_short_help_str(room)) for name in names]
                )
