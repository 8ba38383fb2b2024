"""Made-up visits by habit and seed: a workplace, apartments, and a demo in which something happens at once."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from adapters.farm.cars import draw_visit
from adapters.farm.visit import Visit
from v2g.site import Evse, Site

LEAST_STAY_H, LEAST_KWH = 0.5, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """When cars come on a day that they come (local hour, normal), how long they stay [h, normal] and what they ask [kWh, gamma].

    `workday` and `weekend` are the shares of outlets used on such a day; `stated` the share of drivers who state a departure.
    """

    arrival_h: float
    arrival_sd_h: float
    stay_h: float
    stay_sd_h: float
    energy_kwh: float
    workday: float
    weekend: float
    stated: float = 0.8


WORKPLACE = Habit(arrival_h=8.7, arrival_sd_h=1.2, stay_h=8.0, stay_sd_h=1.5, energy_kwh=13.0, workday=0.8, weekend=0.05)
APARTMENTS = Habit(arrival_h=17.8, arrival_sd_h=1.8, stay_h=13.5, stay_sd_h=2.0, energy_kwh=14.0, workday=0.6, weekend=0.5)

DEPOT = Habit(arrival_h=18.5, arrival_sd_h=0.8, stay_h=11.0, stay_sd_h=0.7, energy_kwh=45.0, workday=0.95, weekend=0.3, stated=1.0)
AIRPORT = Habit(arrival_h=10.0, arrival_sd_h=5.0, stay_h=76.0, stay_sd_h=30.0, energy_kwh=22.0, workday=0.5, weekend=0.6)


def daily_visits(
    site: Site, habit: Habit, *, start: datetime, days: int, seed: int, v2g_share: float = 0.0, consent_share: float = 1.0
) -> tuple[Visit, ...]:
    """Return at most one visit an outlet and local day, from the day of `start` on; two stays at one outlet never overlap."""
    rng = np.random.default_rng(seed)
    zone = ZoneInfo(site.time_zone)
    midnight = start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    visits: list[Visit] = []
    for evse in site.evses:
        free_from = start
        for day in range(days):
            morning = midnight + timedelta(days=day)
            used, v2g, consent, states = rng.random(4).tolist()
            visit = _daily_visit(rng, evse, habit, morning, v2g=v2g < v2g_share, consent=consent < consent_share)
            if used < (habit.workday if morning.weekday() < 5 else habit.weekend) and visit.arrives_at >= free_from:
                visits.append(visit if states < habit.stated else replace(visit, stated_departure=None))
                free_from = visit.leaves_at
    return tuple(visits)


def _daily_visit(rng: np.random.Generator, evse: Evse, habit: Habit, midnight: datetime, *, v2g: bool, consent: bool) -> Visit:
    arrives_at = _after(midnight, rng.normal(habit.arrival_h, habit.arrival_sd_h))
    leaves_at = _after(arrives_at, max(rng.normal(habit.stay_h, habit.stay_sd_h), LEAST_STAY_H))
    return draw_visit(
        rng,
        evse,
        driver=f"driver-{evse.evse_id}",
        arrives_at=arrives_at,
        leaves_at=leaves_at,
        energy_kwh=_within_stay(rng.gamma(4.0, habit.energy_kwh / 4.0), evse, arrives_at, leaves_at),
        stated_departure=max(_after(leaves_at, rng.normal(0.0, 0.7)), _after(arrives_at, LEAST_STAY_H)),
        v2g=v2g,
        consent=consent,
    )


def demo_visits(site: Site, *, start: datetime, hours_h: float, seed: int) -> tuple[Visit, ...]:
    """Return visits that fill the station from `start` on: most outlets have a car at once, and a new one soon after it left.

    At outlets that can discharge stand V2G cars that come nearly full, stay long and need about half of it at departure.
    """
    rng = np.random.default_rng(seed)
    visits: list[Visit] = []
    for number, evse in enumerate(site.evses):
        arrives_at = start if number % 4 != 3 else _after(start, rng.uniform(0.3, 2.0))
        while arrives_at < start + timedelta(hours=hours_h):
            draw = _demo_v2g_visit if evse.discharge_max_kw > 0.0 else _demo_visit
            visits.append(draw(rng, evse, arrives_at, f"driver-{len(visits) + 1:03d}"))
            arrives_at = _after(visits[-1].leaves_at, rng.uniform(0.3, 1.5))
    return tuple(visits)


def _demo_visit(rng: np.random.Generator, evse: Evse, arrives_at: datetime, driver: str) -> Visit:
    leaves_at = _after(arrives_at, rng.uniform(4.0, 9.0))
    return draw_visit(
        rng,
        evse,
        driver=driver,
        arrives_at=arrives_at,
        leaves_at=leaves_at,
        energy_kwh=_within_stay(rng.uniform(8.0, 24.0), evse, arrives_at, leaves_at),
        stated_departure=_after(leaves_at, rng.uniform(-0.25, 0.5)),
    )


def _demo_v2g_visit(rng: np.random.Generator, evse: Evse, arrives_at: datetime, driver: str) -> Visit:
    leaves_at = _after(arrives_at, rng.uniform(9.0, 13.0))
    drawn = draw_visit(
        rng,
        evse,
        driver=driver,
        arrives_at=arrives_at,
        leaves_at=leaves_at,
        energy_kwh=0.0,
        stated_departure=leaves_at,
        v2g=True,
        consent=True,
    )
    return replace(
        drawn,
        soc_frac=float(rng.uniform(0.75, 0.92)),
        soc_target_frac=float(rng.uniform(0.45, 0.6)),
        soc_floor_frac=0.3,
    )


def _after(instant: datetime, hours_h: float) -> datetime:
    """Return the instant `hours_h` later, in whole seconds."""
    return (instant + timedelta(hours=float(hours_h))).replace(microsecond=0)


def _within_stay(energy_kwh: float, evse: Evse, arrives_at: datetime, leaves_at: datetime) -> float:
    """Return `energy_kwh`, or what a small car can take at 60 % of its power in its stay if that is less."""
    takes_kw = 0.6 * min(evse.charge_max_kw, 6.6)
    return max(min(float(energy_kwh), takes_kw * (leaves_at - arrives_at) / timedelta(hours=1)), LEAST_KWH)
