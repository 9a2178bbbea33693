"""Many texts at once: the same sums as one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.learning.batch import Totals
from jeeves.learning.table import Column
from jeeves.learning.tokens import bigrams

COLUMN = Column.of(
    ["lunch", "grab lunch", "at", "at lunch", "thursday"],
    [1.0, 2.5, 1.25, 3.0, 1.5],
    [0.5, 2.0, -0.25, -1.0, 0.75],
)
#: "grab" is known from a pair only, "soup" not at all.
TOKENS = st.sampled_from(["lunch", "grab", "at", "thursday", "soup"])


@given(st.lists(st.lists(TOKENS)))
def test_texts_are_summed_as_each_by_itself(texts: list[list[str]]) -> None:
    one_by_one = [sum(COLUMN.contributions(one + bigrams(one)).values()) for one in texts]
    np.testing.assert_allclose(Totals(COLUMN).of(texts), one_by_one, rtol=0, atol=1e-12)


@given(st.lists(st.sets(TOKENS)))
def test_sets_are_summed_as_each_by_itself(texts: list[set[str]]) -> None:
    one_by_one = [sum(COLUMN.contributions(one).values()) for one in texts]
    np.testing.assert_allclose(Totals(COLUMN).of_sets(texts), one_by_one, rtol=0, atol=1e-12)


def test_the_end_of_one_text_and_the_beginning_of_the_next_are_no_pair() -> None:
    alone = Totals(COLUMN).of([["grab"], ["lunch"]])
    assert alone.tolist() == pytest.approx([0.0, 0.5])
    assert Totals(COLUMN).of([["grab", "lunch"]])[0] > 1.5


def test_a_word_is_looked_up_by_its_stem_and_by_it_alone() -> None:
    stems = {"lunches": "lunch", "thursday": "thursdai"}
    totals = Totals(COLUMN, stems)
    assert totals.of([["grab", "lunches"]]) == totals.of([["grab", "lunch"]])
    assert totals.of([["thursday"]]) == 0.0


def test_a_column_without_terms_adds_nothing() -> None:
    nothing = Totals(Column.of([], [], []))
    assert nothing.of([["lunch", "at"], []]).tolist() == [0.0, 0.0]
    assert nothing.of_sets([{"lunch"}]).tolist() == [0.0]
    assert nothing.of([]).tolist() == []
