"""Meter values of every version: sampled values as chargers really send them, to a `Sample`.

A missing measurand means the import register, a missing unit W or Wh, a missing location the outlet.
Source: OCPP 1.6, section 7.43 (SampledValue); OCPP 2.1, Part 2 (MeasurandEnumType), of which 2.0.1 knows a part.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ocpp.v21.enums import LocationEnumType as Location
from ocpp.v21.enums import MeasurandEnumType as Measurand
from ocpp.v21.enums import PhaseEnumType as Phase

from adapters.ocpp.charger_clock import ChargerClock
from adapters.ocpp.frames import BadFrameError, Payload
from adapters.ocpp.instants import is_plausible, parse_instant
from adapters.ocpp.outlet import Sample, absurd_kw
from v2g.site import Evse
from v2g.units import kw_from_a, kw_from_w, kwh_from_wh

OLDEST = timedelta(days=1)  # an older reading tells nothing of the present
LONGEST_INTERVAL_H = 1.0
MAX_REGISTER_KWH = 1e9  # more than any meter has counted
LEAST_CAPACITY_KWH, MAX_CAPACITY_KWH = 1.0, 2000.0  # from a scooter to a mining truck
KILO = {"kW": 1000.0, "kWh": 1000.0}
IMPORTED, EXPORTED = Measurand.energy_active_import_register, Measurand.energy_active_export_register
INTERVAL = Measurand.energy_active_import_interval
CAPACITY = Measurand.display_battery_energy_capacity
STATES_OF_CHARGE = frozenset({Measurand.soc, Measurand.display_present_soc})
LINE_PHASES = frozenset({Phase.l1, Phase.l2, Phase.l3, Phase.l1_n, Phase.l2_n, Phase.l3_n})


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One number in its base unit: W, Wh, A, V or percent."""

    measurand: str
    value: float
    phase: str
    location: str


ReadNumber = Callable[[Payload], float | None]
"""Reads the number of a sampled value in its base unit: NaN where it is none, None where it is to be left alone."""


def read_samples(
    meter_values: Iterable[Payload], read_number: ReadNumber, *, evse: Evse, clock: ChargerClock, now: datetime
) -> tuple[list[Sample], list[str]]:
    """Return the samples in order of time, and what could not be believed, in words.

    `meter_values` is the list of a request that fits its schema.
    """
    samples: list[Sample] = []
    doubts: list[str] = []
    for meter_value in meter_values:
        try:
            at = clock.read(parse_instant(meter_value["timestamp"], "$.meterValue.timestamp"), now)
        except BadFrameError as error:
            doubts.append(str(error))
            continue
        if is_plausible(at, now, oldest=OLDEST):
            values = list(_values(meter_value["sampledValue"], read_number, doubts))
            samples.append(_sample(values, at, evse, doubts))
        else:
            doubts.append(f"a timestamp that is off: {at:%Y-%m-%dT%H:%M:%SZ}")
    return sorted(samples, key=lambda sample: sample.at), doubts


def _values(sampled_values: Iterable[Payload], read_number: ReadNumber, doubts: list[str]) -> Iterator[Value]:
    for sampled in sampled_values:
        measurand = sampled.get("measurand", Measurand.energy_active_import_register)
        value = read_number(sampled)
        if value is None:
            continue
        if math.isfinite(value):
            location = sampled.get("location", Location.outlet)
            yield Value(measurand=measurand, value=value, phase=sampled.get("phase", ""), location=location)
        else:
            doubts.append(f"{measurand} is no number")


def _sample(values: Sequence[Value], at: datetime, evse: Evse, doubts: list[str]) -> Sample:
    outlet = [value for value in values if value.location == Location.outlet] or [v for v in values if v.location != Location.ev]
    ceiling_kw = absurd_kw(evse)
    return Sample(
        at=at,
        power_kw=_within(_power_kw(outlet), -ceiling_kw, ceiling_kw, "power in kW", doubts),
        estimate_kw=_within(_estimate_kw(outlet, evse), -ceiling_kw, ceiling_kw, "current times voltage in kW", doubts),
        register_kwh=_within(_kwh(outlet, IMPORTED), 0.0, MAX_REGISTER_KWH, "energy register in kWh", doubts),
        exported_kwh=_within(_kwh(outlet, EXPORTED), 0.0, MAX_REGISTER_KWH, "export register in kWh", doubts),
        interval_kwh=_within(_kwh(outlet, INTERVAL), 0.0, ceiling_kw * LONGEST_INTERVAL_H, "interval's energy in kWh", doubts),
        soc_frac=_within(_soc_frac(values), 0.0, 1.0, "state of charge", doubts),
        capacity_kwh=_within(_kwh(values, CAPACITY), LEAST_CAPACITY_KWH, MAX_CAPACITY_KWH, "battery in kWh", doubts),
    )


def _within(value: float | None, low: float, high: float, what: str, doubts: list[str]) -> float | None:
    if value is None or low <= value <= high:
        return value
    doubts.append(f"{what} out of range: {value:g}")
    return None


def _power_kw(values: Sequence[Value]) -> float | None:
    into_w = _total(values, Measurand.power_active_import)
    out_w = _total(values, Measurand.power_active_export)
    return None if into_w is None and out_w is None else kw_from_w((into_w or 0.0) - (out_w or 0.0))


def _kwh(values: Sequence[Value], measurand: str) -> float | None:
    energy_wh = _total(values, measurand)
    return None if energy_wh is None else kwh_from_wh(energy_wh)


def _estimate_kw(values: Sequence[Value], evse: Evse) -> float | None:
    """Return current times voltage; one current without a phase flows in every phase of the outlet."""
    currents = [value for value in values if value.measurand in (Measurand.current_import, Measurand.current_export)]
    into_a, out_a = _total(currents, Measurand.current_import), _total(currents, Measurand.current_export)
    if into_a is None and out_a is None:
        return None
    total_a = (into_a or 0.0) - (out_a or 0.0)
    phases = 1 if all(value.phase for value in currents) else len(evse.phases)
    volts = [v.value for v in values if v.measurand == Measurand.voltage and v.phase in LINE_PHASES]
    voltage_v = sum(volts) / len(volts) if volts else evse.voltage_v
    return kw_from_a(total_a, voltage_v=voltage_v, phases=phases)


def _soc_frac(values: Sequence[Value]) -> float | None:
    percents = [value.value for value in values if value.measurand in STATES_OF_CHARGE]
    return percents[-1] / 100.0 if percents else None


def _total(values: Sequence[Value], measurand: str) -> float | None:
    """Return the value without a phase, else the sum over the phases, None if there is neither."""
    ours = [value for value in values if value.measurand == measurand]
    whole = [value.value for value in ours if not value.phase]
    phases = {value.phase: value.value for value in ours if value.phase in LINE_PHASES}
    return whole[-1] if whole else sum(phases.values()) if phases else None
