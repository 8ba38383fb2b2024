from datetime import timedelta
from itertools import pairwise

import numpy as np

from adapters.farm.supercharging import SUPERCHARGING, passing_visits
from tests.adapters.farm.stations import START, outlet, station

GUNS = [outlet(f"G{i}", charge_max_kw=480.0, charge_min_kw=0.0) for i in range(6)]


def test_cars_come_and_go_within_a_quarter_of_an_hour_and_never_two_at_a_gun() -> None:
    visits = passing_visits(station(*GUNS), SUPERCHARGING, start=START, days=2, seed=1)
    stays_min = np.array([(v.leaves_at - v.arrives_at) / timedelta(minutes=1) for v in visits])
    assert 10.0 <= stays_min.min() <= stays_min.max() <= 20.0
    assert 13.0 < stays_min.mean() < 17.0
    for gun in GUNS:
        own = [v for v in visits if v.evse_id == gun.evse_id]
        assert all(before.leaves_at < after.arrives_at for before, after in pairwise(own))


def test_many_by_day_few_by_night_and_the_seed_decides() -> None:
    site = station(*GUNS)
    visits = passing_visits(site, SUPERCHARGING, start=START, days=7, seed=1)
    local = np.array([(v.arrives_at + timedelta(hours=8)).hour for v in visits])  # Asia/Shanghai
    assert np.sum((local >= 10) & (local < 16)) > 4 * np.sum(local < 6)
    assert 6 * 8 * 7 < len(visits) < 6 * 30 * 7
    assert visits == passing_visits(site, SUPERCHARGING, start=START, days=7, seed=1)
    assert visits != passing_visits(site, SUPERCHARGING, start=START, days=7, seed=2)
