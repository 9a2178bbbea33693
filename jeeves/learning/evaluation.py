"""How good a model is, in figures that can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    precision_recall_curve,
    roc_auc_score,
)

from jeeves.domain.operating import Costs, Curve, in_words
from jeeves.domain.verdict import Thresholds
from jeeves.learning.corpus import Corpus
from jeeves.learning.curve import operating_curve
from jeeves.learning.features import Floats
from jeeves.learning.training import (
    Bools,
    OutOfFold,
    out_of_fold,
    threshold_weights,
)

RECALL = 0.9
#: The volume that a report reckons with.
MAILS_A_DAY = 100
_RESAMPLES = 1000
_SEED = 0
#: Bounds of the probabilities that calibration is told for.
BINS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0)


@dataclass(frozen=True, slots=True)
class Bin:
    """Messages whose probabilities are alike."""

    weight: float
    mean_probability: float
    #: Share of them that need a location.
    observed: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What probabilities are worth on some messages; all sums are sums of weights."""

    messages: int
    positives: int
    #: Share of messages that need a location.
    prevalence: float
    average_precision: float
    #: 95 % bootstrap interval of the average precision, messages drawn with replacement.
    interval: tuple[float, float]
    #: Best precision at a recall of at least 0.9.
    precision_at_recall_90: float
    roc_auc: float
    brier: float
    #: At the alert threshold.
    true_positives: float
    false_positives: float
    false_negatives: float
    true_negatives: float
    #: Recall at the unsure threshold, and the share of all messages above it.
    unsure_recall: float
    unsure_rate: float
    calibration: tuple[Bin, ...]

    @property
    def recall(self) -> float:
        """Share of the messages needing a location that would alert."""
        return self.true_positives / (self.true_positives + self.false_negatives)

    @property
    def precision(self) -> float:
        """Share of the alerts that would be right; 0 where there would be none."""
        alerts = self.true_positives + self.false_positives
        return self.true_positives / alerts if alerts else 0.0

    @property
    def alert_rate(self) -> float:
        """Share of all messages that would alert."""
        alerts = self.true_positives + self.false_positives
        return alerts / (alerts + self.false_negatives + self.true_negatives)

    def as_dict(self) -> dict[str, Any]:
        """All figures, for JSON."""
        derived = {name: getattr(self, name) for name in ("recall", "precision", "alert_rate")}
        return {**asdict(self), **derived}


@dataclass(frozen=True, slots=True)
class Report:
    """One evaluation."""

    #: How the probabilities came about, one clause.
    method: str
    thresholds: Thresholds
    unreadable: int
    #: Over all messages.
    all: Figures
    #: Over the unambiguous messages drawn by chance: the headline measure. None where the labels
    #: do not tell which these are.
    headline: Figures | None = None
    #: Over messages drawn by chance, each counted as often as it would come in a mailbox.
    natural: Figures | None = None
    #: Over the unambiguous messages that were written for the project.
    written: Figures | None = None
    #: What the thresholds were chosen from and for. None where they were given.
    curve: Curve | None = None
    costs: Costs | None = None

    def as_dict(self) -> dict[str, Any]:
        """The whole report, for JSON."""
        return {
            "method": self.method,
            "thresholds": asdict(self.thresholds),
            "unreadable": self.unreadable,
            **{name: figures.as_dict() for name, figures in self._parts()},
        }

    def lines(self) -> Iterator[str]:
        """The report as text, line by line."""
        yield f"method: {self.method}"
        if self.unreadable:
            yield f"left out: {self.unreadable} unreadable messages"
        cuts = self.thresholds
        yield f"thresholds: alert at {cuts.alert:.4f}, unsure from {cuts.unsure:.4f}"
        if self.curve is not None:
            yield f"in words: {in_words(self.curve.at(cuts.alert), MAILS_A_DAY)}"
        for name, figures in self._parts():
            yield from _lines(name, figures)

    def _parts(self) -> Iterator[tuple[str, Figures]]:
        for name in ("headline", "all", "natural", "written"):
            figures = getattr(self, name)
            if figures is not None:
                yield name, figures


def evaluate(corpus: Corpus, by: str | None = None, costs: Costs | None = None) -> Report:
    """What models fitted like the one to come say of messages they were not fitted on.

    Args:
        corpus: Labelled messages.
        by: Column that keeps messages together; default ``Corpus.default_grouping``.
        costs: What the thresholds shall be chosen for; default ``Costs()``.

    Raises:
        ConfigError, TrainingError: as ``training.out_of_fold``.
    """
    grouping = by or corpus.default_grouping
    return report_out_of_fold(corpus, out_of_fold(corpus, grouping), grouping, costs)


def report_out_of_fold(
    corpus: Corpus, predicted: OutOfFold, by: str, costs: Costs | None = None
) -> Report:
    """The report on out-of-fold predictions, at the thresholds they and the costs lead to."""
    asked = costs or Costs()
    curve = operating_curve(predicted.probabilities, corpus.labels, threshold_weights(corpus))
    method = f"out of fold, grouped by {by}"
    found = report(corpus, predicted.probabilities, curve.choose(asked), method)
    return replace(found, curve=curve, costs=asked)


def report(corpus: Corpus, probabilities: Floats, thresholds: Thresholds, method: str) -> Report:
    """The report on these probabilities of the messages of ``corpus``."""
    found = {
        name: figures(probabilities[kept], corpus.labels[kept], weights[kept], thresholds)
        for name, (kept, weights) in views(corpus).items()
    }
    return Report(
        method=method,
        thresholds=thresholds,
        unreadable=corpus.unreadable,
        all=found["all"],
        headline=found.get("headline"),
        natural=found.get("natural"),
        written=found.get("written"),
    )


def views(corpus: Corpus) -> dict[str, tuple[Bools, Floats]]:
    """What can be measured on these labels: the messages that count and the weight of each.

    ``all`` is always there; ``headline``, ``natural`` and ``written`` (see ``Report``) where the
    labels have the columns for it and the messages that count are of both classes.
    """
    once = np.ones(len(corpus.labels))
    found = {"all": (once > 0, once)}
    if {"ambiguous", "stratum"} <= corpus.columns:
        found["headline"] = (corpus.drawn & ~corpus.flag("ambiguous"), once)
    if corpus.weight_column in corpus.columns:
        found["natural"] = (corpus.drawn, corpus.natural_weights)
    found["written"] = (corpus.written & ~corpus.flag("ambiguous"), once)
    # load() refuses labels of one class, so "all" stays.
    return {name: view for name, view in found.items() if len(set(corpus.labels[view[0]])) == 2}


def figures(p: Floats, labels: Bools, weights: Floats, thresholds: Thresholds) -> Figures:
    """The figures of probabilities ``p``, all arrays of shape (n,)."""
    precision, recall, _ = precision_recall_curve(labels, p, sample_weight=weights)
    alert, unsure = p >= thresholds.alert, p >= thresholds.unsure

    def total(kept: Bools) -> float:
        return float(weights[kept].sum())

    return Figures(
        messages=len(labels),
        positives=int(labels.sum()),
        prevalence=total(labels) / float(weights.sum()),
        average_precision=float(average_precision_score(labels, p, sample_weight=weights)),
        interval=bootstrap_interval(p, labels, weights),
        precision_at_recall_90=float(precision[recall >= RECALL].max()),
        roc_auc=float(roc_auc_score(labels, p, sample_weight=weights)),
        brier=float(brier_score_loss(labels, p, sample_weight=weights)),
        true_positives=total(alert & labels),
        false_positives=total(alert & ~labels),
        false_negatives=total(~alert & labels),
        true_negatives=total(~alert & ~labels),
        unsure_recall=total(unsure & labels) / total(labels),
        unsure_rate=total(unsure) / float(weights.sum()),
        calibration=tuple(_bins(p, labels, weights)),
    )


def bootstrap_interval(p: Floats, labels: Bools, weights: Floats) -> tuple[float, float]:
    """95 % interval of the average precision over messages drawn with replacement."""
    random = np.random.default_rng(_SEED)
    order = np.argsort(-p, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(p[order])), len(p) - 1)
    y, w = labels[order], weights[order]
    drawn: list[float] = []
    for _ in range(_RESAMPLES):
        times = np.bincount(random.integers(0, len(p), len(p)), minlength=len(p)) * w
        caught, alerts = np.cumsum(times * y)[ends], np.cumsum(times)[ends]
        if caught[-1] > 0:
            precision = np.divide(caught, alerts, out=np.ones_like(caught), where=alerts > 0)
            drawn.append(float(np.diff(caught, prepend=0.0) @ precision / caught[-1]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _bins(p: Floats, labels: Bools, weights: Floats) -> Iterator[Bin]:
    place = np.digitize(p, BINS[1:-1])
    for i in range(len(BINS) - 1):
        kept = place == i
        weight = float(weights[kept].sum())
        if weight > 0:
            mean = float(np.average(p[kept], weights=weights[kept]))
            yield Bin(weight, mean, float(np.average(labels[kept], weights=weights[kept])))


def _lines(name: str, of: Figures) -> Iterator[str]:
    low, high = of.interval
    yield f"{name}: {of.messages} messages, {of.positives} need a location ({of.prevalence:.1%})"
    yield f"  average precision {of.average_precision:.3f} (95 % interval {low:.3f} to {high:.3f})"
    yield f"  best precision at recall 0.9: {of.precision_at_recall_90:.3f}"
    yield f"  ROC AUC {of.roc_auc:.3f}, Brier score {of.brier:.4f}"
    yield (
        f"  at the alert threshold: recall {of.recall:.3f}, precision {of.precision:.3f}, "
        f"{of.alert_rate:.1%} of the messages alert"
    )
    yield (
        f"    right {of.true_positives:.0f}, needless {of.false_positives:.0f}, "
        f"missed {of.false_negatives:.0f}, rightly quiet {of.true_negatives:.0f}"
    )
    yield (
        f"  at the unsure threshold: recall {of.unsure_recall:.3f}, {of.unsure_rate:.1%} of the "
        "messages are above it"
    )
    bins = ", ".join(f"{b.mean_probability:.3f}: {b.observed:.3f}" for b in of.calibration)
    yield f"  calibration (predicted: observed): {bins}"
