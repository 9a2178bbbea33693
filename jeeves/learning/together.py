"""What the conjunctions of one mail add: those of all of it and those of its own words at once."""

from __future__ import annotations

import math
from collections.abc import Mapping

from jeeves.learning.table import Column


class Together:
    """The two columns of conjunctions of a table.

    It gives the sums of ``Column.contributions`` in a third of the time: a conjunction is held or
    not, so nothing is counted, and those of own words are among those of the whole.
    """

    def __init__(self, whole: Column, own: Column) -> None:
        self._whole, self._own = _Worth(whole), _Worth(own)

    def contributions(self, whole: set[str], own: set[str]) -> dict[str, float]:
        """What each known conjunction adds to the log-odds.

        Args:
            whole: The conjunctions in all of the mail.
            own: Those in its subject and own words; all of them are in ``whole`` too.
        """
        held, worth, length = self._whole.held(whole)
        added = {term: worth[term] / length for term in held}
        held, worth, length = self._own.held(own)
        for term in held:
            added[term] = added.get(term, 0.0) + worth[term] / length
        return added


class _Worth:
    """Of each term of a column its tf-idf, where it is held, and that times its weight."""

    def __init__(self, column: Column) -> None:
        self._tfidf = dict(zip(column.index, column.idf, strict=True))
        worth = map(float.__mul__, column.idf, column.weights)
        self._worth = dict(zip(column.index, worth, strict=True))

    def held(self, terms: set[str]) -> tuple[set[str], Mapping[str, float], float]:
        """Which of ``terms`` are known, what each is worth, and the length of all of them."""
        known = terms & self._tfidf.keys()
        return known, self._worth, math.hypot(*map(self._tfidf.__getitem__, known)) or 1.0
