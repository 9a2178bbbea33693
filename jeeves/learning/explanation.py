"""Which words and facts carried a verdict, in words a person can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import nlargest

from jeeves.domain.verdict import Reason

#: Reasons shown at most; the others are part of the rest.
REASONS = 8
#: Terms that are looked at: the strongest. What they leave out is part of the rest.
_CONSIDERED = 16
_LONGEST_PHRASE = 5

_KINDS = {
    "xxemail": "(address)",
    "xxurl": "(link)",
    "xxphone": "(phone number)",
    "xxroom": "(room)",
    "xxcall": "(call)",
    "xxoffice": "(office or home)",
    "xxtime": "(time)",
    "xxdate": "(date)",
    "xxyear": "(year)",
    "xxmoney": "(amount)",
    "xxnumber": "(number)",
    "xxname": "(name)",
}


def reasons(
    terms: Mapping[str, float], facts: Mapping[str, float], words: Sequence[str]
) -> tuple[Reason, ...]:
    """The ``REASONS`` strongest phrases and facts, strongest first.

    Args:
        terms: What each word or pair of words of the mail added to the log-odds.
        facts: What each fact added.
        words: The words of the mail in order.
    """
    strongest = nlargest(_CONSIDERED, terms.items(), key=_strength)
    found = [(readable(phrase), weight) for phrase, weight in phrases(strongest, words)]
    found = nlargest(REASONS, [*found, *facts.items()], key=_strength)
    return tuple(Reason(phrase, weight) for phrase, weight in found if weight)


def _strength(item: tuple[str, float]) -> float:
    return abs(item[1])


def phrases(terms: Sequence[tuple[str, float]], words: Sequence[str]) -> list[tuple[str, float]]:
    """``terms`` with those joined that are parts of one phrase; the sum of weights stays.

    A phrase grows from the strongest term that is left: by terms inside it and by terms that
    overlap its ends where the mail has the longer phrase. Only terms that point the same way are
    joined, so that a reason never hides that its parts speak against each other.

    Args:
        terms: Terms and their weights, strongest first.
        words: The words of the mail in order.
    """
    mail = f" {' '.join(words)} "
    left = list(terms)
    joined: list[tuple[str, float]] = []
    while left:
        phrase, weight = left.pop(0)
        at = 0
        while at < len(left):
            term, more = left[at]
            longer = _joined(phrase, term, mail) if more * weight > 0 else None
            if longer is None:
                at += 1
                continue
            del left[at]
            weight += more
            # A term passed over before may overlap what the phrase has become.
            at = at if longer == phrase else 0
            phrase = longer
        joined.append((phrase, weight))
    return joined


def _joined(phrase: str, term: str, mail: str) -> str | None:
    """The shortest phrase of the mail that overlaps both; None where there is none."""
    if f" {term} " in f" {phrase} ":
        return phrase
    if f" {phrase} " in f" {term} ":
        return term
    first, _, last = term.rpartition(" ")
    if not first or phrase.count(" ") + 2 > _LONGEST_PHRASE:
        return None
    for longer in (
        f"{phrase} {last}" if phrase.endswith(f" {first}") or phrase == first else "",
        f"{first} {phrase}" if phrase.startswith(f"{last} ") or phrase == last else "",
    ):
        if longer and f" {longer} " in mail:
            return longer
    return None


def readable(phrase: str) -> str:
    """``lunch xxtime ?`` as ``lunch (time)?``."""
    return " ".join(_KINDS.get(word, word) for word in phrase.split(" ")).replace(" ?", "?")
