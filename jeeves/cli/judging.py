"""Commands about judgement: score, train, evaluate."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jeeves.cli import comparing
from jeeves.cli.comparing import Jobs

if TYPE_CHECKING:
    from jeeves.domain.message import FetchedMail
    from jeeves.domain.ports import Scorer

Messages = Annotated[
    Path, typer.Option(metavar="DIR", help="Folder with one ID.eml for each label.")
]
Labels = Annotated[
    Path, typer.Option(metavar="FILE.tsv", help="Columns id and needs_location (1 or 0).")
]
Group = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Keep messages with the same value on one side of every split; owner if there is "
        "such a column, else the conversation.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this module."""
    app.command()(score)
    app.command()(train)
    app.command()(evaluate)


def score(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help=".eml, folder, mbox or Maildir")
    ],
) -> None:
    """Judge mail from disk, one JSON object a line; needs no database and no account.

    Exit code 1 if any mail could not be read; the others are still judged.

    Example: jeeves score ~/Maildir invitation.eml
    """
    # Without structlog: a cold start is what this command mostly consists of.
    from jeeves import modelling
    from jeeves.settings import load_settings

    loaded = modelling.load_model(load_settings())
    for sentence in loaded.warnings:
        print(f"jeeves: model refused: {sentence}", file=sys.stderr)
    unreadable = 0
    for line in scored(paths, loaded.scorer):
        unreadable += "error" in line
        print(json.dumps(line, ensure_ascii=False))
    if unreadable:
        raise typer.Exit(1)


def scored(paths: list[Path], scorer: Scorer) -> Iterator[dict[str, Any]]:
    """One object for each mail below ``paths``.

    Raises:
        ConfigError: the only path is not there, or is a folder without mail.
    """
    from jeeves.adapters.archive import UnreadableFile, mails
    from jeeves.errors import ConfigError

    for path in paths:
        try:
            found = mails(path)
        except ConfigError as exc:
            if len(paths) == 1 and not path.is_file():
                raise
            yield {"source": str(path), "error": str(exc)}
            continue
        for mail in found:
            if isinstance(mail, UnreadableFile):
                yield {"source": mail.source, "error": mail.reason}
            else:
                yield verdict_line(mail, scorer)


def verdict_line(mail: FetchedMail, scorer: Scorer) -> dict[str, Any]:
    """What is printed of one mail."""
    from jeeves.domain.message import Origin, Unreadable
    from jeeves.domain.verdict import judge
    from jeeves.mail.mime import read

    message = read(mail, "", Origin.IMPORT)
    if isinstance(message, Unreadable):
        return {"source": mail.mailbox, "error": message.reason}
    verdict = judge(scorer.score(message), scorer.thresholds)
    return {
        "source": mail.mailbox,
        "message_id": message.message_id,
        "probability": verdict.score.probability,
        "needs_location": verdict.needs_location,
        "band": verdict.band.value,
        "threshold": verdict.threshold,
        "reasons": [[reason.words, reason.weight] for reason in verdict.score.reasons],
        "rest": verdict.score.rest,
        "model": verdict.score.model,
    }


def train(
    messages: Messages,
    labels: Labels,
    models_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where to write; JEEVES_MODELS_DIR if not given."),
    ] = None,
    group: Group = None,
) -> None:
    """Fit a model on labelled mail, write it as a new version and make it the current one.

    The thresholds are chosen for MISS_COST, FALSE_ALARM_COST and RECALL_FLOOR. The model is sealed
    with JEEVES_HOME/model.key, which is made where there is none: no other installation takes it.

    Example: jeeves train --messages mails --labels labels.tsv --models-dir ~/models
    """
    from jeeves import bootstrap, logs
    from jeeves.learning import candidate, corpus, origin, registry, upkeep
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    settings = load_settings()
    folder = models_dir or settings.own_models
    labelled = corpus.load(messages, labels)
    key = origin.owners_key(settings.jeeves_home)
    fitted = candidate.train(labelled, group, settings.costs)
    with upkeep.one_at_a_time(folder):
        version = fitted.save(folder, bootstrap.now(), key=key)
        registry.promote(folder, version, key)
    for line in fitted.report.lines():
        print(line)
    print(f"model: {folder / version}, current from now on")


def evaluate(
    messages: Messages,
    labels: Labels,
    group: Group = None,
    headline: Annotated[
        bool,
        typer.Option(
            "--headline",
            help="Fit on all rows; add the figures over rows with ambiguous 0 whose stratum is "
            "not active.",
        ),
    ] = False,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="Add the figures at natural prevalence: each row counts as often as COLUMN says.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Set other kinds of models beside the one that serves."),
    ] = False,
    report_file: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="FILE.html", help="Write the comparison and its plots as a page."
        ),
    ] = None,
    jobs: Jobs = None,
) -> None:
    """Cross-validate on labelled mail, grouped so that no mailbox is on both sides.

    Example: jeeves evaluate --messages mails --labels labels.tsv --group owner --headline
    """
    from dataclasses import replace

    from jeeves import logs
    from jeeves.learning import corpus, evaluation
    from jeeves.settings import load_settings

    logs.configure(quiet=True)
    costs = load_settings().costs
    if report_file:
        comparing.check_report(report_file)
    labelled = corpus.load(messages, labels)
    if headline:
        labelled.require("ambiguous", "stratum")
    if weights:
        labelled = labelled.weighed_by(weights)
    if compare or report_file:
        asked = {"headline": headline, "natural": weights is not None, "all": True}
        wanted = [name for name, shown in asked.items() if shown]
        comparing.compare(labelled, group, wanted, jobs, report_file, as_json=as_json)
        return
    report = evaluation.evaluate(labelled, group, costs)
    report = replace(
        report,
        headline=report.headline if headline else None,
        natural=report.natural if weights else None,
    )
    if as_json:
        print(json.dumps(report.as_dict(), indent=2))
    else:
        for line in report.lines():
            print(line)
