"""Made-up visits of passing cars at super-chargers: they come at random all day, charge for a quarter of an hour and go on.

Cars of 800 V that take 4 to 5 times their capacity an hour: 300–480 kW at their peak, so that 20 to 80 % takes about 10 minutes.
From about 60 % on the battery takes less, and a driver who sees that goes on: targets are 70 to 85 %.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from adapters.farm.visit import Visit
from v2g.site import Evse, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class SuperCar:
    """A car of 800 V: battery [kWh], peak power [kW], and the state of charge from which it takes less."""

    capacity_kwh: float
    peak_kw: float
    taper_from_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Who passes: cars an hour and gun at the busiest hour, its share in each local hour of the day, and how cars come and go.

    State of charge at arrival is normal, the target uniform, the stay [min] normal with a least and a most.
    """

    busiest_per_h: float
    by_hour: tuple[float, ...]
    soc_frac: tuple[float, float]
    target_frac: tuple[float, float]
    stay_min: tuple[float, float]
    stay_min_bounds: tuple[float, float]


CATALOGUE = (
    SuperCar(capacity_kwh=75.0, peak_kw=300.0, taper_from_frac=0.55),
    SuperCar(capacity_kwh=84.0, peak_kw=350.0, taper_from_frac=0.6),
    SuperCar(capacity_kwh=95.0, peak_kw=400.0, taper_from_frac=0.6),
    SuperCar(capacity_kwh=102.0, peak_kw=480.0, taper_from_frac=0.6),
)
NIGHT, MORNING, DAY, EVENING = (0.12,) * 6, (0.25, 0.45, 0.7), (0.85, 0.95, 1.0, 1.0, 0.95, 0.9, 0.9), (0.95, 1.0, 1.0, 0.9, 0.75)
SUPERCHARGING = Traffic(
    busiest_per_h=1.6,
    by_hour=(*NIGHT, *MORNING, *DAY, *EVENING, 0.6, 0.4, 0.25),
    soc_frac=(0.22, 0.08),
    target_frac=(0.7, 0.85),
    stay_min=(15.0, 2.5),
    stay_min_bounds=(10.0, 20.0),
)
LEAST_SOC_FRAC, MOST_SOC_FRAC = 0.05, 0.5
GAP = timedelta(minutes=2)
"""One car leaves and the next plugs in."""


def passing_visits(
    site: Site, traffic: Traffic, *, start: datetime, days: int, seed: int, v2g_share: float = 0.0, consent_share: float = 1.0
) -> tuple[Visit, ...]:
    """Return the visits of `days` local days from `start` on: a car takes the gun that is free longest, or passes by.

    Arrivals are a Poisson process by thinning. Drivers say what they want, but not when they go.
    """
    rng, zone = np.random.default_rng(seed), ZoneInfo(site.time_zone)
    rate_per_h = traffic.busiest_per_h * len(site.evses)
    free_from = {evse.evse_id: start for evse in site.evses}
    end, at = start + timedelta(days=days), start
    visits: list[Visit] = []
    while (at := at + timedelta(hours=rng.exponential(1.0 / rate_per_h))) < end:
        kept, v2g, consent = rng.random(3).tolist()
        evse = min(site.evses, key=lambda e: free_from[e.evse_id])
        if kept < traffic.by_hour[at.astimezone(zone).hour] and free_from[evse.evse_id] <= at:
            visit = _visit(
                rng, evse, traffic, at, f"driver-{len(visits) + 1:04d}", v2g=v2g < v2g_share, consent=consent < consent_share
            )
            visits.append(visit)
            free_from[evse.evse_id] = visit.leaves_at + GAP
    return tuple(visits)


def _visit(rng: np.random.Generator, evse: Evse, traffic: Traffic, at: datetime, driver: str, *, v2g: bool, consent: bool) -> Visit:
    car = CATALOGUE[int(rng.integers(len(CATALOGUE)))]
    arrives_at = at.replace(microsecond=0)
    stay_min = float(np.clip(rng.normal(*traffic.stay_min), *traffic.stay_min_bounds))
    power_kw = car.peak_kw / evse.efficiency
    return Visit(
        evse_id=evse.evse_id,
        driver=driver,
        arrives_at=arrives_at,
        leaves_at=arrives_at + timedelta(seconds=round(60.0 * stay_min)),
        capacity_kwh=car.capacity_kwh,
        soc_frac=float(np.clip(rng.normal(*traffic.soc_frac), LEAST_SOC_FRAC, MOST_SOC_FRAC)),
        charge_max_kw=power_kw,
        soc_target_frac=float(rng.uniform(*traffic.target_frac)),
        discharge_max_kw=power_kw if v2g else 0.0,
        consent=v2g and consent,
        taper_from_frac=car.taper_from_frac,
    )
