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
from typing import Any


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
