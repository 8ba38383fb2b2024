from datetime import timedelta
from typing import Any

import pytest

from tests.adapters.farm.stations import START, stay, v2g_stay
from v2g.errors import SeriesError


def test_an_energy_wish_is_due_on_top_of_the_arrival() -> None:
    visit = stay(energy_kwh=12.0)
    assert visit.due_kwh == pytest.approx(42.0)
    assert visit.charge_limit_kwh == pytest.approx(42.0)
    assert visit.wishes.energy_kwh == 12.0
    assert visit.wishes.soc_target_frac is None
    assert not visit.wishes.discharge_consent


def test_a_soc_target_below_the_arrival_is_due_lower_and_told_as_such() -> None:
    visit = v2g_stay(soc_frac=0.9, energy_kwh=0.0, soc_target_frac=0.5)
    assert visit.due_kwh == pytest.approx(30.0)
    assert visit.charge_limit_kwh == 60.0
    assert visit.wishes.energy_kwh is None
    assert visit.wishes.soc_target_frac == 0.5
    assert visit.wishes.discharge_consent


@pytest.mark.parametrize(
    "changes",
    [
        {"leaves_at": START - timedelta(hours=1)},
        {"capacity_kwh": 0.0, "energy_kwh": 0.0},
        {"soc_frac": 1.2},
        {"charge_max_kw": 0.0},
        {"discharge_max_kw": -1.0},
        {"energy_kwh": 40.0},
        {"energy_kwh": -1.0},
        {"soc_target_frac": 1.1},
    ],
)
def test_impossible_visits_are_refused_with_their_place(changes: dict[str, Any]) -> None:
    with pytest.raises(SeriesError, match="visit A 2026-01-05"):
        stay(**changes)
