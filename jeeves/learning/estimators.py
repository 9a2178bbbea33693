"""The candidates that ``jeeves evaluate --compare`` sets side by side.

All read the columns of the one pipeline; they differ in what is made of them. Each takes the
weights of the messages as ``estimator__sample_weight``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC

from jeeves.learning.features import Floats

REFERENCE = "logistic regression"
SEED = 0
#: Dimensions that the truncated SVD keeps.
DIMENSIONS = 100
#: Columns that gradient boosting reads where no SVD stands before it.
STRONGEST = 200
TREES = 100
#: Added to each count of naive Bayes: best of 0.003, 0.01, 0.03, 0.1 on the labelled mail.
SMOOTHING = 0.03

#: Makes an unfitted pipeline for a number of columns.
Make = Callable[[int], Pipeline]

_SPLIT = "what can be negative is split in two columns: naive Bayes takes none below 0"
_NO_SVD = "not possible: naive Bayes takes no column below 0, and those of an SVD are"


@dataclass(frozen=True, slots=True)
class Kind:
    """A candidate: how it is made, and what a reader of its figures must know."""

    name: str
    #: An unfitted pipeline for this many columns, its last step ``estimator``; None where it
    #: cannot stand.
    make: Make | None
    #: Whether it reads the dimensions of the SVD instead of the columns.
    reduced: bool = False
    note: str = ""


class NonNegative(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """Columns of at least 0: one that was ever negative becomes its positive and negative part."""

    def fit(self, columns: Any, y: object = None) -> Self:  # noqa: ARG002  # sklearn's
        """Note which columns of a matrix (n, k) hold a negative value."""
        lowest = sparse.csr_array(columns).min(axis=0)
        self.split_ = np.flatnonzero(np.ravel(lowest.toarray()) < 0)
        return self

    def transform(self, columns: Any) -> Any:
        """A sparse matrix (n, k + split columns)."""
        given = sparse.csr_array(columns)
        return sparse.hstack([given.maximum(0), (-given[:, self.split_]).maximum(0)], format="csr")


def reduction(columns: int, messages: int) -> TruncatedSVD:
    """An unfitted SVD to ``DIMENSIONS``, or to fewer where a corpus is smaller than that."""
    return TruncatedSVD(min(DIMENSIONS, columns - 1, messages - 1), random_state=SEED)


def candidates(reference: LogisticRegression) -> list[Kind]:
    """All candidates, the reference first.

    Args:
        reference: The estimator that training fits; it is copied.
    """

    def logistic() -> LogisticRegression:
        return LogisticRegression(**reference.get_params())

    def voting(second: Callable[[], Any]) -> Callable[[], Any]:
        members = (("logistic", logistic), ("second", second), ("forest", _forest))
        return lambda: VotingClassifier([(n, made()) for n, made in members], voting="soft")

    def boosting_of_strongest(columns: int) -> Pipeline:
        return Pipeline(
            [
                ("strongest", SelectKBest(_strength, k=min(STRONGEST, columns))),
                ("dense", FunctionTransformer(_dense, accept_sparse=True)),
                ("estimator", _boosting()),
            ]
        )

    dimensions = f"reads {DIMENSIONS} dimensions"
    return [
        Kind(REFERENCE, _plain(logistic), note="what `jeeves train` fits"),
        Kind(
            "multinomial naive Bayes",
            _non_negative(lambda: MultinomialNB(alpha=SMOOTHING)),
            note=_SPLIT,
        ),
        Kind("complement naive Bayes", _non_negative(_complement), note=_SPLIT),
        Kind("linear SVM", _plain(_svm)),
        Kind("random forest", _plain(_forest), note=f"{TREES} trees"),
        Kind(
            "gradient boosting",
            boosting_of_strongest,
            note=f"reads the {STRONGEST} strongest columns (ANOVA F) only, for its time",
        ),
        Kind(
            "voting",
            _non_negative(voting(_complement)),
            note="mean probability of logistic regression, complement naive Bayes, random forest",
        ),
        Kind("SVD, logistic regression", _plain(logistic), True, dimensions),
        Kind("SVD, multinomial naive Bayes", None, True, _NO_SVD),
        Kind("SVD, complement naive Bayes", None, True, _NO_SVD),
        Kind("SVD, linear SVM", _plain(_svm), True, dimensions),
        Kind("SVD, random forest", _plain(_forest), True, dimensions),
        Kind("SVD, gradient boosting", _plain(_boosting), True, dimensions),
        Kind(
            "SVD, voting",
            _plain(voting(_boosting)),
            True,
            "mean probability of logistic regression, gradient boosting, random forest; "
            + dimensions,
        ),
    ]


def log_odds(fitted: Pipeline, columns: Any) -> Floats:
    """What a fitted candidate says of each row, shape (n,); the higher, the surer.

    Log-odds where it gives probabilities; a linear SVM gives the distance from its plane.
    """
    if hasattr(fitted, "decision_function"):
        return np.asarray(fitted.decision_function(columns), np.float64)
    p = np.clip(fitted.predict_proba(columns)[:, 1], 1e-6, 1 - 1e-6)
    return np.asarray(np.log(p / (1 - p)), np.float64)


def _plain(estimator: Callable[[], Any]) -> Make:
    return lambda _: Pipeline([("estimator", estimator())])


def _non_negative(estimator: Callable[[], Any]) -> Make:
    return lambda _: Pipeline([("non_negative", NonNegative()), ("estimator", estimator())])


def _complement() -> ComplementNB:
    # Without the norm it ranks two classes as the multinomial does.
    return ComplementNB(alpha=SMOOTHING, norm=True)


def _svm() -> LinearSVC:
    return LinearSVC(C=0.3, class_weight="balanced", max_iter=5000, random_state=SEED)


def _forest() -> RandomForestClassifier:
    return RandomForestClassifier(
        TREES, min_samples_leaf=2, class_weight="balanced_subsample", random_state=SEED
    )


def _boosting() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        learning_rate=0.1,
        max_iter=60,
        max_bins=63,
        max_leaf_nodes=15,
        class_weight="balanced",
        random_state=SEED,
    )


def _strength(columns: Any, labels: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """ANOVA F of each column and its p; NaN, and so never chosen, where a column is constant."""
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", UserWarning)
        strength, p = f_classif(columns, labels)
    return strength, p


def _dense(columns: Any) -> NDArray[np.float64]:
    return np.asarray(columns.toarray())
