"""The tables of phrases: each line is one expression, said once, and is found by its table."""

from __future__ import annotations

import re
from importlib import resources
from importlib.resources.abc import Traversable

import pytest

from jeeves.mail import phrases
from jeeves.mail.phrases import any_of, sections, words

FILES = sorted(
    (one for one in resources.files(phrases.__name__).iterdir() if one.name.endswith(".txt")),
    key=lambda one: one.name,
)
TABLES = [one.name.removesuffix(".txt") for one in FILES]
#: Of these a line holds several words.
LISTS = {("saying", "words"), ("no_place", "days"), ("no_place", "other words")}


def test_there_are_tables() -> None:
    assert len(TABLES) > 20


@pytest.mark.parametrize("table", TABLES)
def test_each_phrase_is_an_expression_and_stands_once(table: str) -> None:
    for section, found in sections(table).items():
        once = words(table, section) if (table, section) in LISTS else found
        assert len(set(once)) == len(once), sorted({one for one in once if once.count(one) > 1})
        for phrase in once:
            assert not re.compile(phrase).fullmatch(""), (section, phrase)
        assert re.compile(any_of(table, section)).groups == 0, section


@pytest.mark.parametrize("file", FILES, ids=TABLES)
def test_a_table_is_read_without_scrolling(file: Traversable) -> None:
    lines = file.read_text("utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert [line for line in lines if len(line) > 100 or line != line.rstrip()] == []


def test_an_indented_line_goes_on_with_the_phrase_above() -> None:
    assert r"do you (?:still )?(?:want|wanna|fancy)" in sections("proposes")[""]
    for one in (
        "do you have a few minutes",
        "would you have an evening",
        "skip the whole match",
        "thanks so much for making",
        "where is easiest",
    ):
        assert any(
            re.search(any_of(table), one, re.IGNORECASE)
            for table in ("proposes", "cancels", "past", "asks_place")
        ), one


def test_sections_are_kept_apart() -> None:
    assert "lunch(?:es)?" in sections("kinds")["lunch"]
    assert "lunch(?:es)?" not in sections("kinds")["dinner"]
    assert "monday" in words("no_place", "days")
    assert "monday" not in words("no_place", "other words")


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(KeyError):
        any_of("kinds", "siesta")
    with pytest.raises(FileNotFoundError):
        any_of("siestas")
