from dataclasses import replace
from math import nan

import numpy as np
import pytest

from adapters.farm.swapping import MOST_RETURNED_FRAC, PATIENCE_H, SwapPlant
from v2g.assets import SwapStation

QUIET = SwapStation(
    asset_id="P",
    circuit_id="grid",
    n_packs=4,
    pack_kwh=60.0,
    pack_charge_kw=40.0,
    swaps_per_h=(0.0,) * 24,
    pack_discharge_kw=20.0,
    variance_factor=1.0,
)


def plant(**changes: object) -> SwapPlant:
    return SwapPlant(replace(QUIET, **changes), None, "Asia/Shanghai")  # type: ignore[arg-type]  # fields of several types


def test_power_goes_to_the_fullest_first_and_comes_from_the_emptiest() -> None:
    p = plant()
    assert p.soc_frac.tolist() == [1.0, 1.0, 0.25, 0.25]
    p.step(50.0, 0.5, 0.0)
    assert p.power_kw == pytest.approx(50.0)
    assert p.soc_frac[2] > p.soc_frac[3] > 0.25
    p.step(-20.0, 0.1, 0.0)
    assert p.power_kw == pytest.approx(-20.0, abs=1e-6)
    assert p.soc_frac[:2].tolist() == [1.0, 1.0]


def test_energy_in_less_losses_is_energy_held() -> None:
    p = plant()
    before = p.stored_kwh or 0.0
    for _ in range(10):
        p.step(80.0, 0.1, 0.0)
    assert (p.stored_kwh or 0.0) - before == pytest.approx(80.0 * 0.95, rel=0.01)


def test_nothing_flows_without_an_order_or_beyond_full_and_empty() -> None:
    p = plant()
    p.step(nan, 1.0, 0.0)
    assert p.power_kw == 0.0
    for _ in range(40):
        p.step(1e3, 0.25, 0.0)
    assert p.soc_frac == pytest.approx(np.ones(4))
    assert p.power_kw == pytest.approx(0.0, abs=1e-6)
    for _ in range(40):
        p.step(-1e3, 0.25, 0.0)
    assert p.soc_frac == pytest.approx(np.full(4, 0.25), abs=1e-6)


def test_a_swap_takes_a_full_pack_and_leaves_an_empty_one_and_who_finds_none_waits_then_drives_on() -> None:
    p = plant(swaps_per_h=(60.0,) * 24)
    for _ in range(10):
        p.step(0.0, 1 / 60, 0.0)
    book = p.book
    assert book.served == 2
    assert p.soc_frac.max() <= MOST_RETURNED_FRAC
    for _ in range(round(60 * PATIENCE_H)):
        p.step(0.0, 1 / 60, 0.0)
    assert p.book.refused > 0
    assert p.book.served == 2
    assert p.book.asked >= p.book.served + p.book.refused


def test_who_waits_gets_the_next_full_pack() -> None:
    p = plant(n_packs=1, swaps_per_h=(60.0,) * 24)
    p.soc_frac[:] = 0.9
    for _ in range(12):
        p.step(40.0, 1 / 60, 0.0)
    assert p.book.served == 1
    assert 1 / 60 < p.book.waited_h <= 6.0 / 38.0 + 1 / 60
