"""The pipeline: documents to tf-idf and facts to a probability; and its export as a table.

The words of the meeting sentences are stemmed by Snowball. Serving has no nltk: it looks a
token up in the table of stems learned here, and training does the same, so that a token which
was not seen in training is its own stem on both sides.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from jeeves.learning.document import FACTS, Document
from jeeves.learning.lexicon import phrases
from jeeves.learning.pairs import SIGN
from jeeves.learning.table import Column, Table
from jeeves.learning.tokens import TOKEN_PATTERN, bigrams

#: A term is learned only where this many groups (owners, conversations) use it: what a single
#: correspondence says stays out of the model file.
GROUPS_PER_TERM = 2
#: Inverse strength of the penalty: of 3, 4, 5, 7 and 10 the best on the labelled mail and the
#: corpus together, by average precision over folds grouped by owner and writer.
C = 5.0
#: Columns of terms, in the order of ``rows``, with the longest n-gram of each and what its values
#: are multiplied by: conjunctions of frames overlap each other, so each counts for half.
COLUMNS = {
    "text": (2, 1.0),
    "meeting": (2, 1.0),
    "frames": (1, 0.5),
    "own_frames": (1, 0.5),
    "pairs": (1, 0.8),
}
#: Added to the count of each term in each class: see ``freedoms``. From 0.03 to 0.1 all is alike.
SMOOTHING = 0.05
#: A word that stands as a name in this share of the mails it occurs in is one.
NAME_SHARE = 0.3
#: In the fit only: see ``fit``.
WRITTEN_FACT = "written for the project"
#: Stands in a column that has no terms, as where no mail speaks of meeting in English: a
#: vectorizer takes no empty vocabulary. No text holds it.
_NO_TERM = "(none)"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted pipeline and the stems its rows are made with."""

    pipeline: Pipeline
    stems: Mapping[str, str]

    def log_odds(self, documents: Sequence[Document]) -> Floats:
        """Log-odds of each document, shape (n,)."""
        return np.asarray(self.pipeline.decision_function(rows(documents, self.stems)), np.float64)

    def probabilities(self, documents: Sequence[Document]) -> Floats:
        """P(needs location) of each document, shape (n,)."""
        found = self.pipeline.predict_proba(rows(documents, self.stems))[:, 1]
        return np.asarray(found, np.float64)

    @classmethod
    def of_table(cls, table: Table) -> Fitted:
        """The pipeline that ``table`` was made of, or one that gives the same."""
        columns: dict[str, Column] = {name: getattr(table, name) for name in COLUMNS}
        pipeline = build_pipeline({name: list(column.index) for name, column in columns.items()})
        # Fitted on two empty mails, for scikit-learn fills in what it wants to find; then told.
        empty = np.empty((2, len(COLUMNS) + 1), dtype=object)
        for row in empty:
            row[:] = [*("" for _ in COLUMNS), dict.fromkeys(table.facts, 0.0)]
        pipeline.fit(empty, [False, True])
        transformers = pipeline.named_steps["columns"].named_transformers_
        for name, column in columns.items():
            transformers[name].idf_ = np.array(column.idf if column.index else [1.0])
        scaled = [
            np.array(columns[name].weights if columns[name].index else [0.0]) / scale
            for name, (_, scale) in COLUMNS.items()
        ]
        facts = [table.facts[name] for name in transformers["facts"].feature_names_]
        estimator = pipeline.named_steps["estimator"]
        estimator.coef_ = np.concatenate([*scaled, facts])[np.newaxis]
        estimator.intercept_ = np.array([table.intercept])
        return cls(pipeline, table.stems)

    def recalibrated(self, slope: float, offset: float) -> Fitted:
        """The same, its log-odds ``slope * x + offset`` from now on."""
        estimator = self.pipeline.named_steps["estimator"]
        estimator.coef_ = estimator.coef_ * slope
        estimator.intercept_ = estimator.intercept_ * slope + offset
        return self

    def table(self) -> Table:
        """The same model as plain numbers."""
        transformers = self.pipeline.named_steps["columns"].named_transformers_
        estimator = self.pipeline.named_steps["estimator"]
        sizes = [len(transformers[name].vocabulary_) for name in COLUMNS]
        *parts, facts = np.split(estimator.coef_[0], np.cumsum(sizes))
        columns = {
            name: _column(transformers[name], weights * scale)
            for (name, (_, scale)), weights in zip(COLUMNS.items(), parts, strict=True)
        }
        fact_names = transformers["facts"].feature_names_
        return Table(
            intercept=float(estimator.intercept_[0]),
            **columns,
            facts=dict(zip(fact_names, facts.tolist(), strict=True)),
            stems=self.stems,
        )


def build_pipeline(vocabularies: Mapping[str, Sequence[str]]) -> Pipeline:
    """An unfitted pipeline over ``rows``, with these terms; made of scikit-learn's classes only.

    Args:
        vocabularies: The terms of each of ``COLUMNS``.
    """
    columns: list[tuple[str, Any, int]] = [
        (
            name,
            TfidfVectorizer(
                vocabulary=list(vocabularies[name]) or [_NO_TERM],
                lowercase=False,
                token_pattern=TOKEN_PATTERN,
                ngram_range=(1, longest),
                sublinear_tf=True,
            ),
            place,
        )
        for place, (name, (longest, _)) in enumerate(COLUMNS.items())
    ]
    columns.append(("facts", DictVectorizer(), len(COLUMNS)))
    transformer = ColumnTransformer(
        columns,
        transformer_weights={name: scale for name, (_, scale) in COLUMNS.items()},
        # Sparse always: a small corpus must not take another path than a large one.
        sparse_threshold=1.0,
    )
    estimator = LogisticRegression(C=C, max_iter=4000)
    return Pipeline([("columns", transformer), ("estimator", estimator)])


def rows(documents: Sequence[Document], stems: Mapping[str, str]) -> NDArray[np.object_]:
    """What the pipeline takes: the columns, of which "meeting" is stemmed, and facts; (n, 6)."""
    made = np.empty((len(documents), len(COLUMNS) + 1), dtype=object)
    for i, one in enumerate(documents):
        made[i, 0] = one.text
        made[i, 1] = " ".join(stems.get(word, word) for word in one.meeting.split())
        made[i, 2] = one.frames
        made[i, 3] = one.own_frames
        made[i, 4] = one.pairs
        # All of them: a column for the facts must be there though no mail of a corpus has any.
        made[i, 5] = {**dict.fromkeys(FACTS, 0.0), **one.facts}
    return made


def fit(
    documents: Sequence[Document],
    labels: NDArray[np.bool_],
    weights: Floats,
    groups: Sequence[str],
    written: NDArray[np.bool_] | None = None,
) -> Fitted:
    """A pipeline fitted on these documents, each with its label, weight and group.

    Args:
        written: Which documents were written for the project. Among those far more need a place
            than in a mailbox; a fact of their own, which no other mail has, takes that up.
    """
    refused = personal_names(documents)
    known = vocabulary((set(one.meeting.split()) for one in documents), groups, refused)
    stems = learn_stems(known)
    made = rows(documents, stems)
    if written is not None:
        for row in made[written]:
            row[-1][WRITTEN_FACT] = 3.0
    vocabularies = {
        name: vocabulary((_terms(text, longest) for text in made[:, place]), groups, refused)
        for place, (name, (longest, _)) in enumerate(COLUMNS.items())
    }
    pipeline = build_pipeline(vocabularies)
    fit_pipeline(pipeline, made, labels, weights)
    return Fitted(pipeline, stems)


def fit_pipeline(
    pipeline: Pipeline, made: NDArray[np.object_], labels: NDArray[np.bool_], weights: Floats
) -> None:
    """Fit a pipeline of ``build_pipeline`` on these ``rows``, each with its label and weight.

    The penalty holds the weight of a term the less, the more the term tells the classes apart by
    itself: columns are multiplied by their ``freedoms`` for the fit, and its weights by them after
    it, so that the pipeline reads columns as they are.
    """
    columns = pipeline.named_steps["columns"].fit_transform(made)
    estimator = pipeline.named_steps["estimator"]
    free = freedoms(columns, labels, weights)
    estimator.fit(multiplied(columns, free), labels, sample_weight=weights)
    estimator.coef_ = estimator.coef_ * free


def multiplied(columns: Any, by: Floats) -> Any:
    """A copy of a sparse matrix (n, k) in rows, its columns multiplied by these; shape (k,)."""
    copied = columns.tocsr(copy=True)
    copied.data *= by[copied.indices]
    return copied


def freedoms(columns: Any, labels: NDArray[np.bool_], weights: Floats) -> Floats:
    """How free the weight of each column is: the mean of 1 and its log-count ratio.

    Ratios are taken without their sign and divided by their root mean square (Wang and Manning
    2012, Baselines and Bigrams, where columns are multiplied by them alone).

    Args:
        columns: Sparse, none negative, shape (n, k).
        labels: Shape (n,).
        weights: What each row counts, shape (n,).

    Returns:
        Shape (k,).
    """
    shares = []
    for of_class in (labels, ~labels):
        counts = np.asarray(columns.T @ (weights * of_class), np.float64) + SMOOTHING
        shares.append(counts / counts.sum())
    ratios = np.abs(np.log(shares[0] / shares[1]))
    usual = float(np.sqrt(np.mean(ratios**2)))
    return np.asarray((1.0 + ratios / (usual or 1.0)) / 2.0, np.float64)


def personal_names(documents: Iterable[Document]) -> frozenset[str]:
    """Words that mostly stand as names (of people, firms, places): a model must not hold them."""
    as_name: Counter[str] = Counter()
    as_word: Counter[str] = Counter()
    for one in documents:
        as_name.update(one.names)
        as_word.update({*one.text.split(), *one.meeting.split()})
    known = phrases().words
    names = {
        name
        for name, count in as_name.items()
        if name not in known and count >= NAME_SHARE * (count + as_word[name])
    }
    return frozenset(names | {f"{name}'s" for name in names})


def vocabulary(
    found: Iterable[set[str]], groups: Sequence[str], refused: frozenset[str] = frozenset()
) -> list[str]:
    """The terms that at least ``GROUPS_PER_TERM`` groups use and that hold no refused word, sorted.

    Args:
        found: The terms of each document.
        groups: The group of each document.
        refused: Words that no term may hold.
    """
    users: defaultdict[str, set[str]] = defaultdict(set)
    for terms, group in zip(found, groups, strict=True):
        for term in terms:
            users[term].add(group)
    return sorted(
        term
        for term, by in users.items()
        if len(by) >= GROUPS_PER_TERM and refused.isdisjoint(term.replace(SIGN, " ").split())
    )


def learn_stems(words: Iterable[str]) -> dict[str, str]:
    """The Snowball stem of each of ``words`` that is not its own; masks stay as they are."""
    # Here alone: it takes a second to load, and an owner's model takes over the starter's stems.
    from nltk.stem.snowball import EnglishStemmer

    stem: Callable[[str], Any] = EnglishStemmer().stem
    stems = {word: str(stem(word)) for word in words if not word.startswith("xx")}
    return {word: short for word, short in stems.items() if short != word and short.split()}


def _terms(text: str, longest: int) -> set[str]:
    words = text.split()
    return {*words, *bigrams(words)} if longest > 1 else set(words)


def _column(vectorizer: Any, weights: Floats) -> Column:
    terms = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
    return Column.of(terms, vectorizer.idf_.tolist(), weights.tolist())
