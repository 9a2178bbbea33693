"""Labelled mails for tests of the owner's model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache

from jeeves.domain.labelling import LabelledMail, Source
from jeeves.domain.verdict import Label
from jeeves.learning.features import Fitted, fit
from jeeves.learning.lesson import Lesson, read_lesson
from jeeves.learning.training import fit_weights
from tests.builders import NOW
from tests.model.small_corpus import small_corpus


@cache
def small_table() -> bytes:
    """The serving table of a starter that was fitted on the first half of the small corpus."""
    corpus = small_corpus()
    some = [i for i in range(len(corpus.messages)) if i % 2]
    return (
        fit(
            [corpus.documents[i] for i in some],
            corpus.labels[some],
            fit_weights(corpus)[some],
            [str(i) for i in some],
        )
        .table()
        .dumps()
    )


def small_starter() -> Fitted:
    """Its pipeline, made anew each time."""
    from jeeves.learning.table import Table

    return Fitted.of_table(Table.loads(small_table()))


def mails(labels: Sequence[bool] | None = None, first: int = 0) -> Iterator[LabelledMail]:
    """The other half, a conversation each, an hour apart; both classes in turn.

    Args:
        labels: What the owner says of each; default what is so.
        first: Words are numbered from here on.
    """
    corpus = small_corpus()
    half = [corpus.messages[i] for i in range(0, len(corpus.messages), 2)]
    yes = [one for one in half if one.needs_location]
    no = [one for one in half if not one.needs_location]
    mixed = [one for pair in zip(yes, no, strict=False) for one in pair]
    for number, one in enumerate(mixed):
        said = one.needs_location if labels is None else labels[number]
        received = NOW + timedelta(hours=number)
        yield LabelledMail(
            id=number + 1,
            message=replace(one.message, received_at=received, thread_key=f"t{number}"),
            label=Label.NEEDS_LOCATION if said else Label.OTHER,
            source=Source.COMMAND,
            labelled_at=received,
            word=first + number + 1,
        )


def a_lesson(labels: Sequence[bool] | None = None, current: Fitted | None = None) -> Lesson:
    """The same as training reads it."""
    return read_lesson(mails(labels), small_starter(), current)
