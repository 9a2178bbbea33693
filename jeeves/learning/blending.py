"""The operating curve of an owner's model: his labels, and before there are many the starter's."""

from __future__ import annotations

import numpy as np

from jeeves.domain.operating import Curve
from jeeves.learning.curve import operating_curve
from jeeves.learning.features import Floats
from jeeves.learning.training import Bools

#: The starter's curve counts as so many labelled mails of each class.
STARTER_COUNTS = 50.0


def blended_curve(starter: Curve, probabilities: Floats, labels: Bools) -> Curve:
    """What each cut is worth by the starter's curve and by the owner's labels together.

    Which mails an owner labels says nothing of how many of them need a place: what share does is
    kept as the starter's curve has it, and the labels tell of each class for itself (case-control
    sampling).

    Args:
        starter: Of the starter.
        probabilities: Of mails that the model was not fitted on; shape (n,).
        labels: Whether each needs a location.
    """
    p, is_positive, mass = _as_mails(starter)
    p = np.concatenate([p, probabilities])
    y = np.concatenate([is_positive, labels])
    mass = np.concatenate([mass * STARTER_COUNTS, np.ones(len(labels))])
    share = {True: starter.prevalence, False: 1.0 - starter.prevalence}
    weights = np.zeros(len(p))
    for of_class, part in share.items():
        kept = y == of_class
        weights[kept] = part * mass[kept] / mass[kept].sum()
    return operating_curve(p, y, weights)


def _as_mails(curve: Curve) -> tuple[Floats, Bools, Floats]:
    """Probabilities, classes and masses that have this curve; each class has the mass 1."""
    cuts = np.array([1.0, *(point.threshold for point in curve.points), 0.0])
    middle = (cuts[:-1] + cuts[1:]) / 2
    recall = np.array([0.0, *(point.recall for point in curve.points), 1.0])
    needless = np.array([0.0, *(point.needless_rate for point in curve.points)])
    negatives = np.append(needless, max(1.0 - curve.prevalence, needless[-1]))
    caught, wrong = np.diff(recall), np.diff(negatives)
    wrong = np.maximum(wrong, 0.0) / max(negatives[-1], 1e-12)
    masses = np.concatenate([np.maximum(caught, 0.0), wrong])
    classes = np.repeat([True, False], len(middle))
    kept = masses > 0
    return np.tile(middle, 2)[kept], classes[kept], masses[kept]
