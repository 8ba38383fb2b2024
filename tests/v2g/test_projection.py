from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_session, a_site, an_observation, an_outlook
from v2g.limits import Limits, limits_now
from v2g.observation import Observation, Quality, Reading
from v2g.projection import fits, project
from v2g.record import Memory
from v2g.signals import Interval, Signal, SignalKind
from v2g.site import Site
from v2g.stating.problem import make_problem

N = 5
LEASE = NOW + timedelta(minutes=15)
powers = st.lists(st.floats(-30, 30), min_size=N, max_size=N)


def limits_of(site: Site, observation: Observation, signals: tuple[Signal, ...] = ()) -> Limits:
    return limits_now(site, observation, an_outlook(site), signals)


def wanted(values: list[float]) -> dict[str, float]:
    return {f"E{i}": value for i, value in enumerate(values)}


@given(powers, st.floats(5, 80), st.floats(0, 40), st.floats(0, 60), st.permutations([f"E{i}" for i in range(N)]))
def test_no_limit_is_exceeded_and_projecting_again_changes_nothing(
    values: list[float], limit_kw: float, export_kw: float, load_kw: float, urgency: list[str]
) -> None:
    site = a_site(N, limit_kw=limit_kw, export_kw=export_kw)
    limits = limits_of(site, an_observation(site, load_kw=load_kw))
    once = project(wanted(values), urgency, limits, LEASE, {})
    power = np.array([s.power_kw for s in once])
    assert (limits.weight @ np.maximum(power, 0) <= limits.import_room_kw + 1e-6).all()
    assert (limits.weight @ np.maximum(-power, 0) <= limits.export_room_kw + 1e-6).all()
    assert np.maximum(power, 0).sum() + load_kw <= max(limit_kw, load_kw) + 1e-6
    again = project({s.unit_id: s.power_kw for s in once}, urgency, limits, LEASE, {})
    assert [s.power_kw for s in again] == pytest.approx(power, abs=1e-9)


@given(powers)
def test_never_more_than_wanted_never_the_other_direction_and_nothing_below_the_minimum(values: list[float]) -> None:
    site = a_site(N, limit_kw=40)
    for setpoint in project(wanted(values), (), limits_of(site, an_observation(site)), LEASE, {}):
        asked = wanted(values)[setpoint.unit_id]
        assert min(asked, 0) - 1e-9 <= setpoint.power_kw <= max(asked, 0) + 1e-9
        assert setpoint.power_kw <= 0 or setpoint.power_kw >= 4.14 - 1e-6
        assert setpoint.bound_by or setpoint.power_kw == pytest.approx(asked, abs=1e-6)


def test_the_most_urgent_is_served_first_and_the_binding_limit_is_named() -> None:
    site = a_site(3, limit_kw=30)
    got = project(wanted([11, 11, 11]), ("E2", "E0", "E1"), limits_of(site, an_observation(site)), LEASE, {})
    assert [s.power_kw for s in got] == pytest.approx([9, 0, 11])
    assert [s.bound_by for s in got] == [("grid",), ("grid",), ()]


def test_no_discharge_without_consent_below_the_floor_or_with_unknown_charge() -> None:
    site = a_site(4)
    cars = {
        "E0": a_session("E0", consent=False),
        "E1": a_session("E1", soc_frac=0.19),
        "E2": a_session("E2", soc_frac=None),
        "E3": a_session("E3"),
    }
    got = project(wanted([-11] * 4), (), limits_of(site, an_observation(site, **cars)), LEASE, {})
    assert [s.power_kw for s in got] == pytest.approx([0, 0, 0, -11])
    assert [s.bound_by for s in got] == [("consent",), ("soc_floor",), ("consent",), ()]


def test_a_silent_load_meter_counts_as_the_highest_load() -> None:
    site = a_site(3, limit_kw=40)
    rooms = []
    for reading in (
        Reading(value=2.0, at=NOW),
        Reading(value=2.0, at=NOW - timedelta(minutes=5)),
        Reading(value=2.0, at=NOW, quality=Quality.SUSPECT),
        None,
    ):
        base = an_observation(site)
        observation = Observation(at=NOW, evses=base.evses, load_kw=reading)
        rooms.append(limits_of(site, observation).import_room_kw[0])
    assert rooms == pytest.approx([38, 20, 20, 20])


def test_an_unreachable_charger_counts_at_what_it_may_do() -> None:
    site = a_site(3, limit_kw=40)
    online = an_observation(site)
    gone = [
        # never confirmed anything: its rating; confirmed 7 kW: that; lease ran out: its fallback, 0
        (None, None, 40 - 10 - 11),
        (7.0, NOW + timedelta(minutes=5), 40 - 10 - 7),
        (None, NOW - timedelta(minutes=5), 40 - 10),
    ]
    for acknowledged, lease, room in gone:
        state = type(online.evses[0])(evse_id="E0", online=False, acknowledged_kw=acknowledged, lease_until=lease)
        observation = Observation(at=NOW, evses=(state, *online.evses[1:]), load_kw=online.load_kw)
        assert limits_of(site, observation).import_room_kw[0] == pytest.approx(room)


def test_an_unreachable_charger_on_one_phase_takes_that_phase_alone() -> None:
    site = a_site(2)
    site = replace(site, evses=(replace(site.evses[0], phases=(2,)), site.evses[1]))
    online = an_observation(site)
    gone = replace(online.evses[0], online=False, acknowledged_kw=7.0)
    rooms = [limits_of(site, replace(online, evses=(e, online.evses[1]))) for e in (replace(gone, acknowledged_kw=0.0), gone)]
    names = ("grid", "hall:L1", "hall:L2", "hall:L3")
    before, after = (limits.import_room_kw[[limits.row_names.index(name) for name in names]] for limits in rooms)
    assert before - after == pytest.approx([7.0, 0.0, 7.0, 0.0])
    circuits = make_problem(site, replace(online, evses=(gone, online.evses[1])), an_outlook(site), (), Memory()).circuits
    assert circuits.fixed_skew_kw is not None
    assert circuits.fixed_kw[1, 0] / 3 + circuits.fixed_skew_kw[1, :, 0] == pytest.approx([0.0, 7.0, 0.0])


def test_a_published_limit_holds_at_once() -> None:
    site = a_site(2, limit_kw=100)
    window = Interval(start=NOW - timedelta(hours=1), end=NOW + timedelta(hours=1), value=16.0)
    signal = Signal(signal_id="s", kind=SignalKind.IMPORT_CAPACITY_LIMIT, source="grid", issued_at=NOW, intervals=(window,))
    got = project(wanted([11, 11]), (), limits_of(site, an_observation(site), (signal,)), LEASE, {})
    assert [s.power_kw for s in got] == pytest.approx([6, 0])


def test_a_phase_limit_binds_single_phase_cars() -> None:
    site = a_site(4, limit_kw=500)
    one_phase = tuple(replace(e, phases=(1,), charge_min_kw=1.38) for e in site.evses)
    site = a_site(4, limit_kw=500, evses=one_phase)
    got = project(wanted([11] * 4), ("E0", "E1", "E2", "E3"), limits_of(site, an_observation(site)), LEASE, {})
    assert [s.power_kw for s in got] == pytest.approx([11, 11, 0, 0])
    assert [s.bound_by for s in got[2:]] == [("hall:L1", "minimum_power")] * 2


def test_a_setpoint_that_is_not_a_number_becomes_zero() -> None:
    site = a_site(1)
    got = project({"E0": float("nan")}, (), limits_of(site, an_observation(site)), LEASE, {})
    assert (got[0].power_kw, got[0].bound_by) == (0.0, ("not_a_number",))


def test_a_unit_that_confirmed_nothing_counts_at_what_it_may_draw_and_an_empty_one_at_what_it_holds() -> None:
    site = a_site(3, limit_kw=40)
    online = an_observation(site, E2=None)
    silent = replace(online.evses[0], acknowledged_kw=None, lease_until=None)
    holding = replace(online.evses[2], acknowledged_kw=11.0)
    observation = replace(online, evses=(silent, online.evses[1], holding))
    got = project(wanted([0, 11, 0]), ("E1",), limits_of(site, observation), LEASE, {})
    assert [(s.unit_id, s.power_kw) for s in got] == [("E0", 0.0), ("E1", 11.0), ("E2", 0.0)]
    tight = a_site(3, limit_kw=25)
    got = project(wanted([0, 11, 0]), ("E1",), limits_of(tight, observation), LEASE, {})
    assert got[1].power_kw == 0.0


@given(powers, st.floats(5, 80), st.floats(0, 40), st.floats(0, 60))
def test_what_fits_is_not_lowered_and_what_is_projected_fits(
    values: list[float], limit_kw: float, export_kw: float, load: float
) -> None:
    site = a_site(N, limit_kw=limit_kw, export_kw=export_kw)
    limits = limits_of(site, an_observation(site, load_kw=load))
    projected = {s.unit_id: s.power_kw for s in project(wanted(values), (), limits, LEASE, {})}
    if fits(wanted(values), limits):
        assert projected == pytest.approx(wanted(values), abs=1e-5)
    assert fits(projected, limits)
