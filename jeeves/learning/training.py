"""Fitting, out-of-fold predictions, calibration and thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from jeeves.errors import TrainingError
from jeeves.learning.corpus import Corpus
from jeeves.learning.features import Fitted, Floats, fit

FOLDS = 5
#: Fewer than this cannot be divided into folds that say anything.
LEAST_POSITIVES = 10
#: What a message counts in the fit on which two careful readers differed.
AMBIGUOUS_WEIGHT = 0.25
#: What a message that was written for the project counts beside real mail.
WRITTEN_WEIGHT = 0.6

#: Of the mails that need a place, how much a single labelled one may stand for.
LARGEST_SHARE = 0.02

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """What models say of messages that they, and their groups, were not fitted on."""

    #: Calibrated P(needs location), shape (n,).
    probabilities: Floats
    #: What turns a fitted model's log-odds x into calibrated ones: slope * x + offset.
    slope: float
    offset: float


def fit_corpus(corpus: Corpus, by: str, chosen: NDArray[np.intp] | None = None) -> Fitted:
    """A pipeline fitted on the ``chosen`` (default: all) messages of ``corpus``."""
    take = np.arange(len(corpus.messages)) if chosen is None else chosen
    groups = corpus.groups(by)
    return fit(
        [corpus.documents[i] for i in take],
        corpus.labels[take],
        fit_weights(corpus)[take],
        [groups[i] for i in take],
        corpus.written[take],
    )


def fit_weights(corpus: Corpus) -> Floats:
    """What each message counts in the fit."""
    clear = np.where(corpus.flag("ambiguous"), AMBIGUOUS_WEIGHT, 1.0)
    return np.where(corpus.written & ~corpus.written.all(), WRITTEN_WEIGHT * clear, clear)


def out_of_fold(corpus: Corpus, by: str) -> OutOfFold:
    """Calibrated predictions for each message by models fitted on other groups.

    Args:
        corpus: Labelled messages.
        by: Column whose values keep messages together; see ``Corpus.groups``.

    Raises:
        TrainingError: too few messages or groups of one class, or no better than chance.
    """
    labels = corpus.labels
    log_odds = np.zeros(len(labels))
    documents = corpus.documents
    for fitted_on, held_out in splits(labels, corpus.groups(by)):
        fitted = fit_corpus(corpus, by, fitted_on)
        log_odds[held_out] = fitted.log_odds([documents[i] for i in held_out])
    slope, offset = calibrate(log_odds, labels, corpus.natural_weights)
    return OutOfFold(expit(slope * log_odds + offset), slope, offset)


def splits(labels: Bools, groups: Sequence[str]) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Each fold's messages to fit on and messages held out; no group is on both sides.

    Raises:
        TrainingError: as ``out_of_fold``.
    """
    check_labels(labels, groups)
    found = list(GroupKFold(min(FOLDS, len(set(groups)))).split(labels, labels, groups))
    if any(len(set(labels[fitted_on])) < 2 for fitted_on, _ in found):
        raise TrainingError(
            "The labelled messages of one class stand in too few conversations to measure a "
            "model: label messages of further conversations."
        )
    return found


def check_labels(labels: Bools, groups: Sequence[str]) -> None:
    """Raises TrainingError where the labels cannot be trained on, and says what is missing."""
    for wanted, name in ((True, "needing a location"), (False, "needing none")):
        count = int((labels == wanted).sum())
        if count < LEAST_POSITIVES:
            raise TrainingError(
                f"Only {count} messages are labelled as {name}; at least {LEAST_POSITIVES} are "
                "needed: label more messages."
            )
        spread = len(
            {group for group, label in zip(groups, labels, strict=True) if label == wanted}
        )
        if spread < 2:
            raise TrainingError(
                f"All messages labelled as {name} stand in one group; label messages of at least "
                "two conversations (or owners)."
            )


def calibrate(log_odds: Floats, labels: Bools, weights: Floats) -> tuple[float, float]:
    """Slope and offset of Platt's scaling: expit(slope * x + offset) is a probability.

    Messages of weight 0 are left out. The targets are smoothed as in Platt 1999, 2.2, so that
    few messages that are told apart perfectly do not give certainty.

    Raises:
        TrainingError: the higher the log-odds, the rarer the label: no better than chance.
    """
    kept = weights > 0
    x, y, w = log_odds[kept], labels[kept], weights[kept]
    positives, negatives = int(y.sum()), int((~y).sum())
    target = np.where(y, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    both = np.concatenate([x, x])[:, np.newaxis]
    classes = np.repeat([True, False], len(x))
    scaling = LogisticRegression(C=1e6, max_iter=1000)
    scaling.fit(both, classes, sample_weight=np.concatenate([w * target, w * (1 - target)]))
    slope, offset = float(scaling.coef_[0, 0]), float(scaling.intercept_[0])
    if slope <= 0:
        raise TrainingError(
            "On messages it was not fitted on, the model does no better than chance: check the "
            "labels and label more messages."
        )
    return slope, offset


def threshold_weights(corpus: Corpus) -> Floats:
    """What each message counts where the cuts are chosen, shape (n,).

    As often as it would come in a mailbox, but nothing where careful readers differed: such a
    message cannot say what is a miss and what is needless. Nor does one that needs a place count
    for more than ``LARGEST_SHARE``: a single one that stands for a hundred mails would move the
    cut by itself (weights are trimmed so in surveys, Potter 1990).
    """
    natural = corpus.natural_weights
    clear = np.where(corpus.flag("ambiguous"), 0.0, natural)
    chosen = clear if clear[corpus.labels].any() else natural
    counting = chosen[corpus.labels & (chosen > 0)]
    largest = counting.sum() * max(LARGEST_SHARE, 2 / len(counting))
    return np.where(corpus.labels, np.minimum(chosen, largest), chosen)


def expit(log_odds: Floats) -> Floats:
    """1 / (1 + exp(-x)), elementwise."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -700, 700))), np.float64)
