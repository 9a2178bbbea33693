"""Which words stand near each other in the sentences that speak of a gathering.

``Shall we grab a quick lunch on Thursday?`` holds ``grab_MEAL``, ``shall_grab``, ``MEAL_xxdate``:
what is between two words matters less than that they belong together. Words that are alike to a
reader, all meals, all events, stand for one, so that what was learned of a dinner holds for a
brunch.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from jeeves.learning.lexicon import BIT, phrases

#: Tokens from a word to the farthest one that it is paired with.
REACH = 4
#: Stands between the two: no token holds it.
SIGN = "_"
#: Frames whose single words stand for one; a word of two of them is of the first.
_ALIKE = ("meal", "event", "premises", "known", "call")


def pairs_of(tokens: Sequence[str]) -> list[str]:
    """The pairs of words in a sentence of these tokens; one that comes again is repeated."""
    kinds = alike()
    words = [kinds.get(token, token) for token in tokens]
    found: list[str] = []
    for distance in range(1, REACH + 1):
        found += map(SIGN.join, zip(words, words[distance:], strict=False))
    return found


@cache
def alike() -> dict[str, str]:
    """What stands for a token that is one of many alike."""
    return {
        token: name.upper()
        for name in reversed(_ALIKE)
        for token, mask in phrases().ones.items()
        if mask & BIT[name]
    }
