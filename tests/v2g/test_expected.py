"""Expected cars in the problem, and nowhere else."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from optimizer.exact import ExactPlanner
from tests.support.builders import NOW, a_session, a_site, an_observation, an_outlook
from v2g.bounds import unit_bounds
from v2g.observation import Observation
from v2g.outlook import ExpectedSession, Outlook
from v2g.plan import Plan
from v2g.planning import make_plan
from v2g.problem import Problem
from v2g.record import Memory
from v2g.site import Rules, Site
from v2g.stating.expected import PRIORITY, expected_units
from v2g.stating.problem import make_problem
from v2g.storages import StorageKind
from v2g.timegrid import TimeGrid

HOUR = timedelta(hours=1)
GRID = TimeGrid.uniform(NOW, step_h=0.5, n_steps=8)
LIMIT_KW = 12.0


def batch(number: float = 2.0, *, arrives_h: float = 1.0, departs_h: float = 3.0, energy_kwh: float = 9.0) -> ExpectedSession:
    return ExpectedSession(
        circuit_id="hall",
        arrives=NOW + arrives_h * HOUR,
        departs=NOW + departs_h * HOUR,
        energy_kwh=energy_kwh,
        power_kw=11.0,
        number=number,
    )


def test_a_batch_is_one_storage_of_its_cars_power_and_energy() -> None:
    (unit,) = expected_units((batch(2.5),), GRID)
    assert unit.kind is StorageKind.EXPECTED_EV
    np.testing.assert_allclose(unit.charge_max_kw, 2.5 * 11.0 * np.array([0, 0, 1, 1, 1, 1, 0, 0]))
    assert not unit.discharge_max_kw.any()
    assert (unit.target_energy_kwh, unit.target_step, unit.priority) == (2.5 * 9.0, 6, PRIORITY)


def test_nobody_is_expected_in_the_first_step_and_only_what_can_be_is_promised() -> None:
    (now,) = expected_units((batch(1.0, arrives_h=0.0, departs_h=1.0, energy_kwh=50.0),), GRID)
    assert now.charge_max_kw[0] == 0.0
    assert now.target_energy_kwh == pytest.approx(11.0 * 0.5)
    (beyond,) = expected_units((batch(1.0, arrives_h=3.0, departs_h=6.0, energy_kwh=30.0),), GRID)
    assert (beyond.target_energy_kwh, beyond.target_step) == (pytest.approx(30.0 - 2.0 * 11.0), 8)
    assert expected_units((batch(arrives_h=4.0, departs_h=5.0), batch(arrives_h=0.0, departs_h=0.4)), GRID) == []


def station() -> tuple[Site, Observation, Outlook]:
    """One car that could charge later at a better price, when two more are likely to come and need all there is."""
    site = a_site(3, limit_kw=LIMIT_KW, loads=())
    car = a_session("E0", soc_target_frac=0.65, departure=NOW + 4 * HOUR)
    observation = an_observation(site, load_kw=0.0, E0=car, E1=None, E2=None)
    outlook = an_outlook(site, load_kw=0.0)
    outlook = replace(outlook, import_price_per_kwh=np.linspace(0.5, 0.3, outlook.grid.n_steps))
    return site, observation, replace(outlook, arrivals=(batch(1.0, arrives_h=1.0, departs_h=4.0, energy_kwh=32.0),))


def planned(rules: Rules) -> tuple[Problem, Plan, Observation]:
    site, observation, outlook = station()
    site = replace(site, rules=rules)
    problem = make_problem(site, observation, outlook, (), Memory())
    return problem, make_plan(problem, ExactPlanner().solve_now(problem), NOW, site.rules), observation


def test_the_present_car_charges_before_the_crowd_comes() -> None:
    _, careful, _ = planned(Rules(guard_frac=0.0, expect_arrivals=True))
    _, careless, _ = planned(Rules(guard_frac=0.0, expect_arrivals=False))
    before = careful.grid.edges_h[1:] <= 1.0
    charged = [float(plan.power_kw[0, before] @ plan.grid.step_h[before]) for plan in (careful, careless)]
    assert charged[0] > 5.0
    assert charged[1] <= 0.0
    assert careful.expected_kw is not None
    assert careful.import_kw.max() <= LIMIT_KW + 1e-6
    np.testing.assert_allclose(careful.import_kw, careful.power_kw[0] + careful.expected_kw, atol=1e-6)


def test_who_is_only_expected_is_in_the_problem_and_in_no_plan_and_bounds() -> None:
    problem, plan, observation = planned(Rules(guard_frac=0.0, expect_arrivals=True))
    assert [kind for kind in problem.storages.kinds if kind is StorageKind.EXPECTED_EV] == [StorageKind.EXPECTED_EV]
    assert plan.unit_ids == ("E0",)
    n = len(plan.unit_ids)
    assert n == len(plan.power_kw) == len(plan.energy_kwh) == len(plan.why) == len(plan.laxity_h) == len(plan.explanations)
    assert {u.unit_id for u in unit_bounds(station()[0], observation)} == {"E0"}


def test_where_none_is_expected_the_plan_says_nothing_of_it() -> None:
    _, plan, _ = planned(Rules(guard_frac=0.0, expect_arrivals=False))
    assert plan.expected_kw is None
