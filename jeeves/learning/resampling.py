"""What the figures of several models would be on other messages of the same kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jeeves.learning.features import Floats
from jeeves.learning.training import Bools

#: The figures, in the order of the columns of ``resampled``.
MEASURES = (
    "average precision",
    "ROC AUC",
    "precision at recall 0.8",
    "precision at recall 0.9",
    "Brier score",
)
_RECALLS = (0.8, 0.9)
_RESAMPLES = 1000
_SEED = 0
#: Resamples looked at together: a compromise of time and memory.
_TOGETHER = 50


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval in which it lies in 95 % of the resamples."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, column: Floats) -> Estimate:
        """From the figure (first) and its resamples, shape (1 + r,)."""
        low, high = np.nanquantile(column[1:], [0.025, 0.975])
        return cls(float(column[0]), float(low), float(high))


def resampled(
    p: Floats, labels: Bools, weights: Floats, groups: NDArray[np.intp] | None = None
) -> Floats:
    """The ``MEASURES`` of probabilities ``p``, shape (1 + resamples, measures).

    The first row is over the messages as they are, each further one over as many messages drawn
    with replacement (NaN where none needing a location was drawn). The draws depend on the number
    of messages only: rows of two models over the same messages are pairs.

    Args:
        p: Probabilities, shape (n,).
        labels: Whether each message needs a location.
        weights: What each counts.
        groups: The group of each; groups are drawn then, each with all its messages.
    """
    random = np.random.default_rng(_SEED)
    belongs = np.arange(len(p)) if groups is None else np.unique(groups, return_inverse=True)[1]
    drawn = int(belongs.max()) + 1
    order = np.argsort(-p, kind="stable")
    p, y, w = p[order], labels[order], weights[order]
    found = [_measures(np.ones((1, len(p))) * w, p, y)]
    for _ in range(_RESAMPLES // _TOGETHER):
        times = np.empty((_TOGETHER, len(p)))
        for row in times:
            times_of = np.bincount(random.integers(0, drawn, drawn), minlength=drawn)
            row[:] = times_of[belongs]
        found.append(_measures(times[:, order] * w, p, y))
    return np.concatenate(found)


def _measures(counts: Floats, p: Floats, y: Bools) -> Floats:
    """The measures for each row of weights (r, n); ``p`` falls."""
    ends = np.append(np.flatnonzero(np.diff(p)), len(p) - 1)
    caught = np.cumsum(counts * y, axis=1)[:, ends]
    alerts = np.cumsum(counts, axis=1)[:, ends]
    needless = alerts - caught
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(alerts > 0, caught / alerts, 1.0)
        more, wrong = (np.diff(of, axis=1, prepend=0.0) for of in (caught, needless))
        positives, negatives = caught[:, -1], needless[:, -1]
        area = (wrong * (caught - more / 2)).sum(axis=1) / (positives * negatives)
        recall = caught / positives[:, np.newaxis]
    columns: list[NDArray[np.float64]] = [
        (more * precision).sum(axis=1) / np.where(positives > 0, positives, np.nan),
        area,
        *(np.where(recall >= at, precision, 0.0).max(axis=1) for at in _RECALLS),
        counts @ np.square(p - y) / alerts[:, -1],
    ]
    measured = np.stack(columns, axis=1)
    measured[positives == 0] = np.nan
    return measured
