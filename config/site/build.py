"""From a checked site file to the domain's `Site`."""

from collections.abc import Iterator
from typing import Any

from config.site.assets_file import build_asset
from config.site.file import ROOT, ChargerFile, CircuitFile, SiteFile
from v2g.failsafe import Failsafe
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


def build_site(file: SiteFile) -> Site:
    """Return the station that `file` describes; `config.site.faults.faults(file)` must be empty."""
    return Site(
        site_id=file.id,
        name=file.name or file.id,
        time_zone=file.time_zone,
        currency=file.currency,
        country=file.country,
        circuits=(_root(file), *(_circuit(c) for c in parents_first(file.circuits))),
        evses=tuple(evse for charger in file.chargers for evse in outlets(charger)),
        tariff=Tariff(**_values(file.tariff) | {"periods": tuple(TariffPeriod(**_values(p)) for p in file.tariff.periods)}),
        batteries=tuple(Battery(**_values(b)) for b in file.batteries),
        pv=tuple(PvArray(**_values(p)) for p in file.pv),
        loads=(UncontrolledLoad(**_values(file.load)),) if file.load else (),
        rules=Rules(**_values(file.rules)),
        horizon=Horizon(**_values(file.horizon)),
        assets=tuple(build_asset(a) for a in file.assets),
        planner=file.planner,
        failsafe=Failsafe(**_values(file.failsafe)) if file.failsafe else None,
    )


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
    module_kw = c.module_kw or 0.0
    most_kw = c.modules * module_kw if c.modules else NO_LIMIT
    return Circuit(
        circuit_id=c.id,
        parent_id=c.parent,
        import_limit_kw=most_kw if c.import_limit_kw is None else c.import_limit_kw,
        export_limit_kw=most_kw if c.export_limit_kw is None else c.export_limit_kw,
        phase_limit_a=c.phase_limit_a or NO_LIMIT,
        voltage_v=c.voltage_v,
        module_kw=module_kw,
    )


def outlets(charger: ChargerFile) -> Iterator[Evse]:
    """Yield the outlets of the charger's `count` stations."""
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
                negative_limits=charger.negative_limits,
            )
