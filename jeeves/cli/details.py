"""The figures by which Jeeves watches itself, for `status --details`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jeeves.domain.drift import CUTS, Scores, Words
from jeeves.domain.watching import ANSWERED_WITHIN, MISSED_WITHIN, Answers, Watch, counted
from jeeves.errors import ModelError

if TYPE_CHECKING:
    from jeeves.bootstrap import Database
    from jeeves.settings import Settings


def figures(settings: Settings, database: Database) -> Watch | None:
    """The figures of all accounts as they are now; None where no model can be served.

    Raises:
        StoreError: the database cannot be read.
    """
    from jeeves import bootstrap, modelling
    from jeeves.service.watching import watch

    try:
        scorer = modelling.load_model(settings).scorer
    except ModelError:
        return None
    with closing(database.store()) as store:
        return watch(store, scorer, bootstrap.now())


def render_details(watch: Watch, zone: ZoneInfo | None, words: bool = False) -> str:
    """Lines for a person: counts, shares and ids of messages.

    Args:
        watch: The figures.
        zone: Of the owner; None for the machine's.
        words: Whether to say which words are unknown. They are the mail's: for a terminal, never
            for a journal.
    """
    week = watch.week
    lines = [f"as of now      {watch.line(zone)}", *of_scores(week.scores), *of_words(week.words)]
    if words and watch.unknown:
        lines.append(f"{'':14} most of this week: {', '.join(watch.unknown)}")
    lines += of_answers(watch.answers)
    missed = ", ".join(f"{one.message_id} (by its {one.found_by})" for one in watch.missed)
    lines.append(f"missed         in {MISSED_WITHIN.days} days: {missed or 'none found'}")
    if watch.missed or watch.answers.needless:
        lines.append(f"{'':14} `jeeves show ID` shows one")
    return "\n".join(lines)


def of_scores(scores: Scores) -> Iterator[str]:
    """How probabilities are distributed, now and before."""
    now, before = sum(scores.now), sum(scores.before)
    yield (
        f"scores         {counted(now, 'mail')} of the week, {before:,} of the 12 weeks before"
        f"; by other models {scores.others[0]:,} and {scores.others[1]:,}"
    )
    edges = pairwise((0.0, *CUTS, 1.0))
    for (low, high), new, old in zip(edges, scores.now, scores.before, strict=True):
        yield f"{'':14} {low:>5g} to {high:<5g} {percent(new, now)} {percent(old, before)}"


def of_words(words: Words) -> Iterable[str]:
    """How many words are unknown, now and before."""
    said = [
        f"{one.unknown:,} of {one.words:,} unknown ({counted(one.mails, 'mail')})"
        for one in (words.now, words.before)
    ]
    return [f"words          {said[0]}, before {said[1]}"]


def of_answers(answers: Answers) -> Iterable[str]:
    """What the owner says of the alerts of the last 90 days."""
    precise = "" if answers.precision is None else f", {answers.precision:.0%} right"
    lines = [f"answers        in {ANSWERED_WITHIN.days} days: {answers.in_words()}{precise}"]
    if answers.needless:
        lines.append(f"{'':14} needless: {', '.join(map(str, answers.needless))}")
    return lines


def percent(part: int, whole: int) -> str:
    """A share, in a column."""
    return f"{part / whole:>6.1%}" if whole else f"{'-':>6}"
