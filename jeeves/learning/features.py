"""The pipeline: documents to tf-idf and facts to a probability; and its export as a table.

The words of the meeting sentences are stemmed by Snowball. Serving has no nltk: it looks a
token up in the table of stems learned here, and training does the same, so that a token which
was not seen in training is its own stem on both sides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from nltk.stem.snowball import EnglishStemmer
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from jeeves.learning.document import TERM_PATTERN, Document, bigrams, tokens
from jeeves.learning.table import Table, TermWeights

#: A term is learned only where this many groups (owners, conversations) use it: what a single
#: correspondence says stays out of the model file.
GROUPS_PER_TERM = 2
#: Inverse strength of the penalty: best of 3, 5, 8, 15 by mean average precision over four
#: groupings of the labelled mail by owner.
C = 5.0

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

    def recalibrated(self, slope: float, offset: float) -> Fitted:
        """The same, its log-odds ``slope * x + offset`` from now on."""
        estimator = self.pipeline.named_steps["estimator"]
        estimator.coef_ = estimator.coef_ * slope
        estimator.intercept_ = estimator.intercept_ * slope + offset
        return self

    def table(self) -> Table:
        """The same model as plain numbers."""
        columns = self.pipeline.named_steps["columns"].named_transformers_
        weights = self.pipeline.named_steps["estimator"].coef_[0]
        names = columns["facts"].feature_names_
        n_text, n_meeting = (len(columns[name].vocabulary_) for name in ("text", "meeting"))
        text, meeting, facts = np.split(weights, [n_text, n_text + n_meeting])
        return Table(
            intercept=float(self.pipeline.named_steps["estimator"].intercept_[0]),
            text=_term_weights(columns["text"], text),
            meeting=_term_weights(columns["meeting"], meeting),
            facts=dict(zip(names, facts.tolist(), strict=True)),
            stems=self.stems,
        )


def build_pipeline(text: Sequence[str], meeting: Sequence[str]) -> Pipeline:
    """An unfitted pipeline over ``rows``, with these terms; made of scikit-learn's classes only."""

    def tfidf(vocabulary: Sequence[str]) -> TfidfVectorizer:
        return TfidfVectorizer(
            vocabulary=list(vocabulary),
            lowercase=False,
            token_pattern=TERM_PATTERN,
            ngram_range=(1, 2),
            sublinear_tf=True,
        )

    columns = [
        ("text", tfidf(text), 0),
        ("meeting", tfidf(meeting), 1),
        ("facts", DictVectorizer(), 2),
    ]
    estimator = LogisticRegression(C=C, class_weight="balanced", max_iter=4000)
    # Sparse always: a small corpus must not take another path than a large one.
    return Pipeline(
        [("columns", ColumnTransformer(columns, sparse_threshold=1.0)), ("estimator", estimator)]
    )


def rows(documents: Sequence[Document], stems: Mapping[str, str]) -> NDArray[np.object_]:
    """What the pipeline takes: (text, stemmed meeting sentences, facts), shape (n, 3)."""
    made = np.empty((len(documents), 3), dtype=object)
    for i, one in enumerate(documents):
        made[i, 0] = one.text
        made[i, 1] = " ".join(stems.get(word, word) for word in tokens(one.meeting))
        made[i, 2] = dict(one.facts)
    return made


def fit(
    documents: Sequence[Document], labels: NDArray[np.bool_], weights: Floats, groups: Sequence[str]
) -> Fitted:
    """A pipeline fitted on these documents, each with its label, weight and group."""
    known = vocabulary((set(tokens(one.meeting)) for one in documents), groups)
    stems = learn_stems(known)
    made = rows(documents, stems)
    terms = [vocabulary((_terms(text) for text in made[:, column]), groups) for column in (0, 1)]
    pipeline = build_pipeline(*terms)
    pipeline.fit(made, labels, estimator__sample_weight=weights)
    return Fitted(pipeline, stems)


def vocabulary(found: Iterable[set[str]], groups: Sequence[str]) -> list[str]:
    """The terms that at least ``GROUPS_PER_TERM`` groups use, sorted.

    Args:
        found: The terms of each document.
        groups: The group of each document.
    """
    users: defaultdict[str, set[str]] = defaultdict(set)
    for terms, group in zip(found, groups, strict=True):
        for term in terms:
            users[term].add(group)
    return sorted(term for term, by in users.items() if len(by) >= GROUPS_PER_TERM)


def learn_stems(words: Iterable[str]) -> dict[str, str]:
    """The Snowball stem of each of ``words`` that is not its own; masks stay as they are."""
    stem: Callable[[str], Any] = EnglishStemmer().stem
    stems = {word: str(stem(word)) for word in words if not word.startswith("xx")}
    return {
        word: short for word, short in stems.items() if short != word and tokens(short) == [short]
    }


def _terms(text: str) -> set[str]:
    words = tokens(text)
    return {*words, *bigrams(words)}


def _term_weights(vectorizer: Any, weights: Floats) -> TermWeights:
    terms = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
    return TermWeights.of(terms, vectorizer.idf_.tolist(), weights.tolist())
