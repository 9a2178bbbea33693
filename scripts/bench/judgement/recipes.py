"""Recipes that the project's own is measured against."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import Pipeline, make_pipeline

from scripts.bench.judgement import bogofilter
from scripts.bench.judgement.trial import Floats, Places, Trial

OWN = "Jeeves"
PROTOTYPE = "prototype of 2014"
NO_MINILM = (
    "MiniLM is left out: it needs sentence-transformers (pip install sentence-transformers) and "
    "--minilm FOLDER, the model's own folder."
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A name, and the scores of every message out of fold."""

    name: str
    scores: Callable[[], Floats]


def prototype() -> Pipeline:
    """The recipe of the prototype of 2014."""
    vectorizer = TfidfVectorizer(
        min_df=2,
        strip_accents="unicode",
        max_features=10_000,
        ngram_range=(1, 3),
        stop_words="english",
        norm="l1",
    )
    return make_pipeline(
        vectorizer, LogisticRegression(C=1e4, class_weight="balanced", max_iter=4000)
    )


def plain() -> Pipeline:
    """What one would write first with scikit-learn today."""
    return make_pipeline(
        TfidfVectorizer(min_df=2, sublinear_tf=True, ngram_range=(1, 2)),
        LogisticRegression(C=5, class_weight="balanced", max_iter=4000),
    )


def complement_bayes() -> Pipeline:
    """Complement naive Bayes (Rennie et al. 2003) on the same words as ``plain``."""
    return make_pipeline(
        TfidfVectorizer(min_df=2, sublinear_tf=True, ngram_range=(1, 2)), ComplementNB()
    )


def recipes(trial: Trial, minilm: Path | None) -> tuple[list[Recipe], list[str]]:
    """All that can be measured here, the project's own first; and why others are missing."""
    found = [
        Recipe(OWN, lambda: trial.own),
        Recipe(PROTOTYPE, lambda: _pipeline(trial, prototype)),
        Recipe("plain tf-idf + logistic regression", lambda: _pipeline(trial, plain)),
        Recipe("complement naive Bayes", lambda: _pipeline(trial, complement_bayes)),
    ]
    missing: list[str] = []
    if trial.real.any() and not trial.real.all():
        alone = Recipe(
            f"{PROTOTYPE}, real mail only",
            lambda: _pipeline(trial, prototype, without_written=True),
        )
        found.insert(2, alone)
    if program := bogofilter.installed():
        whole, texts = trial.raw, list(_bare(trial))
        found.append(Recipe("bogofilter, whole mail", lambda: _bogofilter(trial, program, whole)))
        found.append(
            Recipe("bogofilter, subject and text", lambda: _bogofilter(trial, program, texts))
        )
    else:
        missing.append(bogofilter.INSTALL)
    encode = _encoder(minilm)
    if encode is None:
        missing.append(NO_MINILM)
    else:
        found.append(Recipe("MiniLM + logistic regression", lambda: _minilm(trial, encode)))
    return found, missing


def _pipeline(trial: Trial, build: Callable[[], Pipeline], without_written: bool = False) -> Floats:
    texts, labels = trial.texts, trial.corpus.labels

    def scores(fitted_on: Places, held_out: Places) -> Floats:
        fitted = build().fit(texts[fitted_on], labels[fitted_on])
        if hasattr(fitted, "decision_function"):
            return np.asarray(fitted.decision_function(texts[held_out]), np.float64)
        # not the probabilities: they are 1 for many
        words = fitted[:-1].transform(texts[held_out])
        joint = fitted[-1].predict_joint_log_proba(words)
        return np.asarray(joint[:, 1] - joint[:, 0], np.float64)

    return trial.out_of_fold(scores, trial.corpus.written if without_written else None)


def _bare(trial: Trial) -> Iterator[bytes]:
    """Mails of nothing but what the other peers read."""
    for text in trial.texts:
        subject, _, words = text.partition("\n")
        yield (
            f"Subject: {subject}\nContent-Type: text/plain; charset=utf-8\n"
            f"Content-Transfer-Encoding: 8bit\n\n{words}\n"
        ).encode("utf-8", "replace")


def _bogofilter(trial: Trial, program: str, mails: list[bytes]) -> Floats:
    labels = trial.corpus.labels

    def scores(fitted_on: Places, held_out: Places) -> Floats:
        with tempfile.TemporaryDirectory() as folder:
            filtering = bogofilter.Bogofilter(program, Path(folder))
            filtering.train(
                (mails[i] for i in fitted_on if labels[i]),
                (mails[i] for i in fitted_on if not labels[i]),
            )
            return np.array(filtering.scores([mails[i] for i in held_out]))

    return trial.out_of_fold(scores)


def _encoder(folder: Path | None) -> Any:
    """The sentence encoder in ``folder``; None where it or its packages are missing."""
    if folder is None:
        return None
    try:
        library = importlib.import_module("sentence_transformers")
    except ImportError:
        return None
    return library.SentenceTransformer(str(folder), device="cpu")


def _minilm(trial: Trial, encoder: Any) -> Floats:
    vectors = np.asarray(encoder.encode(list(trial.texts), batch_size=32))
    labels = trial.corpus.labels

    def scores(fitted_on: Places, held_out: Places) -> Floats:
        estimator = LogisticRegression(C=5, class_weight="balanced", max_iter=4000)
        estimator.fit(vectors[fitted_on], labels[fitted_on])
        return np.asarray(estimator.decision_function(vectors[held_out]), np.float64)

    return trial.out_of_fold(scores)
