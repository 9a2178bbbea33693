"""Candidates side by side, on the same folds and the same resamples."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from jeeves.domain.operating import Costs
from jeeves.domain.verdict import Thresholds
from jeeves.errors import TrainingError
from jeeves.learning.corpus import Corpus
from jeeves.learning.curve import operating_curve
from jeeves.learning.estimators import REFERENCE, Kind, candidates, log_odds, reduction
from jeeves.learning.evaluation import views
from jeeves.learning.features import Floats, freedoms, multiplied
from jeeves.learning.folds import Fold, folds
from jeeves.learning.resampling import MEASURES, Estimate, resampled
from jeeves.learning.training import Bools, calibrate, expit, threshold_weights

#: Told after each step: what was done, steps done, steps in all.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Measured:
    """A candidate and what it says of messages that it was not fitted on."""

    name: str
    note: str
    #: Calibrated P(needs location), shape (n,); None where it has none, and ``note`` says why.
    probabilities: Floats | None
    #: Processor seconds to fit and to score all folds, the shared tf-idf columns apart.
    seconds: float


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of one candidate; empty where it has none."""

    name: str
    note: str
    seconds: float
    figures: Mapping[str, Estimate]
    #: Figures minus those of the reference, over the same resamples; empty for the reference.
    differences: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class View:
    """All candidates on some of the messages."""

    #: ``headline``, ``all`` or ``natural``; see ``evaluation.Report``.
    name: str
    messages: int
    positives: int
    lines: Sequence[Line]
    #: Which messages of the corpus these are, and what each counts; shape (n,).
    kept: Bools
    weights: Floats


@dataclass(frozen=True, slots=True)
class Comparison:
    """All candidates on a corpus."""

    grouped_by: str
    measured: Sequence[Measured]
    views: Sequence[View]
    folds: Sequence[Fold]
    #: The cuts of the reference.
    thresholds: Thresholds

    def as_dict(self) -> dict[str, Any]:
        """All figures, for JSON."""
        return {
            "method": f"out of fold, grouped by {self.grouped_by}",
            "reference": REFERENCE,
            **{
                view.name: {
                    "messages": view.messages,
                    "positives": view.positives,
                    "candidates": [asdict(line) for line in view.lines],
                }
                for view in self.views
            },
        }


def compare(
    corpus: Corpus,
    by: str | None = None,
    wanted: Sequence[str] = ("all",),
    jobs: int = 1,
    progress: Progress = lambda *_: None,
) -> Comparison:
    """Every candidate of ``estimators`` on the folds that training measures on.

    Args:
        corpus: Labelled messages.
        by: Column that keeps messages together; default ``Corpus.default_grouping``.
        wanted: Names of the views; those that the labels do not allow are left out.
        jobs: Processes.
        progress: Told after each step.

    Raises:
        ConfigError, TrainingError: as ``training.out_of_fold``.
    """
    grouping = by or corpus.default_grouping
    progress("reading the columns", 0, 1)
    parts = folds(corpus, grouping, jobs)
    kinds = candidates(parts[0].fitted.pipeline.named_steps["estimator"])
    measured = measure(corpus, parts, kinds, jobs, progress)
    reference = measured[0].probabilities
    if reference is None:
        raise TrainingError(f"The {REFERENCE} cannot be compared with: {measured[0].note}.")
    progress("resampling", 0, 1)
    allowed = views(corpus)
    return Comparison(
        grouping,
        measured,
        [
            _view(name, corpus.labels, measured, *allowed[name], jobs)
            for name in wanted
            if name in allowed
        ],
        parts,
        operating_curve(reference, corpus.labels, threshold_weights(corpus)).choose(Costs()),
    )


def measure(
    corpus: Corpus, parts: Sequence[Fold], kinds: Sequence[Kind], jobs: int, progress: Progress
) -> list[Measured]:
    """Each of ``kinds`` fitted and calibrated on ``parts``, in their order."""
    columns = Parallel(n_jobs=jobs)(delayed(_columns)(fold) for fold in parts)
    # The dearest first, so that no core waits for one of them at the end.
    standing = [(k, kind) for k, kind in enumerate(kinds) if kind.make is not None]
    steps = [(k, kind, f) for k, kind in reversed(standing) for f in range(len(parts))]
    scores = {k: np.zeros(len(corpus.labels)) for k, _ in standing}
    seconds = dict.fromkeys(scores, 0.0)
    told = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_score)(_made(kind, columns[f]), columns[f].of(kind), parts[f].labels, weights)
        for _, kind, f in steps
        for weights in [parts[f].weights]
    )
    for done, ((k, kind, f), (found, took)) in enumerate(zip(steps, told, strict=True), 1):
        scores[k][parts[f].held_out] = found
        seconds[k] += took + (columns[f].reduction_seconds if kind.reduced else 0.0)
        progress(kind.name, done, len(steps))
    return [
        _calibrated(kind, corpus, scores.get(k), seconds.get(k, 0.0))
        for k, kind in enumerate(kinds)
    ]


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of a fold, messages to fit on and held out: as they are, and reduced."""

    plain: tuple[Any, Any]
    reduced: tuple[Any, Any]
    reduction_seconds: float

    def of(self, kind: Kind) -> tuple[Any, Any]:
        return self.reduced if kind.reduced else self.plain


def _columns(fold: Fold) -> _Columns:
    columns = fold.fitted.pipeline.named_steps["columns"]
    seen, held_out = columns.transform(fold.rows), columns.transform(fold.held_out_rows)
    # As training gives them to the logistic regression.
    free = freedoms(seen, fold.labels, fold.weights)
    seen, held_out = multiplied(seen, free), multiplied(held_out, free)
    began = time.process_time()
    svd = reduction(seen.shape[1], seen.shape[0])
    with threadpool_limits(1):
        reduced = svd.fit_transform(seen), svd.transform(held_out)
    return _Columns((seen, held_out), reduced, time.process_time() - began)


def _made(kind: Kind, columns: _Columns) -> Pipeline:
    assert kind.make is not None  # noqa: S101  only those that can stand are asked for
    return kind.make(columns.of(kind)[0].shape[1])


def _score(
    pipeline: Pipeline, columns: tuple[Any, Any], labels: Bools, weights: Floats
) -> tuple[Floats, float]:
    """Scores of the messages held out, and the processor seconds they took."""
    began = time.process_time()
    # Threads that wait for each other cost more than they bring on matrices of this size.
    with threadpool_limits(1):
        pipeline.fit(columns[0], labels, estimator__sample_weight=weights)
        found = log_odds(pipeline, columns[1])
    return found, time.process_time() - began


def _calibrated(kind: Kind, corpus: Corpus, scores: Floats | None, seconds: float) -> Measured:
    if scores is None:
        return Measured(kind.name, kind.note, None, 0.0)
    if kind.name != REFERENCE:
        # Scores that are no log-odds may be too small for a slope that is held back.
        scores = scores / (scores.std() or 1.0)
    try:
        slope, offset = calibrate(scores, corpus.labels, corpus.natural_weights)
    except TrainingError:
        return Measured(kind.name, "no better than chance on these messages", None, seconds)
    return Measured(kind.name, kind.note, expit(slope * scores + offset), seconds)


def _view(
    name: str,
    labels: Bools,
    measured: Sequence[Measured],
    kept: Bools,
    weights: Floats,
    jobs: int,
) -> View:
    standing = [one for one in measured if one.probabilities is not None]
    found = Parallel(n_jobs=jobs)(
        delayed(resampled)(one.probabilities[kept], labels[kept], weights[kept])
        for one in standing
        if one.probabilities is not None
    )
    of = dict(zip((one.name for one in standing), found, strict=True))
    return View(
        name=name,
        messages=int(kept.sum()),
        positives=int(labels[kept].sum()),
        lines=[_line(one, of.get(one.name), of[REFERENCE]) for one in measured],
        kept=kept,
        weights=weights,
    )


def _line(one: Measured, figures: Floats | None, reference: Floats) -> Line:
    if figures is None:
        return Line(one.name, one.note, one.seconds, {}, {})
    return Line(
        one.name,
        one.note,
        one.seconds,
        _estimates(figures),
        {} if one.name == REFERENCE else _estimates(figures - reference),
    )


def _estimates(rows: Floats) -> dict[str, Estimate]:
    return {name: Estimate.of(rows[:, i]) for i, name in enumerate(MEASURES)}
