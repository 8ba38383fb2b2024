"""The cars that come: a small catalogue of typical sizes, and how a visit draws one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from adapters.farm.visit import Visit
from v2g.site import Evse

AC_MAX_KW = 22.5
"""Outlets above this are DC: the converter stands in the charger, and the car takes its DC power."""
USABLE_FRAC = 0.95
LATEST_SOC_FRAC, EARLIEST_SOC_FRAC = 0.8, 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """A typical car: battery [kWh], on-board charger and DC limit [kW]."""

    capacity_kwh: float
    ac_kw: float
    dc_kw: float


CATALOGUE = (
    Car(capacity_kwh=40.0, ac_kw=6.6, dc_kw=50.0),
    Car(capacity_kwh=52.0, ac_kw=7.4, dc_kw=80.0),
    Car(capacity_kwh=58.0, ac_kw=11.0, dc_kw=120.0),
    Car(capacity_kwh=64.0, ac_kw=11.0, dc_kw=100.0),
    Car(capacity_kwh=77.0, ac_kw=11.0, dc_kw=135.0),
    Car(capacity_kwh=82.0, ac_kw=11.0, dc_kw=170.0),
    Car(capacity_kwh=100.0, ac_kw=22.0, dc_kw=200.0),
)


def draw_visit(
    rng: np.random.Generator,
    evse: Evse,
    *,
    driver: str,
    arrives_at: datetime,
    leaves_at: datetime,
    energy_kwh: float,
    stated_departure: datetime | None,
    v2g: bool = False,
    consent: bool = False,
) -> Visit:
    """Return a visit that asks for `energy_kwh`, by a car drawn such that it fits in its battery and, if power allows, in its stay.

    A V2G car gives back as much as it takes.
    """
    fitting = [car for car in CATALOGUE if energy_kwh <= (USABLE_FRAC - EARLIEST_SOC_FRAC) * car.capacity_kwh]
    car = CATALOGUE[-1] if not fitting else fitting[int(rng.integers(len(fitting)))]
    capacity_kwh = max(car.capacity_kwh, energy_kwh / (USABLE_FRAC - EARLIEST_SOC_FRAC))
    latest_frac = min(LATEST_SOC_FRAC, USABLE_FRAC - energy_kwh / capacity_kwh)
    needed_kw = energy_kwh / evse.efficiency / ((leaves_at - arrives_at) / timedelta(hours=1))
    own_kw = car.ac_kw if evse.charge_max_kw <= AC_MAX_KW else car.dc_kw
    power_kw = own_kw if needed_kw < 0.9 * own_kw else max(own_kw, evse.charge_max_kw)
    return Visit(
        evse_id=evse.evse_id,
        driver=driver,
        arrives_at=arrives_at,
        leaves_at=leaves_at,
        capacity_kwh=capacity_kwh,
        soc_frac=float(rng.uniform(min(EARLIEST_SOC_FRAC, latest_frac), latest_frac)),
        charge_max_kw=power_kw,
        energy_kwh=energy_kwh,
        stated_departure=stated_departure,
        discharge_max_kw=power_kw if v2g else 0.0,
        consent=v2g and consent,
    )
