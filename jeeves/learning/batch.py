"""Many texts at once with a column of a table: what batches are scored with, in numpy.

One message is scored without numpy (``table``): loading it takes as long as a hundred messages.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, repeat
from sys import intern

import numpy as np
from numpy.typing import NDArray

from jeeves.learning.table import Column

#: 1 + ln(count), by count: no text that is read has more tokens.
_SUBLINEAR = np.array([0.0, *(1.0 + math.log(count) for count in range(1, 8_001))])


class Totals:
    """The sums of ``Column.contributions`` for many texts, in a quarter of the time.

    Words are numbers here, from 1, and a pair of words is one number too: no pair is written out
    as a string. Made when it is first needed, for that takes as long as a hundred messages.

    Args:
        column: Terms of one or two words.
        stems: What is looked up in place of a word.
    """

    def __init__(self, column: Column, stems: Mapping[str, str] | None = None) -> None:
        parts = [term.partition(" ") for term in column.index]
        words = {word for one, _, two in parts for word in (one, two) if word}
        own = {word: number for number, word in enumerate(sorted(words), 1)}
        stemmed = {token: own.get(stem, 0) for token, stem in (stems or {}).items()}
        # Tokens are interned too: one is then found without its letters being compared.
        self._numbers = {intern(word): number for word, number in (own | stemmed).items()}
        self._base = len(own) + 1
        found = sorted(
            (own[one] * self._base + own[two] if two else own[one], idf, weight)
            for (one, _, two), idf, weight in zip(parts, column.idf, column.weights, strict=True)
        )
        # The last is no term: what is looked for stands before it, whatever it is.
        codes, idfs, weights = zip(*found, (self._base**2, 0.0, 0.0), strict=True)
        self._codes = np.array(codes, np.int64)
        self._idf = np.array(idfs)
        self._weights = np.array(weights)

    def of(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """What the words of each text, and each with the one after it, add to the log-odds.

        Args:
            texts: The tokens of each.
        """
        text, number = self._looked_up(texts)
        known = number > 0
        together = (text[1:] == text[:-1]) & known[1:] & known[:-1]
        pairs = (number[:-1] * self._base + number[1:])[together]
        # Text and term in one number: sorted once, equal ones stand together.
        step = self._base * self._base
        keys = np.concatenate(
            (text[known] * step + number[known], text[1:][together] * step + pairs)
        )
        keys, counts = np.unique(keys, return_counts=True)
        text, codes = np.divmod(keys, step)
        places = np.searchsorted(self._codes, codes)
        tf = np.where(self._codes[places] == codes, _SUBLINEAR[counts], 0.0)
        return self._sums(text, places, tf, len(texts))

    def of_sets(self, texts: Sequence[set[str]]) -> NDArray[np.float64]:
        """The same of texts that are sets of words."""
        text, number = self._looked_up(texts)
        places = np.searchsorted(self._codes, number)
        tf = np.where(self._codes[places] == number, 1.0, 0.0)
        return self._sums(text, places, tf, len(texts))

    def _looked_up(
        self, texts: Sequence[Sequence[str] | set[str]]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The text and the number of every token; number 0 is a token that is not known."""
        sizes = [len(one) for one in texts]
        tokens: Iterable[str] = chain.from_iterable(texts)
        numbers = np.fromiter(map(self._numbers.get, tokens, repeat(0)), np.int64, count=sum(sizes))
        return np.repeat(np.arange(len(sizes)), sizes), numbers

    def _sums(
        self,
        text: NDArray[np.int64],
        places: NDArray[np.int64],
        tf: NDArray[np.float64],
        texts: int,
    ) -> NDArray[np.float64]:
        tfidf = tf * self._idf[places]
        value = np.bincount(text, tfidf * self._weights[places], texts)
        square = np.bincount(text, tfidf * tfidf, texts)
        return value / np.sqrt(np.where(square > 0.0, square, 1.0))
