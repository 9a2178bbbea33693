"""Whether a candidate may serve: beside the current model, on mail that neither was fitted on.

Held out are mails of which the owner has said something since the current model was made: those
in the newer half of all labelled mail, by when they were received. In STEPS steps each part of
them is judged by a model of the candidate's recipe that was fitted on earlier mail alone, without
the conversations of the part: no model has seen the future of what it judges (forward chaining).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from jeeves.learning.features import Floats
from jeeves.learning.lesson import Lesson
from jeeves.learning.personal import looseness, move
from jeeves.learning.resampling import MEASURES, Estimate, resampled
from jeeves.learning.training import Bools, expit

STEPS = 5
#: Shares of the resamples in which a candidate may be worse: tried on owners that the starter had
#: not seen, with right, half wrong and meaningless labels (`scripts/bench/learn`).
MAY_BE_WORSE = {"average precision": 0.5, "Brier score": 0.9}
RULE = (
    "refused if its average precision is lower than the current model's in more than half of the "
    "resamples of the held-out conversations, or its Brier score higher in more than 9 of 10"
)


@dataclass(frozen=True, slots=True)
class Gate:
    """A candidate beside the current model on the mails held out."""

    passed: bool
    #: One sentence.
    why: str
    messages: int
    positives: int
    #: By name of the measure, of each and of the candidate minus the current.
    candidate: Mapping[str, Estimate]
    current: Mapping[str, Estimate]
    difference: Mapping[str, Estimate]
    #: Share of the resamples in which the candidate is worse, by measure.
    worse: Mapping[str, float]
    rule: str = RULE

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def judged(lesson: Lesson, known_up_to: int) -> Gate:
    """Whether the model that ``lesson`` makes may take the place of the current one.

    Args:
        lesson: All that the owner has said.
        known_up_to: The number of the last word that the current model was fitted on.
    """
    predicted, held_out = chained(lesson, lesson.words > known_up_to)
    labels = lesson.labels[held_out]
    if not held_out.any() or not labels.any() or labels.all():
        return Gate(
            False,
            _nothing_to_hold_to(labels),
            int(held_out.sum()),
            int(labels.sum()),
            *({}, {}, {}, {}),
        )
    groups = lesson.groups[held_out]
    once = np.ones(len(labels))
    found, before = (
        resampled(expit(log_odds[held_out]), labels, once, groups)
        for log_odds in (predicted, lesson.current)
    )
    difference = found - before
    worse = {
        "average precision": float((difference[1:, 0] < 0).mean()),
        "Brier score": float((difference[1:, -1] > 0).mean()),
    }
    passed = all(worse[name] <= most for name, most in MAY_BE_WORSE.items())
    return Gate(
        passed,
        _why(worse, found, before, passed),
        len(labels),
        int(labels.sum()),
        _estimates(found),
        _estimates(before),
        _estimates(difference),
        worse,
    )


def chained(lesson: Lesson, eligible: Bools) -> tuple[Floats, Bools]:
    """What models fitted on earlier mail say of each mail, and which mails were so held out.

    Args:
        lesson: Mails in the order in which they were received.
        eligible: Which may be held out; the others are only fitted on.
    """
    # A conversation stands where its first mail stands.
    numbers = np.unique(lesson.groups[eligible])
    newer = numbers[numbers >= (lesson.groups.max() + 1) // 2]
    # Where new words are mostly of old mail, the newer half of that.
    numbers = newer if 2 * len(newer) >= len(numbers) else numbers[len(numbers) // 2 :]
    order = np.arange(len(lesson.labels))
    predicted = lesson.starter.copy()
    held_out = np.zeros(len(lesson.labels), np.bool_)
    for part in np.array_split(numbers, STEPS):
        if not len(part):
            continue
        here = np.isin(lesson.groups, part)
        # Not later mail of an earlier conversation either.
        earlier = order < order[here][0]
        if looseness(lesson.labels[earlier]) == 0.0:
            continue
        chosen = here & eligible
        moved = move(lesson.columns[earlier], lesson.starter[earlier], lesson.labels[earlier])
        predicted[chosen] = moved.log_odds(lesson.columns[chosen], lesson.starter[chosen])
        held_out |= chosen
    return predicted, held_out


def _nothing_to_hold_to(labels: Bools) -> str:
    if not len(labels):
        return (
            "Too few mails were labelled since the current model was made to hold the new one to: "
            "label some more."
        )
    missing = "need a place" if not labels.any() else "need none"
    return (
        f"Of the {len(labels)} mails labelled since the current model was made on which the new "
        f"one can be tried, you said of none that they {missing}: label some of those."
    )


def _estimates(rows: Floats) -> dict[str, Estimate]:
    return {name: Estimate.of(rows[:, i]) for i, name in enumerate(MEASURES)}


def _why(worse: Mapping[str, float], found: Floats, before: Floats, passed: bool) -> str:
    brier = f"Brier score {found[0, -1]:.4f} against {before[0, -1]:.4f}"
    ranking = f"average precision {found[0, 0]:.3f} against {before[0, 0]:.3f}"
    odds = ", ".join(f"{name} worse in {share:.0%}" for name, share in worse.items())
    verdict = "Not worse" if passed else "Worse"
    return f"{verdict} than the current model: {ranking}, {brier} ({odds} of the resamples)."
