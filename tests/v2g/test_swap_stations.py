from datetime import UTC, datetime, timedelta
from math import exp, factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from v2g.assets import SwapStation
from v2g.observation import AssetState, Reading
from v2g.stating.swap_stations import swap_quantile, swap_unit, swaps_until
from v2g.timegrid import TimeGrid
from v2g.unit import Unit

MIDNIGHT = datetime(2026, 6, 14, 16, tzinfo=UTC)  # in Asia/Shanghai
DAY = TimeGrid.uniform(MIDNIGHT, step_h=1.0, n_steps=24)
RATES = (*(1.0,) * 8, *(6.0,) * 16)
STATION = SwapStation(
    asset_id="P", circuit_id="grid", n_packs=20, pack_kwh=60.0, pack_charge_kw=60.0, swaps_per_h=RATES, pack_discharge_kw=30.0
)


def unit_of(*, stored_kwh: float = 900.0, v2g: bool = True) -> Unit:
    state = AssetState(asset_id="P", online=True, stored_kwh=Reading(value=stored_kwh, at=MIDNIGHT))
    return swap_unit(STATION, state, DAY, "Asia/Shanghai", worth_per_kwh=0.7, v2g=v2g)


@given(st.floats(0.01, 30.0), st.floats(0.5, 0.999))
def test_without_over_dispersion_the_quantile_is_poissons(mean: float, level: float) -> None:
    number = swap_quantile(mean, 1.0, level)
    below = sum(exp(-mean) * mean**k / factorial(k) for k in range(number))
    assert below < level + 1e-9
    assert below + exp(-mean) * mean**number / factorial(number) >= level - 1e-9


@pytest.mark.parametrize(("mean", "factor"), [(2.0, 1.5), (8.0, 1.5), (8.0, 4.0)])
def test_over_dispersed_swaps_are_covered_as_often_as_meant(mean: float, factor: float) -> None:
    drawn = np.random.default_rng(1).negative_binomial(mean / (factor - 1.0), 1.0 / factor, 200_000)
    number = swap_quantile(mean, factor, 0.95)
    assert (drawn <= number).mean() >= 0.948
    assert (drawn <= number - 1).mean() < 0.952


def test_swaps_are_counted_by_the_local_hour() -> None:
    swaps = swaps_until(STATION, DAY, "Asia/Shanghai", DAY.edges_h)
    assert swaps[[8, 24]] == pytest.approx([8.0, 104.0])
    half_past = TimeGrid.uniform(MIDNIGHT + timedelta(hours=7, minutes=30), step_h=1.0, n_steps=1)
    assert swaps_until(STATION, half_past, "Asia/Shanghai", np.array([1.0])) == pytest.approx([3.5])


def test_each_swap_drains_what_the_pack_misses_and_the_reserve_follows_the_hours() -> None:
    unit = unit_of()
    assert unit.drain_kwh is not None
    assert unit.drain_kwh.sum() == pytest.approx(104 * 45.0)
    ready = (unit.energy_min_kwh - 20 * 15.0) / 45.0
    assert ready == pytest.approx(np.round(ready))
    night, day = swap_quantile(STATION.refill_h, 1.5, 0.95), swap_quantile(6.0 * STATION.refill_h, 1.5, 0.95)
    assert ready[[2, 12]] == pytest.approx([night, day])
    assert unit.energy_max_kwh == pytest.approx([1200.0] * 24)


def test_packs_give_back_only_where_the_site_lets_them() -> None:
    assert unit_of().discharge_max_kw.max() == 600.0
    assert unit_of(v2g=False).discharge_max_kw.max() == 0.0
