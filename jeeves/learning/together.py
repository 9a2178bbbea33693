"""What the conjunctions of one mail add: those of all of it and those of its own words at once."""

from __future__ import annotations

import math
from itertools import repeat
from operator import add, mul, truediv

from jeeves.learning.table import Column


class Together:
    """The two columns of conjunctions of a table.

    It gives the sums of ``Column.contributions`` in a third of the time: a conjunction is held or
    not, so nothing is counted, and both columns are looked up at once.
    """

    def __init__(self, whole: Column, own: Column) -> None:
        #: Of each term, in the one column and in the other: its tf-idf, and that times its weight.
        self._known = dict.fromkeys([*whole.index, *own.index], (0.0, 0.0, 0.0, 0.0))
        for term, tfidf, worth in _worth(whole):
            self._known[term] = tfidf, worth, 0.0, 0.0
        for term, tfidf, worth in _worth(own):
            self._known[term] = *self._known[term][:2], tfidf, worth

    def contributions(self, whole: set[str], own: set[str]) -> dict[str, float]:
        """What each known conjunction adds to the log-odds.

        Args:
            whole: The conjunctions in all of the mail.
            own: Those in its subject and own words; all of them are in ``whole`` too.
        """
        held = whole & self._known.keys()
        tfidf, worth, own_tfidf, own_worth = self._columns(held)
        added = map(truediv, worth, repeat(math.hypot(*tfidf) or 1.0))
        if own is whole:
            more = map(truediv, own_worth, repeat(math.hypot(*own_tfidf) or 1.0))
            return dict(zip(held, map(add, added, more), strict=True))
        found = dict(zip(held, added, strict=True))
        written = own & held
        *_, own_tfidf, own_worth = self._columns(written)
        length = math.hypot(*own_tfidf) or 1.0
        for term, value in zip(written, own_worth, strict=True):
            found[term] += value / length
        return found

    def _columns(self, terms: set[str]) -> tuple[tuple[float, ...], ...]:
        columns = tuple(zip(*map(self._known.__getitem__, terms), strict=True))
        return columns or ((), (), (), ())


def _worth(column: Column) -> zip[tuple[str, float, float]]:
    worth = map(mul, column.idf, column.weights)
    return zip(column.index, column.idf, worth, strict=True)
