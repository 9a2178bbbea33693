"""Which mails are worth a question."""

from __future__ import annotations

import math

import pytest

from jeeves.domain.message import Message
from jeeves.domain.verdict import Thresholds
from jeeves.learning.asking import distances, spread
from jeeves.learning.features import Fitted
from jeeves.learning.likeness import FEWEST
from jeeves.learning.scorer import TableScorer
from jeeves.learning.table import Column, Table
from jeeves.learning.training import fit_corpus
from tests.builders import a_message
from tests.model.small_corpus import NEEDS_LOCATION, OTHER, small_corpus


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit_corpus(small_corpus(), "owner")


@pytest.fixture(scope="module")
def scorer(fitted: Fitted) -> TableScorer:
    return TableScorer(fitted.table(), "test", Thresholds(alert=0.3, unsure=0.1))


def mail(text: str, subject: str = "") -> Message:
    return a_message(subject=subject, body=text, own_words=text)


def alike(word: str, number: int) -> Message:
    """One of many that say the same: a number stands for any."""
    return mail(f"Shall we meet for {word} next week? The code is {number}.")


LUNCHES = [alike("lunch", number) for number in range(100, 130)]
REPORTS = [mail(f"Please find attached the report of the {n} th. Regards.") for n in range(30)]
OTHERS = [mail(text, subject) for subject, text in (*NEEDS_LOCATION[:6], *OTHER[:6])]


def test_least_sure_is_halfway_between_the_alert_cut_and_even_odds() -> None:
    weights = dict.fromkeys("abcdefg", 0.0)
    weights |= {"aa": -4.0, "bb": -2.0, "cc": -1.0, "dd": 0.0, "ee": 3.0}
    terms = [term for term in weights if len(term) == 2]
    none = Column.of([], [], [])
    text = Column.of(terms, [1.0] * len(terms), [weights[term] for term in terms])
    table = Table(0.0, text, none, none, none, none, {}, {})
    cut = 1 / (1 + math.exp(2.0))
    model = TableScorer(table, "test", Thresholds(alert=cut, unsure=cut / 2))
    found = distances(model, [mail(term) for term in terms])
    assert found == pytest.approx([4.0, 2.0, 1.0, 2.0, 5.0])


def test_no_two_that_say_the_same_are_asked_while_there_are_others(scorer: TableScorer) -> None:
    messages = [*LUNCHES, *REPORTS, *OTHERS]
    chosen = [messages[place] for place in spread(scorer, messages, 5)]
    assert len(chosen) == 5
    assert sum(one in LUNCHES for one in chosen) <= 1
    assert sum(one in REPORTS for one in chosen) <= 1
    assert chosen[0] is messages[0], "the least sure of all is always asked about"


def test_those_that_say_the_same_are_asked_where_there_are_no_others(scorer: TableScorer) -> None:
    messages = [*LUNCHES, *REPORTS]
    assert spread(scorer, messages, 5) == [0, 1, 2, 3, len(LUNCHES)]


def test_only_the_least_sure_are_looked_at(scorer: TableScorer) -> None:
    sure = [mail(f"{text} {subject}") for subject, text in NEEDS_LOCATION[6:]] * 3
    places = spread(scorer, [*OTHERS, *sure], 4)
    assert len(OTHERS) == 4 * FEWEST
    assert places[-1] < len(OTHERS)


def test_the_same_mails_give_the_same_choice(fitted: Fitted, scorer: TableScorer) -> None:
    messages = [*OTHERS, *LUNCHES, *REPORTS]
    again = TableScorer(Table.loads(fitted.table().dumps()), "test", scorer.thresholds)
    assert spread(scorer, messages, 5) == spread(again, messages, 5)


@pytest.mark.parametrize("there", range(5))
def test_of_few_all_are_chosen(scorer: TableScorer, there: int) -> None:
    assert spread(scorer, OTHERS[:there], 5) == list(range(there))


def test_nothing_is_chosen_where_nothing_is_asked_for(scorer: TableScorer) -> None:
    assert spread(scorer, OTHERS, 0) == []


def test_mails_without_a_known_word_say_the_same(scorer: TableScorer) -> None:
    empty = [mail(text) for text in ("", "zzz", "qqq qqq", "xkcd", "zz top")]
    places = spread(scorer, [*empty, *OTHERS], 4)
    assert sum(place < len(empty) for place in places) == 1
    assert spread(scorer, empty, 3) == [0, 1, 2]
