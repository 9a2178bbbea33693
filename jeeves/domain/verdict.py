"""What a model says of a message, and how that becomes a decision."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """What a person says of a message."""

    NEEDS_LOCATION = "needs_location"
    OTHER = "other"


class Band(StrEnum):
    """Where a probability falls: say so, unsure, or say nothing."""

    ALERT = "alert"
    UNSURE = "unsure"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The cuts on the probability, ``0 < unsure <= alert < 1``."""

    alert: float
    unsure: float


@dataclass(frozen=True, slots=True)
class Reason:
    """Words or a fact of the message, and what they added to the log-odds."""

    words: str
    weight: float


@dataclass(frozen=True, slots=True)
class Score:
    """A model's P(needs location); ``sum(reason.weight) + rest`` is its log-odds."""

    probability: float
    #: Strongest first (by absolute weight).
    reasons: tuple[Reason, ...]
    rest: float
    #: Version of the model.
    model: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A score, cut."""

    score: Score
    threshold: float
    band: Band

    @property
    def needs_location(self) -> bool:
        """Whether the owner should be told."""
        return self.band is Band.ALERT


def judge(score: Score, thresholds: Thresholds) -> Verdict:
    """Cut the probability of ``score`` at ``thresholds``."""
    if score.probability >= thresholds.alert:
        band = Band.ALERT
    elif score.probability >= thresholds.unsure:
        band = Band.UNSURE
    else:
        band = Band.QUIET
    return Verdict(score=score, threshold=thresholds.alert, band=band)
