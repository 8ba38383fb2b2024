"""OCPP 1.6 meter values. Source: OCPP 1.6, section 7.43 (SampledValue)."""

import math
from collections.abc import Iterable
from datetime import datetime

from ocpp.v16.enums import ValueFormat

from adapters.ocpp.charger_clock import ChargerClock
from adapters.ocpp.frames import Payload
from adapters.ocpp.meter import KILO, read_samples
from adapters.ocpp.outlet import Sample
from v2g.site import Evse


def read_meter_values(
    meter_values: Iterable[Payload], *, evse: Evse, clock: ChargerClock, now: datetime
) -> tuple[list[Sample], list[str]]:
    """Return the samples in order of time, and what could not be believed, in words.

    `meter_values` is the list of a MeterValues or StopTransaction request that fits its schema.
    """
    return read_samples(meter_values, _number, evse=evse, clock=clock, now=now)


def _number(sampled: Payload) -> float | None:
    """Return the number, which 1.6 writes as a string; signed data is left alone."""
    if sampled.get("format") == ValueFormat.signed_data:
        return None
    try:
        return float(sampled["value"]) * KILO.get(sampled.get("unit", ""), 1.0)
    except ValueError:
        return math.nan
