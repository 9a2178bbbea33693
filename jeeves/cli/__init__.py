"""The command line: parse, call one use case, print, exit code.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 75 try later (EX_TEMPFAIL of
sysexits.h). Each command imports what it needs when it runs: `jeeves --help` loads no driver.
"""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from jeeves.cli import (
    alerting,
    archiving,
    asking,
    authorising,
    beginning,
    completing,
    databases,
    erasing,
    history,
    installing,
    judging,
    looking,
    migrating,
    replaying,
    retraining,
    searching,
    serving,
    teaching,
)
from jeeves.cli.groups import Grouped
from jeeves.errors import ConfigError, JeevesError, LoginRefused, TransientError

DONE, FAILED, WRONG_USAGE, TRY_LATER = 0, 1, 2, 75

app = typer.Typer(
    name="jeeves",
    cls=Grouped,
    help="Watches a mailbox and tells you when somebody wants to meet and nobody said where.",
    no_args_is_help=True,
    add_completion=False,
    # typer's tracebacks print local variables, and those are mail and passwords
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
beginning.add_to(app)
serving.add_to(app)
history.add_to(app)
looking.add_to(app)
migrating.add_to(app)
alerting.add_to(app)
judging.add_to(app)
teaching.add_to(app)
asking.add_to(app)
retraining.add_to(app)
replaying.add_to(app)
searching.add_to(app)
authorising.add_to(app)
completing.add_to(app)
installing.add_to(app)
archiving.add_to(app)
databases.add_to(app)
erasing.add_to(app)


def exit_code(error: JeevesError) -> int:
    """The exit code that tells a script what kind of failure this was."""
    if isinstance(error, ConfigError | LoginRefused):
        return WRONG_USAGE
    return TRY_LATER if isinstance(error, TransientError) else FAILED


def main() -> NoReturn:
    """Run the command line and exit."""
    try:
        completing.answer_shell()
        app(prog_name=completing.PROGRAM)
    except JeevesError as exc:
        print(f"jeeves: {exc}", file=sys.stderr)
        sys.exit(exit_code(exc))
    sys.exit(DONE)
