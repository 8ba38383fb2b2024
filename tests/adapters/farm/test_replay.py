from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pytest

from adapters.farm.replay import visits_from_sessions
from tests.adapters.farm.stations import START, outlet, station
from v2g.errors import SeriesError


@dataclass(frozen=True)
class Row:
    energy_kwh: float
    evse_id: str = "A"
    user: str = "p-1"
    plug_in: datetime = START
    plug_out: datetime = START + timedelta(hours=6)
    stated_departure: datetime | None = None
    requested_kwh: float | None = 80.0


def test_the_driver_asks_for_what_the_real_car_took() -> None:
    rows = [Row(energy) for energy in np.linspace(0.5, 95.0, 60)]
    visits = visits_from_sessions(rows, station(), seed=1)
    assert [v.energy_kwh for v in visits] == [r.energy_kwh for r in rows]
    assert all(v.due_kwh <= v.capacity_kwh for v in visits)
    assert {(v.driver, v.arrives_at, v.leaves_at) for v in visits} == {("p-1", START, START + timedelta(hours=6))}


def test_a_car_that_took_much_in_a_short_stay_could_take_that_power() -> None:
    (visit,) = visits_from_sessions([Row(10.0, plug_out=START + timedelta(hours=1))], station(), seed=1)
    assert visit.charge_max_kw == pytest.approx(11.04)


def test_shares_and_seed_are_kept() -> None:
    rows = [Row(12.0) for _ in range(300)]
    visits = visits_from_sessions(rows, station(), seed=2, v2g_share=0.4, consent_share=0.5)
    assert np.mean([v.discharge_max_kw > 0.0 for v in visits]) == pytest.approx(0.4, abs=0.08)
    assert np.mean([v.consent for v in visits]) == pytest.approx(0.2, abs=0.08)
    assert visits == visits_from_sessions(rows, station(), seed=2, v2g_share=0.4, consent_share=0.5)


def test_an_outlet_that_the_site_lacks_is_refused() -> None:
    with pytest.raises(SeriesError, match="no outlet 'Z'"):
        visits_from_sessions([Row(5.0, evse_id="Z")], station(outlet("A")), seed=1)
