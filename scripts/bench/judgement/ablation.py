"""What each part of the project's recipe is worth: the recipe without it, on the same folds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from unittest.mock import patch

import numpy as np

from jeeves.learning import document as reading
from jeeves.learning import features
from jeeves.learning.corpus import Corpus
from jeeves.learning.document import Document
from scripts.bench.judgement.quality import Comparison, compare, told
from scripts.bench.judgement.trial import Ablated, Trial

WHOLE = "whole recipe"
#: A column needs a term, and DictVectorizer a name: those which stand in every mail learn nothing
#: beside the intercept, which is not penalised.
_NOTHING = "xxnothing"

#: What is left of a document, by what is taken away.
CHANGES: dict[str, Callable[[Document], Document]] = {
    "text column alone": lambda one: replace(
        one,
        meeting=_NOTHING,
        frames=_NOTHING,
        own_frames=_NOTHING,
        pairs=_NOTHING,
        facts={_NOTHING: 1.0},
    ),
    "without the meeting column": lambda one: replace(one, meeting=_NOTHING),
    "without both columns of frames": lambda one: replace(
        one, frames=_NOTHING, own_frames=_NOTHING
    ),
    "without the column of own frames": lambda one: replace(one, own_frames=_NOTHING),
    "without the column of pairs": lambda one: replace(one, pairs=_NOTHING),
    "without calendar facts": lambda one: replace(one, facts={_NOTHING: 1.0}),
    "without the name filter": lambda one: replace(one, names=frozenset()),
}


def ablation(trial: Trial) -> Comparison:
    """The whole recipe and the recipe without each part."""
    corpus = trial.corpus
    scores = {WHOLE: trial.own}
    if trial.real.any() and not trial.real.all():
        started = time.perf_counter()
        name = "without the project's corpus"
        # the project's corpus may be all that has calendar entries, and a column needs a name
        kept = [replace(one, facts={**one.facts, _NOTHING: 1.0}) for one in corpus.documents]
        scores[name] = trial.own_recipe(ablated(corpus, kept), without=corpus.written)
        told(name, started)
    for name, change in CHANGES.items():
        started = time.perf_counter()
        scores[name] = trial.own_recipe(ablated(corpus, list(map(change, corpus.documents))))
        told(name, started)
    started = time.perf_counter()
    name = "without the quoted head"
    with patch.object(reading, "QUOTED_LIMIT", 0):
        bare = [reading.document(one.message) for one in corpus.messages]
    scores[name] = trial.own_recipe(ablated(corpus, bare))
    told(name, started)
    started = time.perf_counter()
    name = "one penalty for all terms"
    with patch.object(features, "freedoms", lambda columns, *_: np.ones(columns.shape[1])):
        scores[name] = trial.own_recipe(corpus)
    told(name, started)
    return Comparison("ablation", WHOLE, compare(trial, scores, WHOLE), [])


def ablated(corpus: Corpus, kept: list[Document]) -> Ablated:
    """The same messages, of which only ``kept`` is vectorized."""
    return Ablated(corpus.messages, corpus.unreadable, corpus.weight_column, kept)
