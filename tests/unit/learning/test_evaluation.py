"""Figures of a model."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jeeves.domain.verdict import Thresholds
from jeeves.learning.evaluation import (
    bootstrap_interval,
    evaluate,
    figures,
    report,
    report_out_of_fold,
)
from jeeves.learning.training import OutOfFold
from tests.model.small_corpus import small_corpus, with_columns

CUTS = Thresholds(alert=0.5, unsure=0.2)
P = np.array([0.9, 0.8, 0.6, 0.3, 0.1])
Y = np.array([True, False, True, True, False])


def test_figures_of_five_messages_are_as_by_hand() -> None:
    found = figures(P, Y, np.ones(5), CUTS)
    assert (found.messages, found.positives) == (5, 3)
    assert found.average_precision == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert found.precision_at_recall_90 == pytest.approx(3 / 4)
    assert found.roc_auc == pytest.approx(4 / 6)
    assert found.brier == pytest.approx((0.01 + 0.64 + 0.16 + 0.49 + 0.01) / 5)
    counts = (found.true_positives, found.false_positives, found.false_negatives)
    assert counts == (2, 1, 1)
    assert found.recall == pytest.approx(2 / 3)
    assert found.precision == pytest.approx(2 / 3)
    assert found.alert_rate == pytest.approx(3 / 5)
    assert found.unsure_recall == 1
    assert found.unsure_rate == pytest.approx(4 / 5)


def test_a_message_of_weight_two_counts_as_two_messages() -> None:
    weighted = figures(P, Y, np.array([1.0, 2, 1, 1, 2]), CUTS)
    order = [0, 1, 1, 2, 3, 4, 4]
    repeated = figures(P[order], Y[order], np.ones(7), CUTS)
    for name in ("average_precision", "brier", "roc_auc", "recall", "precision", "prevalence"):
        assert getattr(weighted, name) == pytest.approx(getattr(repeated, name)), name


def test_the_interval_contains_the_average_precision_and_narrows_with_more_messages() -> None:
    random = np.random.default_rng(1)

    def interval(n: int) -> tuple[float, float]:
        labels = random.random(n) < 0.3
        p = np.clip(0.3 * labels + 0.7 * random.random(n), 0, 1)
        found = figures(p, labels, np.ones(n), CUTS)
        low, high = bootstrap_interval(p, labels, np.ones(n))
        assert low < found.average_precision < high
        return low, high

    few, many = interval(100), interval(3000)
    assert many[1] - many[0] < (few[1] - few[0]) / 3


def test_headline_figures_leave_out_ambiguous_and_picked_messages() -> None:
    corpus = small_corpus()
    n = len(corpus.messages)
    ambiguous = ["1" if i % 10 == 0 else "0" for i in range(n)]
    stratum = ["active" if i % 10 == 1 else "weak" for i in range(n)]
    weight = ["2.0"] * n
    corpus = with_columns(corpus, ambiguous=ambiguous, stratum=stratum, weight=weight)
    found = report(corpus, np.linspace(0.9, 0.1, n), CUTS, "by hand")
    assert found.all.messages == n == 60
    assert found.headline is not None
    assert found.headline.messages == 48
    assert found.natural is not None
    assert found.natural.messages == 54
    natural = found.natural
    total = natural.true_positives + natural.false_positives
    total += natural.false_negatives + natural.true_negatives
    assert total == pytest.approx(2 * 54)


def test_a_message_on_which_readers_differed_does_not_move_the_thresholds() -> None:
    corpus = small_corpus()
    p = np.where(corpus.labels, 0.8, 0.01)
    p[0], p[1] = 0.05, 0.02
    predicted = OutOfFold(p, slope=1.0, offset=0.0)
    heavy = ["500.0" if i == 0 else "1.0" for i in range(60)]
    doubted = ["1" if i == 0 else "0" for i in range(60)]
    firm = with_columns(corpus, weight=heavy)
    cuts = [
        report_out_of_fold(one, predicted, "owner").thresholds
        for one in (firm, with_columns(firm, ambiguous=doubted))
    ]
    assert cuts[0].alert <= 0.05
    p[0] = 0.005
    ignored = report_out_of_fold(with_columns(firm, ambiguous=doubted), predicted, "owner")
    assert ignored.thresholds == cuts[1]


def test_without_those_columns_there_are_only_figures_over_all() -> None:
    found = report(small_corpus(), np.linspace(0.9, 0.1, 60), CUTS, "by hand")
    assert found.headline is None
    assert found.natural is None
    assert set(found.as_dict()) == {"method", "thresholds", "unreadable", "all"}


def test_a_report_is_lines_of_text_and_json() -> None:
    found = evaluate(small_corpus())
    text = "\n".join(found.lines())
    assert "out of fold, grouped by owner" in text
    assert f"average precision {found.all.average_precision:.3f} (95 % interval" in text
    assert json.loads(json.dumps(found.as_dict()))["all"]["messages"] == 60
