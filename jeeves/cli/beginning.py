"""The command that sets Jeeves up: init."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from jeeves.cli.drafting import Draft
    from jeeves.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(init)


def init(
    answers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Asks nothing: answers in TOML, by the names of settings; `try = false` tries "
            "nothing, `days` is how far back is looked.",
        ),
    ] = None,
) -> None:
    """Set Jeeves up, question by question; each link is tried as you give it.

    Writes .env (the one in this folder if there is one, else that of JEEVES_HOME) once all is
    answered, then shows what Jeeves would have said about your last 30 days. Run again, it keeps
    what stands wherever you press Enter.

    Example: jeeves init
    """
    from jeeves import logs
    from jeeves.cli.interview import ended_in_order
    from jeeves.errors import ConfigError

    logs.configure(quiet=True)
    if answers is None and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError(
            "`jeeves init` asks on a terminal, and here is none: give the answers with "
            "--answers FILE, or write .env as .env.example explains."
        )
    with ended_in_order():
        try:
            draft, days = by_interview() if answers is None else by_file(answers)
        except (KeyboardInterrupt, EOFError):
            print("\nStopped: no setting was changed.", file=sys.stderr)
            raise typer.Exit(1) from None
        finish(draft, days)


def by_interview() -> tuple[Draft, int]:
    """Ask all parts; the answers, and of how many days to show what would have been said."""
    from rich.console import Console

    from jeeves.cli.answers import DAYS
    from jeeves.cli.drafting import Draft
    from jeeves.cli.interview import Interview
    from jeeves.cli.parts import MAIL_PART, REST, go_through

    talk, draft = Interview(Console(highlight=False)), Draft()
    talk.heading("Jeeves is set up here, in about five minutes.")
    talk.say(f"Enter keeps what stands in brackets. The settings go to {draft.path}")
    talk.say("at the end, and nothing is written before; Ctrl-C ends it.")
    reads = go_through(MAIL_PART, talk, draft)
    for part in REST:
        go_through(part, talk, draft)
    if not reads:
        return draft, 0
    talk.heading("What Jeeves would have said")
    words = f"Read your last {DAYS} days, silently, and show what Jeeves would have told you"
    return draft, DAYS if talk.yes(words, standing=True) else 0


def by_file(path: Path) -> tuple[Draft, int]:
    """As ``by_interview``, from a file."""
    from jeeves.cli.answers import apply, read_answers
    from jeeves.cli.drafting import Draft

    answers = read_answers(path)
    draft = Draft()
    apply(answers, draft, lambda says: print(f"ok  {says}"))
    return draft, answers.days if answers.attempt and draft.has("gmail_address") else 0


def finish(draft: Draft, days: int) -> None:
    """Write the settings, then show what would have been said about the last ``days``.

    Raises:
        JeevesError: the settings cannot be written; or they are, and mail cannot be read.
    """
    from jeeves.settings import load_settings

    old = draft.write()
    print(f"\nThe settings are in {draft.path}, which only you can read.")
    if old is not None:
        print(f"What stood there before is in {old}.")
    settings = load_settings()
    if days:
        try:
            show(settings, draft.value("gmail_address"), days)
        except KeyboardInterrupt:
            print(
                f"\nThe reading was stopped: `jeeves backfill --days {days}` goes on with it, and "
                f"`jeeves replay --days {days}` shows what Jeeves would have said.",
                file=sys.stderr,
            )
            raise typer.Exit(1) from None
    watch = "watches your mail from now on" if settings.has_account else "shows the demo"
    print(f"\n`jeeves run` {watch}; `jeeves doctor` tries every link again.")


def show(settings: Settings, address: str, days: int) -> None:
    """Read mail of the last ``days`` into the database, and what would have been said about it."""
    from jeeves.cli.history import backfilled, read_back
    from jeeves.cli.replaying import look_back

    account = settings.account(address)
    report = read_back(settings, account, days)
    print(f"{backfilled(report)}\n")
    look_back(settings, account.address.lower(), days)
    if report.put_off:
        print(f"jeeves: {report.put_off}", file=sys.stderr)
