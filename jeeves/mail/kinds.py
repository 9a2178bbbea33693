"""What kind of meeting a sentence speaks of, and whether people come together for it."""

from __future__ import annotations

import re
from functools import cache

from jeeves.mail.phrases import any_of, sections
from jeeves.mail.trigrams import Phrasebook

#: Kind of meeting -> its words.
_KIND = {kind: rf"(?i)\b(?:{'|'.join(words)})\b" for kind, words in sections("kinds").items()}
ONLINE_KIND = "call"
_ONLINE = re.compile(rf"\b(?:{any_of('online')})\b", re.IGNORECASE)
_RINGS = re.compile(r"call (?:you|me)|give (?:you|me|him|her) a \w+|ring (?:you|me)", re.IGNORECASE)
_INSTEAD = re.compile(
    r"\binstead\b|\brather\b|\bi(?:'ll| will)\b|\bcan i\b|\bcould i\b", re.IGNORECASE
)
#: A call that arranges something and is not the meeting.
_CALL_ASIDE = re.compile(any_of("call_aside"), re.IGNORECASE)


@cache
def _phrasebook() -> Phrasebook[str]:
    return Phrasebook(_KIND)


@cache
def _of_online() -> Phrasebook[str]:
    return Phrasebook({ONLINE_KIND: _ONLINE.pattern})


def kind_of(sentence: str) -> str:
    """The kind of meeting that ``sentence`` speaks of; "" where it names none."""
    found = _phrasebook().found_in(sentence)
    special = found.keys() - {"meeting", ONLINE_KIND}
    # Of two that begin at the same letter, the first in the alphabet.
    return min((found[kind], kind) for kind in special or found)[1] if found else ""


def online_in(sentence: str) -> str:
    """The words by which ``sentence`` says that people meet by phone or video; or ""."""
    found = _ONLINE.search(sentence) if _of_online().possible_in(sentence) else None
    if found is None or _CALL_ASIDE.search(sentence):
        return ""
    # "Call me" arranges a meeting more often than it is one.
    return "" if _RINGS.fullmatch(found[0]) and not _INSTEAD.search(sentence) else found[0]
