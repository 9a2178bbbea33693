"""Many mails at once: the same sums as one by one."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jeeves.learning.batch import BatchScorer, Codes, Totals, Words
from jeeves.learning.document import FACTS, NO_PLACE, Reading
from jeeves.learning.frames import GATHERING, frames_of, terms_of
from jeeves.learning.pairs import pairs_of
from jeeves.learning.table import Column, Table
from jeeves.learning.tokens import Sentence, bigrams

#: "soup" is in no term, "grab" in pairs only, "together" in a phrase of three.
VOCABULARY = (
    *("lunch", "grab", "at", "xxdate", "soup", "you", "free", "are", "meet", "meetings", "get"),
    *("everyone", "together", "see", "xxname", "?", "where", "call", "dinner"),
)
TOKENS = st.sampled_from(VOCABULARY)
SENTENCES = st.lists(st.lists(TOKENS, min_size=1, max_size=8), max_size=7)
STEMS = {"meetings": "meet", "dinner": "dine"}


def a_reading(
    sentences: Sequence[Sequence[str]], own: int | None = None, *, asked: bool = False
) -> Reading:
    found = tuple(Sentence([*tokens], [*tokens]) for tokens in sentences)
    events = (("Invitation", False, False),) if asked else ()
    return Reading(found, len(found) if own is None else own, events)


def a_column(terms: set[str]) -> Column:
    """Numbers that no other sum of terms gives."""
    numbers = [math.sqrt(place + 2) for place in range(2 * len(terms))]
    return Column.of(
        sorted(terms), numbers[::2], [(-1) ** k * w for k, w in enumerate(numbers[1::2])]
    )


def every_term(way: str) -> set[str]:
    """Half of all that these words can make."""
    many = [[one, two, three] for one in VOCABULARY for two in VOCABULARY for three in VOCABULARY]
    if way == "text":
        found = {"lunch", "at", "xxdate", "meet", "?"} | {
            term for tokens in many for term in bigrams(tokens)
        }
    elif way == "pairs":
        found = {term for tokens in many for term in pairs_of(tokens)}
    else:
        found = {term for tokens in many for term in terms_of([frames_of(tokens)] * 2)}
    return {term for term in found if len(term) % 2 and "soup" not in term}


TABLE = Table(
    intercept=-1.5,
    text=a_column(every_term("text")),
    meeting=a_column({"meet", "meet at", "you meet", "lunch ?", "dine"}),
    frames=a_column(every_term("frames")),
    own_frames=a_column({term for term in every_term("frames") if "a" in term}),
    pairs=a_column(every_term("pairs")),
    facts={fact: 0.25 + place for place, fact in enumerate(FACTS)},
    stems=STEMS,
)


def alone(reading: Reading) -> float:
    """The log-odds as the table says them, column by column."""
    spoken = [STEMS.get(token, token) for token in reading.meeting]
    whole, own = reading.frames
    columns = (
        TABLE.text.contributions(reading.tokens + bigrams(reading.tokens)),
        TABLE.meeting.contributions(spoken + bigrams(spoken)),
        TABLE.frames.contributions(whole),
        TABLE.own_frames.contributions(own),
        TABLE.pairs.contributions(reading.pairs),
        {fact: value * TABLE.facts[fact] for fact, value in reading.facts.items()},
    )
    return TABLE.intercept + math.fsum(value for column in columns for value in column.values())


# Two words that begin a phrase of three are no gathering.
@example([([["get", "everyone", "where", "?", "you", "free", "are", "you"]], 1, False)])
@given(st.lists(st.tuples(SENTENCES, st.integers(0, 7), st.booleans()), max_size=5))
def test_mails_are_summed_as_each_by_itself(
    mails: list[tuple[list[list[str]], int, bool]],
) -> None:
    readings = [a_reading(found, min(own, len(found)), asked=asked) for found, own, asked in mails]
    found = BatchScorer(TABLE).log_odds(readings)
    np.testing.assert_allclose(found, [*map(alone, readings)], rtol=0, atol=1e-12)


def test_a_mail_of_nothing_is_the_intercept() -> None:
    nothing = a_reading([])
    assert BatchScorer(TABLE).log_odds([nothing, nothing]).tolist() == [-1.5, -1.5]
    assert BatchScorer(TABLE).log_odds([]).tolist() == []


def test_a_table_without_terms_adds_nothing() -> None:
    empty = Column.of([], [], [])
    table = Table(0.5, empty, empty, empty, empty, empty, {}, {})
    readings = [a_reading([["lunch", "at", "xxdate"]], asked=True)]
    assert BatchScorer(table).log_odds(readings).tolist() == [0.5]


def test_what_calendar_entries_say_is_added() -> None:
    silent, asked = BatchScorer(TABLE).log_odds([a_reading([]), a_reading([], asked=True)])
    assert asked - silent == pytest.approx(TABLE.facts[NO_PLACE])


def test_the_end_of_one_mail_and_the_beginning_of_the_next_are_no_pair() -> None:
    column = Column.of(["grab lunch", "lunch"], [1.0, 1.0], [2.0, 0.5])
    empty = Column.of([], [], [])
    scorer = BatchScorer(Table(0.0, column, empty, empty, empty, empty, {}, {}))
    grab, lunch, both = (a_reading([one]) for one in (["grab"], ["lunch"], ["grab", "lunch"]))
    assert scorer.log_odds([grab, lunch]).tolist() == pytest.approx([0.0, 0.5])
    assert scorer.log_odds([both])[0] > 1.5


def test_terms_of_unknown_frames_are_never_held() -> None:
    empty = Column.of([], [], [])
    odd = Column.of(["meal+nothing", "meal"], [1.0, 1.0], [5.0, 1.0])
    scorer = BatchScorer(Table(0.0, empty, empty, odd, empty, empty, {}, {}))
    assert frames_of(["lunch"]) & GATHERING
    assert scorer.log_odds([a_reading([["lunch"]])]).tolist() == [1.0]


@given(st.lists(st.integers(0, 60), unique=True), st.lists(st.integers(0, 70)))
def test_numbers_are_found_where_they_stand(listed: list[int], asked: list[int]) -> None:
    which, places = Codes(listed).find(np.array(asked, np.int64))
    found = dict(zip(which.tolist(), places.tolist(), strict=True))
    expected = {at: listed.index(code) for at, code in enumerate(asked) if code in listed}
    assert found == expected


def test_repeated_terms_count_for_less_than_their_number() -> None:
    words = Words(["lunch", "at"])
    column = Column.of(["lunch", "at"], array("d", [1.0, 1.0]), array("d", [1.0, 0.0]))
    text, one = np.zeros(4, np.int64), np.array([words["lunch"]] * 3 + [words["at"]])
    (found,) = Totals(column, words).of(1, [(text, one, np.zeros(4, np.int64))])
    tf = 1 + math.log(3)
    assert found == pytest.approx(tf / math.hypot(tf, 1.0))
