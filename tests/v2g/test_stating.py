from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_session, a_site, an_observation, an_outlook
from v2g.limits import limits_now
from v2g.observation import BatteryState, EvseState, Reading
from v2g.outlook import LEVELS, Departure
from v2g.record import Memory
from v2g.signals import Interval, Signal, SignalKind
from v2g.site import Battery, Rules
from v2g.stating.cars import CALLED_H, FLOOR_MARGIN_KWH
from v2g.stating.problem import make_problem


def a_departure(session_id: str, hours: list[float]) -> Departure:
    return Departure(session_id=session_id, quantiles=tuple(NOW + timedelta(hours=h) for h in hours), source="test")


def test_a_car_becomes_a_storage_with_its_driver_s_target_floor_and_promise() -> None:
    site = a_site(1)
    problem = make_problem(site, an_observation(site), an_outlook(site), (), Memory())
    s = problem.storages
    assert s.unit_ids == ("E0",)
    assert s.initial_energy_kwh == pytest.approx([30.0])
    assert s.target_energy_kwh == pytest.approx([48.0 - 1.0 * 11 * 0.95])  # due one hour after the horizon's eight
    assert s.target_step == pytest.approx([problem.grid.n_steps])
    assert s.energy_min_kwh[0] == pytest.approx(0.2 * 60 + FLOOR_MARGIN_KWH)
    assert s.discharge_max_kw[0] == pytest.approx(11.0)


def test_without_consent_or_knowledge_of_the_charge_there_is_no_discharge() -> None:
    site = a_site(2)
    cars = {"E0": a_session("E0", consent=False), "E1": a_session("E1", soc_frac=None)}
    problem = make_problem(site, an_observation(site, **cars), an_outlook(site), (), Memory())
    assert not problem.storages.discharge_max_kw.any()


def test_a_car_is_not_discharged_after_its_promise_and_is_away_after_its_last_quantile() -> None:
    site = a_site(1)
    outlook = replace(an_outlook(site), departures=(a_departure("S-E0", [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 3.5]),))
    s = make_problem(site, an_observation(site, E0=a_session("E0", departure=None)), outlook, (), Memory()).storages
    edges = outlook.grid.edges_h
    assert s.target_step[0] == np.searchsorted(edges[1:], 1.2, side="right")
    assert not s.discharge_max_kw[0, s.target_step[0] :].any()
    assert s.charge_max_kw[0] == pytest.approx(np.where(edges[:-1] < 3.5, 11.0, 0.0))


def test_who_may_give_keeps_something_ready_soon_where_a_peak_is_to_be_expected() -> None:
    site = a_site(2)
    station = an_observation(site, E1=a_session("E1", consent=False))
    outlook = replace(an_outlook(site), departures=tuple(a_departure(f"S-E{i}", [1.0, 2, 3, 4, 5, 6, 7]) for i in range(2)))
    calm = make_problem(site, station, outlook, (), Memory()).storages
    assert calm.spare_kwh is None
    expecting = make_problem(site, station, replace(outlook, expected_peak_kw=50.0), (), Memory()).storages
    assert expecting.spare_kwh == pytest.approx([11.0 * site.rules.peak_spare_h / 0.95, 0.0])
    assert expecting.departure_probability[1] == pytest.approx(calm.departure_probability[1])
    here, not_called = (1.0 - s.departure_probability[0].cumsum() for s in (calm, expecting))
    assert not_called == pytest.approx(here * np.exp(-outlook.grid.edges_h[1:] / CALLED_H))


@given(st.lists(st.floats(-5, 40), min_size=len(LEVELS), max_size=len(LEVELS)))
def test_departure_probabilities_follow_the_quantiles(hours: list[float]) -> None:
    site = a_site(1)
    outlook = replace(an_outlook(site), departures=(a_departure("S-E0", sorted(hours)),))
    probability = make_problem(site, an_observation(site), outlook, (), Memory()).storages.departure_probability[0]
    assert (probability >= 0).all()
    left = np.cumsum(probability)
    for level, hour in zip(LEVELS, sorted(hours), strict=True):
        after = outlook.grid.edges_h[1:] >= max(hour, 0.0)
        assert (left[after] >= level - 1e-9).all()
    assert left[-1] <= LEVELS[-1] + 1e-9


def test_a_departure_in_the_past_is_due_as_soon_as_can_be() -> None:
    site = a_site(1)
    late = a_session("E0", departure=NOW - timedelta(hours=2))
    s = make_problem(site, an_observation(site, E0=late), an_outlook(site), (), Memory()).storages
    assert (s.target_step[0], s.target_energy_kwh[0], s.charge_max_kw[0, 0]) == (1, pytest.approx(48.0), 11.0)


def test_asked_energy_counts_from_plug_in() -> None:
    site = a_site(1)
    session = replace(a_session("E0", energy_kwh=20.0, departure=NOW + timedelta(hours=1)), charged_kwh=10.0)
    seen = make_problem(site, an_observation(site, E0=session), an_outlook(site), (), Memory())
    assert seen.storages.target_energy_kwh == pytest.approx([30 - 10 * 0.95 + 20])
    remembered = make_problem(site, an_observation(site, E0=session), an_outlook(site), (), Memory(arrival_kwh={"S-E0": 21.0}))
    assert remembered.storages.target_energy_kwh == pytest.approx([41.0])


def test_margins_come_from_the_upper_quartile_and_published_limits_from_signals() -> None:
    site = a_site(1)
    window = Interval(start=NOW, end=NOW + timedelta(minutes=30), value=25.0)
    signal = Signal(signal_id="s", kind=SignalKind.IMPORT_CAPACITY_LIMIT, source="grid", issued_at=NOW, intervals=(window,))
    c = make_problem(site, an_observation(site), an_outlook(site, spread_kw=8.0), (signal,), Memory()).circuits
    assert c.fixed_margin_kw[0, 1:] == pytest.approx([8.0 * 0.5] * (c.fixed_margin_kw.shape[1] - 1))
    assert c.import_limit_kw[0] == pytest.approx([25.0] * 2 + [50.0] * (c.import_limit_kw.shape[1] - 2))
    assert c.phase_limit_kw[1] == pytest.approx([23.0] * 3)


@pytest.mark.parametrize("load_kw", [None, 4.0, 10.0, 13.0, 60.0])
def test_the_first_step_leaves_the_room_that_the_projection_will_but_no_more_than_expected(load_kw: float | None) -> None:
    site = a_site(2, rules=Rules(guard_frac=0.02))
    outlook, seen = an_outlook(site, spread_kw=8.0), an_observation(site, load_kw=load_kw)
    problem = make_problem(site, seen, outlook, (), Memory())
    fixed, margin = problem.fixed_below()
    room_kw = problem.circuits.import_limit_kw[0] - fixed[0] - margin[0]
    sendable_kw = limits_now(site, seen, outlook, ()).import_room_kw[0]
    assert max(room_kw[0], 0.0) == pytest.approx(min(sendable_kw, 0.98 * 50 - 10))


def test_an_unreachable_charger_is_fixed_load_and_a_silent_battery_is_left_out() -> None:
    battery = Battery(battery_id="B", circuit_id="grid", capacity_kwh=100, charge_max_kw=50, discharge_max_kw=50)
    site = a_site(2, batteries=(battery,))
    online = an_observation(site)
    gone = EvseState(evse_id="E0", online=False)
    silent = BatteryState(battery_id="B", online=True)
    observation = replace(online, evses=(gone, online.evses[1]), batteries=(silent,))
    problem = make_problem(site, observation, an_outlook(site), (), Memory())
    assert problem.storages.unit_ids == ("E1",)
    assert problem.circuits.fixed_kw[1] == pytest.approx(11.0)
    spoken = replace(observation, batteries=(replace(silent, soc_frac=Reading(value=0.4, at=NOW)),))
    problem = make_problem(site, spoken, an_outlook(site), (), Memory())
    assert problem.storages.unit_ids == ("E1", "B")
    assert problem.storages.initial_energy_kwh[1] == pytest.approx(40.0)


def test_an_empty_station_is_a_problem_without_storages() -> None:
    site = a_site(2)
    problem = make_problem(site, an_observation(site, E0=None, E1=None), an_outlook(site), (), Memory())
    assert problem.shape == (0, 14)
