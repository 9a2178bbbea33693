"""Whether the scores and words of a week are those of the weeks before."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.domain.drift import CUTS, Drift, Scores, Vocabulary, Words

BINS = len(CUTS) + 1
USUAL = (20, 10, 15, 20, 15, 10, 7, 3)


def times(counts: tuple[int, ...], factor: int) -> tuple[int, ...]:
    return tuple(factor * count for count in counts)


def test_equal_shares_are_as_before_and_their_index_is_nothing() -> None:
    scores = Scores(USUAL, times(USUAL, 12))
    assert scores.index == pytest.approx(0)
    assert scores.drift is Drift.AS_BEFORE
    assert scores.in_words() == "scores as before (PSI 0.00)"


def test_the_index_is_the_sum_of_differences_times_logarithms() -> None:
    halves = Scores((50, 50, 0, 0, 0, 0, 0, 0), (80, 20, 0, 0, 0, 0, 0, 0))
    assert halves.index == pytest.approx(-0.3 * math.log(0.5 / 0.8) + 0.3 * math.log(0.5 / 0.2))


def test_a_bin_that_is_empty_on_one_side_is_no_infinity() -> None:
    scores = Scores((0, 100, 0, 0, 0, 0, 0, 0), (100, 0, 0, 0, 0, 0, 0, 0))
    assert scores.index is not None
    assert math.isfinite(scores.index)
    assert scores.drift is Drift.CHANGED


@pytest.mark.parametrize(
    ("now", "drift"),
    [
        (times((20, 10, 15, 20, 15, 10, 7, 3), 10), Drift.AS_BEFORE),
        (times((12, 8, 12, 20, 20, 13, 10, 5), 10), Drift.AS_BEFORE),
        (times((10, 6, 10, 20, 22, 16, 11, 5), 10), Drift.SOMEWHAT),
        (times((5, 5, 10, 20, 20, 20, 10, 10), 10), Drift.CHANGED),
    ],
)
def test_the_drift_goes_by_the_index(now: tuple[int, ...], drift: Drift) -> None:
    assert Scores(now, times(USUAL, 120)).drift is drift


def test_what_chance_alone_makes_of_few_mails_is_no_change() -> None:
    """50 mails drawn from one distribution: the index alone would call every other one drift."""
    draw = random.Random(7)
    drifts, above = [], 0
    for _ in range(300):
        drawn = draw.choices(range(BINS), weights=USUAL, k=50)
        scores = Scores(tuple(drawn.count(one) for one in range(BINS)), times(USUAL, 6))
        drifts.append(scores.drift)
        above += (scores.index or 0) > 0.1
    assert above > 100
    assert sum(drift is not Drift.AS_BEFORE for drift in drifts) < 15


@pytest.mark.parametrize(
    ("now", "before"), [((49,), (500,)), ((500,), (49,)), ((0,), (0,)), ((0,), (500,))]
)
def test_of_too_few_mails_nothing_is_told(now: tuple[int], before: tuple[int]) -> None:
    empty = (0,) * (BINS - 1)
    scores = Scores((*now, *empty), (*before, *empty))
    assert scores.index is None
    assert scores.in_words() == "scores too few to tell"


def test_a_model_that_is_new_is_told_as_such() -> None:
    scores = Scores(USUAL, (0,) * BINS, others=(0, 1200))
    assert scores.in_words() == "scores too few to tell (the model is new)"
    assert scores.as_dict()["by_other_models"] == [0, 1200]


def mails(count: int, unknown: int, words: int = 50) -> list[tuple[int, int]]:
    return [(unknown + number % 2, words) for number in range(count)]


def test_the_same_words_are_as_before() -> None:
    words = Words(Vocabulary.of(mails(100, 2)), Vocabulary.of(mails(300, 2)))
    assert words.drift is Drift.AS_BEFORE
    assert words.in_words() == "words as before (5.0 % unknown, 5.0 % before)"


@pytest.mark.parametrize(("now", "before"), [(6, 2), (2, 6)])
def test_more_unknown_words_and_fewer_are_a_change(now: int, before: int) -> None:
    words = Words(Vocabulary.of(mails(100, now)), Vocabulary.of(mails(300, before)))
    assert words.drift is Drift.CHANGED


def test_less_than_a_quarter_more_is_none_however_sure_it_is() -> None:
    words = Words(Vocabulary.of(mails(10_000, 11)), Vocabulary.of(mails(10_000, 10)))
    assert words.drift is Drift.AS_BEFORE


def test_one_mail_in_another_language_is_no_change() -> None:
    odd = [*mails(99, 2), (2000, 2000)]
    words = Words(Vocabulary.of(odd), Vocabulary.of(mails(300, 2)))
    assert words.now.share > 4 * words.before.share
    assert words.drift is Drift.AS_BEFORE


@pytest.mark.parametrize("counts", [[], [(0, 0)] * 60, mails(49, 2)])
def test_of_no_words_and_of_few_mails_nothing_is_told(counts: list[tuple[int, int]]) -> None:
    few = Vocabulary.of(counts)
    assert Words(Vocabulary.of(mails(100, 2)), few).drift is Drift.TOO_FEW
    assert Words(few, few).in_words() == "words too few to tell"


@given(
    st.lists(st.integers(0, 500), min_size=BINS, max_size=BINS),
    st.lists(st.integers(0, 500), min_size=BINS, max_size=BINS),
)
def test_no_counts_make_the_index_fail(now: list[int], before: list[int]) -> None:
    scores = Scores(tuple(now), tuple(before))
    assert scores.index is None or (math.isfinite(scores.index) and scores.index >= 0)
    assert scores.in_words()


@given(st.lists(st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))))
def test_no_words_make_the_share_fail(counts: list[tuple[int, int]]) -> None:
    found = Vocabulary.of(counts)
    assert 0 <= found.share <= 1
    assert found.variance >= 0
    assert Words(found, found).drift in (Drift.AS_BEFORE, Drift.TOO_FEW)
