"""Reasons in words a person can read."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.domain.verdict import Reason
from jeeves.learning.document import Reading
from jeeves.learning.explanation import REASONS, occasions_told, phrases, reasons
from jeeves.learning.frames import terms_of
from jeeves.learning.tokens import Sentence, bigrams, sentences

MAIL = sentences("Want to grab lunch on Thursday?")
MASK = re.compile(r"\bxx[a-z]+\d?\b")

IN_MANY_LANGUAGES = [
    "Want to grab lunch with Ana on Thursday at 12:30? See https://example.org or call 555-0134.",
    "Meet me at Nino's, Room 12, or at my office. It is $5, ask ana@example.org by May 3rd, 2026.",
    "Wollen wir am Donnerstag um 14 Uhr Kaffee trinken? Ich bringe Anna mit.",
    "On se voit pour un café jeudi à 14h30 chez Nino ? Dis-moi.",
    "¿Quedamos para comer el jueves a las 14:00 con Ana?",
    "Ci vediamo a pranzo giovedì alle 13:00? Porto Anna.",
    "Vamos almoçar na quinta às 12:30?",
    "Zullen we donderdag om 14:00 koffie drinken?",
    "Ska vi ta en fika på torsdag kl 14:00?",
    "Spotkajmy się w czwartek o 15:00 na kawę.",
    "Sejdeme se ve čtvrtek na kávu?",
    "Találkozzunk csütörtökön ebédelni?",
    "Perşembe günü kahve içelim, buluşalım mı? Saat 15:00",
    "Давай встретимся в четверг в 15:00 за кофе?",
    "Ας συναντηθούμε την πέμπτη για καφέ;",
    "木曜日にランチ行きませんか？12時に会いましょう。",
    "周四一起吃饭吗？下午3点见面。",
    "목요일 점심 어때요? 12시에 만나요.",
    "ניפגש ביום חמישי לקפה?",
    "هل نلتقي يوم الخميس؟ غداء",
    "Gặp nhau thứ năm lúc 14:00 nhé?",
]


def reading_of(mail: list[Sentence]) -> Reading:
    return Reading(tuple(mail), own=len(mail), events=())


def told(
    text: Mapping[str, float],
    meeting: Mapping[str, float] | None = None,
    mail: list[Sentence] = MAIL,
    *,
    frames: Mapping[str, float] | None = None,
    facts: Mapping[str, float] | None = None,
    stems: Mapping[str, str] | None = None,
) -> list[tuple[str, float]]:
    found = reasons(text, meeting or {}, frames or {}, facts or {}, reading_of(mail), stems or {})
    return [(one.words, one.weight) for one in found]


def test_parts_of_one_phrase_become_one_reason() -> None:
    assert told({"grab lunch": 1.0, "grab": 0.5, "lunch": 0.75}) == [("grab lunch", 2.25)]


def test_overlapping_pairs_become_the_longer_phrase_of_the_mail() -> None:
    assert told({"to grab": 0.5, "grab lunch": 1.0, "lunch on": 0.25}) == [
        ("to grab lunch on", 1.75)
    ]


def test_overlapping_pairs_from_two_places_stay_apart() -> None:
    mail = sentences("grab lunch or have lunch on the way")
    assert told({"grab lunch": 1.0, "lunch on": 0.5}, mail=mail) == [
        ("grab lunch", 1.0),
        ("lunch on", 0.5),
    ]


def test_words_that_speak_against_each_other_stay_apart() -> None:
    assert told({"grab lunch": 1.0, "lunch": -0.5}) == [("grab lunch", 1.0), ("lunch", -0.5)]


def test_words_of_text_and_of_meeting_are_one_as_the_mail_writes_them() -> None:
    mail = sentences("Fine meetings!")
    found = told({"meetings": 0.5}, {"meet": 2.0}, mail, stems={"meetings": "meet"})
    assert found == [("meetings", 2.5)]


def test_reasons_are_few_and_the_strongest_comes_first() -> None:
    words = [f"{one}{two}" for one in "abcd" for two in "efghi"]
    terms = {word: (-1) ** n * float(n) for n, word in enumerate(words)}
    found = told(terms, mail=sentences(" ".join(words)), facts={"an invitation": 18.5})
    assert len(found) == REASONS
    assert [weight for _, weight in found[:3]] == [-19.0, 18.5, 18.0]


def test_a_fact_that_adds_nothing_is_no_reason() -> None:
    assert told({}, facts={"an invitation": 0.0}) == []
    assert told({}, mail=[]) == []


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("on xxdate", "on Thursday"),
        ("xxdate ?", "Thursday?"),
        ("xxdate", "Thursday"),
        ("?", "?"),
    ],
)
def test_masks_are_shown_as_the_words_of_the_mail(term: str, words: str) -> None:
    assert told({term: 1.0}) == [(words, 1.0)]


def test_a_pair_that_spans_sentences_apart_is_shown_in_the_words_of_the_mail() -> None:
    """Sentences that speak of a meeting are read together, though others stand between them."""
    mail = sentences("Our meeting was on Friday. My cat is well. Meetings are on Monday.")
    found = told({}, {"xxdate meet": 1.0}, mail, stems={"meetings": "meet", "meeting": "meet"})
    assert found == [("Friday ... Meetings", 1.0)]


def test_no_two_reasons_say_the_same() -> None:
    found = told({"xxdate ?": 1.0}, frames={"day+question": 0.5})
    assert found == [("Thursday?", 1.5)]
    found = told({"xxdate ?": 1.0}, frames={"day+question": -0.5})
    assert found == [("Thursday?", 1.0), ("Thursday?", -0.5)]


# ---- conjunctions of frames


def test_what_stands_together_in_a_sentence_is_told_by_its_words() -> None:
    found = told(
        {}, frames={"meal+day": 1.0}, mail=sentences("I had lunch. Lunch with Ana on Thursday?")
    )
    assert found == [("Lunch ... Thursday", 1.0)]


def test_conjunctions_of_one_sentence_are_one_reason_with_the_words_of_the_strongest() -> None:
    found = told({}, frames={"meal+day": 1.0, "meal+question": -0.25, "any+day+question": 2.0})
    assert found == [("lunch ... Thursday?", 2.75)]


def test_the_words_of_a_phrase_are_shown_together() -> None:
    found = told({}, frames={"ask+day": 1.0}, mail=sentences("So how about we say Thursday"))
    assert found == [("how about ... Thursday", 1.0)]
    found = told({}, frames={"meet+agree": 1.0}, mail=sentences("Well, see you on the bus"))
    assert found == [("see you on", 1.0)]


@pytest.mark.parametrize(
    ("text", "term", "words"),
    [
        ("Want to grab lunch on Thursday?", "meal", "no place named"),
        ("Want to grab lunch on Thursday?", "meal&day", "no place named"),
        ("Want to grab lunch at Nino?", "meal", "the mail as a whole"),
        ("Want to grab lunch at Nino?", "meal&named", "a place named"),
        ("Where shall we have lunch?", "meal&where", "talk of a place"),
        ("The invoice is due", "business", "the mail as a whole"),
    ],
)
def test_what_stands_anywhere_in_the_mail_is_told_by_whether_a_place_is_named(
    text: str, term: str, words: str
) -> None:
    assert told({}, frames={term: 1.0}, mail=sentences(text)) == [(words, 1.0)]


@pytest.mark.parametrize("text", IN_MANY_LANGUAGES)
def test_no_reason_shows_a_mask_in_any_language(text: str) -> None:
    mail = sentences(text)
    tokens = [token for one in mail for token in one.tokens]
    frames = terms_of(reading_of(mail).masks)
    for term in {*tokens, *bigrams(tokens)}:
        for words, _ in [*told({term: 1.0}, mail=mail), *told({}, {term: 1.0}, mail)]:
            assert words.strip()
            assert not MASK.search(words), words
    for term in frames:
        for words, _ in told({}, frames={term: 1.0}, mail=mail):
            assert words.strip()
            assert not MASK.search(words), words


@pytest.mark.parametrize("text", IN_MANY_LANGUAGES)
def test_every_language_has_a_sentence_that_is_told_by_its_own_words(text: str) -> None:
    mail = sentences(text)
    frames = {term: 1.0 for term in terms_of(reading_of(mail).masks) if "+" in term}
    assert frames
    said = {word for one in mail for words in one.words for word in words.split()}
    for words, _ in occasions_told(frames, reading_of(mail)):
        assert {word for word in words.replace("?", " ?").split() if word != "..."} <= said


# ---- sums

WEIGHTS = st.lists(st.floats(-9, 9), min_size=40, max_size=40)


@given(st.lists(st.sampled_from("abcd?"), max_size=12), WEIGHTS)
def test_joining_keeps_the_sum(words: list[str], weights: list[float]) -> None:
    known = dict.fromkeys(words) | dict.fromkeys(map(" ".join, itertools.pairwise(words)))
    terms = dict(zip(known, weights, strict=False))
    joined = phrases(list(terms.items()), f" {' '.join(words)} ")
    assert math.isclose(
        math.fsum(weight for _, weight in joined), math.fsum(terms.values()), abs_tol=1e-9
    )
    assert all(f" {phrase} " in f" {' '.join(words)} " for phrase, _ in joined)


@given(st.lists(st.sampled_from(IN_MANY_LANGUAGES), min_size=1, max_size=3), WEIGHTS)
def test_telling_conjunctions_keeps_the_sum(texts: list[str], weights: list[float]) -> None:
    mail = sentences(" ".join(texts))
    terms = sorted(terms_of(reading_of(mail).masks))
    frames = dict(zip(terms, itertools.cycle(weights)))
    total = math.fsum(weight for _, weight in occasions_told(frames, reading_of(mail)))
    assert math.isclose(total, math.fsum(frames.values()), abs_tol=1e-6)


def test_a_reason_is_a_value_of_words_and_weight() -> None:
    assert reasons({"lunch": 1.0}, {}, {}, {}, reading_of(MAIL), {}) == (Reason("lunch", 1.0),)
