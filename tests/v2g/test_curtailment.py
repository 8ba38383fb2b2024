from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from optimizer.ladder import answer_without_solver
from tests.support.builders import NOW, a_site, an_observation, an_outlook
from v2g.curtailment import export_cuts, production_kw
from v2g.limits import limits_now
from v2g.observation import AssetState, Reading
from v2g.outlook import LEVELS
from v2g.planning import make_plan
from v2g.problem import Problem
from v2g.record import Memory
from v2g.site import PvArray
from v2g.stating.problem import make_problem
from v2g.tick import project_plan

ROOF = PvArray(pv_id="roof", circuit_id="grid", peak_kw=60.0, latitude_deg=50.0, longitude_deg=8.0, curtailable=True)
SITE = a_site(0, pv=(ROOF,), export_kw=20.0)
FREE = AssetState(
    asset_id="roof",
    online=True,
    power_kw=Reading(value=-40.0, at=NOW),
    possible_kw=Reading(value=40.0, at=NOW),
    acknowledged_kw=-60.0,
)


def stated(pv_kw: float) -> Problem:
    outlook = replace(an_outlook(SITE), pv_kw=np.full((len(LEVELS), 14), pv_kw))
    return make_problem(SITE, replace(an_observation(SITE), assets=(FREE,)), outlook, (), Memory())


def test_what_is_curtailed_is_taken_off_the_expected_production() -> None:
    assert production_kw(stated(40.0), np.array([10.0])) == {"roof": pytest.approx(30.0)}


def test_what_is_not_curtailed_may_exceed_what_is_expected_by_what_the_export_limit_leaves() -> None:
    # 25 kW of PV beside 10 kW of load export 15 of 20 kW: 5 more may come.
    assert production_kw(stated(25.0), np.array([0.0])) == {"roof": pytest.approx(30.0)}
    assert production_kw(stated(5.0), np.array([0.0])) == {"roof": pytest.approx(30.0)}


def test_without_an_export_limit_an_array_is_left_to_itself() -> None:
    problem = stated(25.0)
    free = replace(
        problem, circuits=replace(problem.circuits, export_limit_kw=np.full_like(problem.circuits.export_limit_kw, np.inf))
    )
    assert production_kw(free, np.array([0.0])) == {}
    assert production_kw(free, np.array([10.0])) == {"roof": pytest.approx(15.0)}


@pytest.mark.parametrize(("site_kw", "cut"), [(-20.0, None), (30.0, None), (-30.0, -30.0), (-90.0, 0.0)])
def test_what_is_measured_above_the_export_limit_is_cut_at_once(site_kw: float, cut: float | None) -> None:
    lease = NOW + timedelta(minutes=15)
    seen = replace(an_observation(SITE), assets=(FREE,), site_power_kw=Reading(value=site_kw, at=NOW))
    setpoints = export_cuts(SITE, seen, (), lease)
    assert [s.power_kw for s in setpoints] == ([] if cut is None else [pytest.approx(cut)])
    stale = replace(seen, site_power_kw=Reading(value=site_kw, at=NOW - timedelta(hours=1)))
    assert export_cuts(SITE, stale, (), lease) == ()


def test_an_array_that_is_not_to_be_capped_is_let_produce_all_it_can() -> None:
    problem = stated(25.0)
    seen = replace(an_observation(SITE), assets=(FREE,))
    solution = answer_without_solver(problem, "a test")
    for produce, told in (({}, -60.0), ({"roof": 30.0}, -30.0)):
        plan = replace(make_plan(problem, solution, NOW, SITE.rules), production_kw=produce)
        (setpoint,) = project_plan(plan, limits_now(SITE, seen, None, ()), SITE, NOW)
        assert setpoint.power_kw == told
