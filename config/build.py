"""From a checked site file to the domain's `Site`, and the errors only the whole file can have."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from config.site_file import ROOT, ChargerFile, CircuitFile, SiteFile
from v2g.site import (
    NO_LIMIT,
    Battery,
    Circuit,
    Evse,
    Horizon,
    Protocol,
    PvArray,
    Rules,
    Site,
    Tariff,
    TariffPeriod,
    UncontrolledLoad,
)
from v2g.units import kw_from_a


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something wrong in a file: where (path in the file), what, and the mend."""

    place: tuple[str | int, ...]
    message: str
    mend: str = ""


def build_site(file: SiteFile) -> Site:
    """Return the station that `file` describes; `faults(file)` must be empty."""
    return Site(
        site_id=file.id,
        name=file.name or file.id,
        time_zone=file.time_zone,
        currency=file.currency,
        country=file.country,
        circuits=(_root(file), *(_circuit(c) for c in parents_first(file.circuits))),
        evses=tuple(evse for charger in file.chargers for evse in _outlets(charger)),
        tariff=Tariff(**_values(file.tariff) | {"periods": tuple(TariffPeriod(**_values(p)) for p in file.tariff.periods)}),
        batteries=tuple(Battery(**_values(b)) for b in file.batteries),
        pv=tuple(PvArray(**_values(p)) for p in file.pv),
        loads=(UncontrolledLoad(**_values(file.load)),) if file.load else (),
        rules=Rules(**_values(file.rules)),
        horizon=Horizon(**_values(file.horizon)),
    )


def faults(file: SiteFile) -> list[Fault]:
    """Return what the fields cannot say by themselves: names that point nowhere, cycles, limits that cannot hold."""
    return [*_name_faults(file), *_charger_faults(file), *_limit_faults(file)]


def parents_first(circuits: tuple[CircuitFile, ...]) -> list[CircuitFile]:
    """Return the circuits that hang below the root, each after its parent; those in a cycle are left out."""
    placed: list[CircuitFile] = []
    names = {ROOT}
    waiting = list(circuits)
    while ready := [c for c in waiting if c.parent in names]:
        placed += ready
        names |= {c.id for c in ready}
        waiting = [c for c in waiting if c not in ready]
    return placed


def station_ids(charger: ChargerFile) -> tuple[str, ...]:
    """Return the identities of the charger's `count` stations."""
    return (charger.id,) if charger.count is None else tuple(f"{charger.id}-{i + 1}" for i in range(charger.count))


def _values(model: Any) -> dict[str, Any]:
    return {name: getattr(model, name) for name in type(model).model_fields}


def _root(file: SiteFile) -> Circuit:
    grid = file.grid
    return Circuit(
        circuit_id=ROOT,
        import_limit_kw=grid.import_limit_kw,
        export_limit_kw=grid.export_limit_kw,
        phase_limit_a=grid.phase_limit_a or NO_LIMIT,
        voltage_v=grid.voltage_v,
    )


def _circuit(c: CircuitFile) -> Circuit:
    return Circuit(
        circuit_id=c.id,
        parent_id=c.parent,
        import_limit_kw=NO_LIMIT if c.import_limit_kw is None else c.import_limit_kw,
        export_limit_kw=NO_LIMIT if c.export_limit_kw is None else c.export_limit_kw,
        phase_limit_a=c.phase_limit_a or NO_LIMIT,
        voltage_v=c.voltage_v,
    )


def _outlets(charger: ChargerFile) -> Iterator[Evse]:
    least_kw = kw_from_a(charger.min_current_a, voltage_v=charger.voltage_v, phases=len(charger.phases))
    for station_id in station_ids(charger):
        for connector in range(1, charger.connectors + 1):
            yield Evse(
                evse_id=station_id if charger.connectors == 1 else f"{station_id}.{connector}",
                station_id=station_id,
                connector_id=connector,
                protocol=Protocol(charger.protocol),
                circuit_id=charger.circuit,
                charge_max_kw=charger.charge_max_kw,
                charge_min_kw=least_kw,
                discharge_max_kw=charger.discharge_max_kw,
                phases=charger.phases,
                voltage_v=charger.voltage_v,
                efficiency=charger.efficiency,
                fallback_kw=charger.fallback_kw,
            )


def _name_faults(file: SiteFile) -> Iterator[Fault]:
    placed = {ROOT, *(c.id for c in parents_first(file.circuits))}
    seen = {ROOT}
    for i, circuit in enumerate(file.circuits):
        if circuit.id in seen:
            yield Fault(
                place=("circuits", i, "id"), message=f"the name {circuit.id!r} is used twice", mend="name each circuit once"
            )
        seen.add(circuit.id)
        if circuit.id not in placed:
            mend = f"hang it below one of {sorted(placed)}"
            yield Fault(place=("circuits", i, "parent"), message=f"{circuit.parent!r} does not lead to the grid", mend=mend)
    hung = [*(("chargers", i, c.circuit) for i, c in enumerate(file.chargers))]
    hung += [("pv", i, p.circuit_id) for i, p in enumerate(file.pv)]
    hung += [("batteries", i, b.circuit_id) for i, b in enumerate(file.batteries)]
    for where, i, name in hung:
        if name not in placed:
            yield Fault(place=(where, i, "circuit"), message=f"there is no circuit {name!r}", mend=f"one of {sorted(placed)}")
    if file.load and file.load.circuit_id not in placed:
        yield Fault(
            place=("load", "circuit"), message=f"there is no circuit {file.load.circuit_id!r}", mend=f"one of {sorted(placed)}"
        )


def _charger_faults(file: SiteFile) -> Iterator[Fault]:
    seen: set[str] = {b.battery_id for b in file.batteries}
    for i, charger in enumerate(file.chargers):
        for station_id in station_ids(charger):
            if station_id in seen:
                yield Fault(
                    place=("chargers", i, "id"), message=f"the name {station_id!r} is used twice", mend="name each charger once"
                )
            seen.add(station_id)
        least_kw = kw_from_a(charger.min_current_a, voltage_v=charger.voltage_v, phases=len(charger.phases))
        if least_kw > charger.charge_max_kw:
            message = f"{charger.min_current_a:g} A on {len(charger.phases)} phases is {least_kw:.2f} kW, more than charge_max_kw"
            yield Fault(place=("chargers", i, "min_current_a"), message=message, mend="lower it, or use fewer phases")
        if charger.fallback_kw > charger.charge_max_kw:
            yield Fault(place=("chargers", i, "fallback_kw"), message="the fallback is above charge_max_kw", mend="lower it")
        if charger.protocol == "ocpp1.6" and charger.discharge_max_kw > 0:
            yield Fault(
                place=("chargers", i, "discharge_max_kw"),
                message="OCPP 1.6 cannot discharge",
                mend="use protocol: mqtt, or remove it",
            )
        if charger.protocol == "mqtt" and file.mqtt is None:
            yield Fault(place=("chargers", i, "protocol"), message="no broker is given", mend="add mqtt: {host: …, port: 1883}")


def _limit_faults(file: SiteFile) -> Iterator[Fault]:
    fallback_kw = sum(c.fallback_kw * c.connectors * (c.count or 1) for c in file.chargers)
    if fallback_kw > file.grid.import_limit_kw:
        message = f"all chargers at their fallback draw {fallback_kw:g} kW, more than the grid connection allows"
        yield Fault(place=("grid", "import_limit_kw"), message=message, mend="lower the chargers' fallback_kw")
    if file.load and file.load.base_kw > file.load.peak_kw:
        yield Fault(place=("load", "base_kw"), message="the base is above the peak", mend="base_kw ≤ peak_kw")
    for i, battery in enumerate(file.batteries):
        if battery.soc_min_frac > battery.soc_max_frac:
            yield Fault(place=("batteries", i, "soc_min_frac"), message="the minimum is above the maximum", mend="swap them")
    for i, period in enumerate(file.tariff.periods):
        if not period.start_h < period.end_h <= 24:
            place = ("tariff", "periods", i, "end_h")
            yield Fault(
                place=place, message="the period does not end after it starts", mend="0 ≤ start_h < end_h ≤ 24; split at midnight"
            )
        if not set(period.months) <= set(range(1, 13)) or not set(period.weekdays) <= set(range(1, 8)):
            mend = "months 1..12, weekdays 1 (Monday) .. 7"
            yield Fault(place=("tariff", "periods", i), message="there is no such month or weekday", mend=mend)
    if file.rules.dwell_s > file.rules.lease_s:
        yield Fault(place=("rules", "lease_s"), message="the lease is shorter than the dwell", mend="lease_s ≥ dwell_s")
    if file.rules.lease_s < 2 * file.horizon.tick_s:
        yield Fault(
            place=("rules", "lease_s"), message="a lease must outlive two ticks", mend=f"at least {2 * file.horizon.tick_s:g}"
        )
