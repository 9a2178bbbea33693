"""The owner's model: the starter's weights, moved by what the owner says of his own mail.

Most of what the starter was fitted on is not here. Its knowledge is carried by its weights: they
are the mean of the prior on the owner's (a Gaussian prior is the usual penalty, taken from the
starter's weights instead of from 0; Chelba and Acero 2006). The fewer labels there are, the
narrower it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from jeeves.learning.document import Document
from jeeves.learning.features import Fitted, Floats, rows
from jeeves.learning.training import Bools

#: The variance of the prior is LOOSENESS times the square of the number of labels of the rarer
#: class, at most LOOSEST: of constant, linear, square and cube the best on owners that the starter
#: had not seen, and the loosest with which no number of labels from 10 on does harm on the mean
#: (`scripts/bench/learn`).
LOOSENESS = 0.002
LOOSEST = 5.0
#: Of the prior on the intercept: which share of what is labelled needs a place says little of mail.
INTERCEPT_VARIANCE = 1.0


@dataclass(frozen=True, slots=True)
class Moved:
    """By how much weights differ from the starter's; all others are as they were."""

    #: Columns of the pipeline, ascending, and what is added to the weight of each; shape (k,).
    columns: NDArray[np.intp]
    weights: Floats
    intercept: float

    def log_odds(self, columns: Any, starter: Floats) -> Floats:
        """Log-odds of mails.

        Args:
            columns: What the pipeline makes of them, sparse, shape (n, columns).
            starter: The starter's log-odds, shape (n,).
        """
        return np.asarray(starter + columns[:, self.columns] @ self.weights + self.intercept)

    def applied_to(self, starter: Fitted) -> Fitted:
        """The starter with these changes; it is itself changed."""
        estimator = starter.pipeline.named_steps["estimator"]
        coefficients = estimator.coef_.copy()
        coefficients[0, self.columns] += self.weights
        estimator.coef_ = coefficients
        estimator.intercept_ = estimator.intercept_ + self.intercept
        return starter


def columns_of(starter: Fitted, documents: Sequence[Document]) -> Any:
    """What the starter's pipeline makes of these mails, sparse, shape (n, columns)."""
    made = rows(documents, starter.stems)
    return sparse.csr_array(starter.pipeline.named_steps["columns"].transform(made))


def move(columns: Any, starter: Floats, labels: Bools, variance: float | None = None) -> Moved:
    """The most probable weights given these labels and the starter.

    Args:
        columns: What the pipeline makes of the labelled mails, sparse, shape (n, columns).
        starter: The starter's log-odds of them, shape (n,).
        labels: Whether each needs a location, shape (n,).
        variance: Of the prior; default ``looseness(labels)``.
    """
    if variance is None:
        variance = looseness(labels)
    used = np.unique(columns.indices)
    if variance == 0.0 or not len(used):
        return Moved(np.zeros(0, np.intp), np.zeros(0), 0.0)
    x = columns[:, used]
    transposed = x.T.tocsr()
    sign = np.where(labels, 1.0, -1.0)

    def loss(moved: Floats) -> tuple[float, Floats]:
        weights, intercept = moved[:-1], moved[-1]
        margin = sign * (starter + x @ weights + intercept)
        penalty = weights @ weights / variance + intercept**2 / INTERCEPT_VARIANCE
        slope = -sign * np.exp(-np.logaddexp(0.0, margin))
        gradient = np.append(
            transposed @ slope + weights / variance, slope.sum() + intercept / INTERCEPT_VARIANCE
        )
        return float(np.logaddexp(0.0, -margin).sum() + penalty / 2), gradient

    # Threads that wait for each other cost more than they bring on vectors of this size.
    with threadpool_limits(1):
        found = minimize(
            loss, np.zeros(len(used) + 1), jac=True, method="L-BFGS-B", options={"maxiter": 1000}
        )
    return Moved(used, found.x[:-1], float(found.x[-1]))


def looseness(labels: Bools) -> float:
    """Variance of the prior for these labels; 0 where one class is missing."""
    rarer = min(int(labels.sum()), int((~labels).sum()))
    return min(LOOSENESS * rarer**2, LOOSEST)
