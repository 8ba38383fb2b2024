"""Scenarios as values, and how they are drawn from an outlook."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.optimizer.builders import car, case, fleet_of
from tests.support.builders import NOW, a_site, an_observation, an_outlook
from v2g.errors import ProblemError
from v2g.outlook import LEVELS, Departure, ExpectedSession, FleetCourse, Outlook
from v2g.problem import Problem
from v2g.record import Memory
from v2g.scenarios import Scenario
from v2g.site import Horizon, Site
from v2g.stating.problem import make_problem
from v2g.stating.scenarios import draws

HOUR = timedelta(hours=1)


def alternative(problem: Problem, **changes: Any) -> Scenario:
    values = {"storages": problem.storages, "circuits": problem.circuits, "connection": problem.connection} | changes
    return Scenario(**{"probability": 0.3} | values)


def test_the_problem_itself_has_the_rest_of_the_probability() -> None:
    problem = case(car())
    dear = replace(problem.connection, import_price_per_kwh=np.full(4, 0.9))
    courses = replace(problem, scenarios=(alternative(problem, connection=dear), alternative(problem))).courses()
    assert [p for p, _ in courses] == pytest.approx([0.4, 0.3, 0.3])
    assert [course.connection is dear for _, course in courses] == [False, True, False]
    assert all(course.scenarios == () for _, course in courses)


PLAIN = case(car())
WRONG = {
    "scenarios[0].probability": alternative(PLAIN, probability=0.0),
    "scenarios": alternative(PLAIN, probability=1.0),
    "scenarios[0].storages": alternative(PLAIN, storages=replace(PLAIN.storages, unit_ids=("other",))),
    "scenarios[0].storages[car].charge_max_kw": alternative(PLAIN, storages=car(charge_max_kw=-1.0)),
    "scenarios[0].circuits[grid].fixed_kw": alternative(PLAIN, circuits=replace(PLAIN.circuits, fixed_kw=np.full((1, 4), np.nan))),
}


@pytest.mark.parametrize("place", WRONG)
def test_a_scenario_that_cannot_be_is_refused_with_its_place(place: str) -> None:
    with pytest.raises(ProblemError) as error:
        replace(PLAIN, scenarios=(WRONG[place],))
    assert error.value.place == place
    assert error.value.mend


def test_more_storages_may_come_in_a_scenario() -> None:
    two = fleet_of(car(), car())
    one = case(replace(car(), unit_ids=("car-0",)))
    (_, alone), (_, crowd) = replace(one, scenarios=(alternative(one, storages=two),)).courses()
    assert (alone.shape[0], crowd.shape[0]) == (1, 2)


def stated(n: Any) -> tuple[Site, Outlook, Problem]:
    site = a_site(2, horizon=Horizon(n_fine=8, n_coarse=6, scenarios=n))
    quantiles = tuple(NOW + level * 10 * HOUR for level in LEVELS)
    departures = tuple(Departure(session_id=f"S-E{i}", quantiles=quantiles, source="history") for i in range(2))
    outlook = replace(an_outlook(site, load_kw=10.0, spread_kw=4.0), departures=departures)
    return site, outlook, make_problem(site, an_observation(site), outlook, (), Memory())


@pytest.mark.parametrize(("n", "probabilities"), [(1, [1.0]), (3, [0.4, 0.3, 0.3]), (5, [0.2] * 5)])
def test_the_horizon_says_how_many_courses_there_are(n: int, probabilities: list[float]) -> None:
    _, _, problem = stated(n)
    assert [p for p, _ in problem.courses()] == pytest.approx(probabilities)
    assert len({course.storages.unit_ids for _, course in problem.courses()}) == 1


def test_courses_of_the_load_are_its_quantiles_and_count_on_no_more_room() -> None:
    _, outlook, problem = stated(3)
    plain, busy, calm = (course.circuits for _, course in problem.courses())
    for circuits, level in ((plain, 0.50), (busy, 0.90), (calm, 0.10)):
        np.testing.assert_allclose(circuits.fixed_kw[0], outlook.load_kw[LEVELS.index(level)])
    room = plain.fixed_kw + plain.fixed_margin_kw
    assert (busy.fixed_kw + busy.fixed_margin_kw >= room).all()
    np.testing.assert_allclose((calm.fixed_kw + calm.fixed_margin_kw)[:, 1:], room[:, 1:])


def test_in_courses_of_departure_all_leave_early_or_late() -> None:
    _, _, problem = stated(5)
    plain, _, _, early, late = (course.storages for _, course in problem.courses())
    last = [s.charge_max_kw.astype(bool).sum(axis=1) for s in (early, plain, late)]
    assert (last[0] < last[1]).all()
    np.testing.assert_allclose(early.departure_probability.sum(axis=1), LEVELS[-1])
    assert (early.target_step <= plain.target_step).all()
    assert (late.target_step >= plain.target_step).all()


def test_ways_the_fleet_may_go_become_storages_that_leave_and_come_as_drawn() -> None:
    site, outlook, _ = stated(5)
    site = replace(site, rules=replace(site.rules, expect_arrivals=True))
    come = ExpectedSession(circuit_id="hall", arrives=NOW + HOUR, departs=NOW + 3 * HOUR, energy_kwh=9.0, power_kw=11.0, number=0.5)
    leaves = [replace(d, quantiles=(NOW + (1 + i) * HOUR,) * len(LEVELS)) for i, d in enumerate(outlook.departures)]
    ways = tuple(FleetCourse(departures=tuple(leaves), arrivals=(replace(come, number=n),)) for n in (0.0, 2.0))
    outlook = replace(outlook, arrivals=(come,), fleet_courses=ways)
    problem = make_problem(site, an_observation(site), outlook, (), Memory())
    first, second = (scenario.storages for scenario in problem.scenarios[2:])
    steps = np.searchsorted(outlook.grid.edges_h, [1.0, 2.0])
    assert first.charge_max_kw[:2].astype(bool).sum(axis=1).tolist() == steps.tolist()
    assert (first.charge_max_kw[2].max(), second.charge_max_kw[2].max()) == (0.0, 22.0)
    assert second.target_energy_kwh[2] == pytest.approx(18.0)


@settings(max_examples=30)
@given(load=st.floats(0, 100), spread=st.floats(0, 50), sun=st.floats(0, 100), n=st.sampled_from([1, 3, 5]))
def test_drawn_outlooks_are_sound(load: float, spread: float, sun: float, n: int) -> None:
    site = a_site(1)
    outlook = an_outlook(site, load_kw=load + spread, spread_kw=spread)
    outlook = replace(outlook, pv_kw=sun * np.array(LEVELS)[:, None] * np.ones(outlook.grid.n_steps))
    for _, drawn in draws(outlook, n):
        for quantiles in (drawn.load_kw, drawn.pv_kw):
            assert (np.diff(quantiles, axis=0) >= 0).all()
            assert (quantiles >= 0).all()
