"""What a sentence does in a conversation about meeting: proposes, agrees, calls off ..."""

from __future__ import annotations

import re
from functools import cache, reduce
from operator import or_

from jeeves.domain.remark import Act
from jeeves.mail.phrases import any_of
from jeeves.mail.trigrams import Phrasebook


def _any_word(table: str) -> str:
    return rf"(?i)\b(?:{any_of(table)})\b"


_PROPOSES = "|".join(
    (
        rf"(?i)\b(?:{any_of('proposes')})\b",
        r"\beither\b.{3,80}\bor\b",
    )
)
_AGREES = "|".join(
    (
        r"(?i)^\W*(?:(?:oh|ah|well|and|so|hi|hey|[A-Z]\w+)[,!. ]+)?"
        rf"(?:{any_of('agrees', 'first word')})\b"
        r"(?! (?:job|news|to hear|question|point|pics|work|luck|idea but))",
        rf"\b(?:{any_of('agrees', 'anywhere')})(?!\w)",
        "👍",
        "✅",
        "🎉",
    )
)
_OTHERS = "|".join(
    (
        r"\b(?i:i'm|i am) (?:meeting|seeing) (?!you\b|up\b|with you)[A-Z]\w+",
        r"(?i:for information only|no need for \w+ to (?:attend|come|join))",
        r"\b(?i:he|she|they|the (?:team|board|group|kids|boys|girls|clients?|committee|parents|"
        r"directors))(?:'(?:s|re|ll|d|ve))?\s+"
        r"(?:is|are|was|were|will|would|had|have|has|wants?|said|says|meets?|met|got|going|went|"
        r"plans?|planning|meeting)\b",
        r"\b(?:[A-Z][a-z]+ and (?:I|[A-Z][a-z]+)|[A-Z][a-z]+) "
        r"(?:is|are|was|were|will be|have|has|haven't|hasn't) "
        r"(?:meeting|having|getting|going|seeing|catching|taking|picked|booked|planning|doing|"
        r"hosting)\b",
        r"\b(?i:you don't (?:need|have) to (?:be there|come|attend|join)|"
        r"no need (?:for you )?to (?:come|attend|be there|join))",
    )
)
_ADDS = rf"(?i)^\W*(?:and |but )?also\b|\b(?:{any_of('adds')})\b"

#: "I am not cancelling", and what others have called off.
_NOT_OFF = re.compile(
    r"\b(?:not|n't|never) (?:\w+ )?cancel|"
    r"\b(?:clients?|they|he|she|people|others) (?:has|have|had) cancel",
    re.IGNORECASE,
)
_ACTS = {
    Act.PROPOSES: _PROPOSES,
    Act.AGREES: _AGREES,
    Act.DECLINES: _any_word("declines"),
    Act.CANCELS: _any_word("cancels"),
    Act.MOVES: _any_word("moves"),
    Act.ASKS_PLACE: f"(?i){any_of('asks_place')}",
    Act.REPLACES: _any_word("replaces"),
    Act.PAST: _any_word("past"),
    Act.VAGUE: _any_word("vague"),
    Act.OTHERS: _OTHERS,
    Act.ADDS: _ADDS,
    Act.DECLINES | Act.CANCELS: _any_word("firm_no"),
}


@cache
def _phrasebook() -> Phrasebook[Act]:
    return Phrasebook(_ACTS)


def found_in(sentence: str) -> Act:
    """Everything that ``sentence`` does."""
    found = _phrasebook().found_in(sentence)
    if Act.CANCELS in found and _NOT_OFF.search(sentence):
        del found[Act.CANCELS]
    return reduce(or_, found, Act.NOTHING)
