"""How a model grows with the groups it is fitted on: what more labels would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from sklearn.metrics import average_precision_score

from jeeves.learning.corpus import Corpus
from jeeves.learning.document import Document
from jeeves.learning.features import Floats, fit
from jeeves.learning.folds import Fold
from jeeves.learning.training import Bools

_SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)
_SEED = 0


@dataclass(frozen=True, slots=True)
class Growth:
    """Average precision by the number of messages fitted on; s sizes, f folds."""

    #: Mean number of messages fitted on, shape (s,).
    sizes: Floats
    #: On the messages fitted on and on those held out, shapes (s, f).
    fitted_on: Floats
    held_out: Floats


def growth(corpus: Corpus, folds: Sequence[Fold], jobs: int = 1) -> Growth:
    """The pipeline of training on more and more groups of each fold, drawn by chance.

    Sizes at which some fold cannot be fitted or measured are left out.
    """
    documents = corpus.documents
    taken = [(share, fold, _some_groups(fold, share)) for share in _SHARES for fold in folds]
    found = Parallel(n_jobs=jobs)(
        delayed(_measured)(
            [documents[i] for i in fold.fitted_on[take]],
            fold.labels[take],
            fold.weights[take],
            [fold.groups[int(i)] for i in take],
            [documents[i] for i in fold.held_out],
            corpus.labels[fold.held_out],
        )
        for _, fold, take in taken
    )
    scores = np.array(found).reshape(len(_SHARES), len(folds), 2)
    counts = np.array([len(take) for *_, take in taken], np.float64).reshape(scores.shape[:2])
    whole = ~np.isnan(scores).any(axis=(1, 2))
    sizes, first = np.unique(counts[whole].mean(axis=1), return_index=True)
    return Growth(sizes, scores[whole][first, :, 0], scores[whole][first, :, 1])


def _some_groups(fold: Fold, share: float) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Positions in the fold of the messages of a share of its groups, two at least."""
    names = sorted(set(fold.groups))
    chosen = set(
        np.random.default_rng(_SEED)
        .permutation(names)[: max(2, round(share * len(names)))]
        .tolist()
    )
    return np.flatnonzero([group in chosen for group in fold.groups])


def _measured(
    documents: Sequence[Document],
    labels: Bools,
    weights: Floats,
    groups: Sequence[str],
    held_out: Sequence[Document],
    held_out_labels: Bools,
) -> tuple[float, float]:
    if len(set(labels)) < 2 or not held_out_labels.any():
        return np.nan, np.nan
    try:
        fitted = fit(documents, labels, weights, groups)
    except ValueError:
        # So few that no two groups share a term.
        return np.nan, np.nan
    return (
        float(average_precision_score(labels, fitted.log_odds(documents))),
        float(average_precision_score(held_out_labels, fitted.log_odds(held_out))),
    )
