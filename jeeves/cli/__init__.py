"""The command line: parse, call one use case, print, exit code.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 75 try later (EX_TEMPFAIL of
sysexits.h). Each command imports what it needs when it runs: `jeeves --help` loads no driver.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import NoReturn

import typer

from jeeves import interpreter
from jeeves.cli import completing
from jeeves.cli.groups import Grouped
from jeeves.errors import ConfigError, JeevesError, LoginRefused, TransientError

DONE, FAILED, WRONG_USAGE, TRY_LATER = 0, 1, 2, 75

#: The modules of this package and the commands of each.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "beginning": ("init",),
    "serving": ("run", "check", "demo"),
    "history": ("backfill", "audit", "import"),
    "looking": ("list", "show", "status", "doctor"),
    "migrating": ("migrate",),
    "alerting": ("alerts", "mute", "unmute", "pause"),
    "judging": ("score", "train", "evaluate"),
    "teaching": ("relabel",),
    "asking": ("ask",),
    "retraining": ("retrain", "models", "rollback"),
    "replaying": ("replay",),
    "searching": ("search",),
    "authorising": ("auth",),
    "completing": ("completion",),
    "installing": ("service", "cron", "uninstall"),
    "archiving": ("archive",),
    "databases": ("database",),
    "erasing": ("erase",),
}


def command_line(called: str | None = None) -> typer.Typer:
    """The program with all its commands, or, where ``called`` is one, with those of its module.

    typer takes apart every command that it knows before it runs one: a tenth of a cold start.
    """
    app = typer.Typer(
        name=completing.PROGRAM,
        cls=Grouped,
        help="Watches a mailbox and tells you when somebody wants to meet and nobody said where.",
        no_args_is_help=True,
        add_completion=False,
        # typer's tracebacks print local variables, and those are mail and passwords
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(completing.program)
    modules = [name for name, commands in COMMANDS.items() if called in commands]
    for name in modules or COMMANDS:
        import_module(f"{__name__}.{name}").add_to(app)
    return app


def exit_code(error: JeevesError) -> int:
    """The exit code that tells a script what kind of failure this was."""
    if isinstance(error, ConfigError | LoginRefused):
        return WRONG_USAGE
    return TRY_LATER if isinstance(error, TransientError) else FAILED


def main() -> NoReturn:
    """Run the command line and exit."""
    interpreter.adapt()
    # Pydantic shows every model to the plugins of other packages, and these settings hold secrets.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        completing.answer_shell()
        called = None if completing.ASKED_BY in os.environ else next(iter(sys.argv[1:]), None)
        command_line(called)(prog_name=completing.PROGRAM)
    except JeevesError as exc:
        print(f"jeeves: {exc}", file=sys.stderr)
        sys.exit(exit_code(exc))
    sys.exit(DONE)
