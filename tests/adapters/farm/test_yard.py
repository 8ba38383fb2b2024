from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from adapters.farm.fleet import Fleet
from adapters.farm.leases import Leases
from adapters.farm.surroundings import Surroundings
from adapters.farm.visit import Visit
from adapters.farm.yard import Yard
from tests.adapters.farm.stations import START, always, outlet, station, stay
from v2g.errors import SeriesError


def yard_of(*visits: Visit, **options: Any) -> tuple[Yard, Leases]:
    site = station(*(outlet(name) for name in sorted({v.evse_id for v in visits} | {"A"})))
    leases = Leases(site)
    around = Surroundings(load_kw=always(20.0), pv_kw=always(0.0))
    yard = Yard(site=site, visits=visits, start=START, surroundings=around, fleet=Fleet(site), control=leases, **options)
    return yard, leases


def test_arrival_departure_and_lease_end_happen_at_their_instants() -> None:
    visit = stay(after_h=0.01, hours_h=1.0, energy_kwh=0.0, soc_frac=0.2, soc_target_frac=1.0)
    yard, leases = yard_of(visit)
    leases.grant(0, 6.0, (visit.arrives_at + timedelta(seconds=1000.5)).timestamp())
    yard.advance_to(START + timedelta(hours=2))
    ramp_kwh = 6.0 * 3.6 / 3600.0
    assert yard.fleet.imported_kwh[0] == pytest.approx(6.0 * 1000.5 / 3600.0, abs=ramp_kwh)
    assert yard.ledger.outcome().finished[0].visit is visit


def test_everyone_is_told_of_changes_in_order() -> None:
    told: list[tuple[int, Visit | None]] = []
    one, two, other = stay("A", hours_h=1.0), stay("A", after_h=1.0, hours_h=1.0), stay("B", after_h=0.5, hours_h=4.0)
    yard, _ = yard_of(two, one, other, on_change=lambda unit, visit: told.append((unit, visit)))
    yard.advance_to(START)
    assert told == [(0, one)]
    assert yard.next_event == START + timedelta(hours=0.5)
    yard.advance_to(START + timedelta(hours=1))
    assert told[1:] == [(1, other), (0, None), (0, two)]
    yard.advance_to(START + timedelta(hours=9))
    assert yard.next_event is None
    assert yard.here == [None, None]


def test_a_car_that_came_before_the_start_stands_there_and_one_that_left_does_not() -> None:
    yard, _ = yard_of(stay("A", after_h=-3.0, hours_h=4.0), stay("B", after_h=-3.0, hours_h=2.0))
    yard.advance_to(START)
    assert yard.here[0] is not None
    assert yard.here[1] is None


def test_time_does_not_run_backwards() -> None:
    yard, _ = yard_of(stay())
    yard.advance_to(START + timedelta(hours=1))
    yard.advance_to(START)
    assert yard.now == START + timedelta(hours=1)
    assert yard.ledger.outcome().end == START + timedelta(hours=1)


def test_many_small_advances_are_one_large_one_on_the_same_steps() -> None:
    results = []
    for minutes in (1, 60):
        yard, leases = yard_of(stay(energy_kwh=28.0))
        leases.grant(0, 11.0, np.inf)
        for n in range(0, 180 + minutes, minutes):
            yard.advance_to(START + timedelta(minutes=n))
        results.append(float(yard.fleet.stored_kwh[0]))
    assert results[0] == results[1]


def test_two_cars_at_one_outlet_are_refused() -> None:
    with pytest.raises(SeriesError, match="two cars stand at one outlet"):
        yard_of(stay("A"), stay("A", after_h=1.0))


def test_an_unknown_outlet_is_refused() -> None:
    site = station(outlet("A"))
    around = Surroundings(load_kw=always(0.0), pv_kw=always(0.0))
    with pytest.raises(SeriesError, match="no outlet 'Z'"):
        Yard(site=site, visits=[stay("Z")], start=START, surroundings=around, fleet=Fleet(site), control=Leases(site))
