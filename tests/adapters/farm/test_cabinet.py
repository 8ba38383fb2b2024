from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.farm.cabinet import SWITCH_S, Cabinets, deal
from adapters.farm.fleet import Fleet
from adapters.farm.ledger import Ledger
from adapters.farm.uncontrolled import uncontrolled
from adapters.farm.visit import Visit
from tests.adapters.farm.stations import START, always, outlet, station, stay
from v2g.cabinets import modules
from v2g.site import Battery, Circuit, Site

N_GUNS, N_MODULES, MODULE_KW = 3, 16, 30.0
asked = st.lists(st.floats(-480.0, 480.0), min_size=N_GUNS, max_size=N_GUNS)


def plaza(*, limit_kw: float = 1e4) -> Site:
    """Return three 480 kW guns that share sixteen modules, and a battery elsewhere."""
    guns = [
        outlet(f"G{i}", circuit_id="C", charge_max_kw=480.0, charge_min_kw=0.0, discharge_max_kw=480.0, efficiency=0.96)
        for i in range(N_GUNS)
    ]
    most_kw = N_MODULES * MODULE_KW
    circuits = (
        Circuit(circuit_id="main", import_limit_kw=limit_kw, export_limit_kw=limit_kw),
        Circuit(circuit_id="C", parent_id="main", import_limit_kw=most_kw, export_limit_kw=most_kw, module_kw=MODULE_KW),
    )
    battery = Battery(battery_id="B", circuit_id="main", capacity_kwh=500.0, charge_max_kw=250.0, discharge_max_kw=250.0)
    return station(*guns, circuits=circuits, batteries=(battery,))


def super_stay(gun: int, **changes: object) -> Visit:
    values = {"capacity_kwh": 100.0, "soc_frac": 0.2, "energy_kwh": 55.0, "charge_max_kw": 480.0, "hours_h": 0.25}
    return stay(f"G{gun}", **values | changes)


@given(st.lists(asked, min_size=1, max_size=6), st.sampled_from([1.0, 2.0, 10.0, 60.0]))
def test_modules_are_whole_and_never_more_than_there_are(steps: list[list[float]], step_s: float) -> None:
    cabinets = Cabinets(plaza(), N_GUNS + 1)
    for powers in steps:
        asked_kw = np.array([*powers, 250.0])
        let_kw = cabinets.serve(asked_kw, step_s)
        held = cabinets.held[:N_GUNS]
        assert held.sum() <= N_MODULES
        assert (held == np.round(held)).all()
        assert (held <= modules(asked_kw[:N_GUNS], MODULE_KW)).all()
        assert (np.abs(let_kw[:N_GUNS]) <= held * MODULE_KW + 1e-9).all()
        assert (let_kw * asked_kw >= 0.0).all()
        assert let_kw[-1] == 250.0
        assert (cabinets.over_kw(let_kw) <= 0.0).all()


def test_what_fits_is_let_through_once_it_is_switched() -> None:
    cabinets, asked_kw = Cabinets(plaza(), N_GUNS + 1), np.array([200.0, 100.0, -130.0, 0.0])
    first = cabinets.serve(asked_kw, 2 * SWITCH_S)
    assert first == pytest.approx([105.0, 60.0, -75.0, 0.0])
    assert cabinets.serve(asked_kw, 2 * SWITCH_S) == pytest.approx(asked_kw)
    assert cabinets.held.tolist() == [7, 4, 5, 0]


def test_switching_takes_its_time_however_short_the_steps() -> None:
    cabinets, asked_kw = Cabinets(plaza(), N_GUNS + 1), np.array([300.0, 0.0, 0.0, 0.0])
    let = [float(cabinets.serve(asked_kw, SWITCH_S / 3)[0]) for _ in range(4)]
    assert let == pytest.approx([0.0, 0.0, 0.0, 300.0])


def test_a_newcomer_gets_free_modules_and_those_that_a_taper_gives_back() -> None:
    cabinets = Cabinets(plaza(), N_GUNS + 1)
    cabinets.serve(np.array([480.0, 0.0, 0.0, 0.0]), 60.0)
    cabinets.serve(np.array([480.0, 480.0, 0.0, 0.0]), 60.0)
    assert cabinets.held.tolist() == [16, 0, 0, 0]
    cabinets.serve(np.array([301.0, 480.0, 0.0, 0.0]), 60.0)
    assert cabinets.held.tolist() == [11, 5, 0, 0]


@given(st.lists(st.integers(0, 16), min_size=1, max_size=6), st.integers(0, 40))
def test_dealing_in_turns_wastes_nothing_and_favours_nobody(need: list[int], n_modules: int) -> None:
    dealt = deal(np.array(need, dtype=float), n_modules)
    assert dealt.sum() == min(sum(need), n_modules)
    assert (dealt <= need).all()
    short = dealt < need
    assert not short.any() or dealt.max() <= dealt[short].min() + 1


def test_three_cars_at_once_share_a_cabinet_and_one_alone_has_all_of_it() -> None:
    end = START + timedelta(hours=1)
    alone = uncontrolled(plaza(), [super_stay(0)], start=START, end=end, load_kw=always(0.0), pv_kw=always(0.0))
    together = uncontrolled(
        plaza(), [super_stay(i) for i in range(3)], start=START, end=end, load_kw=always(0.0), pv_kw=always(0.0)
    )
    assert alone.max_import_kw > 450.0
    assert alone.delivered_frac == pytest.approx(1.0)
    assert 470.0 < together.max_import_kw <= N_MODULES * MODULE_KW + 1e-6
    assert together.delivered_frac < 0.8
    assert together.breaches == ()


def test_setpoints_beyond_the_modules_are_cut_by_the_cabinet_not_by_the_car() -> None:
    fleet = Fleet(plaza())
    for gun in range(N_GUNS):
        fleet.plug(gun, super_stay(gun, wake_s=0.0))
    for _ in range(3):
        fleet.step(np.array([480.0, 480.0, 480.0, 0.0]), 60.0)
    assert fleet.running_kw[:N_GUNS] == pytest.approx([180.0, 150.0, 150.0])


def test_the_ledger_notes_powers_that_need_more_modules_than_there_are() -> None:
    site = plaza()
    ledger = Ledger(site, START)
    power_kw = np.array([160.0, 155.0, 151.0, 0.0])  # 466 of 480 kW, but 18 modules
    ledger.add(START.timestamp(), 60.0, power_kw=power_kw, stored_kwh=np.zeros(4), load_kw=0.0, pv_kw=0.0)
    breach = ledger.outcome().breaches[0]
    assert (breach.name, breach.seconds, breach.worst_kw) == ("C/modules", 60.0, 2 * MODULE_KW)


def test_a_car_leaves_the_taper_with_what_is_possible_for_it() -> None:
    outcomes = [
        uncontrolled(
            plaza(),
            [super_stay(0, taper_from_frac=s, energy_kwh=79.0)],
            start=START,
            end=START + timedelta(hours=1),
            load_kw=always(0),
            pv_kw=always(0),
        ).visits[0]
        for s in (0.4, 0.85)
    ]
    assert outcomes[0].left_kwh < outcomes[1].left_kwh
    for outcome in outcomes:
        assert outcome.left_kwh == pytest.approx(min(outcome.possible_kwh, outcome.visit.due_kwh), rel=0.03)
