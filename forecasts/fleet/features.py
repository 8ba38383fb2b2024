"""What a learner is told of a car: its statement, its driver's habits, what like visits did; never of what ended later."""

import numpy as np

from forecasts.fleet.kernel import Like
from forecasts.fleet.visits import STRANGER, Visits
from v2g.timegrid import Array

OWN = 40
"""Visits of the driver that are looked at."""
RECENT = 8.0
"""Visits over which an older one comes to weigh a third."""
SPREAD = np.array([0.1, 0.5, 0.9])

CAR = ("clock_h", "weekday", "stated_h", "requested_kwh")
LIKE = ("like_stay_low", "like_stay", "like_stay_high", "like_energy_low", "like_energy", "like_energy_high", "like_weight")
HABITS = (
    "own_visits",
    "own_stay",
    "own_stay_recent",
    "own_stay_last",
    "own_stay_spread",
    "own_stay_until",
    "own_stay_weekday",
    "own_energy",
    "own_energy_recent",
    "own_energy_last",
    "own_energy_spread",
    "own_energy_highest",
    "own_energy_weekday",
    "own_since_left_h",
    "own_since_begin_h",
    "own_stated_error",
    "own_request_share",
)
NAMES = (*CAR, *LIKE, *HABITS)
STAY_HINTS = ("like_stay", "own_stay", "own_stay_recent", "own_stay_until", "own_stay_weekday", "stated_h")
ENERGY_HINTS = ("like_energy", "own_energy", "own_energy_recent", "own_energy_weekday", "requested_kwh")


def features(like: Like, past: Visits) -> Array:
    """Return the features `NAMES` of each car of `like`, (n_cars, len(NAMES)); NaN where nothing is known.

    `past` are ended visits, the first to end first; of them a car is told those that had ended when it came.
    """
    cars = like.cars
    told = np.stack([cars.clock_h, cars.weekday.astype(np.float64), cars.stated_h, cars.requested_kwh], axis=1)
    stays, energies = like.quantiles("stay_h", SPREAD), like.quantiles("energy_kwh", SPREAD)
    return np.concatenate([told, stays, energies, like.weight.sum(axis=1, keepdims=True), _habits(cars, past)], axis=1)


def _habits(cars: Visits, past: Visits) -> Array:
    """Return what each car's driver did on visits before, (n_cars, len(HABITS)): NaN but for their number where there are none."""
    found = np.full((len(cars), len(HABITS)), np.nan)
    found[:, 0] = 0.0
    known = np.searchsorted(past.left_h, cars.begin_h, side="right")
    order = np.argsort(past.driver, kind="stable")
    drivers = past.driver[order]
    begins, ends = np.searchsorted(drivers, cars.driver), np.searchsorted(drivers, cars.driver, side="right")
    for i in np.flatnonzero((cars.driver != STRANGER) & (ends > begins)):
        mine = order[begins[i] : ends[i]]
        mine = mine[: np.searchsorted(mine, known[i])]
        if len(mine):
            found[i] = _habit(cars.begin_h[i], cars.clock_h[i], cars.weekday[i], past.take(mine[-OWN:]), len(mine))
    return found


def _habit(begin_h: float, clock_h: float, weekday: int, own: Visits, number: int) -> Array:
    """Return the habits of a driver from `own` visits, the latest last."""
    stay_h, energy_kwh = own.stay_h, own.energy_kwh
    recent = np.exp((np.arange(len(own)) - len(own) + 1) / RECENT)
    recent /= recent.sum()
    like = np.flatnonzero(own.weekday == weekday)[-4:]
    spread_h, spread_kwh = stay_h.std(), energy_kwh.std()
    error_h, share = stay_h - own.stated_h, energy_kwh / own.requested_kwh
    return np.array([
        number,
        np.median(stay_h),
        stay_h @ recent,
        stay_h[-1],
        spread_h,
        (own.clock_h + stay_h) @ recent - clock_h,
        stay_h[like].mean() if len(like) else np.nan,
        np.median(energy_kwh),
        energy_kwh @ recent,
        energy_kwh[-1],
        spread_kwh,
        energy_kwh.max(),
        energy_kwh[like].mean() if len(like) else np.nan,
        begin_h - own.left_h[-1],
        begin_h - own.begin_h[-1],
        _median(error_h),
        _median(share),
    ])  # fmt: skip


def _median(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else np.nan
