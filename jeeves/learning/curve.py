"""The operating curve: what every cut on out-of-fold probabilities would be worth, thinned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jeeves.domain.operating import Curve, OperatingPoint

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: At most so many cuts are kept.
POINTS = 100


def operating_curve(probabilities: Floats, labels: Bools, weights: Floats) -> Curve:
    """The cuts worth choosing from, at most POINTS.

    Kept are the corners of the upper convex hull of recall over needless texts, for each ratio
    of costs is least at one of them (Provost and Fawcett 2001), and between them cuts at even
    steps of recall and of the share that alerts.

    Args:
        probabilities: Calibrated, of messages that the model was not fitted on; shape (n,).
        labels: Whether each needs a location; at least one of weight above 0 does.
        weights: As how many mails of a mailbox each message counts; those of 0 are left out.
    """
    order = np.argsort(-probabilities, kind="stable")
    order = order[weights[order] > 0]
    p, y, w = probabilities[order], labels[order], weights[order]
    caught, needless = np.cumsum(w * y), np.cumsum(w * ~y)
    # A cut can only fall between different probabilities, and cuts no mail apart from the
    # first one that needs a place.
    ends = np.append(np.flatnonzero(np.diff(p)), len(p) - 1)
    ends = ends[caught[ends] > 0]
    total = float(caught[-1] + needless[-1])
    alerts = (caught + needless)[ends]
    recall, rate = caught[ends] / caught[-1], alerts / total
    # Of cuts that are one cut after rounding into (0, 1), the last stands.
    points = {
        (cut := _below(p, int(ends[i]))): OperatingPoint(
            threshold=cut,
            recall=float(min(recall[i], 1.0)),
            precision=float(caught[ends[i]] / alerts[i]),
            alert_rate=float(min(rate[i], 1.0)),
        )
        for i in _worth_keeping(recall, needless[ends], rate)
    }
    return Curve(prevalence=float(caught[-1]) / total, points=tuple(points.values()))


def _worth_keeping(recall: Floats, needless: Floats, rate: Floats) -> list[int]:
    """Positions of the cuts to keep, ascending."""
    if len(recall) <= POINTS:
        return list(range(len(recall)))
    kept = {*_hull(needless, recall), 0, len(recall) - 1}
    left = max(POINTS - len(kept), 0)
    steps = np.linspace(0, 1, left // 2 + 2)[1:-1]
    kept.update(map(int, np.searchsorted(recall, steps, side="left")))
    kept.update(map(int, np.searchsorted(rate, steps**2, side="left")))
    chosen = sorted(kept)
    if len(chosen) > POINTS:
        chosen = [chosen[i] for i in np.linspace(0, len(chosen) - 1, POINTS).astype(int)]
    return chosen


def _hull(x: Floats, y: Floats) -> list[int]:
    """Positions of the corners of the upper convex hull of points sorted by ``x``, then ``y``."""
    corners: list[int] = []
    for i in range(len(x)):
        while len(corners) >= 2:
            a, b = corners[-2], corners[-1]
            if (x[b] - x[a]) * (y[i] - y[a]) < (y[b] - y[a]) * (x[i] - x[a]):
                break
            corners.pop()
        if len(corners) == 1 and x[corners[0]] == x[i]:
            corners.pop()
        corners.append(i)
    return corners


def _below(p: Floats, i: int) -> float:
    """A cut that lets through ``p[i]`` and nothing after it, inside (0, 1)."""
    following = p[i + 1] if i + 1 < len(p) else p[i] / 2
    middle = (p[i] + following) / 2
    # Between neighbouring floats there is no middle.
    return float(np.clip(middle if middle > following else p[i], 1e-6, 1 - 1e-6))
