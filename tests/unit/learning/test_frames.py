"""What sentences speak of, and what stands together."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.learning.frames import (
    GATHERING,
    OPENING,
    PLACED,
    frames_of,
    names,
    occasions,
    terms_of,
)
from jeeves.learning.lexicon import BIT, FRAMES, GATHERINGS
from jeeves.learning.tokens import sentences

MASKS = st.lists(st.integers(0, 2 ** len(FRAMES) - 1), max_size=4)


def masks(text: str) -> list[int]:
    return [frames_of(one.tokens) for one in sentences(text)]


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("lunch", {"meal"}),
        ("happy hour", {"meal"}),
        ("let us do a happy", {"ask", "we"}),
        ("bite to eat", {"meal"}),
        ("bite to", set()),
        ("xyz", set()),
        ("Lunch on Friday?", {"meal", "day", "question"}),
        ("swing by at 5pm", {"known", "hour"}),
        ("see you at Nino", {"meet", "agree", "named", "you"}),
    ],
)
def test_a_sentence_has_the_frames_of_its_words_and_phrases(text: str, frames: set[str]) -> None:
    (mask,) = masks(text)
    assert set(names(mask)) == frames


def test_frames_are_in_the_order_of_the_lexicon_and_no_tokens_have_none() -> None:
    assert names(2 ** len(FRAMES) - 1) == list(FRAMES)
    assert frames_of([]) == 0
    assert terms_of([]) == terms_of([0, 0]) == set()


def test_conjunctions_of_a_sentence_are_told_from_those_of_the_mail() -> None:
    together = terms_of(masks("Lunch on Friday"))
    apart = terms_of(masks("Lunch. Friday"))
    assert {"meal", "day", "meal&day"} <= together & apart
    assert "meal+day" in together
    assert "meal+day" not in apart


def test_three_stand_together_where_one_is_a_gathering() -> None:
    terms = terms_of([BIT["meal"] | BIT["day"] | BIT["ask"]])
    assert {"meal+ask+day", "any+ask+day"} <= terms
    assert not [
        term for term in terms_of([BIT["day"] | BIT["ask"] | BIT["hour"]]) if term.count("+") > 1
    ]


def test_whatever_the_gathering_any_stands_for_it() -> None:
    for name in GATHERINGS:
        assert "any+ask+day" in terms_of([BIT[name] | BIT["day"] | BIT["ask"]])


def test_a_conjunction_tells_which_frames_it_asks_for() -> None:
    assert occasions("meal") == BIT["meal"]
    assert occasions("meal&call") == BIT["meal"] | BIT["call"]
    assert occasions("meal~day") == BIT["meal"] | BIT["day"]
    assert occasions("1:meal") == BIT["meal"]
    assert occasions("any+ask+day") == GATHERING | BIT["ask"] | BIT["day"]
    assert BIT["known"] | BIT["named"] == PLACED


@given(MASKS)
def test_every_conjunction_holds_where_it_was_found(found: list[int]) -> None:
    whole = 0
    for mask in found:
        whole |= mask
    for term in terms_of(found):
        assert holds(term, whole)
        if "~" in term:
            assert any(holds(term, one | two) for one, two in pairwise(found))
        elif re.match(r"\d:", term):
            assert holds(term, found[int(term[0]) - 1])
        elif "+" in term:
            assert any(holds(term, mask) for mask in found)


def holds(term: str, mask: int) -> bool:
    """Whether a mask has what the conjunction asks for."""
    needed = occasions(term)
    if "any" in term:
        needed &= ~GATHERING
        return needed & mask == needed and bool(mask & GATHERING)
    return needed & mask == needed


@given(MASKS)
def test_the_order_of_sentences_counts_for_neighbours_and_the_opening_only(
    found: list[int],
) -> None:
    def unordered(masks: list[int]) -> set[str]:
        return {term for term in terms_of(masks) if "~" not in term and ":" not in term}

    assert unordered(found) == unordered(found[::-1])


def test_sentences_that_follow_each_other_count_where_one_speaks_of_a_gathering() -> None:
    near = terms_of(masks("We have lunch. Friday it is."))
    far = terms_of(masks("We have lunch. The cat. Friday it is."))
    assert "meal~day" in near
    assert "meal~day" not in far
    assert "hour~day" not in terms_of([BIT["day"], BIT["hour"]])


def test_the_first_sentences_count_by_their_place() -> None:
    found = terms_of([BIT["meal"]] + [BIT["day"]] * OPENING)
    assert {"1:meal", "2:day", f"{OPENING}:day"} <= found
    assert not {"1:day", f"{OPENING + 1}:day"} & found
