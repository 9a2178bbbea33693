"""Which words and facts carried a verdict, in words a person can read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain

from jeeves.domain.verdict import Reason
from jeeves.learning.document import Reading
from jeeves.learning.frames import GATHERING, PLACED, frames_of, occasions, terms_of_sentence
from jeeves.learning.lexicon import BIT, OPENS
from jeeves.learning.lexicon import phrases as lexicon
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
    reading: Reading,
    stems: Mapping[str, str],
) -> tuple[Reason, ...]:
    """The ``REASONS`` strongest phrases and facts, strongest first.

    Args:
        text: What each word or pair of words of the mail added to the log-odds.
        meeting: The same of the stemmed words of the sentences that speak of a meeting.
        together: What each conjunction of frames and each pair of words added.
        facts: What each fact added.
        reading: The mail.
        stems: Stem of each known token that is not its own stem.
    """
    tokens = list(chain.from_iterable(one.tokens for one in reading.sentences))
    words = list(chain.from_iterable(one.words for one in reading.sentences))
    terms = _as_written(text, meeting, reading.meeting, stems) if meeting else text
    strongest = sorted(terms.items(), key=_strength)[:_CONSIDERED]
    mail = f" {' '.join(tokens)} "
    found = [
        (_in_the_mails_words(phrase, mail, tokens, words), weight)
        for phrase, weight in phrases(strongest, mail)
    ]
    found += [*occasions_told(together, reading), *facts.items()]
    # The same words may be a phrase and what stands together: one reason, unless they disagree.
    same: defaultdict[tuple[str, bool], float] = defaultdict(float)
    for phrase, weight in found:
        same[phrase, weight > 0] += weight
    told = [(phrase, weight) for (phrase, _), weight in same.items()]
    shown = sorted(told, key=_strength)[:REASONS]
    return tuple(Reason(phrase, weight) for phrase, weight in shown if weight)


def _strength(item: tuple[str, float]) -> float:
    """The strongest first, where this is sorted by."""
    return -abs(item[1])


def _as_written(
    text: Mapping[str, float],
    meeting: Mapping[str, float],
    tokens: list[str],
    stems: Mapping[str, str],
) -> dict[str, float]:
    """``text`` and ``meeting`` as one, each stem as ``tokens``, which speak of it, write it."""
    terms = dict(text)
    stemmed = [stems.get(token, token) for token in tokens]
    written = dict(zip(stemmed + bigrams(stemmed), tokens + bigrams(tokens), strict=True))
    for stem, weight in meeting.items():
        term = written.get(stem) or " ".join(written.get(one, one) for one in stem.split(" "))
        terms[term] = terms.get(term, 0.0) + weight
    return terms


def occasions_told(together: Mapping[str, float], reading: Reading) -> list[tuple[str, float]]:
    """What conjunctions and pairs added, summed by what a reader sees; the sum of weights stays.

    Those of one sentence, the first that holds them, are told by its words, ``lunch ... Thursday``;
    those of the whole mail by whether a place is named.
    """
    left = dict(together)
    whole = 0
    seen: set[int] = set()
    by_sentence: list[tuple[float, int, list[tuple[float, str]]]] = []
    for place, mask in enumerate(reading.masks):
        whole |= mask
        here: list[tuple[float, str]] = []
        if mask not in seen:
            seen.add(mask)
            here = [(left.pop(term), term) for term in terms_of_sentence(mask) if term in left]
        total = sum([weight for weight, _ in here])
        # Its words are told by what they speak of: a pair is no more than two of them.
        near = reading.paired[place] if place < reading.own else ()
        pairs = [left.pop(pair) for pair in near if pair in left]
        total += sum(pairs)
        if here or pairs:
            by_sentence.append((total, place, here))
    by_sentence.sort(key=lambda one: -abs(one[0]))
    told: list[tuple[str, float]] = []
    for total, place, here in by_sentence:
        # What is hardly ever shown is told by the beginning of its sentence: that costs nothing.
        bits = _strongest(here, total) & reading.masks[place] if len(told) < REASONS else 0
        told.append((_words_for(reading.sentences[place], bits), total))
    elsewhere: defaultdict[str, float] = defaultdict(float)
    where = "a place named" if whole & PLACED else "talk of a place"
    other = "no place named" if whole & GATHERING and not whole & PLACED else "the mail as a whole"
    for term, weight in left.items():
        elsewhere[where if occasions(term) & _WHERE else other] += weight
    return [*told, *elsewhere.items()]


def _strongest(conjunctions: list[tuple[float, str]], total: float) -> int:
    """The frames of the strongest conjunctions that point where their sum points."""
    bits = 0
    conjunctions.sort(reverse=total > 0)
    for weight, term in conjunctions[:_CONJUNCTIONS]:
        bits |= occasions(term) if weight * total > 0 else 0
    return bits


def _words_for(sentence: Sentence, bits: int) -> str:
    """The words of ``sentence`` that these frames were seen in: ``lunch ... Thursday``."""
    chosen: list[str] = []
    left = bits
    known, tokens = lexicon(), sentence.tokens
    for start, first in enumerate(tokens):
        if not left:
            break
        found, longest = left & known.ones.get(first, 0), 1
        # What the words after the first say by themselves is told when they come first.
        twos = known.twos.get((first, tokens[start + 1]), 0) if start + 1 < len(tokens) else 0
        more = left & ~found & twos
        if more and (more := more & ~frames_of(tokens[start + 1 : start + 2])):
            found, longest = found | more, 2
        if twos & OPENS and start + 2 < len(tokens):
            three = first, tokens[start + 1], tokens[start + 2]
            more = left & ~found & known.threes.get(three, 0)
            if more and (more := more & ~frames_of(three[1:])):
                found, longest = found | more, 3
        if found:
            chosen.append(" ".join(sentence.words[start : start + longest]))
            left &= ~found
    told = " ... ".join(chosen[:_WORDS_OF_A_SENTENCE]) or " ".join(sentence.words[:3])
    return told.replace(" ... ?", "?")


def _in_the_mails_words(phrase: str, mail: str, tokens: list[str], words: list[str]) -> str:
    """A phrase of tokens as the mail writes it: ``lunch xxdate ?`` as ``lunch Thursday?``."""
    wanted = phrase.split(" ")
    at = mail.find(f" {phrase} ")
    if at >= 0:
        start = mail.count(" ", 0, at)
        return " ".join(words[start : start + len(wanted)]).replace(" ?", "?")
    # Its parts stand at the ends of two sentences that speak of a meeting, with others between.
    said = [words[tokens.index(one)] if one in tokens else one for one in wanted]
    return " ... ".join(said).replace(" ... ?", "?")


def phrases(terms: Sequence[tuple[str, float]], mail: str) -> list[tuple[str, float]]:
    """``terms`` with those joined that are parts of one phrase; the sum of weights stays.

    A phrase grows from the strongest term that is left: by terms inside it and by terms that
    overlap its ends where the mail has the longer phrase. Only terms that point the same way are
    joined, so that a reason never hides that its parts speak against each other.

    Args:
        terms: Terms and their weights, strongest first.
        mail: The words of the mail in order, blanks between them and at both ends.
    """
    left = [(term, weight, term.split(" ")) for term, weight in terms]
    joined: list[tuple[str, float]] = []
    while left:
        phrase, weight, parts = left.pop(0)
        at = 0
        while at < len(left):
            term, more, ends = left[at]
            longer = None
            # Two phrases that overlap share a word at one end of the shorter.
            if more * weight > 0 and (ends[0] in parts or ends[-1] in parts):
                longer = _joined(phrase, term, mail)
            if longer is None:
                at += 1
                continue
            del left[at]
            weight += more
            if longer == phrase:
                continue
            # A term passed over before may overlap what the phrase has become.
            phrase, parts, at = longer, longer.split(" "), 0
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
