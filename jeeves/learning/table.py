"""A fitted model as plain numbers: what serves, without scikit-learn, numpy or pickle."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, repeat
from operator import mul
from typing import Any

#: 1 + ln(count), by count: no text that is read has more tokens.
_SUBLINEAR = [0.0, *(1.0 + math.log(count) for count in range(1, 8_001))]


@dataclass(frozen=True, slots=True)
class Column:
    """One tf-idf column of the pipeline (sublinear tf, rows of Euclidean length 1)."""

    #: Position of each term in ``idf`` and ``weights``.
    index: Mapping[str, int]
    idf: array[float]
    #: Log-odds per unit of tf-idf.
    weights: array[float]

    @classmethod
    def of(cls, terms: Sequence[str], idf: Iterable[float], weights: Iterable[float]) -> Column:
        """The column with these terms; ValueError where the lengths differ or a term repeats."""
        column = cls(
            {term: i for i, term in enumerate(terms)}, array("d", idf), array("d", weights)
        )
        if not len(column.index) == len(terms) == len(column.idf) == len(column.weights):
            raise ValueError("terms, idf and weights are of different lengths")
        return column

    def contributions(self, terms: Iterable[str]) -> dict[str, float]:
        """What each known term of a text adds to the log-odds; unknown terms add nothing."""
        index, idf, weights = self.index, self.idf, self.weights
        tfidf: dict[str, float] = {}
        for term, count in Counter(filter(index.__contains__, terms)).items():
            value = idf[index[term]]
            tfidf[term] = value if count == 1 else (1.0 + math.log(count)) * value
        length = math.hypot(*tfidf.values()) or 1.0
        return {term: value / length * weights[index[term]] for term, value in tfidf.items()}


class Totals:
    """A column for many texts: the sums of ``Column.contributions``, in a fifth of the time.

    Words and pairs of words are looked up by number: no pair is written out as a string, and all
    that is done for each term is done inside the interpreter. Made when it is first needed, for
    that takes as long as a hundred mails.
    """

    def __init__(self, column: Column) -> None:
        # Places begin at 1: ``filter`` then leaves out what is not known.
        weighed = zip(column.idf, column.weights, strict=True)
        self._products = [0.0, *(idf * weight for idf, weight in weighed)]
        self._squares = [0.0, *(idf * idf for idf in column.idf)]
        self._numbers: dict[str, int] = {}
        self._words: dict[int, int] = {}
        self._pairs: dict[int, int] = {}
        parts = [term.partition(" ") for term in column.index]
        for word in chain.from_iterable((one, two) for one, _, two in parts if two):
            self._numbers.setdefault(word, len(self._numbers) + 1)
        for word, _, second in parts:
            if not second:
                self._numbers.setdefault(word, len(self._numbers) + 1)
        # Number 0 is an unknown word: no pair with it is known.
        self._base = len(self._numbers) + 1
        for place, (one, _, two) in enumerate(parts, 1):
            number = self._numbers[one]
            if two:
                self._pairs[number * self._base + self._numbers[two]] = place
            else:
                self._words[number] = place

    def total(self, tokens: Iterable[str]) -> float:
        """What the words of a text, and each with the one after it, add to the log-odds."""
        numbers = list(map(self._numbers.get, tokens, repeat(0)))
        base = self._base
        places = chain(
            map(self._words.get, numbers),
            map(self._pairs.get, [one * base + two for one, two in pairwise(numbers)]),
        )
        counts = Counter(filter(None, places))
        tf = list(map(_SUBLINEAR.__getitem__, counts.values()))
        value = sum(map(mul, map(self._products.__getitem__, counts), tf))
        square = sum(map(mul, map(self._squares.__getitem__, counts), map(mul, tf, tf)))
        return value / math.sqrt(square) if square > 0.0 else 0.0

    def total_once(self, terms: Iterable[str]) -> float:
        """What ``terms``, each of which stands there once, add to the log-odds."""
        numbers = map(self._numbers.get, terms, repeat(0))
        places = list(filter(None, map(self._words.get, numbers)))
        value = sum(map(self._products.__getitem__, places))
        square = sum(map(self._squares.__getitem__, places))
        return value / math.sqrt(square) if square > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class Table:
    """The whole model: log-odds = intercept + text + meeting + frames + facts."""

    intercept: float
    text: Column
    #: Terms made of stems.
    meeting: Column
    frames: Column
    facts: Mapping[str, float]
    #: Stem of each known token that is not its own stem.
    stems: Mapping[str, str]

    def dumps(self) -> bytes:
        """Gzipped JSON; equal tables give equal bytes."""
        plain = {
            "intercept": self.intercept,
            "text": _plain(self.text),
            "meeting": _plain(self.meeting),
            "frames": _plain(self.frames),
            "facts": dict(self.facts),
            "stems": dict(self.stems),
        }
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return gzip.compress(text.encode(), mtime=0)

    @classmethod
    def loads(cls, content: bytes) -> Table:
        """The table that ``dumps`` wrote.

        Raises:
            ValueError: it is no such table, or its vocabulary is empty.
        """
        try:
            plain = json.loads(gzip.decompress(content))
            table = cls(
                intercept=float(plain["intercept"]),
                text=_column(plain["text"]),
                meeting=_column(plain["meeting"]),
                frames=_column(plain["frames"]),
                facts={str(name): float(weight) for name, weight in plain["facts"].items()},
                stems={str(token): str(stem) for token, stem in plain["stems"].items()},
            )
        except (OSError, EOFError, zlib.error, KeyError, TypeError, AttributeError) as exc:
            raise ValueError(f"not a serving table ({type(exc).__name__})") from exc
        if not table.text.index:
            raise ValueError("its vocabulary is empty")
        return table


def _plain(column: Column) -> dict[str, Any]:
    return {
        "terms": list(column.index),
        "idf": column.idf.tolist(),
        "weights": column.weights.tolist(),
    }


def _column(plain: Mapping[str, Any]) -> Column:
    return Column.of(plain["terms"], plain["idf"], plain["weights"])
