"""Many mails at once with one table, in numpy: what batches are scored with.

One message is scored without numpy (``table``): loading it takes as long as a hundred messages.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from sys import intern

import numpy as np
from numpy.typing import NDArray

from jeeves.learning.conjunctions import Conjunctions
from jeeves.learning.document import MEETING, MEETING_PAIRS, Reading
from jeeves.learning.frames import GATHERING
from jeeves.learning.lexicon import OPENS, phrases
from jeeves.learning.pairs import REACH, SIGN, alike
from jeeves.learning.table import Column, Table

_Numbers = NDArray[np.int64]
_Flags = NDArray[np.bool_]
#: Of each term the number of its text, its first word, and its second word or 0.
_Terms = tuple[_Numbers, _Numbers, _Numbers]

#: 1 + ln(count), by count: no text that is read has more tokens.
_SUBLINEAR = np.array([0.0, *(1.0 + math.log(count) for count in range(1, 8_001))])


class Words:
    """Words as numbers, from 1; 0 is every word that is not known.

    A pair of words is one number too, so that none is written out as a string.
    """

    def __init__(self, words: Iterable[str]) -> None:
        # Tokens are interned too: one is then found without its letters being compared.
        self._numbers = {intern(word): number for number, word in enumerate(sorted({*words}), 1)}
        self.base = len(self._numbers) + 1

    def __getitem__(self, word: str) -> int:
        return self._numbers.get(word, 0)

    def of(self, tokens: Iterable[str], count: int) -> _Numbers:
        """The number of each of ``count`` tokens."""
        return np.fromiter(map(self._numbers.get, tokens, repeat(0)), np.int64, count=count)

    def turned(self, others: Mapping[str, str]) -> _Numbers:
        """By the number of a word that of the other that stands for it, or its own."""
        found = np.arange(self.base)
        for word, other in others.items():
            found[self[word]] = self[other]
        found[0] = 0
        return found

    def flags(self, words: Iterable[str]) -> _Flags:
        """By the number of a word whether it is one of ``words``."""
        found = np.zeros(self.base, bool)
        found[[self[word] for word in words]] = True
        found[0] = False
        return found


class Codes:
    """Where each of many numbers, none below 0, stands in a list of them, if it does."""

    #: 2**64 over the golden ratio: products with it are spread evenly (Knuth, TAOCP 6.4).
    _SPREAD = 0x9E3779B97F4A7C15 - (1 << 64)

    def __init__(self, codes: Sequence[int] | _Numbers) -> None:
        self._codes = np.append(np.asarray(codes, np.int64), -1)
        places = np.arange(len(codes))
        bits = 3 + len(codes).bit_length()
        self._shift, self._mask = 64 - bits, (1 << bits) - 1
        self._slots = np.full(1 << bits, len(codes))
        slots = self._slot(self._codes[:-1])
        self._slots[slots] = places
        # Of those that fall upon each other the last is found here, the others in their turn.
        self._others = places[self._slots[slots] != places]
        self._rest = Codes(self._codes[self._others]) if len(self._others) else None

    def _slot(self, codes: _Numbers) -> _Numbers:
        return (codes * self._SPREAD) >> self._shift & self._mask

    def find(self, codes: _Numbers) -> tuple[_Numbers, _Numbers]:
        """Which of ``codes`` are in the list, and the place of each of them there."""
        places = self._slots[self._slot(codes)]
        known = self._codes[places] == codes
        which = np.flatnonzero(known)
        if self._rest is None:
            return which, places[which]
        more, others = self._rest.find(codes)
        return np.append(which, more), np.append(places[which], self._others[others])


class Totals:
    """The sums of ``Column.contributions`` for many texts, in a fraction of the time.

    Args:
        column: Terms of one or two words.
        words: The words of all terms.
        sign: What stands between two words.
    """

    def __init__(self, column: Column, words: Words, sign: str = " ") -> None:
        parts = [term.partition(sign) for term in column.index]
        self._codes = Codes([words[one] * words.base + words[two] for one, _, two in parts])
        self._base = words.base
        self._idf = np.array(column.idf)
        self._weights = np.array(column.weights)

    def of(self, texts: int, terms: Iterable[_Terms]) -> NDArray[np.float64]:
        """What ``terms`` add to the log-odds of each of ``texts`` texts."""
        keys = [np.zeros(0, np.int64)]
        for text, one, two in terms:
            which, places = self._codes.find(one * self._base + two)
            keys.append(text[which] * len(self._idf) + places)
        key, counts = np.unique(np.concatenate(keys), return_counts=True)
        text, places = np.divmod(key, max(1, len(self._idf)))
        tfidf = _SUBLINEAR[counts] * self._idf[places]
        value = np.bincount(text, tfidf * self._weights[places], texts)
        square = np.bincount(text, tfidf * tfidf, texts)
        return value / np.sqrt(np.where(square > 0.0, square, 1.0))


@dataclass(frozen=True, slots=True)
class _Tokens:
    """The tokens of many mails, one after the other: their words, their sentences, their mails."""

    word: _Numbers
    sentence: _Numbers
    mail: _Numbers

    def where(self, kept: _Flags) -> _Tokens:
        """Those that are kept."""
        return _Tokens(self.word[kept], self.sentence[kept], self.mail[kept])

    def turned(self, others: _Numbers) -> _Tokens:
        """The same with other words in place of theirs."""
        return _Tokens(others[self.word], self.sentence, self.mail)

    def single(self) -> _Terms:
        """Each word by itself."""
        return self.mail, self.word, np.zeros_like(self.word)

    def paired(self, group: _Numbers, distance: int = 1) -> _Terms:
        """Each word with that ``distance`` after it, where both are of one ``group``."""
        first = self.before(group, distance)
        return self.mail[first], self.word[first], self.word[first + distance]

    def before(self, group: _Numbers, distance: int = 1) -> _Numbers:
        """Where the first of such two stands; the second is known."""
        together = group[distance:] == group[:-distance]
        return np.flatnonzero(together & (self.word[distance:] > 0))


class BatchScorer:
    """The log-odds of a table for many mails at once."""

    def __init__(self, table: Table) -> None:
        """Takes as long as a hundred messages."""
        known, kinds = phrases(), alike()
        self._table = table
        words = self._words = Words(
            chain(
                *(term.split(" ") for term in (*table.text.index, *table.meeting.index)),
                *(term.split(SIGN) for term in table.pairs.index),
                *(table.stems, table.stems.values(), kinds, kinds.values(), known.words, MEETING),
                *MEETING_PAIRS,
            )
        )
        self._stem = words.turned(table.stems)
        self._kind = words.turned(kinds)
        self._text = Totals(table.text, words)
        self._meeting = Totals(table.meeting, words)
        self._pairs = Totals(table.pairs, words, SIGN)
        self._conjunctions = Conjunctions(table.frames, table.own_frames)
        self._speaks = words.flags(MEETING)
        self._speak = Codes([words[one] * words.base + words[two] for one, two in MEETING_PAIRS])
        self._ones = np.zeros(words.base, np.int64)
        for token, mask in known.ones.items():
            self._ones[words[token]] = mask
        self._two = Codes([words[one] * words.base + words[two] for one, two in known.twos])
        self._twos = np.array(list(known.twos.values()), np.int64)
        places = {two: place for place, two in enumerate(known.twos)}
        self._three = Codes(
            [places[one, two] * words.base + words[three] for one, two, three in known.threes]
        )
        self._threes = np.array(list(known.threes.values()), np.int64)

    def log_odds(self, readings: Sequence[Reading]) -> NDArray[np.float64]:
        """The log-odds of each of ``readings``."""
        mails = len(readings)
        counts = [len(reading.sentences) for reading in readings]
        mail = np.repeat(np.arange(mails), counts)
        place = np.arange(len(mail)) - np.repeat(np.cumsum(counts) - counts, counts)
        own = place < np.repeat([reading.own for reading in readings], counts)
        every = [one.tokens for reading in readings for one in reading.sentences]
        sizes = list(map(len, every))
        sentence = np.repeat(np.arange(len(sizes)), sizes)
        word = self._words.of(chain.from_iterable(every), len(sentence))
        tokens = _Tokens(word, sentence, mail[sentence])
        masks, speaks = self._seen(tokens)
        written = tokens.where(own[sentence])
        spoken = tokens.where(speaks[sentence]).turned(self._stem)
        near = tokens.where((own & (masks & GATHERING > 0))[sentence]).turned(self._kind)
        total: NDArray[np.float64] = (
            self._table.intercept
            + self._text.of(mails, [written.single(), written.paired(written.mail)])
            + self._meeting.of(mails, [spoken.single(), spoken.paired(spoken.mail)])
            + self._pairs.of(mails, [near.paired(near.sentence, d + 1) for d in range(REACH)])
            + self._conjunctions.of(masks, mail, own, mails)
            + np.array([self._facts(reading) for reading in readings])
        )
        return total

    def _seen(self, tokens: _Tokens) -> tuple[_Numbers, _Flags]:
        """The frames of each sentence (``frames_of``), and whether it speaks of a meeting."""
        word, base = tokens.word, self._words.base
        masks, speaks = self._ones[word], self._speaks[word]
        first = tokens.before(tokens.sentence)
        codes = word[first] * base + word[first + 1]
        which, _ = self._speak.find(codes)
        speaks[first[which]] = True
        which, places = self._two.find(codes)
        masks[first[which]] |= self._twos[places]
        opening = np.flatnonzero(self._twos[places] & OPENS)
        first, places = first[which[opening]], places[opening]
        # The last word of all stands for what is behind the end: its sentence is over by then.
        third = np.minimum(first + 2, len(word) - 1)
        goes_on = (third > first + 1) & (tokens.sentence[first] == tokens.sentence[third])
        first, places, third = first[goes_on], places[goes_on], third[goes_on]
        which, threes = self._three.find(places * base + word[third])
        masks[first[which]] |= self._threes[threes]
        starts = np.flatnonzero(np.diff(tokens.sentence, prepend=-1))
        if not len(starts):
            return masks, speaks
        return (
            np.bitwise_or.reduceat(masks, starts) & ~OPENS,
            np.logical_or.reduceat(speaks, starts),
        )

    def _facts(self, reading: Reading) -> float:
        if not reading.events:
            return 0.0
        weights = self._table.facts
        return sum(value * weights.get(fact, 0.0) for fact, value in reading.facts.items())
