"""From documents to a fitted pipeline, and what it must not learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from jeeves.learning.corpus import Corpus
from jeeves.learning.document import FACTS, Document
from jeeves.learning.features import (
    COLUMNS,
    GROUPS_PER_TERM,
    SMOOTHING,
    WRITTEN_FACT,
    C,
    Fitted,
    build_pipeline,
    fit,
    freedoms,
    learn_stems,
    personal_names,
    rows,
    vocabulary,
)
from jeeves.learning.table import Table
from jeeves.learning.training import fit_corpus, fit_weights
from tests.model.small_corpus import small_corpus


def a_document(text: str, names: str = "", frames: str = "") -> Document:
    return Document(text, text, frames, frames, "", {}, frozenset(names.split()))


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return small_corpus()


@pytest.fixture(scope="module")
def fitted(corpus: Corpus) -> Fitted:
    return fit_corpus(corpus, "owner")


def test_a_word_that_mostly_stands_as_a_name_is_one() -> None:
    documents = [
        a_document("ana is here", "ben"),
        a_document("we see xxname", "ana acme"),
        a_document("ben is here"),
        a_document("mark this"),
        a_document("mark that"),
        a_document("mark it", "mark"),
        a_document("we eat", "lunch"),
    ]
    # "mark" is a word in three mails of four, "lunch" one that the lexicon knows.
    assert personal_names(documents) == {
        *("ana", "ben", "acme"),
        *("ana's", "ben's", "acme's"),
    }
    assert personal_names([]) == frozenset()


def test_no_term_holds_a_name_though_many_use_it() -> None:
    found = [{"ana", "see ana", "ana_MEAL", "see"}, {"ana", "see ana", "ana_MEAL", "see"}]
    assert vocabulary(found, ["x", "y"], frozenset({"ana"})) == ["see"]


def test_no_column_of_a_fitted_model_holds_a_name() -> None:
    asking = [a_document("ana asks for lunch", "ben", "meal meal+ask")] * 4
    other = [a_document("ben sends the invoice", "ana", "business")] * 4
    made = fit(
        [*asking, *other], np.array([True] * 4 + [False] * 4), np.ones(8), ["x", "y"] * 4
    ).table()
    for column in (made.text, made.meeting):
        assert column.index
        assert not [term for term in column.index if {"ana", "ben"} & set(term.split())]
    assert "ana" not in made.stems


def test_a_term_needs_more_than_one_group() -> None:
    found = [{"lunch", "acme"}, {"lunch", "acme"}, {"lunch", "meet"}, {"meet"}]
    assert vocabulary(found, ["ana", "ana", "ben", "cy"]) == ["lunch", "meet"]
    assert vocabulary([], []) == []


def test_terms_of_a_single_owner_stay_out_of_every_column(fitted: Fitted, corpus: Corpus) -> None:
    made = rows(corpus.documents, fitted.stems)
    owners = corpus.groups("owner")
    table = fitted.table()
    for place, name in enumerate(COLUMNS):
        column = getattr(table, name)
        assert column.index
        texts = [f" {text} " for text in made[:, place]]
        for term in column.index:
            users = {
                owner for text, owner in zip(texts, owners, strict=True) if f" {term} " in text
            }
            assert len(users) >= GROUPS_PER_TERM, term


def test_stems_are_learned_for_words_and_not_for_masks() -> None:
    stems = learn_stems(["meeting", "meetings", "meet", "xxoffice", "lunches", "?"])
    assert stems == {"meeting": "meet", "meetings": "meet", "lunches": "lunch"}


def test_a_row_is_the_columns_in_their_order_with_meeting_stemmed_and_the_facts() -> None:
    facts = {"an invitation": 1.0}
    one = Document("two meetings", "meetings", "meet day", "meet", "two_meetings", facts)
    (row,) = rows([one], {"meetings": "meet"})
    assert row[:-1].tolist() == ["two meetings", "meet", "meet day", "meet", "two_meetings"]
    assert row[-1] == {**dict.fromkeys(FACTS, 0.0), "an invitation": 1.0}
    row[-1]["more"] = 1.0
    assert "more" not in one.facts


def test_the_columns_are_those_of_a_document_and_each_has_its_weight() -> None:
    pipeline = build_pipeline({name: ["a"] for name in COLUMNS})
    assert set(COLUMNS) <= set(Document.__slots__)
    weights = pipeline.named_steps["columns"].transformer_weights
    assert weights == {name: scale for name, (_, scale) in COLUMNS.items()}


def test_the_weights_of_the_columns_are_carried_into_the_table(
    fitted: Fitted, corpus: Corpus
) -> None:
    """A term's weight is its coefficient times what its column is multiplied by."""
    table = fitted.table()
    coefficients = fitted.pipeline.named_steps["estimator"].coef_[0]
    transformers = fitted.pipeline.named_steps["columns"].named_transformers_
    start = 0
    for name, (_, scale) in COLUMNS.items():
        terms = transformers[name].vocabulary_
        column = getattr(table, name)
        for term, place in terms.items():
            weight = column.weights[column.index[term]]
            assert weight == pytest.approx(coefficients[start + place] * scale, abs=1e-15)
        start += len(terms)
    assert start + len(table.facts) == len(coefficients)


def test_what_was_written_for_the_project_has_a_fact_that_no_mail_has(corpus: Corpus) -> None:
    written = np.arange(len(corpus.messages)) % 2 == 0
    made = fit(corpus.documents, corpus.labels, np.ones(60), corpus.groups("owner"), written)
    assert WRITTEN_FACT in made.table().facts
    assert WRITTEN_FACT not in fit_corpus(corpus, "owner").table().facts
    assert all(WRITTEN_FACT not in one.facts for one in corpus.documents)


def test_a_recalibrated_model_says_the_same_on_another_scale(corpus: Corpus) -> None:
    made = fit_corpus(corpus, "owner")
    before = made.log_odds(corpus.documents)
    after = made.recalibrated(2.0, -1.0).log_odds(corpus.documents)
    np.testing.assert_allclose(after, 2 * before - 1, rtol=0, atol=1e-9)


def test_mail_that_never_speaks_of_meeting_and_has_no_entries_can_be_fitted() -> None:
    """Such as mail in another language: a column without terms is none the less a column."""
    asking = [a_document("kommst du", frames="") for _ in range(4)]
    other = [a_document("die rechnung", frames="") for _ in range(4)]
    documents = [replace(one, meeting="") for one in (*asking, *other)]
    made = fit(documents, np.array([True] * 4 + [False] * 4), np.ones(8), ["x", "y"] * 4)
    assert made.probabilities(documents[:1])[0] > 0.5
    table = Table.loads(made.table().dumps())
    assert list(table.text.index) == [
        "die",
        "die rechnung",
        "du",
        "kommst",
        "kommst du",
        "rechnung",
    ]
    assert set(table.meeting.weights) == set(table.frames.weights) == {0.0}
    assert set(table.own_frames.weights) == set(table.pairs.weights) == {0.0}
    assert table.facts == dict.fromkeys(FACTS, 0.0)


def test_a_term_that_tells_the_classes_apart_is_held_less_than_one_that_does_not() -> None:
    """By the log of the ratio of its shares of both classes (Wang and Manning 2012)."""
    columns = sparse.csr_array(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]))
    labels, weights = np.array([True, True, False]), np.array([1.0, 0.5, 1.0])
    asked, other = np.array([1.5, 1.5, 0.0]) + SMOOTHING, np.array([0.0, 1.0, 1.0]) + SMOOTHING
    ratios = np.abs(np.log((asked / asked.sum()) / (other / other.sum())))
    wanted = (1.0 + ratios / np.sqrt((ratios**2).mean())) / 2.0
    found = freedoms(columns, labels, weights)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert found[1] < found[0]
    assert found[1] < found[2]


def test_where_no_term_tells_the_classes_apart_all_are_held_alike() -> None:
    columns = sparse.csr_array(np.ones((2, 3)))
    found = freedoms(columns, np.array([True, False]), np.ones(2))
    np.testing.assert_allclose(found, 0.5)


def test_a_fitted_pipeline_reads_its_columns_as_they_are(corpus: Corpus) -> None:
    """What freed the weights is in them: they are those of the fit on the freed columns."""
    fitted = fit_corpus(corpus, "owner")
    made = rows(corpus.documents, fitted.stems)
    columns = fitted.pipeline.named_steps["columns"].transform(made)
    free = freedoms(columns, corpus.labels, fit_weights(corpus))
    peer = LogisticRegression(C=C, max_iter=4000)
    peer.fit(columns.toarray() * free, corpus.labels, sample_weight=fit_weights(corpus))
    np.testing.assert_allclose(
        fitted.pipeline.named_steps["estimator"].coef_, peer.coef_ * free, atol=1e-9
    )
