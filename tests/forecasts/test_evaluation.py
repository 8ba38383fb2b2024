from dataclasses import replace

import numpy as np
import pytest

from forecasts.evaluation import judged, series_figures, trials
from forecasts.fleet.evaluation import visit_trials
from tests.forecasts.fleet.drivers import workplace
from tests.forecasts.series.synthetic import BERLIN, loads
from v2g.outlook import LEVELS
from v2g.timegrid import Array

DAY = 24
SERIES = loads(24)
ORIGINS = [16 * DAY, 20 * DAY]


def told(values: Array) -> list[Array]:
    return [t.told for t in trials(replace(SERIES, values=values), BERLIN, ORIGINS, DAY)]


@pytest.mark.parametrize(("seed", "wild"), [(0, 1e4), (1, -50.0), (2, np.nan)])
def test_what_comes_after_an_origin_cannot_change_its_forecast(seed: int, wild: float) -> None:
    """The first forecast sees none of what is spoilt, the second some of it: so the test would fail if anything were seen."""
    spoilt = SERIES.values.copy()
    later = np.random.default_rng(seed).uniform(size=len(spoilt)) < 0.5
    later[: ORIGINS[0]] = False
    spoilt[later] = wild
    first, second = told(spoilt)
    plain = told(SERIES.values)
    np.testing.assert_array_equal(first, plain[0])
    assert np.abs(second - plain[1]).max() > 0


def test_figures_by_horizon_add_up() -> None:
    tried = list(trials(SERIES, BERLIN, ORIGINS, 2 * DAY))
    figures = series_figures(tried, SERIES.slot_s)
    parts = figures["by_horizon"]
    assert [(p["from_h"], p["until_h"]) for p in parts] == [(0, 1), (1, 4), (4, 12), (12, 24), (24, 48)]
    assert sum(p["n"] for p in parts) == figures["n"] == 2 * 2 * DAY
    np.testing.assert_allclose(sum(p["n"] * p["mae"] for p in parts) / figures["n"], figures["mae"])
    assert figures["crossings"] == 0


def test_a_perfect_forecast_and_the_reference_itself() -> None:
    actual = np.array([1.0, 2.0, np.nan, 4.0])
    naive = np.repeat([[1.5, 2.0, 3.0, 3.5]], len(LEVELS), axis=0)
    perfect = judged(actual, np.nan_to_num(np.repeat([actual], len(LEVELS), axis=0)), naive)
    assert (perfect["n"], perfect["mae"], perfect["rmae"], perfect["coverage80"]) == (3, 0.0, 0.0, 1.0)
    same = judged(actual, naive, naive)
    assert (same["rmae"], same["rcrps"]) == (1.0, 1.0)
    np.testing.assert_allclose(same["mae"], 1 / 3)
    np.testing.assert_allclose(same["coverage"]["0.5"], 2 / 3)
    assert judged(np.array([np.nan]), naive[:, :1], naive[:, :1]) == {}


def test_visits_that_end_later_change_no_trial_before() -> None:
    visits = workplace(0, days=50)
    begins = np.sort(visits.begin_h)
    later = visits.left_h > begins[len(visits) * 3 // 4]
    spoilt = replace(visits, energy_kwh=np.where(later, 99.0, visits.energy_kwh))
    (first, second), (one, other) = list(visit_trials(visits, 2)), list(visit_trials(spoilt, 2))
    for name in ("stay_h", "energy_kwh"):
        np.testing.assert_array_equal(first.told[name], one.told[name])
        np.testing.assert_array_equal(first.naive[name], one.naive[name])
    assert np.abs(second.told["energy_kwh"] - other.told["energy_kwh"]).max() > 1.0
    assert judged(first.actual["stay_h"], first.told["stay_h"], first.naive["stay_h"])["rmae"] < 0.9


def test_too_few_visits_are_left_out() -> None:
    assert not list(visit_trials(workplace(0).take(slice(0, 100)), 2))
