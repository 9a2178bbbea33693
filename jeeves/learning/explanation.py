"""Which words and facts carried a verdict, in words a person can read."""

from __future__ import annotations

from collections.abc import Mapping

from jeeves.domain.verdict import Reason

#: Reasons shown at most; the others are part of the rest.
REASONS = 8

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


def reasons(terms: Mapping[str, float], facts: Mapping[str, float]) -> tuple[Reason, ...]:
    """The ``REASONS`` strongest words and facts, strongest first.

    Args:
        terms: What each word or pair of words of the mail added to the log-odds.
        facts: What each fact added.
    """
    found = [Reason(readable(words), weight) for words, weight in phrases(terms).items()]
    found += [Reason(fact, weight) for fact, weight in facts.items()]
    found.sort(key=lambda reason: (-abs(reason.weight), reason.words))
    return tuple(reason for reason in found[:REASONS] if reason.weight)


def phrases(terms: Mapping[str, float]) -> dict[str, float]:
    """Pairs of words take in what their words added; the sum of all values stays the same.

    The strongest pair goes first. A word goes into one pair only, and only where it points the
    same way as the pair: a reason never hides that its parts speak against each other.
    """
    merged = dict(terms)

    def parts(pair: str) -> list[str]:
        return [
            word
            for word in dict.fromkeys(pair.split(" "))
            if word in merged and merged[word] * terms[pair] > 0
        ]

    pairs = [term for term in terms if " " in term]
    pairs.sort(
        key=lambda pair: (-abs(terms[pair] + sum(map(terms.__getitem__, parts(pair)))), pair)
    )
    for pair in pairs:
        for word in parts(pair):
            merged[pair] += merged.pop(word)
    return merged


def readable(term: str) -> str:
    """``lunch xxtime ?`` as ``lunch (time)?``."""
    return " ".join(_KINDS.get(word, word) for word in term.split(" ")).replace(" ?", "?")
