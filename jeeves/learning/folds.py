"""What every candidate and every trial of a search is measured on, made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from jeeves.learning.corpus import Corpus
from jeeves.learning.document import Document
from jeeves.learning.features import Fitted, Floats, fit, rows
from jeeves.learning.training import Bools, fit_weights, splits


@dataclass(frozen=True, slots=True)
class Fold:
    """One split of a corpus; n messages to fit on, m held out, of other groups."""

    #: Positions in the corpus, shapes (n,) and (m,).
    fitted_on: NDArray[np.intp]
    held_out: NDArray[np.intp]
    #: The pipeline as training fits it on the n messages.
    fitted: Fitted
    #: What a pipeline takes of the n and of the m messages.
    rows: NDArray[np.object_]
    held_out_rows: NDArray[np.object_]
    #: Of the n messages: label, what each counts in the fit, group.
    labels: Bools
    weights: Floats
    groups: Sequence[str]


def folds(corpus: Corpus, by: str, jobs: int = 1) -> list[Fold]:
    """The folds that ``training.out_of_fold`` measures on.

    Args:
        corpus: Labelled messages.
        by: Column whose values keep messages together; see ``Corpus.groups``.
        jobs: Folds made at a time.

    Raises:
        ConfigError, TrainingError: as ``training.out_of_fold``.
    """
    groups = corpus.groups(by)
    weights = fit_weights(corpus)
    make = delayed(_fold)
    return list(
        Parallel(n_jobs=jobs)(
            make(
                fitted_on,
                held_out,
                [corpus.documents[i] for i in fitted_on],
                [corpus.documents[i] for i in held_out],
                corpus.labels[fitted_on],
                weights[fitted_on],
                [groups[i] for i in fitted_on],
                corpus.written[fitted_on],
            )
            for fitted_on, held_out in splits(corpus.labels, groups)
        )
    )


def _fold(
    fitted_on: NDArray[np.intp],
    held_out: NDArray[np.intp],
    documents: Sequence[Document],
    held_out_documents: Sequence[Document],
    labels: Bools,
    weights: Floats,
    groups: Sequence[str],
    written: Bools,
) -> Fold:
    fitted = fit(documents, labels, weights, groups, written)
    return Fold(
        fitted_on,
        held_out,
        fitted,
        rows(documents, fitted.stems),
        rows(held_out_documents, fitted.stems),
        labels,
        weights,
        groups,
    )
