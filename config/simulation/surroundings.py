"""A made-up building and sky for stations without data of their own: seeded, with a working day's shape."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from adapters.farm.surroundings import StepSeries
from forecasts.solar import total_clear_sky_kw
from v2g.site import Site
from v2g.timegrid import Array

STEP_S = 300.0
NOISE_FRAC = 0.04
CLOUD_HOURS = 1.5


def building_load(site: Site, start: datetime, *, hours_h: float, seed: int) -> StepSeries:
    """Return a load between the site's base and peak [kW]: a working day's hump, less at weekends, with smooth noise."""
    base, peak = sum(x.base_kw for x in site.loads), sum(x.peak_kw for x in site.loads)
    instants = _instants(start, hours_h)
    local = [t.astimezone(ZoneInfo(site.time_zone)) for t in instants]
    hour = np.array([t.hour + t.minute / 60 for t in local])
    workday = np.array([1.0 if t.weekday() < 5 else 0.35 for t in local])
    hump = 0.9 * np.exp(-(((hour - 14.0) / 4.5) ** 2)) * workday
    noise = NOISE_FRAC * _smooth(len(instants), np.random.default_rng(seed), correlation=0.97)
    values = base + (peak - base) * np.clip(hump + 0.05 + noise, 0.0, 1.0)
    return StepSeries(start=start, step_s=STEP_S, values=values)


def pv_production(site: Site, start: datetime, *, hours_h: float, seed: int) -> StepSeries:
    """Return the site's PV production [kW]: a clear sky dimmed by seeded clouds."""
    instants = np.array([round(t.timestamp()) for t in _instants(start, hours_h)], dtype=np.int64)
    correlation = float(np.exp(-STEP_S / 3600 / CLOUD_HOURS))
    clouds = _smooth(len(instants), np.random.default_rng(seed), correlation=correlation)
    clearness = np.clip(0.7 + 0.2 * clouds, 0.1, 0.95)
    return StepSeries(start=start, step_s=STEP_S, values=clearness * total_clear_sky_kw(site.pv, instants))


def _instants(start: datetime, hours_h: float) -> list[datetime]:
    return [start + timedelta(seconds=STEP_S * i) for i in range(int(hours_h * 3600 / STEP_S) + 1)]


def _smooth(n: int, rng: np.random.Generator, *, correlation: float) -> Array:
    """Return standard normal noise of first-order autocorrelation, (n,)."""
    steps = rng.normal(size=n)
    noise = np.empty(n)
    noise[0] = steps[0]
    for i in range(1, n):
        noise[i] = correlation * noise[i - 1] + np.sqrt(1 - correlation**2) * steps[i]
    return noise
