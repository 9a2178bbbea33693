"""Bytes of any charset become text that can be stored."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.mail.decoding import lines_joined_by_lf, storable, to_text, unflow


@pytest.mark.parametrize(
    ("raw", "charset", "text"),
    [
        (b"plain", "", "plain"),
        ("Café".encode(), "utf-8", "Café"),
        ("Café".encode(), "", "Café"),
        ("Café".encode(), "us-ascii", "Café"),
        ("Café".encode("cp1252"), "us-ascii", "Café"),
        ("Café".encode("cp1252"), "", "Café"),
        ("Café".encode("cp1252"), "utf-8", "Café"),
        ("\u201cCafé\u201d".encode("cp1252"), "iso-8859-1", "\u201cCafé\u201d"),
        ("Встреча".encode("koi8-r"), "KOI8-R", "Встреча"),
        ("你好镕".encode("gb18030"), "gb2312", "你好镕"),
        ("会議①".encode("cp932"), "x-sjis", "会議①"),
        ("שלום".encode("iso-8859-8"), "iso-8859-8-i", "שלום"),
        ("会議".encode("iso-2022-jp"), "iso-2022-jp", "会議"),
        ("Café".encode("utf-7"), "utf-7", "Café"),
        ("Café".encode(), "utf8\0", "Café"),
        ("Café".encode(), "base64", "Café"),
        ("Café".encode(), "no such charset", "Café"),
    ],
)
def test_the_declared_charset_then_utf8_then_windows(raw: bytes, charset: str, text: str) -> None:
    assert to_text(raw, charset) == text


def test_few_bad_bytes_are_replaced_and_the_rest_is_kept() -> None:
    text = "Größe, Müller, Straße, schön, über, Köln"
    assert to_text(text.encode() + b"\xff", "utf-8") == text + "\ufffd"


def test_what_postgres_cannot_hold_is_taken_out() -> None:
    assert storable("a\0b\ud800ä") == "ab\ufffdä"
    assert storable("\udc80") == "\ufffd"


def test_line_ends_become_line_feeds() -> None:
    assert lines_joined_by_lf("a\r\nb\rc\nd") == "a\nb\nc\nd"


@pytest.mark.parametrize(
    ("text", "delsp", "unflowed"),
    [
        ("one \ntwo\nthree", False, "one two\nthree"),
        ("one \ntwo", True, "onetwo"),
        ("> one \n> two \nthree", False, "> one two \nthree"),
        ("> one \n>> two", False, "> one \n>> two"),
        (" >no quote\n From here", False, ">no quote\nFrom here"),
        ("one \n-- \nAna", False, "one \n-- \nAna"),
        ("", False, ""),
    ],
)
def test_flowed_lines_are_joined(text: str, delsp: bool, unflowed: str) -> None:
    assert unflow(text, delsp) == unflowed


@given(st.binary(max_size=60), st.sampled_from(["", "utf-8", "utf-7", "utf-16", "hz", "big5"]))
def test_no_bytes_make_decoding_fail(raw: bytes, charset: str) -> None:
    storable(to_text(raw, charset)).encode("utf-8")
