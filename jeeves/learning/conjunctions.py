"""Which conjunctions of frames many mails hold, in numpy: what ``frames.terms_of`` tells of one.

A conjunction holds where all frames that it asks for stand together, so a mask of frames tells at
once which hold: for every seven frames a table says which conjunctions their presence allows, and
those that all tables allow hold. No term is written out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from jeeves.learning.frames import GATHERING
from jeeves.learning.lexicon import BIT
from jeeves.learning.table import Column

#: What a mask holds beside its frames where any of them is a gathering.
_ANY = 1 << len(BIT)
#: Bits of a mask that one table is asked about.
_STEP = 7
_IN_SENTENCE, _IN_NEIGHBOURS, _IN_MAIL = "+~&"

_Masks = NDArray[np.int64]
_Bits = NDArray[np.uint8]


class _Way:
    """The conjunctions of frames that stand together in one way, and where they hold."""

    def __init__(self, asked: Mapping[str, int]) -> None:
        """``asked``: for each term the frames that it asks for."""
        needed = np.array([*asked.values()], np.int64)
        self._allowed = [
            np.packbits((needed >> shift & ~present & (1 << _STEP) - 1) == 0, axis=1)
            for shift in range(0, _ANY.bit_length(), _STEP)
            for present in [np.arange(1 << _STEP)[:, np.newaxis]]
        ]

    def in_masks(self, masks: _Masks) -> _Bits:
        """A row for each mask: a bit for each term, set where it holds."""
        found: _Bits = self._allowed[0][masks & (1 << _STEP) - 1]
        for place, allowed in enumerate(self._allowed[1:], 1):
            found &= allowed[masks >> place * _STEP & (1 << _STEP) - 1]
        return found


class Conjunctions:
    """The sums of ``Column.contributions`` of the conjunctions that mails hold.

    Args:
        whole: The column of the conjunctions in all of a mail.
        own: The column of those in its subject and own words.
    """

    def __init__(self, whole: Column, own: Column) -> None:
        asked: dict[str, dict[str, int]] = {}
        for term in sorted(whole.index.keys() | own.index.keys()):
            with suppress(KeyError):  # It asks for what no mail holds.
                sign, frames = _asked(term)
                asked.setdefault(sign, {})[term] = frames
        self._ways = {sign: _Way(terms) for sign, terms in asked.items()}
        self._whole = {sign: _worth(whole, terms) for sign, terms in asked.items()}
        self._own = {sign: _worth(own, terms) for sign, terms in asked.items()}

    def of(
        self, masks: _Masks, mail: NDArray[np.int64], own: NDArray[np.bool_], mails: int
    ) -> NDArray[np.float64]:
        """What the conjunctions of each mail, and those of its own words, add to the log-odds.

        Args:
            masks: The frames of each sentence, mail after mail.
            mail: The number of its mail, from 0.
            own: Whether it is subject or own words; these stand first.
            mails: How many there are.
        """
        masks = np.where(masks & GATHERING, masks | _ANY, masks)
        whole = self._sums(self._whole, masks, mail, mails)
        return whole + self._sums(self._own, masks[own], mail[own], mails)

    def _sums(
        self,
        worth: Mapping[str, NDArray[np.float64]],
        masks: _Masks,
        mail: NDArray[np.int64],
        mails: int,
    ) -> NDArray[np.float64]:
        sums = np.zeros((mails, 2))
        if len(masks):
            for sign, where, found in self._holding(masks, mail):
                terms = worth[sign]
                held = np.unpackbits(found, axis=1, count=len(terms))
                sums[where] += held @ terms
        value, square = sums.T
        return value / np.sqrt(np.where(square > 0.0, square, 1.0))

    def _holding(
        self, masks: _Masks, mail: NDArray[np.int64]
    ) -> Iterator[tuple[str, NDArray[np.int64], _Bits]]:
        """For each way to stand together: mails, and a row of bits for each of them."""
        firsts = np.flatnonzero(np.diff(mail, prepend=-1))
        holders = mail[firsts]
        both = masks[:-1] | masks[1:]
        near = np.flatnonzero((mail[:-1] == mail[1:]) & (both & _ANY > 0))
        for sign, way in self._ways.items():
            if sign == _IN_SENTENCE:
                found = way.in_masks(masks)
                yield sign, holders, np.bitwise_or.reduceat(found, firsts, axis=0)
            elif sign == _IN_NEIGHBOURS:
                if len(near):
                    starts = np.flatnonzero(np.diff(mail[near], prepend=-1))
                    found = way.in_masks(both[near])
                    yield sign, mail[near][starts], np.bitwise_or.reduceat(found, starts, axis=0)
            elif sign == _IN_MAIL:
                yield sign, holders, way.in_masks(np.bitwise_or.reduceat(masks, firsts))
            else:
                place = firsts + int(sign) - 1
                there = place < np.append(firsts[1:], len(masks))
                yield sign, holders[there], way.in_masks(masks[place[there]])


def _asked(term: str) -> tuple[str, int]:
    """The sign (or the place) that says how the frames of ``term`` stand together; their mask.

    Raises:
        KeyError: there is no such frame.
    """
    place, _, name = term.rpartition(":")
    if place:
        return place, BIT[name]
    sign = next((one for one in (_IN_SENTENCE, _IN_NEIGHBOURS) if one in term), _IN_MAIL)
    return sign, sum({_ANY if name == "any" else BIT[name] for name in term.split(sign)})


def _worth(column: Column, terms: Mapping[str, int]) -> NDArray[np.float64]:
    """For each of ``terms``: what it adds, and the square of its tf-idf; 0 where it is unknown."""
    worth = np.zeros((len(terms), 2))
    for row, place in enumerate(map(column.index.get, terms)):
        if place is not None:
            idf = column.idf[place]
            worth[row] = idf * column.weights[place], idf * idf
    return worth
