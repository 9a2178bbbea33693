"""The owner's model: between the starter and what the owner says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from jeeves.domain.labelling import LastWord
from jeeves.domain.operating import Costs, Curve, OperatingPoint
from jeeves.errors import TooFewLabels
from jeeves.learning import gate as gate_module
from jeeves.learning import owners_model, personal, registry
from jeeves.learning.blending import blended_curve
from jeeves.learning.document import document
from jeeves.learning.features import Fitted
from jeeves.learning.gate import chained, judged
from jeeves.learning.lesson_growth import in_words, lesson_growth, worth_of_more
from jeeves.learning.origin import OwnersKey
from jeeves.learning.owners_model import OwnersModel, make
from jeeves.learning.personal import looseness, move
from jeeves.learning.scorer import TableScorer
from jeeves.learning.serving import load
from jeeves.learning.shelf_list import known_up_to
from jeeves.learning.table import Table
from tests.builders import NOW
from tests.model.lessons import a_lesson, mails, small_starter, small_table
from tests.model.small_corpus import small_corpus

KEY = OwnersKey(bytes(range(32)))
WORD = LastWord(77, NOW)
CURVE = Curve(
    0.05,
    (
        OperatingPoint(0.6, 0.5, 0.8, 0.03125),
        OperatingPoint(0.2, 0.9, 0.45, 0.1),
        OperatingPoint(0.05, 1.0, 0.1, 0.5),
    ),
)


def made(**changes: object) -> OwnersModel:
    lesson = replace(a_lesson(), **changes)  # type: ignore[arg-type]
    return make(lesson, small_starter(), "starter-1", CURVE, Costs(), 0)


def test_the_pipeline_of_a_table_says_what_the_table_says() -> None:
    table = Table.loads(small_table())
    messages = [one.message for one in small_corpus().messages]
    served = TableScorer(table, "v", CURVE.choose(Costs())).probabilities(messages)
    fitted = Fitted.of_table(table)
    found = fitted.probabilities([document(one) for one in messages])
    np.testing.assert_allclose(found, served, rtol=0, atol=1e-9)
    assert fitted.table().dumps() == table.dumps()


def test_weights_are_those_of_a_penalised_regression_that_starts_from_the_starter() -> None:
    random = np.random.default_rng(3)
    x, labels = random.normal(size=(40, 6)), random.random(40) < 0.4
    moved = move(sparse.csr_array(x), np.zeros(40), labels, variance=0.5)
    # of a constant column of this height the weight has the variance of the intercept
    constant = np.full((40, 1), np.sqrt(personal.INTERCEPT_VARIANCE / 0.5))
    peer = LogisticRegression(C=0.5, fit_intercept=False, tol=1e-10, max_iter=10_000)
    peer.fit(np.hstack([x, constant]), labels)
    np.testing.assert_allclose(moved.weights, peer.coef_[0, :-1], atol=1e-4)
    assert moved.intercept == pytest.approx(peer.coef_[0, -1] * constant[0, 0], abs=1e-4)


def test_the_fewer_labels_the_closer_to_the_starter() -> None:
    lesson = a_lesson([n % 2 == 1 for n in range(48)])  # the opposite of what the starter thinks
    by = []
    for count in (4, 12, 24):
        moved = move(lesson.columns[:count], lesson.starter[:count], lesson.labels[:count])
        by.append(np.abs(moved.weights).max())
    assert 0 < by[0] < by[1] < by[2]
    assert looseness(np.ones(9, np.bool_)) == 0.0
    nothing = move(lesson.columns[:4], lesson.starter[:4], np.ones(4, np.bool_))
    np.testing.assert_array_equal(nothing.log_odds(lesson.columns, lesson.starter), lesson.starter)


def test_what_is_saved_serves_what_was_fitted_and_holds_no_word_of_the_owners(
    tmp_path: Path,
) -> None:
    model = made()
    version = model.save(tmp_path, NOW, KEY, WORD, model.gate.why, True)
    scorer = load(tmp_path, version, KEY)
    messages = [one.message for one in mails()]
    expected = model.fitted.probabilities([document(one) for one in messages])
    np.testing.assert_allclose(scorer.probabilities(messages), expected, rtol=0, atol=1e-9)
    table = registry.verify(tmp_path, version, KEY).read_table()
    starter = Table.loads(small_table())
    assert list(table.text.index) == list(starter.text.index)
    assert table.text.weights != starter.text.weights


def test_the_manifest_says_what_it_was_made_of_and_why_it_serves(tmp_path: Path) -> None:
    model = made()
    version = model.save(tmp_path, NOW, KEY, WORD, model.gate.why, True)
    content = registry.verify(tmp_path, version, KEY).content
    assert content["training"]["starter"] == "starter-1"
    assert known_up_to(content) == WORD
    assert content["training"]["labels"] == {"needs_location": 12, "other": 12}
    assert content["gate"]["why"] == model.gate.why
    assert "half of the resamples" in content["gate"]["rule"]


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([True] * 9, "Only 9 of your mails are labelled, and 10 are needed"),
        ([True], "Only 1 of your mails is labelled"),
        ([True] * 12, "0 are labelled as needing none; 3 in at least two conversations"),
        ([False] * 12, "0 are labelled as needing a place"),
        ([False] * 12 + [True] * 2, "2 are labelled as needing a place"),
    ],
)
def test_too_few_labels_are_a_sentence(labels: list[bool], sentence: str) -> None:
    with pytest.raises(TooFewLabels, match=sentence):
        owners_model.check_lesson(np.array(labels), np.arange(len(labels)))


def test_labels_of_one_conversation_are_too_few() -> None:
    labels = np.array([True] * 6 + [False] * 6)
    with pytest.raises(TooFewLabels, match="two conversations"):
        owners_model.check_lesson(labels, np.array([0] * 6 + list(range(1, 7))))


def test_the_gate_lets_no_model_see_the_future_of_what_it_judges(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lesson = a_lesson()
    # two mails of one conversation, far apart
    groups = lesson.groups.copy()
    groups[20] = groups[3]
    # each mail is known by what the starter says of it
    lesson = replace(lesson, groups=groups, starter=np.arange(24) / 100)
    given: list[list[int]] = []
    true_move = personal.move

    def watched(columns: object, starter: np.ndarray, labels: np.ndarray) -> personal.Moved:
        given.append([round(100 * one) for one in starter])
        return true_move(columns, starter, labels)

    monkeypatch.setattr(gate_module, "move", watched)
    predicted, held_out = chained(lesson, np.ones(24, np.bool_))
    judged_mails = np.flatnonzero(held_out)
    assert judged_mails.tolist() == [n for n in range(11, 24) if n != 20]
    parts = np.array_split(judged_mails, gate_module.STEPS)
    assert len(given) == len(parts)
    for fitted_on, part in zip(given, parts, strict=True):
        assert fitted_on == list(range(part[0]))
    assert (predicted[held_out] != lesson.starter[held_out]).all()


def test_mails_that_the_current_model_knows_are_not_held_out() -> None:
    lesson = a_lesson()
    _, held_out = chained(lesson, lesson.words > 12)
    assert not held_out[lesson.words <= 12].any()
    assert held_out[lesson.words > 12].any()


def test_right_labels_pass_and_wrong_ones_do_not() -> None:
    weak = replace(a_lesson(), starter=np.zeros(24), current=np.zeros(24))
    assert judged(weak, 0).passed
    lesson = a_lesson()
    knows_all = np.where(lesson.labels, 3.0, -3.0)
    says_nothing = sparse.csr_array(lesson.columns[::-1])
    refused = judged(replace(weak, current=knows_all, columns=says_nothing), 0)
    assert not refused.passed
    assert refused.why.startswith("Worse than the current model: average precision")


def test_without_new_labels_of_both_kinds_there_is_nothing_to_hold_to() -> None:
    lesson = a_lesson()
    nothing = judged(lesson, 24)
    assert not nothing.passed
    assert "Too few mails were labelled" in nothing.why
    assert nothing.difference == {}
    one_kind = replace(lesson, labels=np.arange(24) < 12)
    assert "need a place" in judged(one_kind, 14).why


def test_before_there_are_labels_the_curve_is_the_starters() -> None:
    none = blended_curve(CURVE, np.zeros(0), np.zeros(0, np.bool_))
    for point in CURVE.points:
        found = none.at(point.threshold)
        assert found.recall == pytest.approx(point.recall, abs=0.02)
        assert found.needless_rate == pytest.approx(point.needless_rate, abs=0.02)
    assert none.prevalence == pytest.approx(CURVE.prevalence)


def test_many_labels_outweigh_the_starters_curve() -> None:
    labels = np.repeat([True, False], 2_000)
    apart = np.where(labels, 0.5, 0.3)
    curve = blended_curve(CURVE, apart, labels)
    assert curve.prevalence == pytest.approx(CURVE.prevalence)
    assert curve.at(0.4).recall == pytest.approx(1.0, abs=0.02)
    assert curve.at(0.4).needless_rate == pytest.approx(0.0, abs=0.02)


def test_what_more_labels_would_bring_is_told() -> None:
    grown = lesson_growth(replace(a_lesson(), starter=np.zeros(24)))
    assert grown.sizes[0] == 0
    assert grown.held_out.shape[0] == len(grown.sizes)
    worth = worth_of_more(grown)
    assert worth is not None
    assert worth > 0
    assert "20 more labels would bring about +0." in in_words(worth)
    assert in_words(0.0) == "20 more labels would bring hardly anything."
    assert "cannot be told" in in_words(None)
