"""Whether the mails that `jeeves ask` chooses teach more than mails by chance."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.metrics import average_precision_score

from jeeves.domain.operating import Costs
from jeeves.domain.verdict import Thresholds
from jeeves.learning.asking import distances, spread
from jeeves.learning.corpus import Corpus
from jeeves.learning.origin import Pin
from jeeves.learning.personal import Moved, move
from jeeves.learning.pinned import STARTER_MANIFEST_SHA256
from jeeves.learning.scorer import TableScorer
from jeeves.learning.serving import Shelf, load_scorer
from jeeves.learning.table import Table
from jeeves.modelling import starter_models
from scripts.bench.judgement.tables import table
from scripts.bench.learning.owners import Indexes, Owner, owner_of, replayed_owners

#: Labels asked for at a time, and after how many it is measured.
ROUND, SIZES = 5, (20, 50)
#: Of owners with so many labelled mails one half of the conversations is kept to measure on.
LEAST_MAILS = 180
HALVES = 4
DRAWS = 20
CHANCE, ASKED = "by chance", "jeeves ask"


@dataclass(frozen=True, slots=True)
class Row:
    """One way at one size: means over owners of the means over halves (and draws)."""

    way: str
    labels: int
    owners: int
    #: Of the labels, those that need a place.
    positives: float
    average_precision: float
    #: Beyond the starter alone, and its standard error over owners.
    gain: float
    error: float


@dataclass(frozen=True, slots=True)
class Asking:
    """Both ways."""

    rows: list[Row]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield table(
            f"labels chosen by `jeeves ask`, {ROUND} at a time with a training in between, and by "
            "chance",
            ["chosen", "labels", "owners", "that need a place", "AP", "gain over the starter"],
            [
                [
                    row.way,
                    str(row.labels),
                    str(row.owners),
                    f"{row.positives:.1f}",
                    f"{row.average_precision:.4f}",
                    f"{row.gain:+.4f} (+-{row.error:.4f})",
                ]
                for row in self.rows
            ],
        )


#: Average precision, gain and positives, by way and size.
Found = dict[tuple[str, int], list[tuple[float, float, int]]]


def asking(corpus: Corpus, jobs: int) -> Asking:
    """Owners with enough mail, as new users who answer what they are asked."""
    names = replayed_owners(corpus, LEAST_MAILS)
    print(f"asking {len(names)} owners", file=sys.stderr)
    alert = _usual_threshold()
    owners = Parallel(n_jobs=jobs)(delayed(_asked)(corpus, name, alert) for name in names)
    rows = []
    for size in SIZES:
        for way in (CHANCE, ASKED):
            means = np.array([np.mean(found[way, size], axis=0) for found in owners])
            error = means[:, 1].std(ddof=1) / np.sqrt(len(means)) if len(means) > 1 else 0.0
            precision, gain, positives = means.mean(axis=0)
            row = (float(positives), float(precision), float(gain), float(error))
            rows.append(Row(way, size, len(means), *row))
    return Asking(rows)


def _usual_threshold() -> float:
    """Where the starter that ships texts."""
    shelf = Shelf(starter_models(), Pin(STARTER_MANIFEST_SHA256))
    return load_scorer([shelf], Costs()).scorer.thresholds.alert


def _asked(corpus: Corpus, name: str, alert: float) -> Found:
    owner = owner_of(corpus, name)
    found: Found = {}
    for half in range(HALVES):
        random = np.random.default_rng(half)
        numbers = random.permutation(np.unique(owner.groups))
        kept = np.isin(owner.groups, numbers[: len(numbers) // 2])
        left = np.flatnonzero(kept & owner.clear)
        pool = np.flatnonzero(~kept)
        if owner.labels[left].sum() < 3 or len(pool) < max(SIZES):
            continue
        for size in SIZES:
            for draw in range(DRAWS):
                drawn = np.random.default_rng([half, draw]).permutation(pool)[:size]
                found.setdefault((CHANCE, size), []).append(_measured(owner, drawn, left))
        taught = np.zeros(0, np.intp)
        while len(taught) < max(SIZES):
            taught = np.append(taught, _chosen(owner, taught, pool, alert))
            if len(taught) in SIZES:
                found.setdefault((ASKED, len(taught)), []).append(_measured(owner, taught, left))
    return found


def _chosen(owner: Owner, taught: Indexes, pool: Indexes, alert: float) -> Indexes:
    """The next mails that would be asked about."""
    scorer = TableScorer(_table(owner, _moved(owner, taught)), "", _cuts(alert))
    left = np.setdiff1d(pool, taught)
    messages = [owner.corpus.messages[i].message for i in owner.positions[left]]
    order = np.argsort(distances(scorer, messages), kind="stable")
    places = spread(scorer, [messages[i] for i in order], ROUND)
    return left[order[places]]


def _cuts(alert: float) -> Thresholds:
    return Thresholds(alert=alert, unsure=alert)


def _moved(owner: Owner, taught: Indexes) -> Moved:
    return move(owner.columns[taught], owner.log_odds[taught], owner.labels[taught])


def _table(owner: Owner, moved: Moved) -> Table:
    estimator = owner.starter.pipeline.named_steps["estimator"]
    before = estimator.coef_, estimator.intercept_
    try:
        return moved.applied_to(owner.starter).table()
    finally:
        estimator.coef_, estimator.intercept_ = before


def _measured(owner: Owner, taught: Indexes, left: Indexes) -> tuple[float, float, int]:
    moved = _moved(owner, taught)
    labels = owner.labels[left]
    by_starter = average_precision_score(labels, owner.log_odds[left])
    mine = average_precision_score(
        labels, moved.log_odds(owner.columns[left], owner.log_odds[left])
    )
    return float(mine), float(mine - by_starter), int(owner.labels[taught].sum())
