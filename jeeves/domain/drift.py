"""Drift: whether the scores and the words of a week are those of the weeks before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

#: Fewer mails on either side tell nothing.
FEWEST_MAILS = 50
#: Between which probabilities mails are counted: finer where most of them are.
CUTS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
#: Population stability index: below the first as before, above the second changed (Siddiqi 2006,
#: Credit Risk Scorecards).
PSI_SOMEWHAT, PSI_CHANGED = 0.1, 0.25
#: What chance alone exceeds once in a hundred weeks: chi-square with one degree of freedom fewer
#: than there are bins (7), and a normal deviate.
CHANCE_CHI_SQUARE = 18.475
CHANCE_DEVIATE = 2.576
#: By as much the share of unknown words changes at least before it is called changed.
WORDS_FACTOR = 1.25


class Drift(StrEnum):
    """How a week compares with the weeks before it."""

    TOO_FEW = "too few to tell"
    AS_BEFORE = "as before"
    SOMEWHAT = "somewhat other than before"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Scores:
    """Mails in each bin of probability, by one version of the model."""

    now: tuple[int, ...]
    before: tuple[int, ...]
    #: Mails of the week and of the weeks before that other versions judged.
    others: tuple[int, int] = (0, 0)

    @property
    def index(self) -> float | None:
        """The population stability index; None where there are too few mails.

        A bin that is empty on one side counts as half a mail there, so that no logarithm is
        infinite.
        """
        if min(sum(self.now), sum(self.before)) < FEWEST_MAILS:
            return None
        mails_now, mails_before = sum(self.now), sum(self.before)
        pairs = [
            (max(now, 0.5) / mails_now, max(before, 0.5) / mails_before)
            for now, before in zip(self.now, self.before, strict=True)
            if now or before
        ]
        return math.fsum((p - q) * math.log(p / q) for p, q in pairs)

    @property
    def drift(self) -> Drift:
        """By the index, where it is more than chance alone would make it.

        Where nothing changed it is distributed as chi-square times ``1 / mails now + 1 / mails
        before`` (Yurdakul and Naranjo 2020, Statistical properties of the population stability
        index): of 50 mails 0.3 says nothing.
        """
        index = self.index
        if index is None:
            return Drift.TOO_FEW
        chance = CHANCE_CHI_SQUARE * (1 / sum(self.now) + 1 / sum(self.before))
        if index < max(PSI_SOMEWHAT, chance):
            return Drift.AS_BEFORE
        return Drift.CHANGED if index > PSI_CHANGED else Drift.SOMEWHAT

    def in_words(self) -> str:
        """One clause."""
        index = self.index
        if index is not None:
            return f"scores {self.drift} (PSI {index:.2f})"
        mails = sum(self.now) + self.others[0], sum(self.before) + self.others[1]
        new = min(mails) >= FEWEST_MAILS
        return f"scores {self.drift}{' (the model is new)' if new else ''}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "cuts": list(CUTS),
            "now": list(self.now),
            "before": list(self.before),
            "by_other_models": list(self.others),
            "psi": self.index,
            "drift": self.drift.value,
        }


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How many words of some mails the model does not know."""

    mails: int = 0
    words: int = 0
    unknown: int = 0
    #: Variance of the share of unknown words.
    variance: float = 0.0

    @classmethod
    def of(cls, counts: Sequence[tuple[int, int]]) -> Vocabulary:
        """Of mails, each with its unknown words and all its words.

        The variance is that of a ratio over mails (Cochran 1977, Sampling Techniques, 6.4): the
        words of one mail are unknown together, so they are not as many independent draws.
        """
        unknown, words = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0)
        variance = 0.0
        if words and len(counts) > 1:
            share, spread = unknown / words, len(counts) / (len(counts) - 1)
            variance = spread * math.fsum((u - share * n) ** 2 for u, n in counts) / words**2
        return cls(len(counts), words, unknown, variance)

    @property
    def share(self) -> float:
        """Of its words those that are unknown, 0 to 1."""
        return self.unknown / self.words if self.words else 0.0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "mails": self.mails,
            "words": self.words,
            "unknown": self.unknown,
            "share": self.share,
        }


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a sample of mails that the model does not know."""

    now: Vocabulary
    before: Vocabulary

    @property
    def drift(self) -> Drift:
        """Changed: by a quarter at least, and by more than chance alone would (1 in 100)."""
        if min(self.now.mails, self.before.mails) < FEWEST_MAILS or not self.before.words:
            return Drift.TOO_FEW
        low, high = sorted([self.now.share, self.before.share])
        chance = CHANCE_DEVIATE * math.sqrt(self.now.variance + self.before.variance)
        far = high >= WORDS_FACTOR * low and high - low > chance
        return Drift.CHANGED if far else Drift.AS_BEFORE

    def in_words(self) -> str:
        """One clause."""
        if self.drift is Drift.TOO_FEW:
            return f"words {self.drift}"
        now, before = 100 * self.now.share, 100 * self.before.share
        return f"words {self.drift} ({now:.1f} % unknown, {before:.1f} % before)"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "now": self.now.as_dict(),
            "before": self.before.as_dict(),
            "drift": self.drift.value,
        }
