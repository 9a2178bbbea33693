"""Replayed owners: as new users, with a starter that was fitted without them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from jeeves.learning import personal
from jeeves.learning.corpus import Corpus
from jeeves.learning.features import Fitted, fit
from jeeves.learning.gate import judged
from jeeves.learning.lesson import Lesson
from jeeves.learning.training import fit_corpus
from scripts.bench.judgement.tables import table

Floats = NDArray[np.float64]
Indexes = NDArray[np.intp]

SIZES = (10, 20, 50, 100, 200)
#: An owner is replayed who has so many labelled mails, so many of them positive.
LEAST_MAILS, LEAST_POSITIVES = 70, 9
#: An owner counts at a size if so many mails are left to try the model on, so many positive.
LEAST_LEFT, LEAST_POSITIVES_LEFT = 50, 3
BOTH, STARTER, ALONE = "both: the prior (ships)", "starter alone", "labels alone"
#: Draws of the gate are fewer: each is five fits.
GATED = 6


@dataclass(frozen=True, slots=True)
class Owner:
    """One owner's labelled mail, n of it, as a starter without him sees it."""

    name: str
    starter: Fitted
    columns: Any
    log_odds: Floats
    labels: NDArray[np.bool_]
    clear: NDArray[np.bool_]
    #: Conversations, numbered.
    groups: Indexes
    corpus: Corpus
    positions: Indexes


#: Of the mails to learn from and those to judge, what the way says of the latter.
Way = Callable[[Owner, Indexes, Indexes], Floats]


@dataclass(frozen=True, slots=True)
class Point:
    """A way at a size: the mean over owners of each owner's mean over draws."""

    way: str
    labels: int
    owners: int
    average_precision: float
    #: Beyond the starter alone: mean over owners and its standard error, and the worst owner's
    #: mean with the standard error over his draws.
    gain: float
    error: float
    worst: float
    worst_error: float


@dataclass(frozen=True, slots=True)
class Replay:
    """All ways at all sizes, and what the gate made of the one that ships."""

    points: list[Point]
    gate: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people."""
        for size in dict.fromkeys(point.labels for point in self.points):
            here = [point for point in self.points if point.labels == size]
            yield table(
                f"{size} labels, {here[0].owners} owners",
                ["way", "AP", "gain over the starter", "worst owner's gain"],
                [
                    [
                        one.way,
                        f"{one.average_precision:.4f}",
                        f"{one.gain:+.4f} (+-{one.error:.4f})",
                        f"{one.worst:+.4f} (+-{one.worst_error:.4f})",
                    ]
                    for one in here
                ],
            )
        if self.gate:
            yield table(
                "the gate, beside the starter: share let through, and the mean gain in average "
                "precision without and with it (a refused one gains 0)",
                ["labels are", "labels", "let through", "without", "with"],
                [
                    [
                        str(row["labels_are"]),
                        str(row["labels"]),
                        f"{row['passed']:.2f}",
                        f"{row['gain']:+.4f}",
                        f"{row['kept_gain']:+.4f}",
                    ]
                    for row in self.gate
                ],
            )


def replay(corpus: Corpus, draws: int, jobs: int, gated: bool) -> Replay:
    """Every owner with enough labels, at every size, with every way.

    Args:
        corpus: Labelled mail, with its owners, and the project's corpus.
        draws: Drawings of labels for each owner and size.
        jobs: Processes.
        gated: Whether the gate is tried as well.
    """
    names = replayed_owners(corpus)
    print(f"replaying {len(names)} owners", file=sys.stderr)
    found = Parallel(n_jobs=jobs)(delayed(_replayed)(corpus, one, draws, gated) for one in names)
    points = [
        point
        for size in SIZES
        for way in WAYS
        if (point := _point(way, size, [scores for scores, _ in found])) is not None
    ]
    return Replay(points, _gate_rows([row for _, rows in found for row in rows]))


def replayed_owners(corpus: Corpus, least_mails: int = LEAST_MAILS) -> list[str]:
    """Owners with enough labelled mail, those with most of it first."""
    owners = [one.columns["owner"] for one in corpus.messages if not _written(one.columns)]
    mails = Counter(owners)
    positives = Counter(one.columns["owner"] for one in corpus.messages if one.needs_location)
    return [
        name
        for name, count in mails.most_common()
        if count >= least_mails and positives[name] >= LEAST_POSITIVES
    ]


def _written(columns: Mapping[str, str]) -> bool:
    return columns.get("stratum") == "written"


def owner_of(corpus: Corpus, name: str) -> Owner:
    """An owner's mail, and a starter that was fitted without it."""
    owners = np.array(corpus.groups("owner"))
    starter = fit_corpus(corpus, "owner", np.flatnonzero(owners != name))
    mine = np.flatnonzero(owners == name)
    conversations = corpus.groups("conversation")
    _, groups = np.unique([conversations[i] for i in mine], return_inverse=True)
    columns = personal.columns_of(starter, [corpus.documents[i] for i in mine])
    estimator = starter.pipeline.named_steps["estimator"]
    return Owner(
        name,
        starter,
        columns,
        columns @ estimator.coef_[0] + estimator.intercept_[0],
        corpus.labels[mine],
        ~corpus.flag("ambiguous")[mine],
        groups,
        corpus,
        mine,
    )


def _replayed(
    corpus: Corpus, name: str, draws: int, gated: bool
) -> tuple[dict[tuple[str, int], list[float]], list[dict[str, Any]]]:
    """Average precision of each draw by way and size; and what the gate made of some."""
    owner = owner_of(corpus, name)
    scores: dict[tuple[str, int], list[float]] = {}
    gate_rows: list[dict[str, Any]] = []
    for size in SIZES:
        if len(owner.labels) < size + LEAST_LEFT:
            continue
        for draw in range(draws):
            random = np.random.default_rng([size, draw])
            taught, left = _drawn(owner, size, random)
            labels = owner.labels[left]
            if labels.sum() < LEAST_POSITIVES_LEFT:
                continue
            for way, judge in WAYS.items():
                precision = average_precision_score(labels, judge(owner, taught, left))
                scores.setdefault((way, size), []).append(float(precision))
            if gated and draw < GATED:
                gate_rows += _gated(owner, taught, left, random)
    return scores, gate_rows


def _drawn(owner: Owner, size: int, random: np.random.Generator) -> tuple[Indexes, Indexes]:
    """Mails to learn from, and the clear ones of other conversations."""
    order = random.permutation(len(owner.labels))
    taught = order[:size]
    left = np.setdiff1d(np.arange(len(order)), taught)
    apart = ~np.isin(owner.groups[left], owner.groups[taught])
    return taught, left[apart & owner.clear[left]]


def _starter(owner: Owner, _taught: Indexes, left: Indexes) -> Floats:
    return owner.log_odds[left]


def _alone(owner: Owner, taught: Indexes, left: Indexes) -> Floats:
    """The pipeline of the starter, fitted on these labels only."""
    documents = owner.corpus.documents
    try:
        fitted = fit(
            [documents[i] for i in owner.positions[taught]],
            owner.labels[taught],
            np.ones(len(taught)),
            [str(group) for group in owner.groups[taught]],
        )
    except ValueError:
        # One class only, or no term that two conversations share.
        return np.zeros(len(left))
    return fitted.log_odds([documents[i] for i in owner.positions[left]])


def _prior(owner: Owner, taught: Indexes, left: Indexes, variance: float | None = None) -> Floats:
    starter, columns = owner.log_odds, owner.columns
    moved = personal.move(columns[taught], starter[taught], owner.labels[taught], variance)
    return moved.log_odds(columns[left], starter[left])


def _wide_prior(owner: Owner, taught: Indexes, left: Indexes) -> Floats:
    """A variance of 1 however few the labels are."""
    return _prior(owner, taught, left, 1.0)


def _stacked(owner: Owner, taught: Indexes, left: Indexes) -> Floats:
    """The starter's log-odds as one input of scikit-learn's regression, hardly held back."""
    if len(set(owner.labels[taught])) < 2:
        return owner.log_odds[left]

    def inputs(rows: Indexes) -> Any:
        first = sparse.csr_array(10.0 * owner.log_odds[rows][:, np.newaxis])
        return sparse.hstack([first, owner.columns[rows]], format="csr")

    estimator = LogisticRegression(C=1.0, max_iter=2000)
    estimator.fit(inputs(taught), owner.labels[taught])
    return np.asarray(estimator.decision_function(inputs(left)), np.float64)


WAYS: Mapping[str, Way] = {
    STARTER: _starter,
    ALONE: _alone,
    BOTH: _prior,
    "both: a wide prior": _wide_prior,
    "both: the starter as an input": _stacked,
}


def _point(
    way: str, size: int, owners: Sequence[Mapping[tuple[str, int], list[float]]]
) -> Point | None:
    here = [
        (scores[way, size], scores[STARTER, size]) for scores in owners if (way, size) in scores
    ]
    if not here:
        return None
    gains = [np.array(mine) - np.array(starters) for mine, starters in here]
    means = np.array([gain.mean() for gain in gains])
    worst = int(means.argmin())
    return Point(
        way,
        size,
        len(here),
        float(np.mean([np.mean(mine) for mine, _ in here])),
        float(means.mean()),
        float(means.std(ddof=1) / np.sqrt(len(means))) if len(means) > 1 else 0.0,
        float(means[worst]),
        float(gains[worst].std(ddof=1) / np.sqrt(len(gains[worst]))),
    )


def _gated(
    owner: Owner, taught: Indexes, left: Indexes, random: np.random.Generator
) -> list[dict[str, Any]]:
    """What the gate makes of right labels, of some that are wrong, and of labels by chance."""
    right = owner.labels[taught]
    kinds = {
        "right": right,
        "3 of 10 wrong": right ^ (random.random(len(right)) < 0.3),
        "by chance": random.permutation(right),
    }
    rows = []
    for name, labels in kinds.items():
        if min(labels.sum(), (~labels).sum()) < 3:
            continue
        _, groups = np.unique(owner.groups[taught], return_inverse=True)
        numbered: dict[int, int] = {}
        groups = np.array([numbered.setdefault(int(one), len(numbered)) for one in groups])
        starter, columns = owner.log_odds[taught], owner.columns[taught]
        order = np.arange(len(taught))
        lesson = Lesson(order, order + 1, groups, labels, columns, starter, starter)
        moved = personal.move(columns, starter, labels)
        judged_by = moved.log_odds(owner.columns[left], owner.log_odds[left])
        truth = owner.labels[left]
        gain = average_precision_score(truth, judged_by) - average_precision_score(
            truth, owner.log_odds[left]
        )
        passed = judged(lesson, 0).passed
        rows.append(
            {"labels_are": name, "labels": len(taught), "passed": passed, "gain": float(gain)}
        )
    return rows


def _gate_rows(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for name in dict.fromkeys(row["labels_are"] for row in found):
        for size in SIZES:
            here = [row for row in found if (row["labels_are"], row["labels"]) == (name, size)]
            if here:
                rows.append(
                    {
                        "labels_are": name,
                        "labels": size,
                        "passed": float(np.mean([row["passed"] for row in here])),
                        "gain": float(np.mean([row["gain"] for row in here])),
                        "kept_gain": float(np.mean([row["gain"] * row["passed"] for row in here])),
                    }
                )
    return rows
