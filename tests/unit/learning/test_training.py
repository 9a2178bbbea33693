"""Out-of-fold predictions, calibration and thresholds."""

from __future__ import annotations

import numpy as np
import pytest

from jeeves.errors import TrainingError
from jeeves.learning.corpus import Corpus
from jeeves.learning.training import (
    AMBIGUOUS_WEIGHT,
    WRITTEN_WEIGHT,
    calibrate,
    expit,
    fit_corpus,
    fit_weights,
    out_of_fold,
    threshold_weights,
)
from tests.model.small_corpus import small_corpus, with_columns


def test_calibrated_probabilities_are_as_frequent_as_they_say() -> None:
    random = np.random.default_rng(3)
    log_odds = random.normal(0, 3, 20_000)
    labels = random.random(20_000) < expit(0.5 * log_odds - 2)
    slope, offset = calibrate(log_odds, labels, np.ones(20_000))
    assert slope == pytest.approx(0.5, abs=0.05)
    assert offset == pytest.approx(-2, abs=0.1)


def test_calibration_leaves_out_messages_of_no_weight() -> None:
    log_odds = np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 50.0])
    labels = np.array([False, False, True, False, True, False])
    weights = np.array([1.0, 1, 1, 1, 1, 0])
    assert calibrate(log_odds, labels, weights) == pytest.approx(
        calibrate(log_odds[:5], labels[:5], weights[:5])
    )


def test_perfect_separation_gives_no_certainty() -> None:
    log_odds = np.array([-3.0, -2.0, 2.0, 3.0])
    slope, offset = calibrate(log_odds, log_odds > 0, np.ones(4))
    assert 0.5 < expit(np.array([slope * 3 + offset]))[0] < 0.95


def test_a_model_worse_than_chance_is_refused() -> None:
    log_odds = np.array([-3.0, -2.0, 2.0, 3.0])
    with pytest.raises(TrainingError, match="no better than chance"):
        calibrate(log_odds, log_odds < 0, np.ones(4))


def test_predictions_are_out_of_fold_and_repeatable() -> None:
    corpus = small_corpus()
    one, two = out_of_fold(corpus, "owner"), out_of_fold(corpus, "owner")
    np.testing.assert_array_equal(one.probabilities, two.probabilities)
    fitted = fit_corpus(corpus, "owner").recalibrated(one.slope, one.offset)
    seen = fitted.probabilities(corpus.documents)
    assert seen[corpus.labels].mean() > one.probabilities[corpus.labels].mean() + 0.1


def kept(corpus: Corpus, positives: int, negatives: int) -> Corpus:
    needing = [one for one in corpus.messages if one.needs_location]
    others = [one for one in corpus.messages if not one.needs_location]
    return Corpus([*needing[:positives], *others[:negatives]])


def test_too_few_labels_of_a_class_are_refused() -> None:
    with pytest.raises(TrainingError, match="Only 9 messages are labelled as needing a location"):
        out_of_fold(kept(small_corpus(), 9, 30), "owner")
    with pytest.raises(TrainingError, match="Only 0 messages are labelled as needing none"):
        out_of_fold(kept(small_corpus(), 20, 0), "owner")


def test_labels_of_a_single_group_are_refused() -> None:
    with pytest.raises(TrainingError, match="stand in one group"):
        out_of_fold(small_corpus(owners=1), "owner")


def test_ambiguous_messages_count_less_in_the_fit() -> None:
    corpus = with_columns(small_corpus(), ambiguous=["1"] * 60)
    firm = fit_corpus(small_corpus(), "owner").probabilities(corpus.documents)
    unsure = fit_corpus(corpus, "owner").probabilities(corpus.documents)
    assert np.abs(unsure - 0.5).mean() < np.abs(firm - 0.5).mean()


def test_what_was_written_for_the_project_counts_less_beside_real_mail() -> None:
    strata = ["written", "none"] * 30
    flags = ["0", "0", "1", "1"] * 15
    mixed = fit_weights(with_columns(small_corpus(), stratum=strata, ambiguous=flags))
    assert mixed[:4].tolist() == [
        WRITTEN_WEIGHT,
        1.0,
        WRITTEN_WEIGHT * AMBIGUOUS_WEIGHT,
        AMBIGUOUS_WEIGHT,
    ]
    alone = fit_weights(with_columns(small_corpus(), stratum=["written"] * 60, ambiguous=flags))
    assert alone[:4].tolist() == [1.0, 1.0, AMBIGUOUS_WEIGHT, AMBIGUOUS_WEIGHT]


def test_what_was_written_for_the_project_moves_no_cut_and_no_calibration() -> None:
    strata = ["written", "none"] * 30
    mixed = with_columns(small_corpus(), stratum=strata, weight=["5"] * 60)
    assert threshold_weights(mixed).tolist() == [0.0, 5.0] * 30
    alone = with_columns(small_corpus(), stratum=["written"] * 60, weight=["0"] * 60)
    assert threshold_weights(alone).tolist() == [1.0] * 60


def test_no_single_message_moves_the_cut_by_itself() -> None:
    """One drawn from many stands for a hundred mails: as a miss it would count a third of all."""
    corpus = with_columns(small_corpus(), weight=["100", *["2"] * 59])
    needing = corpus.labels.sum()
    assert corpus.labels[0]
    weights = threshold_weights(corpus)
    assert weights[0] == (100 + 2 * (needing - 1)) * 2 / needing
    assert weights[1:].tolist() == [2.0] * 59
