"""A made-up load whose truth is known: a day's hump on workdays, less at weekends, with noise of its own first order."""

import numpy as np

from forecasts.localtime import Calendar
from forecasts.series.frame import Frame
from forecasts.series.series import Series
from v2g.timegrid import Array

BERLIN = Calendar(time_zone="Europe/Berlin")
MIDNIGHT_S = 1_767_222_000
"""2026-01-01T00:00 in Berlin."""


def empty(n_days: int, *, slot_s: int = 3600, start_s: int = MIDNIGHT_S) -> Series:
    return Series(start_s=start_s, slot_s=slot_s, values=np.zeros(n_days * 86_400 // slot_s))


def truth(series: Series) -> Array:
    frame = Frame.of(series, BERLIN, len(series.values))
    hour = frame.places * 24 / frame.n_per_day
    working = np.where(frame.types[frame.days + 1] == 0, 60.0, 10.0)
    return np.asarray(20.0 + working * np.exp(-(((hour - 13.0) / 4.0) ** 2)))


def loads(n_days: int, *, slot_s: int = 3600, seed: int = 1, noise: float = 4.0, start_s: int = MIDNIGHT_S) -> Series:
    series = empty(n_days, slot_s=slot_s, start_s=start_s)
    draws = np.random.default_rng(seed).normal(size=len(series.values))
    drift = np.empty_like(draws)
    drift[0] = draws[0]
    for i in range(1, len(draws)):
        drift[i] = 0.8 * drift[i - 1] + 0.6 * draws[i]
    return Series(start_s=series.start_s, slot_s=slot_s, values=truth(series) + noise * drift)
