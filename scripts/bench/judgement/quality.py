"""How well each recipe ranks mail that neither it nor its owner's mail was fitted on."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.bench.judgement.ranking import Row, in_words, ranked
from scripts.bench.judgement.recipes import PROTOTYPE, recipes
from scripts.bench.judgement.tables import table
from scripts.bench.judgement.trial import Floats, Trial


@dataclass(frozen=True, slots=True)
class Part:
    """All recipes on one measure."""

    measure: str
    messages: int
    positives: int
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Recipes side by side."""

    title: str
    #: What the differences are taken from.
    reference: str
    parts: list[Part]
    #: One sentence for each recipe that could not be measured.
    missing: list[str]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people."""
        for part in self.parts:
            rows = [
                [
                    row.recipe,
                    in_words(row.average_precision),
                    in_words(row.precision_at_recall_90),
                    "" if row.recipe == self.reference else in_words(row.difference, "+"),
                ]
                for row in part.rows
            ]
            yield table(
                f"{self.title}: {part.measure}, {part.messages} messages, {part.positives} need a "
                "place; 95 % intervals in brackets",
                [
                    "recipe",
                    "average precision",
                    "precision at recall 0.9",
                    f"AP against: {self.reference}",
                ],
                rows,
            )
        yield from self.missing


def quality(trial: Trial, minilm: Path | None) -> Comparison:
    """The project's recipe against all others on the same folds."""
    found, missing = recipes(trial, minilm)
    scores = {}
    for recipe in found:
        started = time.perf_counter()
        scores[recipe.name] = recipe.scores()
        told(recipe.name, started)
    return Comparison("quality", PROTOTYPE, compare(trial, scores, PROTOTYPE), missing)


def compare(trial: Trial, scores: Mapping[str, Floats], reference: str) -> list[Part]:
    """Figures of every ranking on every measure, all on the same draws."""
    labels = trial.corpus.labels
    parts = []
    for measure in trial.measures:
        counted = measure.weights > 0
        rows = ranked(trial, measure, scores, reference)
        parts.append(Part(measure.name, int(counted.sum()), int((counted & labels).sum()), rows))
    return parts


def told(name: str, started: float) -> None:
    """Say on standard error what is done: a run takes minutes."""
    print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
