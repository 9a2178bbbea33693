"""Which words and facts carried a verdict, in words a person can read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from heapq import nlargest
from itertools import chain

from jeeves.domain.verdict import Reason
from jeeves.learning.frames import (
    GATHERING,
    PLACED,
    frames_of,
    occasions,
    terms_of_sentence,
)
from jeeves.learning.lexicon import BIT
from jeeves.learning.lexicon import phrases as lexicon
from jeeves.learning.pairs import SIGN, pairs_of
from jeeves.learning.tokens import Sentence, bigrams

#: Reasons shown at most; the others are part of the rest.
REASONS = 8
#: Terms that are looked at: the strongest. What they leave out is part of the rest.
_CONSIDERED = 16
_LONGEST_PHRASE = 5
_WORDS_OF_A_SENTENCE = 4
#: Conjunctions whose words tell what a sentence added.
_CONJUNCTIONS = 3
#: What a mask stands for, where no mail is at hand to say it in its own words.
_KINDS = {
    "xxemail": "(address)",
    "xxurl": "(link)",
    "xxbook": "(booking page)",
    "xxmap": "(map)",
    "xxphone": "(phone number)",
    "xxroom": "(room)",
    "xxcall": "(call)",
    "xxoffice": "(office or home)",
    "xxtime": "(time)",
    "xxdate": "(date)",
    "xxord": "(ordinal)",
    "xxyear": "(year)",
    "xxmoney": "(amount)",
    "xxname": "(name)",
    "xxabbr": "(capitals)",
    "xxcode": "(code)",
    **dict.fromkeys(("xxn1", "xxn3", "xxbig", "xxnum"), "(number)"),
}
_WHERE = PLACED | BIT["premises"] | BIT["where"]


def reasons(
    text: Mapping[str, float],
    meeting: Mapping[str, float],
    together: Mapping[str, float],
    facts: Mapping[str, float],
    sentences: Sequence[Sentence],
    masks: Sequence[int],
    stems: Mapping[str, str],
) -> tuple[Reason, ...]:
    """The ``REASONS`` strongest phrases and facts, strongest first.

    Args:
        text: What each word or pair of words of the mail added to the log-odds.
        meeting: The same of the stemmed words of the sentences that speak of a meeting.
        together: What each conjunction of frames and each pair of words added.
        facts: What each fact added.
        sentences: The sentences of the mail in order.
        masks: The frames of each of them.
        stems: Stem of each known token that is not its own stem.
    """
    tokens = list(chain.from_iterable(one.tokens for one in sentences))
    words = list(chain.from_iterable(one.words for one in sentences))
    terms = _as_written(text, meeting, tokens, stems)
    strongest = nlargest(_CONSIDERED, terms.items(), key=_strength)
    found = [
        (_in_the_mails_words(phrase, tokens, words), weight)
        for phrase, weight in phrases(strongest, tokens)
    ]
    found += [*occasions_told(together, sentences, masks), *facts.items()]
    # The same words may be a phrase and what stands together: one reason, unless they disagree.
    same: defaultdict[tuple[str, bool], float] = defaultdict(float)
    for phrase, weight in found:
        same[phrase, weight > 0] += weight
    shown = nlargest(REASONS, ((one[0], weight) for one, weight in same.items()), key=_strength)
    return tuple(Reason(phrase, weight) for phrase, weight in shown if weight)


def _strength(item: tuple[str, float]) -> float:
    return abs(item[1])


def _as_written(
    text: Mapping[str, float],
    meeting: Mapping[str, float],
    tokens: list[str],
    stems: Mapping[str, str],
) -> dict[str, float]:
    """``text`` and ``meeting`` as one, each stem as the mail writes it."""
    terms = dict(text)
    stemmed = [stems.get(token, token) for token in tokens]
    written = dict(zip(stemmed + bigrams(stemmed), tokens + bigrams(tokens), strict=True))
    for stem, weight in meeting.items():
        term = written.get(stem) or " ".join(written.get(one, one) for one in stem.split(" "))
        terms[term] = terms.get(term, 0.0) + weight
    return terms


def occasions_told(
    together: Mapping[str, float], sentences: Sequence[Sentence], masks: Sequence[int]
) -> list[tuple[str, float]]:
    """What conjunctions and pairs added, summed by what a reader sees; the sum of weights stays.

    Those of one sentence are told by its words, ``lunch ... Thursday``; those of the whole mail
    by whether a place is named.
    """
    whole = 0
    for mask in masks:
        whole |= mask
    # The first sentence of each; the last written wins, so from the end.
    places: dict[str, int] = {}
    for i in reversed(range(len(masks))):
        places.update(dict.fromkeys(terms_of_sentence(masks[i]), i))
        if masks[i] & GATHERING:
            places.update(dict.fromkeys(pairs_of([sentences[i].tokens]), i))
    by_sentence: defaultdict[int, list[tuple[float, int]]] = defaultdict(list)
    totals: defaultdict[int, float] = defaultdict(float)
    elsewhere: defaultdict[str, float] = defaultdict(float)
    for term, weight in together.items():
        place = places.get(term)
        if place is not None:
            totals[place] += weight
            # Its words are told by what they speak of: a pair is no more than two of them.
            if SIGN not in term:
                by_sentence[place].append((weight, occasions(term) & masks[place]))
        elif occasions(term) & _WHERE:
            elsewhere["a place named" if whole & PLACED else "talk of a place"] += weight
        elif whole & GATHERING and not whole & PLACED:
            elsewhere["no place named"] += weight
        else:
            elsewhere["the mail as a whole"] += weight
    told: list[tuple[str, float]] = []
    for i in sorted(totals, key=lambda i: -abs(totals[i])):
        # What is hardly ever shown is told by the beginning of its sentence: that costs nothing.
        bits = _strongest(by_sentence[i], totals[i]) if len(told) < REASONS else 0
        told.append((_words_for(sentences[i], bits), totals[i]))
    return [*told, *elsewhere.items()]


def _strongest(conjunctions: Sequence[tuple[float, int]], total: float) -> int:
    """The frames of the strongest conjunctions that point where their sum points."""
    bits = 0
    for weight, seen in nlargest(_CONJUNCTIONS, conjunctions, key=lambda one: one[0] * total):
        bits |= seen if weight * total > 0 else 0
    return bits


def _words_for(sentence: Sentence, bits: int) -> str:
    """The words of ``sentence`` that these frames were seen in: ``lunch ... Thursday``."""
    chosen: list[str] = []
    left = bits
    known = lexicon()
    for start, first in enumerate(sentence.tokens):
        if not left:
            break
        second, third, *_ = (*sentence.tokens[start + 1 : start + 3], "", "")
        found, longest = left & known.ones.get(first, 0), 1
        # What the words after the first say by themselves is told when they come first.
        more = left & ~found & known.twos.get((first, second), 0)
        if more and (more := more & ~frames_of([second])):
            found, longest = found | more, 2
        more = left & ~found & known.threes.get((first, second, third), 0)
        if more and (more := more & ~frames_of([second, third])):
            found, longest = found | more, 3
        if found:
            chosen.append(" ".join(sentence.words[start : start + longest]))
            left &= ~found
    told = " ... ".join(chosen[:_WORDS_OF_A_SENTENCE]) or " ".join(sentence.words[:3])
    return told.replace(" ... ?", "?")


def _in_the_mails_words(phrase: str, tokens: list[str], words: list[str]) -> str:
    """A phrase of tokens as the mail writes it: ``lunch xxdate ?`` as ``lunch Thursday?``."""
    wanted = phrase.split(" ")
    start = -1
    for _ in range(tokens.count(wanted[0])):
        start = tokens.index(wanted[0], start + 1)
        if tokens[start : start + len(wanted)] == wanted:
            return " ".join(words[start : start + len(wanted)]).replace(" ?", "?")
    # Its parts stand at the ends of two sentences that speak of a meeting, with others between.
    said = [words[tokens.index(one)] if one in tokens else one for one in wanted]
    return " ... ".join(said).replace(" ... ?", "?")


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


def term_in_words(term: str) -> str:
    """A term of a model, away from any mail: ``lunch xxtime ?`` as ``lunch (time)?``."""
    return " ".join(_KINDS.get(token, token) for token in term.split(" ")).replace(" ?", "?")
