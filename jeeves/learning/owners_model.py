"""The owner's model, from what he has said to files: moved, measured, held to the gate, saved."""

from __future__ import annotations

import hashlib
import io
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.model_selection import GroupKFold

from jeeves.domain.labelling import LastWord
from jeeves.domain.operating import Costs, Curve
from jeeves.domain.verdict import Label
from jeeves.errors import TooFewLabels
from jeeves.learning import registry
from jeeves.learning.blending import blended_curve
from jeeves.learning.evaluation import Figures, figures
from jeeves.learning.features import Fitted, Floats
from jeeves.learning.gate import Gate, judged
from jeeves.learning.lesson import Lesson
from jeeves.learning.origin import OwnersKey
from jeeves.learning.personal import Moved, move
from jeeves.learning.shelf_list import KIND
from jeeves.learning.training import FOLDS, Bools, expit

#: Fewer labels, or fewer of one class, cannot be held out and learned from.
LEAST_LABELS = 10
LEAST_OF_A_CLASS = 3


@dataclass(frozen=True, slots=True)
class OwnersModel:
    """A candidate: the starter moved by all that the owner has said."""

    fitted: Fitted
    #: Version of the starter that it was moved from.
    starter: str
    #: What the labels changed in its weights.
    moved: Moved
    lesson: Lesson
    #: P(needs location) of each mail by models that were not fitted on its conversation, and by
    #: the starter; shape (n,).
    probabilities: Floats
    starters: Floats
    curve: Curve
    costs: Costs
    gate: Gate

    @property
    def measured(self) -> tuple[Figures, Figures]:
        """The figures of the candidate, out of fold, and of the starter on the owner's labels."""
        cuts = self.curve.choose(self.costs)
        once = np.ones(len(self.lesson.labels))
        mine, starters = (
            figures(p, self.lesson.labels, once, cuts) for p in (self.probabilities, self.starters)
        )
        return mine, starters

    def facts(self) -> dict[str, Any]:
        """What the manifest says of it, but for the gate."""
        cuts = self.curve.choose(self.costs)
        labels = self.lesson.labels
        mine, starters = self.measured
        return {
            "kind": KIND,
            "thresholds": asdict(cuts),
            "costs": asdict(self.costs),
            "expected": asdict(self.curve.at(cuts.alert)),
            "curve": {
                "measured_on": "the owner's labels out of fold, and the starter's curve as so many "
                "labels more",
                **self.curve.as_dict(),
            },
            "training": {
                "starter": self.starter,
                "messages": len(labels),
                "labels": {
                    Label.NEEDS_LOCATION.value: int(labels.sum()),
                    Label.OTHER.value: int((~labels).sum()),
                },
                "conversations": len(np.unique(self.lesson.groups)),
                "digest": digest(self.lesson),
            },
            "report": {
                "method": "the owner's labels out of fold, grouped by conversation",
                "all": mine.as_dict(),
                "starter": starters.as_dict(),
            },
        }

    def save(
        self,
        folder: Path,
        now: datetime,
        key: OwnersKey,
        last_word: LastWord,
        why: str,
        passed: bool,
    ) -> str:
        """Write it into ``folder`` as a new version and return its name; not current yet.

        Args:
            folder: The owner's models.
            now: Aware.
            key: What seals it.
            last_word: The last word there was when the labels were read.
            why: Why it is to be current, or is not; one sentence.
            passed: Whether it is to be current.

        Raises:
            ModelError: it cannot be written.
        """
        stored = io.BytesIO()
        joblib.dump(self.fitted.pipeline, stored, compress=("zlib", 1))
        facts = self.facts()
        at = last_word.at.isoformat()
        facts["training"]["last_word"] = {"number": last_word.number, "at": at}
        facts["gate"] = {**self.gate.as_dict(), "promoted": passed, "why": why}
        table = self.fitted.table().dumps()
        return registry.save(folder, table, stored.getvalue(), facts, now, key)


def make(
    lesson: Lesson,
    starter: Fitted,
    starter_version: str,
    starter_curve: Curve,
    costs: Costs,
    known_up_to: int,
) -> OwnersModel:
    """A candidate from all that the owner has said, beside the model that serves.

    Args:
        lesson: Labelled mail; read with the same starter.
        starter: The starter's pipeline; it becomes the candidate's.
        starter_version: Its version.
        starter_curve: Its operating curve.
        costs: What the thresholds shall be chosen for.
        known_up_to: The number of the last word that the current model was fitted on; 0 for the
            starter.

    Raises:
        TooFewLabels: the sentence says what is missing.
    """
    check_lesson(lesson.labels, lesson.groups)
    predicted = out_of_fold(lesson)
    probabilities = expit(predicted)
    held = judged(lesson, known_up_to)
    moved = move(lesson.columns, lesson.starter, lesson.labels)
    return OwnersModel(
        fitted=moved.applied_to(starter),
        starter=starter_version,
        moved=moved,
        lesson=lesson,
        probabilities=probabilities,
        starters=expit(lesson.starter),
        curve=blended_curve(starter_curve, probabilities, lesson.labels),
        costs=costs,
        gate=held,
    )


def out_of_fold(lesson: Lesson) -> Floats:
    """Log-odds of each mail by models that were not fitted on its conversation, shape (n,)."""
    found = lesson.starter.copy()
    folds = GroupKFold(min(FOLDS, len(np.unique(lesson.groups))))
    for fitted_on, held_out in folds.split(lesson.labels, lesson.labels, lesson.groups):
        moved = move(lesson.columns[fitted_on], lesson.starter[fitted_on], lesson.labels[fitted_on])
        found[held_out] = moved.log_odds(lesson.columns[held_out], lesson.starter[held_out])
    return found


def check_lesson(labels: Bools, groups: Any) -> None:
    """Raise TooFewLabels, with what is missing, where nothing can be learned from these."""
    count, yes = len(labels), int(labels.sum())
    if count < LEAST_LABELS:
        raise TooFewLabels(
            f"Only {count} of your mails {'is' if count == 1 else 'are'} labelled, and "
            f"{LEAST_LABELS} are needed: `jeeves ask` shows which would teach most."
        )
    for of_class, name in ((labels, "needing a place"), (~labels, "needing none")):
        number = int(of_class.sum())
        if number < LEAST_OF_A_CLASS or len(np.unique(groups[of_class])) < 2:
            raise TooFewLabels(
                f"Of {count} labelled mails ({yes} needing a place) {number} "
                f"{'is' if number == 1 else 'are'} labelled as {name}; {LEAST_OF_A_CLASS} in at "
                "least two conversations are needed: `jeeves ask` shows which would teach most."
            )


def digest(lesson: Lesson) -> str:
    """SHA-256 over id and label of each mail, in order of id: equal for equal labels."""
    order = np.argsort(lesson.ids, kind="stable")
    pairs = zip(lesson.ids[order].tolist(), lesson.labels[order].tolist(), strict=True)
    text = "".join(f"{message_id}\t{int(label)}\n" for message_id, label in pairs)
    return hashlib.sha256(text.encode()).hexdigest()
