"""The operating curve: the best cut is on it for every ratio of costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeeves.domain.operating import RECALL_MARGIN, UNSURE_RECALL, UNSURE_SHARE, Costs
from jeeves.learning.curve import POINTS, Bools, Floats, operating_curve

rows = st.lists(
    st.tuples(st.floats(0.001, 0.999), st.booleans(), st.floats(0.5, 30.0)), min_size=2, max_size=40
).filter(lambda rows: any(label for _, label, _ in rows))
prices = st.floats(0.1, 100.0)
#: Costs alone decide.
NO_FLOOR = 0.0


def cost(cut: float, p: Floats, y: Bools, w: Floats, costs: Costs) -> float:
    told = p >= cut
    return float(costs.miss * w[~told & y].sum() + costs.false_alarm * w[told & ~y].sum())


def cheapest(p: Floats, y: Bools, w: Floats, costs: Costs) -> float:
    """The least cost of any cut that keeps the floor and tells one mail that needs a place."""
    caught = {cut: w[(p >= cut) & y].sum() for cut in np.unique(p)}
    floor = costs.recall_floor * w[y].sum() - 1e-9
    return min(cost(cut, p, y, w, costs) for cut, kept in caught.items() if kept >= floor and kept)


@given(rows, prices, st.floats(0.0, 1.0))
def test_no_cut_that_keeps_the_floor_costs_less(
    found: list[tuple[float, bool, float]], miss: float, floor: float
) -> None:
    p, y, w = (np.array(column) for column in zip(*found, strict=True))
    costs = Costs(miss, 1.0, floor)
    cuts = operating_curve(p, y, w).choose(costs)
    assert 0 < cuts.unsure <= cuts.alert < 1
    assert w[(p >= cuts.alert) & y].sum() >= floor * w[y].sum() - 1e-6
    assert cost(cuts.alert, p, y, w, costs) <= cheapest(p, y, w, costs) * (1 + 1e-6) + 1e-6


def many(n: int = 5000) -> tuple[Floats, Bools, Floats]:
    random = np.random.default_rng(5)
    y = random.random(n) < 0.1
    p = np.clip(1 / (1 + np.exp(-random.normal(3.0 * y - 3, 1.5))), 0.0001, 0.9999)
    return p, y, random.choice([0.0, 1.0, 8.0], n)


@pytest.mark.parametrize("miss", [0.5, 1, 2, 5, 10, 30, 100])
def test_a_thinned_curve_has_the_best_cut_for_any_costs(miss: float) -> None:
    p, y, w = many()
    curve = operating_curve(p, y, w)
    assert 60 <= len(curve.points) <= POINTS
    costs = Costs(miss, 1.0, NO_FLOOR)
    cuts = curve.choose(costs)
    assert cost(cuts.alert, p, y, w, costs) == pytest.approx(cheapest(p, y, w, costs))


@pytest.mark.parametrize("floor", [0.5, 0.8, 0.9, 0.95, 0.99, 1.0])
def test_a_thinned_curve_keeps_near_any_floor(floor: float) -> None:
    p, y, w = many()
    chosen = operating_curve(p, y, w).choose(Costs(0.1, 1.0, floor))
    recall = w[(p >= chosen.alert) & y].sum() / w[y].sum()
    assert floor - RECALL_MARGIN <= recall <= floor + 0.03


def test_each_point_says_what_its_cut_is_worth() -> None:
    p, y, w = many()
    curve = operating_curve(p, y, w)
    assert curve.prevalence == pytest.approx(w[y].sum() / w.sum())
    assert curve.points[-1].recall == 1
    for point in curve.points:
        told = p >= point.threshold
        assert point.recall == pytest.approx(w[told & y].sum() / w[y].sum())
        assert point.precision == pytest.approx(w[told & y].sum() / w[told].sum())
        assert point.alert_rate == pytest.approx(w[told].sum() / w.sum())


def test_probabilities_at_the_ends_still_give_cuts_inside() -> None:
    p = np.array([1.0, 1.0 - 1e-9, 1e-8, 1e-9, 0.0])
    curve = operating_curve(p, np.array([True, False, True, False, False]), np.ones(5))
    assert all(0 < point.threshold < 1 for point in curve.points)


def test_the_unsure_threshold_keeps_nearly_all_that_needs_a_location() -> None:
    p = np.linspace(0.001, 0.999, 1000)
    y = p > 0.9
    y[880] = True
    cuts = operating_curve(p, y, np.ones(1000)).choose(Costs())
    assert (p[y] >= cuts.unsure).mean() >= UNSURE_RECALL


def test_the_unsure_threshold_lets_a_bounded_share_through() -> None:
    p = np.linspace(0.001, 0.999, 1000)
    y = np.arange(1000) % 50 == 0
    y[950:] = True
    cuts = operating_curve(p, y, np.ones(1000)).choose(Costs(10, 1, 0.5))
    assert (p >= cuts.unsure).mean() <= max(UNSURE_SHARE, float((p >= cuts.alert).mean()))
    assert (p >= cuts.unsure).mean() > 0.9 * UNSURE_SHARE
