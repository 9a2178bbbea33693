"""What a search may turn: settings of the whole pipeline, drawn by chance, and their effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import Pipeline

from jeeves.learning.features import GROUPS_PER_TERM, Floats
from jeeves.learning.folds import Fold
from jeeves.learning.training import AMBIGUOUS_WEIGHT

_SEED = 0
#: What is drawn from. The lower end of ``groups_per_term`` is a promise: see ``features``.
SPACE: Mapping[str, Sequence[Any]] = {
    "ngrams": (1, 2, 3),
    "sublinear": (True, False),
    "groups_per_term": (GROUPS_PER_TERM, GROUPS_PER_TERM + 1, GROUPS_PER_TERM + 3),
    "balanced": (True, False),
    "ambiguous_weight": (0.1, AMBIGUOUS_WEIGHT, 0.5, 1.0),
    "column_weight": (0.5, 0.7, 1.0, 1.0, 1.4, 2.0),
}
#: Bounds of C, drawn evenly by its logarithm.
C_BOUNDS = (0.3, 30.0)
_LONGEST = max(SPACE["ngrams"])


@dataclass(frozen=True, slots=True)
class Settings:
    """One point of the space; None leaves a setting as ``features`` has it."""

    #: Words in the longest term.
    ngrams: int | None = None
    sublinear: bool | None = None
    #: A term is learned where this many groups use it.
    groups_per_term: int | None = None
    C: float | None = None
    #: Whether both classes weigh the same.
    balanced: bool | None = None
    #: What a message counts on which careful readers differed.
    ambiguous_weight: float | None = None
    #: Factor of each column, beside what ``features`` gives it.
    columns: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms that a column of a fold could learn, and how many groups use each; shape (t,)."""

    terms: NDArray[np.object_]
    words: NDArray[np.intp]
    groups: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Ground:
    """A fold with what trials on it share."""

    fold: Fold
    #: By the name of the column.
    terms: Mapping[str, Terms]


def draw(trial: int, columns: Sequence[str]) -> Settings:
    """The settings of a trial; the same for the same number. Trial 0 is the present pipeline."""
    if trial == 0:
        return Settings()
    random = np.random.default_rng([_SEED, trial])

    def one_of(name: str) -> Any:
        return SPACE[name][int(random.integers(len(SPACE[name])))]

    low, high = np.log(C_BOUNDS)
    return Settings(
        ngrams=one_of("ngrams"),
        sublinear=one_of("sublinear"),
        groups_per_term=one_of("groups_per_term"),
        C=float(f"{np.exp(random.uniform(low, high)):.3g}"),
        balanced=one_of("balanced"),
        ambiguous_weight=one_of("ambiguous_weight"),
        columns={name: one_of("column_weight") for name in columns},
    )


def ground(fold: Fold) -> Ground:
    """``fold`` with the terms of its columns counted once for all trials."""
    _, belongs = np.unique(fold.groups, return_inverse=True)
    found = {}
    for name, vectorizer, column in word_columns(fold.fitted.pipeline):
        counter = CountVectorizer(
            lowercase=vectorizer.lowercase,
            token_pattern=vectorizer.token_pattern,
            ngram_range=(1, _LONGEST if vectorizer.ngram_range[1] > 1 else 1),
            binary=True,
        )
        used = counter.fit_transform(fold.rows[:, column]).tocoo()
        # Each pair of a term and a group counts once, however many messages it stands in.
        pairs = np.unique(np.stack([used.col, belongs[used.row]]), axis=1)
        groups = np.bincount(pairs[0], minlength=used.shape[1])
        kept = groups >= GROUPS_PER_TERM
        terms = counter.get_feature_names_out()[kept]
        words = np.array([term.count(" ") + 1 for term in terms], np.intp)
        found[name] = Terms(terms, words, groups[kept])
    return Ground(fold, found)


def word_columns(pipeline: Pipeline) -> list[tuple[str, TfidfVectorizer, Any]]:
    """Name, vectorizer and place of each tf-idf column over words."""
    return [
        (name, vectorizer, column)
        for name, vectorizer, column in pipeline.named_steps["columns"].transformers
        if isinstance(vectorizer, TfidfVectorizer) and vectorizer.analyzer == "word"
    ]


def column_names(pipeline: Pipeline) -> list[str]:
    """The columns that can be weighed."""
    return [name for name, *_ in pipeline.named_steps["columns"].transformers]


def pipeline_of(settings: Settings, on: Ground) -> Pipeline:
    """The pipeline of training with these settings, unfitted."""
    pipeline = clone(on.fold.fitted.pipeline)
    turned: dict[str, Any] = {}
    for name, vectorizer, _ in word_columns(pipeline):
        at = f"columns__{name}__"
        if settings.sublinear is not None:
            turned[at + "sublinear_tf"] = settings.sublinear
        if settings.ngrams is not None or settings.groups_per_term is not None:
            longest = vectorizer.ngram_range[1]
            # The order of single terms (conjunctions of frames) means nothing.
            if settings.ngrams is not None and longest > 1:
                longest = settings.ngrams
            known = on.terms[name]
            # A small corpus may have no term of so many groups; a column needs one.
            least = min(settings.groups_per_term or GROUPS_PER_TERM, int(known.groups.max()))
            kept = (known.words <= longest) & (known.groups >= least)
            turned[at + "ngram_range"] = (1, longest)
            turned[at + "vocabulary"] = known.terms[kept].tolist()
    if settings.columns:
        usual = pipeline.named_steps["columns"].transformer_weights or {}
        turned["columns__transformer_weights"] = {
            name: factor * usual.get(name, 1.0) for name, factor in settings.columns.items()
        }
    if settings.C is not None:
        turned["estimator__C"] = settings.C
    if settings.balanced is not None:
        turned["estimator__class_weight"] = "balanced" if settings.balanced else None
    return pipeline.set_params(**turned)


def weights_of(settings: Settings, fold: Fold) -> Floats:
    """What each message of the fold counts in the fit, shape (n,)."""
    if settings.ambiguous_weight is None:
        return fold.weights
    return np.where(fold.weights == AMBIGUOUS_WEIGHT, settings.ambiguous_weight, fold.weights)
