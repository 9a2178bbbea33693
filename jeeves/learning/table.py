"""A fitted model as plain numbers: what serves, without scikit-learn, numpy or pickle."""

from __future__ import annotations

import base64
import gzip
import json
import math
import sys
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


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
            dict(zip(terms, range(len(terms)), strict=True)), _doubles(idf), _doubles(weights)
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
    """The whole model: log-odds = intercept + what each column adds + facts."""

    intercept: float
    text: Column
    #: Terms made of stems.
    meeting: Column
    frames: Column
    own_frames: Column
    pairs: Column
    facts: Mapping[str, float]
    #: Stem of each known token that is not its own stem.
    stems: Mapping[str, str]

    def dumps(self) -> bytes:
        """Gzipped JSON; equal tables give equal bytes. ValueError where a number is not finite.

        Terms are one string, a line each, and numbers are little-endian doubles in base64: as
        lists in JSON they would take most of the time of a start.
        """
        plain = {
            "intercept": self.intercept,
            "text": _plain(self.text),
            "meeting": _plain(self.meeting),
            "frames": _plain(self.frames),
            "own_frames": _plain(self.own_frames),
            "pairs": _plain(self.pairs),
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
                own_frames=_column(plain["own_frames"]),
                pairs=_column(plain["pairs"]),
                facts={str(name): float(weight) for name, weight in plain["facts"].items()},
                stems={str(token): str(stem) for token, stem in plain["stems"].items()},
            )
        except (OSError, EOFError, zlib.error, KeyError, TypeError, AttributeError) as exc:
            raise ValueError(f"not a serving table ({type(exc).__name__})") from exc
        if not table.text.index:
            raise ValueError("its vocabulary is empty")
        return table


def _doubles(numbers: Iterable[float]) -> array[float]:
    # To copy an array takes a tenth of the time in which a table is read.
    return numbers if isinstance(numbers, array) else array("d", numbers)


def _plain(column: Column) -> dict[str, str]:
    return {
        "terms": "\n".join(column.index),
        "idf": _in_base64(column.idf),
        "weights": _in_base64(column.weights),
    }


def _column(plain: Mapping[str, str]) -> Column:
    terms = plain["terms"].split("\n") if plain["terms"] else []
    return Column.of(terms, _of_base64(plain["idf"]), _of_base64(plain["weights"]))


def _in_base64(numbers: array[float]) -> str:
    if not all(map(math.isfinite, numbers)):
        raise ValueError("a number of the table is not finite")
    return base64.b64encode(_little_endian(numbers).tobytes()).decode()


def _of_base64(text: str) -> array[float]:
    return _little_endian(array("d", base64.b64decode(text, validate=True)))


def _little_endian(numbers: array[float]) -> array[float]:
    """From the order of this machine, or to it; itself where that is the same."""
    if sys.byteorder == "little":
        return numbers
    turned = array("d", numbers)
    turned.byteswap()
    return turned
