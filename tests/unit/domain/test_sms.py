"""Segments, and the alphabet that costs least."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.domain.sms import BASIC, EXTENDED, segments, shortened, transliterated

ANY_TEXT = st.text(st.characters(), max_size=200)
CHEAP = BASIC | EXTENDED


def test_the_default_alphabet_is_that_of_the_standard() -> None:
    """3GPP TS 23.038, 6.2.1: 128 septets, of which one is the escape to ten more."""
    assert len(BASIC) == 127
    assert len(EXTENDED) == 10


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("x", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 80 + "x", 2),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 134, 2),
        ("ж" * 135, 3),
        ("x" * 69 + "ж", 1),
        ("x" * 70 + "ж", 2),
        # beyond the basic plane a character is two units
        ("\U00020000" * 35, 1),
        ("\U00020000" * 35 + "x", 2),
        ("`", 1),
        ("`" * 71, 2),
        ("\ud800", 1),
    ],
)
def test_segments_are_counted_as_the_network_counts_them(text: str, count: int) -> None:
    assert segments(text) == count


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("\u201cLunch\u201d \u2013 Thursday\u2026", '"Lunch" - Thursday...'),
        ("it\u2019s \xabnear\xbb", 'it\'s "near"'),
        ("a\xa0b\u2003c\u2028d\te\r\nf", "a b c d e f"),
        ("\u2022 one \u2022 two", "- one - two"),
        ("Věra Dvořáková, Łukasz, Şerife, İstanbul", "Vera Dvorakova, Lukasz, Serife, Istanbul"),
        ("Øre Åse Müller Ñandú à é Straße Æon", "Øre Åse Müller Ñandu à é Straße Æon"),
        ("œuvre, ĳs, ﬁne, ﬂat", "oeuvre, ijs, fine, flat"),
        ("Nguyễn Thị Hương", "Nguyen Thi Huong"),
        ("e\u0301t\u0301e", "éte"),
        ("ｆｕｌｌ 𝐛𝐨𝐥𝐝 𝓼𝓬𝓻𝓲𝓹𝓽", "full bold script"),
        ("3½ × 2 ≥ 7 € №5", "3 1/2 x 2 >= 7 € No.5"),
        ("`code` ¦ ´", "'code' | '"),
        # no line: what breaks lines or rings bells
        ("a\x00b\x07c\x1bd\x7fe\x85f", "abcde f"),
        # no eye sees these: zero-width, direction, soft hyphen, fillers, private, half a character
        ("a\u200bb\u200dc\ufeffd\u202ee\u2066f\xadg\u3164h\ue000i\ud800j", "abcdefghij"),
        ("👩\u200d👩\u200d👧 Ana \U0001f1e9\U0001f1ea 1\ufe0f\u20e3 ❤\ufe0f 👍🏽!", "Ana 1 !"),
        ("J\ufffdrg", "J?rg"),
        # other scripts are kept
        ("Иван Ёлкин, йод", "Иван Ёлкин, йод"),
        ("Ώρα ΩΡΑ", "Ώρα ΩΡΑ"),
        ("王小明、午餐", "王小明、午餐"),
        ("שָׁלוֹם", unicodedata.normalize("NFC", "שָׁלוֹם")),
        ("नमस्ते", "नमस्ते"),
        ("한국어", "한국어"),
        # heaps of marks are no writing
        ("ж" + "\u0301\u0302" * 5_000, "ж" + "\u0301\u0302" * 2),
        ("Z" + "\u0301\u0302" * 5_000, "Z"),
        ("\u0301 x", "x"),
    ],
)
def test_a_text_is_written_in_the_alphabet_where_that_loses_nothing(
    text: str, written: str
) -> None:
    assert transliterated(text) == written


@given(ANY_TEXT)
def test_a_transliterated_text_is_one_line_of_writing(text: str) -> None:
    written = transliterated(text)
    assert written == " ".join(written.split())
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Co", "Cs", "So"} for c in written)
    assert not any("\ufe00" <= c <= "\ufe0f" for c in written)
    written.encode("utf-8")


@given(ANY_TEXT)
def test_what_was_transliterated_stays_as_it_is(text: str) -> None:
    assert transliterated(transliterated(text)) == transliterated(text)


@given(st.text(sorted(CHEAP - set("\n\r\f")), max_size=200))
def test_the_alphabet_itself_is_left_alone(text: str) -> None:
    assert transliterated(text) == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "length", "cut"),
    [
        ("one two three", 20, "one two three"),
        ("one two three", 11, "one two..."),
        ("one two three", 10, "one two..."),
        ("one, two three", 8, "one..."),
        ("abcdefghijkl", 6, "abc..."),
        ("abcdef", 3, ""),
        ("abcdef", 0, ""),
        # a letter keeps its marks, a syllable its letters
        ("नमस्ते जी", 7, "नम..."),
        ("กำลังใจดี", 5, "กำ..."),
        ("กำลังใจดี", 4, ""),
    ],
)
def test_a_text_is_cut_between_words_and_says_so(text: str, length: int, cut: str) -> None:
    assert shortened(text, length) == cut


@given(ANY_TEXT, st.integers(min_value=0, max_value=120))
def test_what_is_cut_has_room_and_parts_no_letter_from_its_marks(text: str, length: int) -> None:
    text = transliterated(text)
    cut = shortened(text, length)
    assert len(cut) <= length
    if cut and cut != text:
        kept = cut.removesuffix("...")
        after = text[len(kept)]
        assert text.startswith(kept)
        assert not unicodedata.category(after).startswith("M")
