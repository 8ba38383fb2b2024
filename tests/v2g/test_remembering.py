from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_session, a_site, an_observation
from v2g.driver import target_energy_kwh
from v2g.observation import Observation, Reading
from v2g.record import Memory
from v2g.remembering import arrive, meter


def metered(at_s: float, power_kw: float) -> Observation:
    at = NOW + timedelta(seconds=at_s)
    return Observation(at=at, evses=(), site_power_kw=Reading(value=power_kw, at=at))


def test_the_peak_is_the_mean_of_a_whole_quarter_hour() -> None:
    memory, site = Memory(), a_site(1)
    for minute, power in [(0, 10.0), (5, 40.0), (10, 10.0), (15, 0.0), (20, 0.0)]:  # each holds for 5 min
        memory = meter(memory, metered(60 * minute, power), site)
    assert memory.peak_so_far_kw == pytest.approx(60.0 / 3.0)


@given(st.lists(st.tuples(st.floats(1, 600), st.floats(0, 100)), min_size=1, max_size=40))
def test_the_peak_never_exceeds_the_highest_reading(readings: list[tuple[float, float]]) -> None:
    memory, site, at_s = Memory(), a_site(1), 0.0
    for gap_s, power in readings:
        at_s += gap_s
        memory = meter(memory, metered(at_s, power), site)
    assert memory.peak_so_far_kw <= max(power for _, power in readings) + 1e-9


def test_a_new_month_starts_from_zero() -> None:
    site = a_site(1)
    memory = Memory(peak_so_far_kw=90.0, month="2026-02")
    assert meter(memory, metered(0, 5.0), site).peak_so_far_kw == 0.0
    assert meter(replace(memory, month="2026-03"), metered(0, 5.0), site).peak_so_far_kw == 90.0


def test_energy_at_plug_in_is_kept_while_the_car_stays() -> None:
    site = a_site(1)
    fresh = arrive(Memory(), an_observation(site, E0=a_session("E0", soc_frac=0.5)), site)
    assert fresh.arrival_kwh == {"S-E0": pytest.approx(30.0)}
    charged = replace(a_session("E0", soc_frac=0.7), charged_kwh=13.0)
    assert arrive(fresh, an_observation(site, E0=charged), site).arrival_kwh == fresh.arrival_kwh
    assert arrive(fresh, an_observation(site, E0=None), site).arrival_kwh == {}


def test_a_charge_that_is_told_late_moves_the_target_with_it() -> None:
    site = a_site(1)
    silent = a_session("E0", soc_frac=None, energy_kwh=20.0)
    first = arrive(Memory(), an_observation(site, E0=silent), site)
    told = a_session("E0", soc_frac=0.5, energy_kwh=20.0)
    second = arrive(first, an_observation(site, E0=told), site)
    targets = [
        target_energy_kwh(session, site.evses[0], site.rules, memory.arrival_kwh.get("S-E0"))
        for session, memory in ((silent, first), (told, second), (silent, second))
    ]
    assert targets == pytest.approx([20.0, 50.0, 20.0])
