"""The command ask: a few mails whose labels teach the model most, answered with one key each."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jeeves.cli.teaching import tell_conversations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    from jeeves.cli.keys import Keys
    from jeeves.domain.labelling import Asked
    from jeeves.domain.ports import TeachingStore
    from jeeves.domain.verdict import Verdict

#: What each key says; any other is none.
YES, NO, SKIP, STOP = "needs a place", "does not", "skipped", "stop"
ANSWERS = {"y": YES, "n": NO, "s": SKIP, " ": SKIP, "q": STOP}
#: Lines of a mail that are shown. Of a longer one these are of its top and its end: what asks to
#: meet opens a mail or closes it.
TOP, END = 8, 4
#: Characters of own words that --json gives.
EXCERPT = 500
#: More of a mail is not looked at.
LONGEST = 20_000
REASONS = 3
WIDEST = 100
NOTHING = (
    "There is nothing to ask: no mail from others is stored, judged and without a label. "
    "`jeeves check` reads the mailbox, `jeeves import` an archive."
)


def add_to(app: typer.Typer) -> None:
    """Register the command of this module."""
    app.command()(ask)


def ask(
    count: Annotated[int, typer.Option(min=1, max=100, help="How many messages.")] = 5,
    as_json: Annotated[
        bool, typer.Option("--json", help="For machines: which messages, without asking.")
    ] = False,
) -> None:
    """Ask about the few messages whose labels would teach Jeeves most, with one key each.

    y: it needs a place; n: it does not; s or space: skip; q: stop. What was answered is kept.
    Where standard input is no terminal, each character of it is an answer.

    Example: jeeves ask --count 10
    """
    from rich.console import Console

    from jeeves import bootstrap, logs, modelling
    from jeeves.cli.keys import keys
    from jeeves.service.asking import choose
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    settings = load_settings()
    scorer = modelling.load_model(settings).scorer
    with bootstrap.open_database(settings) as database, closing(database.store()) as store:
        asked = choose(store, scorer, bootstrap.now(), count)
        if as_json:
            print(json.dumps([as_object(one) for one in asked], indent=2, ensure_ascii=False))
            return
        if not asked:
            print(NOTHING)
            return
        labelled = 0
        try:
            with keys(ANSWERS) as pressed:
                for changed in _answers(Console(), asked, settings.zone, pressed, store):
                    labelled += changed
        except KeyboardInterrupt:
            print()
        finally:
            tell_conversations(settings, database)
    if labelled:
        them = "it" if labelled == 1 else "them"
        print(f"{labelled} labelled anew. `jeeves retrain` learns from {them}.")
    else:
        print("Nothing was labelled.")


def as_object(asked: Asked) -> dict[str, Any]:
    """One message for machines."""
    from jeeves.domain.harmless import shown_words

    message = asked.message
    words = message.own_words.strip() or message.body.strip()
    return {
        "id": asked.id,
        "from": shown_words(str(message.sender)),
        "subject": shown_words(message.subject),
        "received_at": message.received_at.isoformat(),
        "probability": round(asked.verdict.score.probability, 4),
        "own_words": shown_words(words[:EXCERPT]),
    }


def _answers(
    console: Console,
    asked: Sequence[Asked],
    zone: ZoneInfo | None,
    pressed: Keys,
    store: TeachingStore,
) -> Iterator[int]:
    """Show each message, wait for its key, and write at once what it says; what that changed."""
    from rich.text import Text

    from jeeves.domain.labelling import Source, Word
    from jeeves.domain.verdict import Label

    labels = {YES: Label.NEEDS_LOCATION, NO: Label.OTHER}
    prompt = Text("Does it need a place?  ", style="bold")
    prompt.append("y yes, n no, s skip, q stop: ", style="not bold")
    for number, one in enumerate(asked, start=1):
        console.print(page(one, f"{number} of {len(asked)}", zone, console))
        console.print(prompt, end="")
        answer = pressed.next() or STOP
        console.print(answer)
        if answer == STOP:
            return
        if label := labels.get(answer):
            yield store.teach([Word(one.id, label, Source.ASKED)])


def page(asked: Asked, title: str, zone: ZoneInfo | None, console: Console) -> Panel:
    """One message in a frame; nothing that a stranger wrote controls the terminal."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    from jeeves.domain.harmless import shown_words
    from jeeves.tables import clock_time

    message = asked.message
    head = Table(box=None, show_header=False, pad_edge=False)
    head.add_column(style="bold", no_wrap=True)
    head.add_column(overflow="fold")
    subject = " ".join(shown_words(message.subject[:LONGEST]).split())
    head.add_row("from", Text(" ".join(shown_words(str(message.sender)).split())))
    head.add_row("subject", Text(subject or "(no subject)"))
    head.add_row("arrived", clock_time(message.received_at, zone))
    head.add_row("Jeeves", opinion(asked.verdict))
    width = min(console.width, WIDEST)
    words = _excerpt(asked, width - 4, console)
    return Panel(Group(head, Text(), words), title=title, title_align="left", width=width)


def opinion(verdict: Verdict) -> Text:
    """What the model makes of a mail, and the words that speak most for it and against."""
    from rich.text import Text

    from jeeves.domain.harmless import shown_words
    from jeeves.tables import VERDICTS

    reasons = verdict.score.reasons
    sides = {
        "for": [reason for reason in reasons if reason.weight > 0],
        "against": [reason for reason in reasons if reason.weight < 0],
    }
    said = Text.assemble(
        VERDICTS[verdict.band],
        f" ({verdict.score.probability:.2f}; you are told from {verdict.threshold:.2f} on)",
    )
    for side, found in sides.items():
        if found:
            words = ", ".join(shown_words(reason.words) for reason in found[:REASONS])
            said.append(f"\n{side}: {' '.join(words.split())}")
    return said


def _excerpt(asked: Asked, width: int, console: Console) -> Text:
    """The sender's own words, or where there are none all of them; long ones with a gap."""
    from rich.text import Text

    from jeeves.domain.harmless import shown_words

    message = asked.message
    text = message.own_words.strip() or message.body.strip()
    lines = [
        line
        for line in Text(shown_words(text[:LONGEST])).wrap(console, width)
        if line.plain.strip()
    ]
    if len(lines) > TOP + END:
        lines = [*lines[:TOP], Text("...", style="dim"), *lines[1 - END :]]
    return Text("\n").join(lines)
