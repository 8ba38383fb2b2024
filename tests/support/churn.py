"""Cars that come and go all the time, and cars that stay."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

from adapters.farm.visit import Visit
from v2g.site import Evse

STAY_S, AWAY_S = (120.0, 600.0), (20.0, 90.0)
REGULARS = 10
"""Drivers of each outlet, who come in turn."""


def stays(evse: Evse, rng: random.Random, begin: datetime, hours_h: float) -> Iterator[Visit]:
    """Yield one stay after the other at an outlet, of drivers who let their cars give back."""
    arrives_at, end, turn = begin + timedelta(seconds=rng.uniform(0.0, 30.0)), begin + timedelta(hours=hours_h), count()
    while arrives_at < end:
        leaves_at = arrives_at + timedelta(seconds=rng.uniform(*STAY_S))
        yield Visit(
            evse_id=evse.evse_id,
            driver=f"{evse.evse_id}-{next(turn) % REGULARS}",
            arrives_at=arrives_at,
            leaves_at=leaves_at,
            capacity_kwh=60.0,
            soc_frac=rng.uniform(0.3, 0.9),
            soc_target_frac=0.3,
            charge_max_kw=evse.charge_max_kw,
            discharge_max_kw=evse.discharge_max_kw,
            consent=True,
            stated_departure=leaves_at,
        )
        arrives_at = leaves_at + timedelta(seconds=rng.uniform(*AWAY_S))


def long_stay(evse: Evse, begin: datetime) -> Visit:
    """Return a day's stay at an outlet of a car that needs hours of full power."""
    return Visit(
        evse_id=evse.evse_id,
        driver=evse.evse_id,
        arrives_at=begin,
        leaves_at=begin + timedelta(days=1),
        capacity_kwh=100.0,
        soc_frac=0.1,
        charge_max_kw=evse.charge_max_kw,
        energy_kwh=80.0,
    )
