"""Costs to cuts, and cuts to words."""

from __future__ import annotations

import json

import pytest

from jeeves.domain.operating import Costs, Curve, OperatingPoint, in_words, mails_a_day
from jeeves.domain.verdict import Thresholds

#: Of 1,000 mails 50 need a place.
CURVE = Curve(
    0.05,
    (
        OperatingPoint(0.9, 0.2, 1.0, 0.01),
        OperatingPoint(0.5, 0.6, 0.75, 0.04),
        OperatingPoint(0.3, 0.8, 0.5, 0.08),
        OperatingPoint(0.1, 0.9, 0.3, 0.15),
        OperatingPoint(0.05, 0.98, 0.245, 0.2),
        OperatingPoint(0.01, 1.0, 0.05, 1.0),
    ),
)


def test_the_expected_cost_is_as_by_hand() -> None:
    point = CURVE.points[2]
    # for each mail 0.05 * 0.2 misses and 0.08 * 0.5 needless texts
    assert CURVE.cost(point, Costs(miss=10, false_alarm=1)) == pytest.approx(0.1 + 0.04)
    assert CURVE.cost(point, Costs(miss=10, false_alarm=3)) == pytest.approx(0.1 + 0.12)


@pytest.mark.parametrize(
    ("costs", "alert"),
    [
        (Costs(1, 1, 0), 0.5),
        (Costs(10, 1, 0), 0.3),
        # only the ratio counts
        (Costs(50, 5, 0), 0.3),
        # the floor lowers the cut ...
        (Costs(10, 1, 0.9), 0.1),
        (Costs(0.01, 1, 0.9), 0.1),
        (Costs(10, 1, 0.85), 0.1),
        # ... but costs that ask for more recall win
        (Costs(100, 1, 0.9), 0.05),
        (Costs(100_000, 1, 0.2), 0.01),
        (Costs(0.01, 1, 1.0), 0.01),
    ],
)
def test_the_cheapest_cut_at_or_above_the_floor_is_chosen(costs: Costs, alert: float) -> None:
    assert CURVE.choose(costs).alert == alert


def test_the_unsure_band_is_below_the_alert_threshold_and_bounded() -> None:
    assert CURVE.choose(Costs(10, 1, 0)) == Thresholds(alert=0.3, unsure=0.05)
    assert CURVE.choose(Costs(100_000, 1, 0)) == Thresholds(alert=0.01, unsure=0.01)


def test_of_equal_costs_the_fewest_texts_win() -> None:
    curve = Curve(0.5, (OperatingPoint(0.8, 0.5, 1, 0.25), OperatingPoint(0.2, 1.0, 0.5, 1.0)))
    assert curve.choose(Costs(2, 1, 0)).alert == 0.8


def test_a_floor_that_no_cut_reaches_takes_the_lowest_cut() -> None:
    curve = Curve(0.5, (OperatingPoint(0.8, 0.5, 1, 0.25), OperatingPoint(0.2, 0.9, 0.5, 0.9)))
    assert curve.choose(Costs(1, 1, 0.95)).alert == 0.2


def test_a_curve_comes_back_from_json() -> None:
    assert Curve.from_dict(json.loads(json.dumps(CURVE.as_dict()))) == CURVE


@pytest.mark.parametrize(
    "plain",
    [
        None,
        {},
        {"prevalence": 0.1, "points": []},
        {"prevalence": 0.1, "points": [[0.5, 1.0]]},
        {"prevalence": "x", "points": [[0.5, 1.0, 1.0, 0.1]]},
        {"prevalence": 0.1, "points": [[0.2, 1.0, 1.0, 0.1], [0.5, 1.0, 1.0, 0.1]]},
        {"prevalence": 0.1, "points": [[1.5, 1.0, 1.0, 0.1]]},
    ],
)
def test_what_is_no_curve_is_refused(plain: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        Curve.from_dict(plain)


@pytest.mark.parametrize(
    ("recall", "needless", "volume", "sentence"),
    [
        (0.9, 0.01, 40, "catches about 9 of 10 mails that need a place, about 12 needless texts a "
                        "month at your volume (40 mails a day)"),
        (0.94, 0.2, 123.4, "catches about 19 of 20 mails that need a place, about 740 needless "
                           "texts a month at your volume (120 mails a day)"),
        (1.0, 0.0, 1, "catches nearly all mails that need a place, hardly a needless text a month "
                      "at your volume (1 mail a day)"),
        (0.02, 0.1, 0.3, "catches hardly any mails that need a place, about 1 needless text a "
                         "month at your volume (less than 1 mail a day)"),
        (0.84, 0.5, 3000, "catches about 8 of 10 mails that need a place, about 45,000 needless "
                          "texts a month at your volume (3,000 mails a day)"),
        (0.9, 0.059, None, "catches about 9 of 10 mails that need a place, about 59 needless "
                           "texts for every 1,000 mails"),
    ],
)  # fmt: skip
def test_what_to_expect_is_said_in_plain_words(
    recall: float, needless: float, volume: float | None, sentence: str
) -> None:
    point = OperatingPoint(0.5, recall, precision=0.0, alert_rate=needless)
    assert in_words(point, volume, "at your volume") == sentence


def test_without_a_place_the_volume_stands_alone() -> None:
    point = OperatingPoint(0.5, 0.9, 0.5, 0.02)
    assert in_words(point, 100).endswith("about 30 needless texts a month at 100 mails a day")


def test_the_volume_is_counted_over_at_least_a_day() -> None:
    assert mails_a_day(300, 30.0) == 10
    assert mails_a_day(5, 0.2) == 5
    assert mails_a_day(0, 30.0) is None
