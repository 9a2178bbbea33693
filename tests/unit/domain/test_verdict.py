"""Bands."""

from __future__ import annotations

import pytest

from jeeves.domain.verdict import Band, Score, Thresholds, judge


@pytest.mark.parametrize(
    ("probability", "band"),
    [
        (0.0, Band.QUIET),
        (0.19, Band.QUIET),
        (0.2, Band.UNSURE),
        (0.4, Band.ALERT),
        (1.0, Band.ALERT),
    ],
)
def test_the_probability_falls_into_its_band(probability: float, band: Band) -> None:
    verdict = judge(Score(probability, (), 0.0, "m"), Thresholds(alert=0.4, unsure=0.2))
    assert verdict.band is band
    assert verdict.needs_location is (band is Band.ALERT)
    assert verdict.threshold == 0.4
