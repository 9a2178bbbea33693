"""What the sentences of a mail speak of, and which of it stands together.

A sentence is read as a set of frames (``lexicon``), a document as the union of its sentences. What
decides is seldom one frame but two or three in one sentence ("meal" with "day" and "ask"), so these
conjunctions are the terms that are vectorized:

    meal+day         in one sentence
    meal+day+ask     in one sentence, one of them a gathering
    any+day+ask      the same, whatever the gathering
    meal  meal&call  anywhere in the mail
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations

from jeeves.learning.lexicon import BIT, CIRCUMSTANCES, GATHERINGS, phrases

GATHERING = sum(BIT[name] for name in GATHERINGS)
#: Frames that say where.
PLACED = BIT["known"] | BIT["named"]


def frames_of(tokens: Sequence[str]) -> int:
    """The frames of one sentence, as a mask of ``lexicon.BIT``."""
    lexicon = phrases()
    single, pairs, triples = lexicon.single, lexicon.pairs, lexicon.triples
    mask = 0
    for place, token in enumerate(tokens):
        mask |= single.get(token, 0)
        if token in pairs:
            mask |= pairs[token].get(tokens[place + 1], 0) if place + 1 < len(tokens) else 0
        if token in triples and place + 2 < len(tokens):
            mask |= triples[token].get((tokens[place + 1], tokens[place + 2]), 0)
    return mask


def terms_of(masks: Iterable[int]) -> set[str]:
    """The conjunctions of a document with sentences of these masks."""
    terms: set[str] = set()
    whole = 0
    for mask in masks:
        whole |= mask
        terms.update(_in_one_sentence(mask))
    terms.update(_anywhere(whole))
    return terms


def occasions(term: str) -> list[int]:
    """The frames that each part of a conjunction asks for; of "any", any gathering."""
    parts = term.replace("&", "+").split("+")
    return [GATHERING if part == "any" else BIT[part] for part in parts]


def names(mask: int) -> list[str]:
    """The frames of a mask, in the order of the lexicon."""
    return [name for name, bit in BIT.items() if mask & bit]


# Sentences are alike: half of a mailbox's are answered from here.
@lru_cache(maxsize=50_000)
def _in_one_sentence(mask: int) -> tuple[str, ...]:
    terms = [f"{one}+{two}" for one, two in combinations(names(mask), 2)]
    if mask & GATHERING:
        gatherings = ["any", *(name for name in GATHERINGS if mask & BIT[name])]
        around = [name for name in CIRCUMSTANCES if mask & BIT[name]]
        terms += [
            f"{gathering}+{one}+{two}"
            for gathering in gatherings
            for one, two in combinations(around, 2)
        ]
    return tuple(terms)


@lru_cache(maxsize=50_000)
def _anywhere(mask: int) -> tuple[str, ...]:
    found = names(mask)
    return (*found, *(f"{one}&{two}" for one, two in combinations(found, 2)))
