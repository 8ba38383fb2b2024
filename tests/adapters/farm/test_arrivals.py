from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from adapters.farm.arrivals import APARTMENTS, WORKPLACE, Habit, daily_visits, demo_visits
from adapters.farm.possible import possible_kwh
from adapters.farm.visit import Visit
from tests.adapters.farm.stations import START, outlet, station
from v2g.site import Site

SITE = station(*(outlet(f"E{i}", discharge_max_kw=11.04 if i < 10 else 0.0) for i in range(30)))


def overlapping(visits: tuple[Visit, ...]) -> int:
    ordered = sorted(visits, key=lambda v: (v.evse_id, v.arrives_at))
    return sum(a.evse_id == b.evse_id and b.arrives_at < a.leaves_at for a, b in pairwise(ordered))


@pytest.mark.parametrize(("habit", "hour"), [(WORKPLACE, 8.7), (APARTMENTS, 17.8)], ids=["workplace", "apartments"])
def test_cars_come_by_local_habit_and_never_two_at_one_outlet(habit: Habit, hour: float) -> None:
    visits = daily_visits(SITE, habit, start=START - timedelta(hours=12), days=14, seed=3)
    local = [v.arrives_at.astimezone(ZoneInfo("Asia/Shanghai")) for v in visits]
    assert np.mean([t.hour + t.minute / 60.0 for t in local]) == pytest.approx(hour, abs=0.6)
    assert overlapping(visits) == 0
    workdays = sum(t.weekday() < 5 for t in local)
    assert workdays / len(visits) > 0.65


def test_what_is_asked_fits_in_the_battery_and_in_the_stay() -> None:
    for visit in daily_visits(SITE, WORKPLACE, start=START, days=5, seed=4):
        stay_s = (visit.leaves_at - visit.arrives_at).total_seconds()
        assert possible_kwh(visit, outlet(), stay_s) >= visit.due_kwh - 0.1


def test_the_share_of_v2g_cars_and_of_consent_is_kept() -> None:
    visits = daily_visits(SITE, WORKPLACE, start=START, days=14, seed=5, v2g_share=0.5, consent_share=0.6)
    assert np.mean([v.discharge_max_kw > 0.0 for v in visits]) == pytest.approx(0.5, abs=0.12)
    assert np.mean([v.is_v2g for v in visits]) == pytest.approx(0.3, abs=0.12)


def test_the_demo_starts_with_cars_and_its_v2g_cars_have_something_to_give() -> None:
    visits = demo_visits(SITE, start=START, hours_h=24.0, seed=6)
    assert overlapping(visits) == 0
    assert sum(v.arrives_at == START for v in visits) > 20
    assert max(v.leaves_at for v in visits) > START + timedelta(hours=24)
    for visit in visits:
        assert visit.is_v2g == (int(visit.evse_id[1:]) < 10)
        assert not visit.is_v2g or visit.arrival_kwh - visit.due_kwh > 0.1 * visit.capacity_kwh
    assert len({v.driver for v in visits}) == len(visits)


def test_a_seed_gives_the_same_visits_again() -> None:
    def draw(site: Site, seed: int) -> tuple[Visit, ...]:
        return demo_visits(site, start=START, hours_h=12.0, seed=seed)

    assert draw(SITE, 1) == draw(SITE, 1)
    assert draw(SITE, 1) != draw(SITE, 2)
