"""What the sentences of a mail speak of, and which of it stands together.

A sentence is read as a set of frames (``lexicon``), a document as the union of its sentences. What
decides is seldom one frame but two or three in one sentence ("meal" with "day" and "ask"), so these
conjunctions are the terms that are vectorized:

    meal+day         in one sentence
    meal+day+ask     in one sentence, one of them a gathering
    any+day+ask      the same, whatever the gathering
    meal~day         in two sentences that follow each other, one of them a gathering
    1:meal           in the first of its sentences, the subject counted; to the fourth
    meal  meal&call  anywhere in the mail
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache, reduce
from itertools import combinations, pairwise
from operator import or_
from sys import intern

from jeeves.learning.lexicon import BIT, CIRCUMSTANCES, GATHERINGS, phrases

GATHERING = sum(BIT[name] for name in GATHERINGS)
#: Sentences at the top of a mail whose frames count by their place.
OPENING = 4
_JOINT = re.compile(r"[+~&]|^\d:")
#: Frames that say where.
PLACED = BIT["known"] | BIT["named"]


def frames_of(tokens: Sequence[str]) -> int:
    """The frames of one sentence, as a mask of ``lexicon.BIT``."""
    begins, count = phrases().begins, len(tokens)
    mask = 0
    for after, token in enumerate(tokens, 1):
        if token in begins:
            found, seconds = begins[token]
            mask |= found
            if seconds and after < count and tokens[after] in seconds:
                found, thirds = seconds[tokens[after]]
                mask |= found
                if thirds and after + 1 < count:
                    mask |= thirds.get(tokens[after + 1], 0)
    return mask


def terms_of(masks: Sequence[int]) -> set[str]:
    """The conjunctions of a document with sentences of these masks."""
    distinct = set(masks)
    whole = reduce(or_, distinct, 0)
    neighbours = {one | two for one, two in pairwise(masks) if (one | two) & GATHERING}
    return set().union(
        *map(terms_of_sentence, distinct),
        *map(_in_neighbours, neighbours),
        *map(_in_the_opening, range(1, OPENING + 1), masks[:OPENING]),
        _anywhere(whole),
    )


def _joined(sign: str) -> dict[tuple[str, str], str]:
    return {(one, two): intern(f"{one}{sign}{two}") for one, two in combinations(BIT, 2)}


# Looked up: to write a conjunction anew for each mail takes three times as long.
_IN_SENTENCE, _IN_NEIGHBOURS, _IN_MAIL = map(_joined, "+~&")


@lru_cache(maxsize=50_000)
def occasions(term: str) -> int:
    """The frames that the parts of a conjunction ask for; of "any", every gathering."""
    parts = [part for part in _JOINT.split(term) if part]
    return sum({GATHERING if part == "any" else BIT[part] for part in parts})


def names(mask: int) -> list[str]:
    """The frames of a mask, in the order of the lexicon."""
    return [name for name, bit in BIT.items() if mask & bit]


# Sentences are alike: half of a mailbox's are answered from here.
@lru_cache(maxsize=50_000)
def terms_of_sentence(mask: int) -> tuple[str, ...]:
    """The conjunctions within a sentence of this mask."""
    terms = list(map(_IN_SENTENCE.__getitem__, combinations(names(mask), 2)))
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
def _in_neighbours(mask: int) -> tuple[str, ...]:
    return tuple(map(_IN_NEIGHBOURS.__getitem__, combinations(names(mask), 2)))


@lru_cache(maxsize=50_000)
def _in_the_opening(place: int, mask: int) -> tuple[str, ...]:
    return tuple(f"{place}:{name}" for name in names(mask))


def _anywhere(mask: int) -> list[str]:
    found = names(mask)
    return [*found, *map(_IN_MAIL.__getitem__, combinations(found, 2))]
