"""The table that serves, beside the pipeline that it was exported from."""

from __future__ import annotations

import dataclasses
import gc
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.domain.message import Message
from jeeves.domain.ports import Scorer
from jeeves.domain.verdict import Thresholds
from jeeves.learning.document import document, read
from jeeves.learning.features import Fitted
from jeeves.learning.scorer import TableScorer
from jeeves.learning.table import Column, Table
from jeeves.learning.training import fit_corpus
from tests.builders import a_message
from tests.model.small_corpus import NEEDS_LOCATION, OTHER, small_corpus

ODD_TEXTS = [
    "",
    " ",
    "?",
    "?? ?",
    "\0\x01\ufffe",
    "\U0001f600 lunch \U0001f37d?",
    "\u0130stanbul'da bulu\u015fal\u0131m m\u0131? Saat 15:00",
    "\u660e\u65e5\u898b\u9762\u597d\u55ce\uff1f meet",
    "\u0644\u0646\u0644\u062a\u0642\u064a \u063a\u062f\u0627",
    "MEETING MEETING MEETING?" * 50,
    "\u00bd \u00b2 \u2460 lunch at \uff11\uff12:\uff13\uff10",
    "stra\u00dfe stra\u1e9ee e\u0301 \ufb01nd lunch",
    "lunch\u2028dinner\u2029meet\x85visit\x0bcoffee",
    "Let\u2019s meet " * 5000,
    "can we meet? " * 77_000,
    "xxtime xxdate xxname at xxroom",
]


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit_corpus(small_corpus(), "owner")


@pytest.fixture(scope="module")
def scorer(fitted: Fitted) -> TableScorer:
    table = Table.loads(fitted.table().dumps())
    return TableScorer(table, "test", Thresholds(alert=0.5, unsure=0.1))


def assert_equal_to_pipeline(scorer: TableScorer, fitted: Fitted, messages: list[Message]) -> None:
    expected = fitted.probabilities([document(message) for message in messages])
    scores = [scorer.score(message) for message in messages]
    np.testing.assert_allclose([s.probability for s in scores], expected, rtol=0, atol=1e-9)
    at_once = scorer.probabilities(messages)
    np.testing.assert_allclose(at_once, expected, rtol=0, atol=1e-9)
    for score in scores:
        log_odds = math.fsum([score.rest, *(reason.weight for reason in score.reasons)])
        assert math.isclose(1 / (1 + math.exp(-log_odds)), score.probability, abs_tol=1e-9)


def test_the_table_equals_the_pipeline_on_usual_mail(scorer: TableScorer, fitted: Fitted) -> None:
    messages = [
        a_message(subject=subject, own_words=f"{one}\n{two}", body=f"{one}\n{two}\n\n> {subject}")
        for subject, one in NEEDS_LOCATION
        for _, two in OTHER[::3]
    ]
    assert len(messages) > 250
    assert_equal_to_pipeline(scorer, fitted, messages)


def test_a_batch_leaves_the_search_for_cycles_as_it_was(scorer: TableScorer) -> None:
    scorer.probabilities([a_message()])
    assert gc.isenabled()
    gc.disable()
    try:
        scorer.probabilities([a_message()])
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_the_table_equals_the_pipeline_on_odd_text(
    scorer: TableScorer, fitted: Fitted, text: str
) -> None:
    message = a_message(subject=text, own_words=text, body=text)
    assert_equal_to_pipeline(scorer, fitted, [message, dataclasses.replace(message, own_words="")])


@given(st.text(), st.text(alphabet="lunchmetigwr? .\n'1:AZ@\u0301\u00e9"))
def test_the_table_equals_the_pipeline_on_any_text(
    scorer: TableScorer, fitted: Fitted, subject: str, text: str
) -> None:
    message = a_message(subject=subject, own_words=text, body=f"{text}\n{subject}")
    assert_equal_to_pipeline(scorer, fitted, [message])


def test_a_scorer_is_what_the_service_asks_for(scorer: TableScorer) -> None:
    port: Scorer = scorer
    score = port.score(a_message())
    assert score.model == "test"
    assert score.reasons
    weights = [abs(reason.weight) for reason in score.reasons]
    assert weights == sorted(weights, reverse=True)


def test_reasons_are_the_words_of_the_mail_and_not_their_stems() -> None:
    table = Table(
        intercept=-1.0,
        text=Column.of(["fine"], [1.0], [0.5]),
        meeting=Column.of(["meet"], [1.0], [2.0]),
        frames=Column.of([], [], []),
        own_frames=Column.of([], [], []),
        pairs=Column.of([], [], []),
        facts={},
        stems={"meetings": "meet"},
    )
    scorer = TableScorer(table, "test", Thresholds(alert=0.5, unsure=0.1))
    score = scorer.score(a_message(subject="", own_words="Fine meetings!", body="Fine meetings!"))
    assert [(one.words, one.weight) for one in score.reasons] == [("meetings", 2.0), ("Fine", 0.5)]


def test_the_parts_of_a_score_are_the_columns_and_facts_and_their_sum_is_the_log_odds() -> None:
    table = Table(
        intercept=-1.0,
        text=Column.of(["lunch"], [1.0], [0.5]),
        meeting=Column.of(["lunch"], [1.0], [0.25]),
        frames=Column.of(["meal", "meal+day"], [1.0, 1.0], [1.0, 1.5]),
        own_frames=Column.of(["meal+day", "day"], [1.0, 1.0], [0.5, 0.0]),
        pairs=Column.of(["MEAL_on", "MEAL_xxdate"], [1.0, 1.0], [0.25, 0.125]),
        facts={"an invitation with a place": -4.0, "an invitation without a place": 3.0},
        stems={},
    )
    scorer = TableScorer(table, "test", Thresholds(alert=0.5, unsure=0.1))
    text = "Lunch on Thursday!\n\nInvitation: Lunch\nWhen: 2026-03-03\nWhere: Nino"
    score = scorer.score(a_message(subject="", own_words=text, body=text))
    half = 2**-0.5
    assert {one.words: one.weight for one in score.reasons} == pytest.approx(
        {
            "an invitation with a place": -4.0,
            "Lunch ... Thursday": (1.5 + 0.5 + 0.25 + 0.125) * half,
            "Lunch": 0.75,
            "no place named": half,
        }
    )
    assert score.rest == pytest.approx(-1.0)
    assert score.probability == pytest.approx(1 / (1 + math.exp(1.0 + 4.0 - 3.375 * half - 0.75)))


def test_unknown_are_the_tokens_that_are_no_terms(scorer: TableScorer) -> None:
    message = a_message(subject="Lunch?", own_words="Lunch, cassowary lunch?", body="")
    unknown, tokens = scorer.unknown(message)
    assert unknown.count("cassowary") == 1
    assert "lunch" not in unknown
    assert tokens == len(read(message).tokens)
    assert scorer.unknown(a_message(subject="", own_words="", body="")) == ([], 0)


def test_a_token_unknown_to_the_table_changes_nothing_but_the_length(scorer: TableScorer) -> None:
    one, other = (
        scorer.score(a_message(subject="", own_words=text, body=text))
        for text in ("shall we zzyzx together on this?", "shall we qqfgh together on this?")
    )
    assert one.probability == other.probability


def test_serving_loads_no_learning_library() -> None:
    code = (
        "import sys\n"
        "from jeeves.learning import document, scorer\n"
        "from jeeves.learning.serving import load_scorer\n"
        "heavy = {'sklearn', 'nltk', 'joblib', 'numpy', 'scipy'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "[]"
