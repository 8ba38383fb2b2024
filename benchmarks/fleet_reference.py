"""What the fleet's forecasts are held against: the mean of a kernel's quantiles and those of one LightGBM model a level."""

from typing import Any

import lightgbm
import numpy as np

from forecasts.fleet import kernel
from forecasts.fleet.kernel import CHUNK, NEWEST
from forecasts.fleet.stays import LEVEL_ARRAY
from forecasts.fleet.visits import STRANGER, Visits
from v2g.timegrid import Array

SETTINGS: dict[str, Any] = {
    "objective": "quantile",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction": 0.8,
    "num_threads": 1,
    "seed": 1,
    "verbose": -1,
}
ROUNDS = 150
SAME_DRIVER = {"stay_h": 30.0, "energy_kwh": 300.0}
"""Among weights 10 to 1000 those of the least loss on the latest of the visits that are learned from."""


def reference(past: Visits, learned: Visits, cars: Visits, name: str) -> Array:
    """Return the quantiles of `name` ("stay_h" or "energy_kwh") of `cars`, (n, len(LEVELS)).

    `past` are all visits, the first to end first, of which a car is told those that had ended when it came; `learned` are the
    visits that the LightGBM models see the end of.
    """
    return 0.5 * (_kernel(past, cars, name) + _boosted(past, learned, cars, name))


def _kernel(past: Visits, cars: Visits, name: str) -> Array:
    found = []
    for a in range(0, len(cars), CHUNK):
        some = cars.take(slice(a, a + CHUNK))
        known = int(np.searchsorted(past.left_h, some.begin_h.max(), side="right"))
        newest = past.take(slice(max(known - NEWEST, 0), known))
        weight = kernel.weights(some, newest, some.begin_h, same_driver=SAME_DRIVER[name])
        found.append(kernel.quantiles(getattr(newest, name), weight, LEVEL_ARRAY))
    return np.concatenate(found)


def _boosted(past: Visits, learned: Visits, cars: Visits, name: str) -> Array:
    quiet = {"verbose": -1, "num_threads": 1}
    data = lightgbm.Dataset(_features(learned, past), getattr(learned, name), params=quiet, free_raw_data=False)
    seen = _features(cars, past)
    told = [lightgbm.train({**SETTINGS, "alpha": level}, data, ROUNDS).predict(seen, num_threads=1) for level in LEVEL_ARRAY]
    return np.sort(np.stack(told, axis=1), axis=1)


def _features(cars: Visits, past: Visits) -> Array:
    """Return what is stated, the time and the driver's mean, median, last and spread of stay and energy, (n, 13)."""
    rows = []
    for i in range(len(cars)):
        mine = (past.driver == cars.driver[i]) & (past.left_h <= cars.begin_h[i]) & (past.driver != STRANGER)
        stays, energies = past.stay_h[mine], past.energy_kwh[mine]
        habits = [f(x) if len(x) else np.nan for x in (stays, energies) for f in (np.mean, np.median, np.std, _last)]
        rows.append([cars.clock_h[i], cars.weekday[i], cars.stated_h[i], cars.requested_kwh[i], len(stays), *habits])
    return np.array(rows, dtype=np.float64)


def _last(values: Array) -> float:
    return float(values[-1])
