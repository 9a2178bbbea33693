"""What a model is worth at each cut, which cuts the owner's costs ask for, and that in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from jeeves.domain.verdict import Thresholds

#: A recall is known to the nearest percent at best: a few hundred labelled mails do not tell 0.897
#: from 0.9, and to insist would cost many needless texts.
RECALL_MARGIN = 0.005
#: Share of the mails that need a place which ``Thresholds.unsure`` lets through.
UNSURE_RECALL = 0.97
#: ... unless that were more than this share of all mail, which nobody would look through.
UNSURE_SHARE = 0.2
DAYS_A_MONTH = 30


@dataclass(frozen=True, slots=True)
class Costs:
    """What errors cost, in any unit, and how many misses are too many at any price."""

    #: Of a mail that needs a place and was not told.
    miss: float = 10.0
    #: Of a needless text.
    false_alarm: float = 1.0
    #: Share of the mails that need a place which must be told, 0 to 1.
    recall_floor: float = 0.9


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What to expect where everything from ``threshold`` on is told; all shares are 0 to 1."""

    threshold: float
    #: Share of the mails that need a place.
    recall: float
    #: Share of the alerts that are right.
    precision: float
    #: Share of all mail.
    alert_rate: float

    @property
    def needless_rate(self) -> float:
        """Needless texts for each mail."""
        return self.alert_rate * (1 - self.precision)


@dataclass(frozen=True, slots=True)
class Curve:
    """The cuts there are to choose from, highest threshold first, so recall rises."""

    #: Share of all mail that needs a place, above 0.
    prevalence: float
    points: tuple[OperatingPoint, ...]

    def __post_init__(self) -> None:
        """Raises ValueError where nothing could be chosen from it."""
        cuts = [point.threshold for point in self.points]
        if not cuts or not 0 < cuts[-1] <= cuts[0] < 1 or cuts != sorted(set(cuts), reverse=True):
            raise ValueError("the operating curve has no falling thresholds between 0 and 1")

    def cost(self, point: OperatingPoint, costs: Costs) -> float:
        """The expected cost of one mail."""
        missed = self.prevalence * (1 - point.recall)
        return costs.miss * missed + costs.false_alarm * point.needless_rate

    def choose(self, costs: Costs) -> Thresholds:
        """The cheapest alert cut whose recall is at least the floor, and the unsure cut below it.

        Of cuts that cost the same the one with the fewest texts. ``unsure`` is the highest cut
        that keeps UNSURE_RECALL, or the lowest that lets through UNSURE_SHARE of all mail if that
        is higher; never above ``alert``. Where no cut reaches the floor, the lowest one alerts.
        """
        kept = [p for p in self.points if p.recall >= costs.recall_floor - RECALL_MARGIN]
        alert = min(kept or self.points[-1:], key=lambda p: (self.cost(p, costs), -p.threshold))
        wide = next((p for p in self.points if p.recall >= UNSURE_RECALL - 1e-9), self.points[-1])
        bounded = [p for p in self.points if p.alert_rate <= UNSURE_SHARE] or self.points[:1]
        unsure = max(wide.threshold, bounded[-1].threshold)
        return Thresholds(alert=alert.threshold, unsure=min(alert.threshold, unsure))

    def at(self, threshold: float) -> OperatingPoint:
        """What to expect at a cut: the figures of the lowest known one that is not below it."""
        above = [p for p in self.points if p.threshold >= threshold - 1e-12]
        return (above or self.points[:1])[-1]

    def as_dict(self) -> dict[str, Any]:
        """For JSON; each point a row of threshold, recall, precision and alert rate."""
        rows = [[p.threshold, p.recall, p.precision, p.alert_rate] for p in self.points]
        return {
            "prevalence": self.prevalence,
            "columns": ["threshold", "recall", "precision", "alert_rate"],
            "points": rows,
        }

    @classmethod
    def from_dict(cls, plain: Any) -> Self:
        """What ``as_dict`` wrote.

        Raises:
            ValueError: it is no such thing.
        """
        try:
            points = tuple(OperatingPoint(*map(float, row)) for row in plain["points"])
            return cls(float(plain["prevalence"]), points)
        except (KeyError, TypeError) as exc:
            raise ValueError("the operating curve cannot be read") from exc


def in_words(point: OperatingPoint, mails_a_day: float | None, place: str = "") -> str:
    """What an owner may expect, as one clause.

    Args:
        point: What the model is worth at the alert threshold.
        mails_a_day: Mails from other people; None where that is not known.
        place: Said before the volume, such as "at your volume".
    """
    caught = f"catches {_of_ten(point.recall)} mails that need a place"
    if mails_a_day is None:
        return f"{caught}, {_needless(1000 * point.needless_rate)} for every 1,000 mails"
    month = _needless(DAYS_A_MONTH * mails_a_day * point.needless_rate)
    volume = _volume(mails_a_day)
    return f"{caught}, {month} a month " + (f"{place} ({volume})" if place else f"at {volume}")


def mails_a_day(count: int, days: float) -> float | None:
    """The volume of a mailbox from ``count`` mails in the last ``days``; None where unknown."""
    return count / max(days, 1.0) if count else None


def _of_ten(share: float) -> str:
    if share >= 0.985:
        return "nearly all"
    if share >= 0.925:
        return "about 19 of 20"
    tenths = round(10 * share)
    return f"about {tenths} of 10" if tenths else "hardly any"


def _needless(texts: float) -> str:
    if texts < 0.5:
        return "hardly a needless text"
    return "about 1 needless text" if texts < 1.5 else f"about {_number(texts)} needless texts"


def _volume(mails: float) -> str:
    if mails < 0.5:
        return "less than 1 mail a day"
    return "1 mail a day" if mails < 1.5 else f"{_number(mails)} mails a day"


def _number(value: float) -> str:
    """To two digits: 7, 48, 130, 2,400."""
    step = 10 ** max(len(str(round(value))) - 2, 0)
    return f"{round(value / step) * step:,}"
