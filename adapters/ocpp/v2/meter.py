"""OCPP 2.x meter values: numbers with a unit and a power of ten. Source: OCPP 2.0.1, Part 2 (SampledValueType)."""

from collections.abc import Iterable
from datetime import datetime

from adapters.ocpp.charger_clock import ChargerClock
from adapters.ocpp.frames import Payload
from adapters.ocpp.meter import KILO, read_samples
from adapters.ocpp.outlet import Sample
from v2g.site import Evse

MAX_EXPONENT = 12  # beyond it nothing is measured; without a bound 10**n overflows


def read_meter_values(
    meter_values: Iterable[Payload], *, evse: Evse, clock: ChargerClock, now: datetime
) -> tuple[list[Sample], list[str]]:
    """Return the samples in order of time, and what could not be believed, in words.

    `meter_values` is the list of a MeterValues or TransactionEvent request that fits its schema.
    """
    return read_samples(meter_values, _number, evse=evse, clock=clock, now=now)


def _number(sampled: Payload) -> float:
    unit: Payload = sampled.get("unitOfMeasure", {})
    exponent: int = unit.get("multiplier", 0)
    if abs(exponent) > MAX_EXPONENT:
        return float("nan")
    scale: float = 10.0**exponent
    return float(sampled["value"]) * scale * KILO.get(unit.get("unit", ""), 1.0)
