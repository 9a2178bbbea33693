"""What rankings of the same mail are worth, draw by draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jeeves.learning.resampling import MEASURES, Estimate, resampled
from scripts.bench.judgement.trial import Floats, Measure, Trial

_AVERAGE, _AT_RECALL = map(MEASURES.index, ("average precision", "precision at recall 0.9"))


@dataclass(frozen=True, slots=True)
class Row:
    """One recipe on one measure."""

    recipe: str
    average_precision: Estimate
    precision_at_recall_90: Estimate
    #: Average precision less that of the recipe compared with, on the same draws.
    difference: Estimate


def ranked(
    trial: Trial, measure: Measure, scores: Mapping[str, Floats], reference: str
) -> list[Row]:
    """Each recipe by its scores, compared with ``reference``."""
    kept = measure.weights > 0
    labels, weights = trial.corpus.labels[kept], measure.weights[kept]
    draws = {name: resampled(found[kept], labels, weights) for name, found in scores.items()}
    against = draws[reference][:, _AVERAGE]
    return [
        Row(
            name,
            Estimate.of(drawn[:, _AVERAGE]),
            Estimate.of(drawn[:, _AT_RECALL]),
            Estimate.of(drawn[:, _AVERAGE] - against),
        )
        for name, drawn in draws.items()
    ]


def in_words(of: Estimate, sign: str = "") -> str:
    """The figure and its interval; ``sign`` "+" for differences."""
    return f"{of.value:{sign}.3f} ({of.low:{sign}.3f} to {of.high:{sign}.3f})"
