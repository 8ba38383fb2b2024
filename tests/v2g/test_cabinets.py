"""Whole modules, in every function that grants power."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_session, a_site, an_observation, an_outlook
from v2g.cabinets import modules, modules_used
from v2g.in_force import InForce
from v2g.limits import Limits, limits_now
from v2g.observation import Observation
from v2g.projection import project
from v2g.setpoint import Setpoint
from v2g.site import Circuit, Rules, Site
from v2g.stating.circuits import circuits_of

N, N_MODULES, MODULE_KW = 5, 6, 30.0
LEASE = NOW + timedelta(minutes=15)
powers = st.lists(st.floats(-200, 200), min_size=N, max_size=N)


def super_chargers(*, limit_kw: float = 500.0, guard_frac: float = 0.02) -> Site:
    """Return five 180 kW guns that share six modules of 30 kW."""
    site = a_site(N, limit_kw=limit_kw, export_kw=limit_kw)
    cabinet = Circuit(
        circuit_id="hall", parent_id="grid", import_limit_kw=N_MODULES * MODULE_KW, export_limit_kw=180.0, module_kw=MODULE_KW
    )
    guns = tuple(replace(e, charge_max_kw=180.0, discharge_max_kw=180.0, charge_min_kw=5.0) for e in site.evses)
    return replace(site, circuits=(site.circuits[0], cabinet), evses=guns, rules=Rules(guard_frac=guard_frac))


def seen(site: Site) -> Observation:
    cars = {e.evse_id: a_session(e.evse_id) for e in site.evses}
    strong = {name: replace(s, vehicle=replace(s.vehicle, charge_max_kw=400.0, discharge_max_kw=400.0)) for name, s in cars.items()}
    return an_observation(site, **strong)


def limits_of(site: Site, observation: Observation) -> Limits:
    return limits_now(site, observation, an_outlook(site), ())


def used(limits: Limits, got: tuple[Setpoint, ...]) -> float:
    return float(modules_used(limits.cabinets, limits.units, np.array([s.power_kw for s in got])).sum())


def test_a_module_serves_one_gun_and_rounding_takes_no_further_one() -> None:
    assert modules(np.array([0.0, 0.1, 30.0, 30.0 + 1e-9, 30.1, -30.1, 180.0]), 30.0).tolist() == [0, 1, 1, 1, 2, 2, 6]


@given(powers, st.floats(50, 300), st.permutations([f"E{i}" for i in range(N)]))
def test_whole_modules_fit_and_projecting_again_changes_nothing(values: list[float], limit_kw: float, urgency: list[str]) -> None:
    site = super_chargers(limit_kw=limit_kw)
    limits = limits_of(site, seen(site))
    once = project({f"E{i}": value for i, value in enumerate(values)}, urgency, limits, LEASE, {})
    assert used(limits, once) <= N_MODULES
    again = project({s.unit_id: s.power_kw for s in once}, urgency, limits, LEASE, {})
    assert [s.power_kw for s in again] == pytest.approx([s.power_kw for s in once], abs=1e-9)


@given(powers, st.permutations([f"E{i}" for i in range(N)]))
def test_who_is_cut_for_modules_gets_all_that_are_left(values: list[float], urgency: list[str]) -> None:
    site = super_chargers(limit_kw=1e6)
    limits = limits_of(site, seen(site))
    got = project({f"E{i}": value for i, value in enumerate(values)}, urgency, limits, LEASE, {})
    if any("hall:modules" in s.bound_by for s in got):
        assert used(limits, got) == N_MODULES


def test_a_gun_draws_less_than_its_modules_and_the_next_gets_whole_ones() -> None:
    site = super_chargers(guard_frac=0.0)
    got = project({"E0": 95.0, "E1": 85.0}, ("E0", "E1"), limits_of(site, seen(site)), LEASE, {})
    assert [s.power_kw for s in got[:2]] == pytest.approx([95.0, 60.0])
    assert got[1].bound_by == ("hall:modules",)


def test_modules_that_an_unreachable_gun_may_hold_are_not_given_twice() -> None:
    site, observation = super_chargers(), seen(super_chargers())
    gone = replace(observation.evses[0], online=False, session=None, acknowledged_kw=31.0)
    limits = limits_of(site, replace(observation, evses=(gone, *observation.evses[1:])))
    assert [c.n_free for c in limits.cabinets] == [N_MODULES - 2]
    got = project({"E1": 180.0}, ("E1",), limits, LEASE, {})
    assert {s.unit_id: s.power_kw for s in got}["E1"] == pytest.approx(120.0)


def test_a_gun_that_confirmed_nothing_keeps_the_modules_it_may_draw_from() -> None:
    site, observation = super_chargers(), seen(super_chargers())
    free = replace(observation.evses[0], acknowledged_kw=None, lease_until=None)
    limits = limits_of(site, replace(observation, evses=(free, *observation.evses[1:])))
    got = project({"E0": 60.0, "E1": 60.0}, ("E1", "E0"), limits, LEASE, {})
    assert [s.power_kw for s in got[:2]] == pytest.approx([60.0, 0.0])


@given(powers, powers)
def test_no_raise_is_admitted_that_needs_modules_still_held(before: list[float], after: list[float]) -> None:
    site = super_chargers(limit_kw=1e6)
    observation = seen(site)
    limits = limits_of(site, observation)
    start = project({f"E{i}": v for i, v in enumerate(before)}, (), limits, LEASE, {})
    states = tuple(replace(e, acknowledged_kw=s.power_kw) for e, s in zip(observation.evses, start, strict=True))
    wanted = project({f"E{i}": v for i, v in enumerate(after)}, (), limits, LEASE, {})
    admitted = InForce(limits, replace(observation, evses=states), LEASE).admit(wanted)
    now = {s.unit_id: s.power_kw for s in (*start, *admitted)}
    held = modules_used(limits.cabinets, limits.units, np.array([now[u.unit_id] for u in limits.units]))
    assert held.sum() <= N_MODULES


def test_a_guard_takes_no_module_from_a_cabinet() -> None:
    site = super_chargers(limit_kw=200.0, guard_frac=0.02)
    circuits = circuits_of(site, {s.evse_id: s for s in seen(site).evses}, an_outlook(site), (), np.zeros(len(site.circuits)))
    assert circuits.import_limit_kw[:, 0] == pytest.approx([196.0, 180.0])
    assert circuits.module_kw is not None
    assert circuits.module_kw.tolist() == [0.0, MODULE_KW]
    assert limits_of(site, seen(site)).cabinets[0].n_free == N_MODULES
