"""Words near each other in a sentence."""

from __future__ import annotations

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from jeeves.learning.document import Reading
from jeeves.learning.pairs import REACH, SIGN, pairs_of
from jeeves.learning.tokens import TOKEN_PATTERN, Sentence, sentences


def test_each_word_is_paired_with_those_up_to_four_after_it() -> None:
    found = pairs_of(["a", "b", "c", "d", "e", "f"])
    assert sorted(found) == [
        *("a_b", "a_c", "a_d", "a_e", "b_c", "b_d", "b_e", "b_f"),
        *("c_d", "c_e", "c_f", "d_e", "d_f", "e_f"),
    ]
    assert REACH == 4


def test_a_pair_that_comes_again_counts_again() -> None:
    assert pairs_of(["so", "so", "so"]) == ["so_so"] * 3
    assert pairs_of(["gladly"]) == pairs_of([]) == []


def test_no_pair_reaches_into_another_sentence_or_a_quotation() -> None:
    spoken = [["meet", "me"], ["gladly", "then"], ["meet", "me"], ["meet", "us"]]
    reading = Reading(tuple(Sentence(one, one) for one in spoken), own=3, events=())
    assert reading.paired == [["meet_me"], [], ["meet_me"]]
    assert reading.pairs == ["meet_me", "meet_me"]


@pytest.mark.parametrize("meal", ["lunch", "dinner", "brunch", "déjeuner", "obiad"])
def test_what_is_learned_of_a_meal_holds_for_every_other(meal: str) -> None:
    assert pairs_of(["grab", meal]) == ["grab_MEAL"]


def test_the_sign_is_in_no_token_and_a_pair_is_one_term_of_the_vectorizer() -> None:
    (sentence,) = sentences("snake_case with foo_bar")
    assert not [token for token in sentence.tokens if SIGN in token]
    pairs = pairs_of(sentence.tokens)
    vectorizer = TfidfVectorizer(lowercase=False, token_pattern=TOKEN_PATTERN).fit(
        [" ".join(pairs)]
    )
    assert set(vectorizer.vocabulary_) == set(pairs)
