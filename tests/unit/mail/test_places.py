"""Names that are places, and words that are none."""

from __future__ import annotations

import pytest

from jeeves.mail.places import found_in


@pytest.mark.parametrize(
    "sentence",
    [
        "On Friday, then.",
        "On Thu",
        "On Thu, Ben wrote:",
        "At Friday, then.",
        "The Friday, then.",
        "In, Friday works.",
        "As Friday, then.",
    ],
)
def test_a_particle_before_a_day_is_no_place(sentence: str) -> None:
    assert found_in(sentence, frozenset({"ben"})) == ()


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("The Anchor on Friday, then.", "The Anchor"),
        ("At the Blue Bottle on Friday?", "the Blue Bottle"),
        ("How about Bar Uno on Friday?", "Bar Uno"),
    ],
)
def test_a_name_may_hold_one(sentence: str, words: str) -> None:
    assert words in [place.words for place in found_in(sentence)]
