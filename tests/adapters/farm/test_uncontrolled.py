from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.farm.feeder import Rows
from adapters.farm.surroundings import StepSeries
from adapters.farm.uncontrolled import equal_share, uncontrolled
from tests.adapters.farm.stations import START, always, outlet, station, stay, v2g_stay
from v2g.site import Circuit

shares = st.lists(st.tuples(st.floats(0.0, 22.0), st.sampled_from([0.0, 1.4, 4.14])), min_size=1, max_size=12)


@given(shares, st.floats(0.0, 120.0), st.floats(0.0, 60.0), st.integers(0, 12))
def test_a_share_never_breaks_a_limit_nor_a_minimum(
    units: list[tuple[float, float]], root_kw: float, branch_kw: float, n_branch: int
) -> None:
    wanted, least = (np.array(column) for column in zip(*units, strict=True))
    matrix = np.array([np.ones(len(units)), np.arange(len(units)) < n_branch]).astype(float)
    share = equal_share(wanted, least, Rows(matrix), np.array([root_kw, branch_kw]))
    assert (share >= 0.0).all()
    assert (share <= np.maximum(wanted, least) + 1e-9).all()
    assert ((share == 0.0) | (share >= least - 1e-9)).all()
    drawn = np.minimum(share, wanted)
    assert (matrix @ drawn <= np.array([root_kw, branch_kw]) + 1e-6).all()


@given(shares, st.floats(0.0, 120.0), st.floats(0.0, 60.0), st.integers(0, 12))
def test_rising_in_few_rounds_shares_as_rising_to_each_wish_in_turn(
    units: list[tuple[float, float]], root_kw: float, branch_kw: float, n_branch: int
) -> None:
    wanted, least = (np.array(column) for column in zip(*units, strict=True))
    matrix, headroom = (
        np.array([np.ones(len(units)), np.arange(len(units)) < n_branch]).astype(float),
        np.array([root_kw, branch_kw]),
    )
    if (matrix @ wanted <= headroom).all():
        return
    reserve = np.where(wanted > 0.0, least, 0.0)
    fits = ((np.cumsum(matrix * reserve, axis=1) <= headroom[:, None]) | (matrix == 0.0)).all(axis=0) & (wanted > 0.0)
    share = np.where(fits, reserve, 0.0)
    rising = fits & (wanted > share)
    while rising.any():
        slack, pull = headroom - matrix @ share, matrix @ rising
        to_a_row = min(s / p for s, p in zip(slack, pull, strict=True) if p > 0.0)
        share = np.where(rising, share + max(min(to_a_row, (wanted - share)[rising].min()), 0.0), share)
        full = headroom - matrix @ share <= 1e-6
        rising &= (wanted - share > 1e-6) & ~(matrix[full] > 0.0).any(axis=0)
    assert equal_share(wanted, least, Rows(matrix), headroom) == pytest.approx(share, abs=2e-5)


def test_equal_wishes_share_equally_and_small_ones_leave_the_rest() -> None:
    share = equal_share(np.array([11.0, 2.0, 11.0]), np.zeros(3), Rows(np.ones((1, 3))), np.array([16.0]))
    assert share == pytest.approx([7.0, 2.0, 7.0], abs=1e-5)


def test_who_came_late_in_the_row_pauses_when_minima_do_not_fit() -> None:
    share = equal_share(np.full(3, 11.0), np.full(3, 4.14), Rows(np.ones((1, 3))), np.array([10.0]))
    assert share == pytest.approx([5.0, 5.0, 0.0], abs=1e-5)


def test_without_a_binding_limit_every_car_charges_at_once_up_to_what_it_asked() -> None:
    o = uncontrolled(station(), [stay()], start=START, end=START + timedelta(hours=9), load_kw=always(0.0), pv_kw=always(0.0))
    assert o.finished[0].left_kwh == pytest.approx(45.0, abs=1e-6)
    assert o.charge_kw[1] == pytest.approx(11.04)
    assert o.energy_charged_kwh == pytest.approx(15.0 / 0.95, rel=0.01)


def test_a_v2g_car_is_charged_like_any_other_and_never_discharged() -> None:
    visits = [v2g_stay(energy_kwh=10.0)]
    o = uncontrolled(station(), visits, start=START, end=START + timedelta(hours=9), load_kw=always(0.0), pv_kw=always(0.0))
    assert o.energy_discharged_kwh == 0.0
    assert o.finished[0].left_kwh == pytest.approx(40.0, abs=1e-6)


def test_the_guard_keeps_every_limit_while_load_and_limit_move() -> None:
    circuits = (
        Circuit(circuit_id="main", import_limit_kw=70.0),
        Circuit(circuit_id="garage", parent_id="main", phase_limit_a=60.0),
    )
    site = station(*(outlet(f"E{i}", circuit_id="garage" if i < 6 else "main") for i in range(12)), circuits=circuits)
    visits = [stay(f"E{i}", after_h=0.013 * i, hours_h=6.0 + 0.1 * i) for i in range(12)]
    load = StepSeries(start=START, step_s=900.0, values=20.0 + 20.0 * np.sin(np.arange(40)))
    limit = StepSeries(start=START, step_s=3600.0, values=np.array([70.0, 45.0, 60.0]))
    end = START + timedelta(hours=9)
    o = uncontrolled(site, visits, start=START, end=end, load_kw=load, pv_kw=always(0.0), import_limit_kw=limit)
    assert o.limit_violation_s == 0.0
    assert o.breaches == ()
    assert o.max_import_kw > 59.9
    assert o.delivered_frac > 0.5
