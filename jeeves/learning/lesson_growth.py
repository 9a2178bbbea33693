"""What more labels would bring an owner's model."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GroupKFold

from jeeves.learning.features import Floats
from jeeves.learning.growth import Growth
from jeeves.learning.lesson import Lesson
from jeeves.learning.personal import move
from jeeves.learning.training import FOLDS

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
#: Of more labelled mails as many conversations are looked at as have so many.
MOST = 2_000
#: The labels whose worth is told.
MORE = 20
_SEED = 0


def lesson_growth(lesson: Lesson) -> Growth:
    """Average precision on held-out conversations, by how many labels a model was fitted on.

    The first size is the starter alone.
    """
    if len(lesson.labels) > MOST:
        numbers = np.random.default_rng(_SEED).permutation(np.unique(lesson.groups))
        sizes = np.cumsum(np.bincount(lesson.groups)[numbers])
        lesson = lesson.some(np.isin(lesson.groups, numbers[: np.searchsorted(sizes, MOST)]))
    folds = list(
        GroupKFold(min(FOLDS, len(np.unique(lesson.groups)))).split(
            lesson.labels, lesson.labels, lesson.groups
        )
    )
    found = np.full((len(SHARES), len(folds), 2), np.nan)
    counts = np.zeros((len(SHARES), len(folds)))
    for f, (fitted_on, held_out) in enumerate(folds):
        numbers = np.random.default_rng(_SEED).permutation(np.unique(lesson.groups[fitted_on]))
        for s, share in enumerate(SHARES):
            chosen = numbers[: round(share * len(numbers))]
            taken = fitted_on[np.isin(lesson.groups[fitted_on], chosen)]
            counts[s, f] = len(taken)
            moved = move(lesson.columns[taken], lesson.starter[taken], lesson.labels[taken])
            for which, rows in enumerate((fitted_on, held_out)):
                labels = lesson.labels[rows]
                if labels.any():
                    log_odds = moved.log_odds(lesson.columns[rows], lesson.starter[rows])
                    found[s, f, which] = average_precision_score(labels, log_odds)
    whole = ~np.isnan(found).any(axis=(0, 2))
    return Growth(counts.mean(axis=1), found[:, whole, 0], found[:, whole, 1])


def worth_of_more(of: Growth, more: int = MORE) -> float | None:
    """By how much ``more`` labels would raise the average precision; None where that is unknown.

    By the line through the held-out averages over log(1 + labels / 10).
    """
    if of.held_out.shape[1] == 0 or len(of.sizes) < 3:
        return None
    scale: Floats = np.log1p(of.sizes / 10)
    slope, _ = np.polyfit(scale, of.held_out.mean(axis=1), 1)
    last = of.sizes[-1]
    return float(slope * (np.log1p((last + more) / 10) - np.log1p(last / 10)))


def in_words(worth: float | None, more: int = MORE) -> str:
    """The same as a sentence."""
    if worth is None:
        return "How much more labels would bring cannot be told yet."
    if worth < 0.001:
        return f"{more} more labels would bring hardly anything."
    return f"{more} more labels would bring about {worth:+.3f} average precision."
