"""Figures and their resamples."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    precision_recall_curve,
    roc_auc_score,
)

from jeeves.learning.evaluation import bootstrap_interval
from jeeves.learning.features import Floats
from jeeves.learning.resampling import Estimate, resampled
from jeeves.learning.training import Bools


@pytest.fixture
def messages() -> tuple[Floats, Bools, Floats]:
    """Probabilities with many ties, labels and weights."""
    random = np.random.default_rng(3)
    labels = random.random(300) < 0.2
    p: Floats = np.clip(random.normal(0.3 + 0.3 * labels, 0.2), 0.01, 0.99).round(1)
    return p, labels, random.uniform(0.5, 20.0, 300)


def test_the_figures_are_those_of_scikit_learn(messages: tuple[Floats, Bools, Floats]) -> None:
    p, labels, weights = messages
    precision, recall, _ = precision_recall_curve(labels, p, sample_weight=weights)
    assert resampled(*messages)[0] == pytest.approx(
        [
            average_precision_score(labels, p, sample_weight=weights),
            roc_auc_score(labels, p, sample_weight=weights),
            precision[recall >= 0.8].max(),
            precision[recall >= 0.9].max(),
            brier_score_loss(labels, p, sample_weight=weights),
        ]
    )


def test_the_interval_is_close_to_that_of_an_evaluation(
    messages: tuple[Floats, Bools, Floats],
) -> None:
    found = Estimate.of(resampled(*messages)[:, 0])
    assert (found.low, found.high) == pytest.approx(bootstrap_interval(*messages), abs=0.02)


def test_resamples_of_two_models_are_pairs(messages: tuple[Floats, Bools, Floats]) -> None:
    p, labels, weights = messages
    better = p + 0.3 * labels
    gap = Estimate.of((resampled(better, labels, weights) - resampled(p, labels, weights))[:, 0])
    alone = Estimate.of(resampled(p, labels, weights)[:, 0])
    assert 0 < gap.low < gap.value < gap.high
    assert gap.low > 0 > alone.low - alone.value


def test_a_resample_without_positives_is_left_out() -> None:
    labels = np.array([True] + [False] * 9)
    found = resampled(np.linspace(0.9, 0.1, 10), labels, np.ones(10))
    assert np.isnan(found[:, 0]).any()
    assert Estimate.of(found[:, 0]) == Estimate(1.0, 1.0, 1.0)
