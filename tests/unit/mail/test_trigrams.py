# ruff: noqa: RUF001 - letters that are alike without being the same are what this is about.
"""Which expressions can match a sentence at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeeves.mail import acts, kinds, moments, place_signs, place_words
from jeeves.mail.trigrams import Phrasebook, alternatives_of, folded, held_by_matches


@pytest.mark.parametrize(
    ("expression", "held"),
    [
        ("lunch", {"lunch"}),
        ("(?i)LUNCH", {"lunch"}),
        ("lunch(?:es)?", {"lunch", "lunches"}),
        (
            r"\b(?:i|we)(?:'d| would) love",
            {"i'd love", "i would love", "we'd love", "we would love"},
        ),
        (r"caf[eé]", {"cafe", "café"}),
        (r"\w+day", {"day"}),
        (r"at\s+(?=noon)", {"at "}),
        (r"(?:one|two) or more+", {"one or more", "two or more"}),
        (r"(?:very )*far", {"far"}),
        # "abbc" holds no "abc"
        ("ab+c", {"bc"}),
        (r"\d{1,2}:\d\d", {"0:00"}),
        (r"[0-3]?\d\.", {"0.", "00."}),
        (r"what (?!not)is", {"what is"}),
        # nothing is known of these
        (r"\w+", set()),
        (r"(?:a|\w)", set()),
        ("a?", set()),
        (r"(?:a|b)*", set()),
        (r"\x41", set()),
        ("", set()),
    ],
)
def test_each_match_holds_one_of_these(expression: str, held: set[str]) -> None:
    assert held_by_matches(expression) == held


@pytest.mark.parametrize(
    ("expression", "alternatives"),
    [
        ("a|b", ["a", "b"]),
        (r"(?i)\b(?:a|b)\b|c", [r"(?i)\b(?:a)\b", r"(?i)\b(?:b)\b", "(?i)c"]),
        (r"x(?:a|b)?y", [r"x(?:a|b)?y"]),
        (r"x(?:a|b)?(?:c|d)", [r"x(?:a|b)?(?:c)", r"x(?:a|b)?(?:d)"]),
        (r"(a|b)\|[|)]", [r"(a|b)\|[|)]"]),
        (r"x(?!a|b)(?:c|d)", [r"x(?!a|b)(?:c)", r"x(?!a|b)(?:d)"]),
    ],
)
def test_an_expression_is_parted_into_its_alternatives(
    expression: str, alternatives: list[str]
) -> None:
    assert alternatives_of(expression) == alternatives


def of_the_project() -> Iterator[re.Pattern[str]]:
    """Every expression of which a book is made, or could be."""
    yield from map(re.compile, [*acts._ACTS.values(), *kinds._KIND.values()])
    for module in (kinds, moments, place_signs, place_words):
        for value in vars(module).values():
            if isinstance(value, re.Pattern):
                yield value


PATTERNS = list(of_the_project())
TEXTS = sorted({text for one in PATTERNS for text in held_by_matches(one.pattern)})
WORDS = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from("The Mill Road 12 at 3/5 3pm Fri 10:30 @ - , . ? ! ( Ana's WHERE".split()),
    st.text("aAſıİK é\t\x1f\xa0٣½", max_size=4),
)
SENTENCES = st.lists(WORDS, max_size=8).map(" ".join)
BOOK = Phrasebook({pattern: pattern.pattern for pattern in PATTERNS})
LISTS = {**kinds._KIND, **{str(act): text for act, text in acts._ACTS.items()}}
BOOK_OF_LISTS = Phrasebook(LISTS)
SEARCHED = {key: re.compile(text) for key, text in LISTS.items()}


@given(SENTENCES)
@settings(deadline=None)
def test_whatever_matches_was_possible(sentence: str) -> None:
    matching = {pattern for pattern in PATTERNS if pattern.search(sentence)}
    assert matching <= BOOK.possible_in(sentence)


@given(SENTENCES)
@settings(deadline=None)
def test_a_book_finds_what_each_expression_finds_by_itself(sentence: str) -> None:
    found = {key: match.start() for key, one in SEARCHED.items() if (match := one.search(sentence))}
    assert BOOK_OF_LISTS.first_in(sentence) == found
    assert BOOK_OF_LISTS.found_in(sentence) == found.keys()


@given(st.characters())
@settings(deadline=None)
def test_letters_that_match_without_case_are_folded_alike(letter: str) -> None:
    for other in "iskåµß0 ":
        if re.fullmatch(other, letter, re.IGNORECASE):
            assert folded(letter) == other


def test_a_book_rules_most_expressions_out() -> None:
    """Else it would only cost."""
    assert len(BOOK.possible_in("The report is attached.")) < len(PATTERNS) / 3
