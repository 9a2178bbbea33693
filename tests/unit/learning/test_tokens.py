"""Text to sentences of tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.learning.tokens import Sentence, bigrams, sentences


def read(text: str) -> str:
    """The tokens of ``text``, sentences parted by a bar."""
    return " | ".join(" ".join(one.tokens) for one in sentences(text))


DATES = [
    ("see you on Friday, May 14th", "see you on xxdate"),
    ("see you on Friday, 14 May", "see you on xxdate"),
    ("the 3rd of May", "the xxdate of xxdate"),
    ("it is on the 14th", "it is on the xxdate"),
    ("on 3/4 or 3.4.2026 or 2026-04-03", "on xxdate or xxdate or xxdate"),
    ("tomorow or tmrw or tonight", "xxdate or xxdate or xxdate"),
    ("may we come in May", "may we come in xxdate"),
    ("el miércoles, mañana", "el xxdate"),
    ("v pátek nebo w piątek", "v xxdate nebo w xxdate"),
    ("давай в пятницу", "давай в xxdate"),
    ("since 2026", "since xxyear"),
    ("we move Thursday's lunch", "we move xxdate lunch"),
]
HOURS = [
    ("Lunch with Ana at 12:30?", "lunch with xxname at xxtime ?"),
    ("at 3 p.m. or 5:30pm", "at xxtime or xxtime"),
    ("at 5 PM or 5PM or 5:30 PM or 7 A.M. today", "at xxtime or xxtime or xxtime or xxtime xxdate"),
    ("um 14 Uhr", "um xxtime"),
    ("à 14h30 ou 15h", "à xxtime ou xxtime"),
    ("between 2-3pm", "between xxtime"),
    ("at noon or 5 o'clock", "at xxtime or xxn1 xxtime"),
    ("we are 5 people", "we are xxn1 people"),
]
ROOMS = [
    ("in conference room 12b", "in xxroom b"),
    ("in Room 12", "in xxroom"),
    ("in Rm 12, on Level 3", "in xxroom on xxroom"),
    ("on the 3rd floor", "on the xxdate floor"),
    ("it is 3rd floor", "it is xxroom"),
    ("it is in EB 3321", "it is in xxroom"),
    ("at 12 Elm Street", "at xxroom"),
    ("at 12 Elm Avenue", "at xxroom"),
    ("in our new meeting room", "in our new xxroom"),
    ("room for doubt", "room for doubt"),
]
OFFICES = [
    ("come to my office", "come to xxoffice"),
    ("come to your old flat", "come to xxoffice"),
    ("in Ana's Garden", "in xxoffice"),
    ("we rent an office", "we rent an office"),
    ("at Vince's office", "at xxoffice"),
    ("at Vince's", "at xxname"),
    ("@ Nino's", "@ xxname"),
]
CALLS = [
    ("a conference call, dial-in below", "a xxcall xxcall below"),
    ("we talk on Zoom", "we talk on xxcall"),
    ("on WhatsApp or FaceTime", "on xxcall or xxcall"),
    ("on Google Meet", "on xxcall"),
    ("shall Ana meet Ben", "shall xxname meet xxname"),
    ("on the phone", "on xxcall"),
    ("Teams meeting", "xxcall"),
]
LINKS = [
    ("see https://example.org/a?b=c", "see xxurl"),
    ("see www.example.org", "see xxurl"),
    ("join https://example.zoom.us/j/123", "join xxcall"),
    ("join https://meet.google.com/abc", "join xxcall"),
    ("pick one: https://calendly.com/ana/30min", "pick one xxbook"),
    ("here: https://maps.example.org/?q=1", "here xxmap"),
    ("write to ana.lopez@example.org", "write to xxemail"),
]
NUMBERS = [
    ("call 713-555-0134 or 555-0134", "call xxphone or xxphone"),
    ("it costs $1,200.50 or €5", "it costs xxmoney or xxmoney"),
    ("7 of 300 of 123456", "xxn1 of xxn3 of xxbig"),
    ("the 22nd or 12ab or 1.5", "the xxdate or xxn1 ab or xxnum"),
]
NAMES = [
    ("we met Ana Maria Lopez", "we met xxname"),
    ("Ana met Ben", "ana met xxname"),
    ("flying to JFK", "flying to xxabbr"),
    ("I will See You", "i will see you"),
    (
        "wir sehen die Katze und der Hund ist nicht da",
        "wir sehen die katze und der hund ist nicht da",
    ),
]
WORDS = [
    ("don't, can't, let's", "don't can't let's"),
    ("don\u2019t", "don't"),
    ("get-together", "get-together"),
    ("____ lunch_____dinner ----", "lunch dinner"),
    ("version q3 has parts", "version q xxn1 has parts"),
]


@pytest.mark.parametrize(
    ("written", "tokens"),
    [*DATES, *HOURS, *ROOMS, *OFFICES, *CALLS, *LINKS, *NUMBERS, *NAMES, *WORDS],
)
def test_what_differs_from_mail_to_mail_is_read_as_its_kind(written: str, tokens: str) -> None:
    assert read(written) == tokens


@pytest.mark.parametrize(
    ("written", "tokens"),
    [
        ("We met. Shall we eat? Yes! Good", "we met | shall we eat ? | yes | good"),
        ("one\n\ntwo\nthree", "one | two three"),
        ("one; two", "one | two"),
        ("Mr. Smith and Dr. Jones came", "mr xxname and xxname came"),
        ("e.g. lunch, i.e. food", "e g lunch i e food"),
        ("you and I. Friday", "you and i | xxdate"),
        ("at approx. 5", "at approx xxn1"),
        ("version 1.5 is out", "version xxnum is out"),
        ("??", "? | ?"),
        ("... ! ;", ""),
        ("", ""),
    ],
)
def test_sentences_end_at_their_marks_and_not_at_abbreviations(written: str, tokens: str) -> None:
    assert read(written) == tokens


@pytest.mark.parametrize(
    ("written", "tokens"),
    [
        ("明天吃饭吗？好。", "明 天 吃 饭 吗 ? | 好"),
        ("ランチ行く", "ラ ン チ 行 く"),
        ("점심 어때?", "점 심 어 때 ?"),
        ("Zoomで話す", "xxcall で 話 す"),
    ],
)
def test_where_words_are_not_parted_each_character_is_a_token(written: str, tokens: str) -> None:
    assert read(written) == tokens


def test_different_forms_of_one_character_are_read_alike() -> None:
    assert read("let\u2019s meet at the caf\u00e9") == read("let's meet at the cafe\u0301")
    assert read("at \uff11\uff12:\uff13\uff10") == "at xxtime"


def test_each_token_keeps_the_words_of_the_mail_behind_it() -> None:
    (one,) = sentences("Lunch at my New Office on Friday, May 14th?")
    assert list(zip(one.tokens, one.words, strict=True)) == [
        ("lunch", "Lunch"),
        ("at", "at"),
        ("xxoffice", "my New Office"),
        ("on", "on"),
        ("xxdate", "Friday May 14th"),
        ("?", "?"),
    ]


@given(st.text())
def test_tokens_and_words_are_as_many_and_no_token_holds_a_blank(text: str) -> None:
    for one in sentences(text):
        assert one.tokens
        assert len(one.tokens) == len(one.words)
        assert all(len(token.split()) == 1 for token in one.tokens)


def test_the_last_tokens_of_a_sentence_can_become_one() -> None:
    one = Sentence(["see", "xxn1"], ["see", "5"])
    one.merge(1, "xxtime", "pm")
    assert one == Sentence(["see", "xxtime"], ["see", "5 pm"])


def test_bigrams_are_each_two_tokens_in_a_row() -> None:
    assert bigrams(["shall", "we", "eat"]) == ["shall we", "we eat"]
    assert bigrams(["shall"]) == bigrams([]) == []
