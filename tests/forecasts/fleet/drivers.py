"""A made-up workplace: each driver comes in the morning and stays as long as that driver does, give or take."""

from dataclasses import fields

import numpy as np

from forecasts.fleet.visits import Visits

DAY_H = 24.0
START_H = 4 * DAY_H  # 1970-01-05, a Monday


def made_visits(**columns: object) -> Visits:
    """Return visits of the columns given; the others as of strangers that come at 08:00 and say nothing."""
    n = len(np.atleast_1d(columns["begin_h"]))
    begin_h = np.asarray(columns["begin_h"], dtype=np.float64)
    days = (begin_h // DAY_H).astype(np.int64)
    nothing = np.full(n, np.nan)
    default = {
        "left_h": np.full(n, np.inf),
        "clock_h": begin_h % DAY_H,
        "day": days,
        "day_type": np.clip((days + 3) % 7 - 4, 0, 2),
        "driver": np.full(n, -1, dtype=np.int64),
        "stated_h": nothing,
        "requested_kwh": nothing,
        "energy_kwh": nothing,
    }
    given = default | {name: np.asarray(values) for name, values in columns.items()}
    return Visits(**{f.name: given[f.name] for f in fields(Visits)})  # type: ignore[arg-type]


def workplace(seed: int, *, days: int = 70, drivers: int = 25) -> Visits:
    """Return visits of `days` days in the order in which they came.

    A driver's mean stay lies between 3 and 11 h; stays are normal around it with 1 h of deviation, and what is taken is 2 kWh an
    hour plus what that driver takes besides, give or take 1 kWh.
    """
    rng = np.random.default_rng(seed)
    means_h, besides_kwh = rng.uniform(3.0, 11.0, drivers), rng.uniform(2.0, 20.0, drivers)
    day, driver = (x.ravel() for x in np.meshgrid(np.arange(days), np.arange(drivers), indexing="ij"))
    comes = (rng.uniform(size=len(day)) < 0.7) & ((day % 7) < 5)
    day, driver = day[comes], driver[comes]
    begin_h = START_H + day * DAY_H + 8.0 + rng.normal(0.0, 0.7, len(day))
    stay_h = np.maximum(means_h[driver] + rng.normal(0.0, 1.0, len(day)), 0.3)
    energy_kwh = np.maximum(2.0 * stay_h + besides_kwh[driver] + rng.normal(0.0, 1.0, len(day)), 0.1)
    order = np.argsort(begin_h)
    visits = made_visits(begin_h=begin_h, left_h=begin_h + stay_h, driver=driver, energy_kwh=energy_kwh)
    return visits.take(order)
