"""A shortage is shared by equals, and costs the others next to nothing."""

import numpy as np
import pytest

from optimizer import tiers
from optimizer.exact import ExactPlanner
from optimizer.replay.service import unmet_kwh
from optimizer.shares import N_SHARES, SHARE_WEIGHT, uneven_kwh
from tests.optimizer.builders import car, case, fleet_of, grid_only
from tests.optimizer.instances import small
from v2g.problem import Problem
from v2g.solution import Tier
from v2g.storages import Storages
from v2g.timegrid import Array


def unmet(problem: Problem) -> Array:
    return unmet_kwh(problem, ExactPlanner().solve_now(problem).energy_kwh)


def short(limit_kw: float, *cars: Storages) -> Problem:
    return case(fleet_of(*cars), grid_only(2, import_limit_kw=limit_kw))


def wanting(target_kwh: float, priority: float = 1.0, charge_efficiency: float = 1.0) -> Storages:
    return car(
        2,
        target_energy_kwh=target_kwh,
        target_step=2,
        priority=priority,
        charge_efficiency=charge_efficiency,
        discharge_max_kw=0.0,
        charge_max_kw=20.0,
    )


@pytest.mark.parametrize("n", [2, 5])
def test_equals_lack_the_same_within_a_part(n: int) -> None:
    missing = unmet(short(n * 3.0, *[wanting(40.0)] * n))
    assert missing.sum() == pytest.approx(n * 14.0)
    assert np.ptp(missing) <= 20.0 / N_SHARES + 1e-6


def test_who_needs_more_lacks_more_and_all_get_the_same_share() -> None:
    missing = unmet(short(9.0, wanting(30.0), wanting(46.0)))
    assert missing.sum() == pytest.approx(36 - 18)
    assert abs(missing[0] / 10.0 - missing[1] / 26.0) <= 2 / N_SHARES


def test_a_car_that_cannot_be_served_anyway_is_served_first() -> None:
    """One lacks 10 kWh of 30 by its own cable; the scarce rest goes to it as far as it can take it."""
    slow = car(2, target_energy_kwh=50.0, target_step=2, discharge_max_kw=0.0)
    missing = unmet(short(12.0, slow, wanting(40.0)))
    assert missing.sum() == pytest.approx(50 - 24)
    assert missing[0] / 30.0 == pytest.approx(missing[1] / 20.0, abs=2 / N_SHARES)


def test_priority_goes_before_fairness() -> None:
    assert unmet(short(10.0, wanting(40.0), wanting(40.0, priority=1.2))) == pytest.approx([20.0, 0.0], abs=1e-6)


def test_a_charger_that_loses_a_little_more_is_no_reason_to_leave_its_car_empty() -> None:
    missing = unmet(short(10.0, wanting(40.0, charge_efficiency=0.95), wanting(40.0, charge_efficiency=0.92)))
    assert np.ptp(missing) <= 0.5 * 20.0
    assert unmet(short(10.0, wanting(40.0, charge_efficiency=0.95), wanting(40.0, charge_efficiency=0.8)))[1] == pytest.approx(20.0)


def test_what_is_lacking_in_all_is_at_most_the_weight_above_the_least(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [small(seed) for seed in range(16)]
    shared = [term_of(p, "unmet_target") for p in problems]
    monkeypatch.setattr(tiers, "_certified", lambda *_: False)
    monkeypatch.setattr(
        "optimizer.inputs.wishes.part_kwh", lambda p: np.where(np.arange(N_SHARES) == 0, np.inf, 0.0) + np.zeros((p.shape[0], 1))
    )
    monkeypatch.setattr("optimizer.replay.service.uneven_kwh", lambda p, _: np.zeros(p.shape[0]))
    least = [term_of(p, "unmet_target") for p in problems]
    assert any(value > 0 for value in least)
    for mine, best in zip(shared, least, strict=True):
        assert best - 1e-5 <= mine <= best * (1 + SHARE_WEIGHT) + 1e-5


def term_of(problem: Problem, name: str) -> float:
    return {t.name: t.value for t in ExactPlanner().solve_now(problem).terms}[name]


def test_its_weight_in_closed_form() -> None:
    problem = case(wanting(36.0))
    half = uneven_kwh(problem, np.array([8.0]))[0]  # the first half of the parts, 2 kWh each
    assert half == pytest.approx(SHARE_WEIGHT * 2 * (0 + 1 + 2 + 3) / 7)
    assert uneven_kwh(problem, np.array([0.0]))[0] == 0.0
    beyond = uneven_kwh(problem, np.array([20.0]))[0]
    assert beyond == pytest.approx(SHARE_WEIGHT * (2 * 28 / 7 + 4))


def test_the_tier_counts_both() -> None:
    solution = ExactPlanner().solve_now(short(9.0, wanting(30.0), wanting(46.0)))
    terms = {t.name: t.value for t in solution.terms}
    assert solution.value_of(Tier.SERVICE) == pytest.approx(terms["unmet_target"] + terms["fairness"])
    assert terms["fairness"] > 0
