"""The lexicon holds what tokens can be, and nothing that cannot be found."""

from __future__ import annotations

import pytest

from jeeves.learning.frames import frames_of, names
from jeeves.learning.lexicon import BIT, CIRCUMSTANCES, FRAMES, GATHERINGS, OPENS, phrases
from jeeves.learning.tokens import sentences

#: A way to write each mask that stands in a phrase.
WRITTEN = {
    "xxname": "Nino",
    "xxabbr": "EB",
    "xxoffice": "my office",
    "xxroom": "room 12",
    "xxdate": "Friday",
    "xxtime": "5pm",
    "xxcall": "a videocall",
    "xxurl": "https://example.org/a",
    "xxbook": "https://calendly.com/a",
    "xxmap": "https://maps.example.org/a",
    "xxemail": "ana@example.org",
}


def every_phrase() -> list[tuple[tuple[str, ...], int]]:
    known = phrases()
    return [
        *(((one,), mask) for one, mask in known.ones.items()),
        *((tokens, mask & ~OPENS) for tokens, mask in known.twos.items() if mask != OPENS),
        *known.threes.items(),
    ]


def test_no_phrase_holds_more_than_three_tokens_and_none_is_empty() -> None:
    found = every_phrase()
    assert len(found) > 1_500
    assert all(1 <= len(tokens) <= 3 and all(tokens) for tokens, _ in found)


def test_every_phrase_can_be_written_so_that_the_tokens_are_those_of_the_phrase() -> None:
    def is_found(tokens: tuple[str, ...], mask: int) -> bool:
        text = " ".join(WRITTEN.get(token, token) for token in tokens)
        # A name is told by its capital inside a sentence only.
        for one in (*sentences(text), *sentences(f"so {text}")):
            for start in range(len(one.tokens) - len(tokens) + 1):
                if tuple(one.tokens[start : start + len(tokens)]) == tokens:
                    return frames_of(one.tokens) & mask == mask
        return False

    dead = [" ".join(tokens) for tokens, mask in every_phrase() if not is_found(tokens, mask)]
    assert dead == []


def test_every_frame_has_a_bit_of_its_own() -> None:
    assert list(BIT) == list(FRAMES)
    assert sum(BIT.values()) == 2 ** len(FRAMES) - 1
    assert {*GATHERINGS, *CIRCUMSTANCES} <= set(FRAMES)
    assert not set(GATHERINGS) & set(CIRCUMSTANCES)


def test_no_frame_is_named_with_a_mark_of_conjunctions() -> None:
    assert not [name for name in FRAMES if {"+", "&", " "} & set(name) or name == "any"]


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("treffen", ["meet"]),
        ("mittagessen", ["meal"]),
        ("déjeuner", ["meal"]),
        ("점심", ["meal"]),
        ("午餐", ["meal"]),
        ("встретимся", ["meet"]),
        ("happy hour", ["meal"]),
        ("hour", []),
        ("get around a", ["meet"]),
        ("conference room", ["premises", "named"]),
        ("my place", ["premises", "known"]),
    ],
)
def test_phrases_are_found_in_many_languages(text: str, frames: list[str]) -> None:
    (one,) = sentences(text)
    assert names(frames_of(one.tokens)) == frames


def test_the_words_of_phrases_are_known_words_and_no_names() -> None:
    (one,) = sentences("shall we have Lunch or Coffee")
    assert "xxname" not in one.tokens
