"""Reasons in words a person can read."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.learning.explanation import REASONS, phrases, readable, reasons

WORDS = ["want", "to", "grab", "lunch", "on", "xxdate", "?"]


def test_parts_of_one_phrase_become_one_reason() -> None:
    terms = {"grab lunch": 1.0, "grab": 0.5, "lunch": 0.75}
    (reason,) = reasons(terms, {}, WORDS)
    assert (reason.words, reason.weight) == ("grab lunch", 2.25)


def test_overlapping_pairs_become_the_longer_phrase_of_the_mail() -> None:
    terms = {"to grab": 0.5, "grab lunch": 1.0, "lunch on": 0.25}
    (reason,) = reasons(terms, {}, WORDS)
    assert (reason.words, reason.weight) == ("to grab lunch on", 1.75)


def test_overlapping_pairs_from_two_places_stay_apart() -> None:
    words = ["grab", "lunch", "or", "have", "lunch", "on", "monday"]
    found = reasons({"grab lunch": 1.0, "lunch on": 0.5}, {}, words)
    assert [reason.words for reason in found] == ["grab lunch", "lunch on"]


def test_words_that_speak_against_each_other_stay_apart() -> None:
    found = reasons({"grab lunch": 1.0, "lunch": -0.5}, {}, WORDS)
    assert [(reason.words, reason.weight) for reason in found] == [
        ("grab lunch", 1.0),
        ("lunch", -0.5),
    ]


def test_reasons_are_few_and_the_strongest_comes_first() -> None:
    terms = {f"word{n}": (-1) ** n * float(n) for n in range(20)}
    found = reasons(terms, {"asks a question": 18.5}, list(terms))
    assert len(found) == REASONS
    assert [reason.weight for reason in found[:3]] == [-19.0, 18.5, 18.0]


def test_a_fact_that_adds_nothing_is_no_reason() -> None:
    assert reasons({}, {"names a room": 0.0}, []) == ()


@pytest.mark.parametrize(
    ("term", "words"), [("lunch xxtime ?", "lunch (time)?"), ("with xxname", "with (name)")]
)
def test_masks_are_shown_as_their_kind(term: str, words: str) -> None:
    assert readable(term) == words


@given(
    st.lists(st.sampled_from("abcd?"), max_size=12),
    st.lists(st.floats(-9, 9), min_size=40, max_size=40),
)
def test_joining_keeps_the_sum(words: list[str], weights: list[float]) -> None:
    known = dict.fromkeys(words) | dict.fromkeys(map(" ".join, itertools.pairwise(words)))
    terms = dict(zip(known, weights, strict=False))
    joined = phrases(list(terms.items()), words)
    assert math.isclose(
        math.fsum(weight for _, weight in joined), math.fsum(terms.values()), abs_tol=1e-9
    )
    assert all(f" {phrase} " in f" {' '.join(words)} " for phrase, _ in joined)
