"""What is wrong with a site file that its fields cannot say by themselves."""

from collections.abc import Iterator

import numpy as np

from config.reading.fault import Fault
from config.site.access import access_faults
from config.site.assets_file import asset_faults
from config.site.battery_faults import battery_faults
from config.site.broker_faults import broker_faults
from config.site.build import build_site, outlets, parents_first
from config.site.cabinet_faults import cabinet_faults
from config.site.file import ROOT, SiteFile
from config.site.openadr_file import openadr_faults
from v2g.limits import inside
from v2g.site import Site
from v2g.stating.circuits import phase_limit_kw
from v2g.units import kw_from_a

BROKER_MEND = "add mqtt: {host: …, port: 1883}"
ONE_WAY = frozenset({"ocpp1.6", "ocpp2.0.1"})  # protocols that know no discharge, but by a vendor's convention


def faults(file: SiteFile) -> list[Fault]:
    """Return what the fields cannot say by themselves: names that point nowhere, cycles, limits that cannot hold."""
    found = [
        *_name_faults(file),
        *cabinet_faults(file),
        *battery_faults(file),
        *broker_faults(file),
        *access_faults(file),
        *openadr_faults(file.openadr, file.openadr_vtn, machines=not file.web.without_login),
        *_charger_faults(file),
        *_asset_faults(file),
        *_limit_faults(file),
        *_tariff_faults(file),
    ]
    return found or list(_fallback_faults(build_site(file)))


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
    hung += [("assets", i, a.circuit_id) for i, a in enumerate(file.assets)]
    for where, i, name in hung:
        if name not in placed:
            yield Fault(place=(where, i, "circuit"), message=f"there is no circuit {name!r}", mend=f"one of {sorted(placed)}")
    if file.load and file.load.circuit_id not in placed:
        yield Fault(
            place=("load", "circuit"), message=f"there is no circuit {file.load.circuit_id!r}", mend=f"one of {sorted(placed)}"
        )


def _charger_faults(file: SiteFile) -> Iterator[Fault]:
    seen = {b.battery_id for b in file.batteries} | {a.asset_id for a in file.assets} | {p.pv_id for p in file.pv if p.curtailable}
    for i, charger in enumerate(file.chargers):
        for evse in outlets(charger):
            if evse.evse_id in seen:
                message = f"the name {evse.evse_id!r} is used twice"
                yield Fault(place=("chargers", i, "id"), message=message, mend="name each charger, battery and asset once")
            seen.add(evse.evse_id)
        least_kw = kw_from_a(charger.min_current_a, voltage_v=charger.voltage_v, phases=len(charger.phases))
        if least_kw > charger.charge_max_kw:
            message = f"{charger.min_current_a:g} A on {len(charger.phases)} phases is {least_kw:.2f} kW, more than charge_max_kw"
            yield Fault(place=("chargers", i, "min_current_a"), message=message, mend="lower it, or use fewer phases")
        if charger.fallback_kw > charger.charge_max_kw:
            yield Fault(place=("chargers", i, "fallback_kw"), message="the fallback is above charge_max_kw", mend="lower it")
        if charger.protocol in ONE_WAY and charger.discharge_max_kw > 0 and not charger.negative_limits:
            yield Fault(
                place=("chargers", i, "discharge_max_kw"),
                message=f"{charger.protocol} cannot discharge",
                mend="use protocol: ocpp2.1 or mqtt, remove it, or say negative_limits: true where the vendor takes them",
            )
        if charger.protocol == "mqtt" and file.mqtt is None:
            yield Fault(place=("chargers", i, "protocol"), message="no broker is given", mend=BROKER_MEND)


def _asset_faults(file: SiteFile) -> Iterator[Fault]:
    seen = {b.battery_id for b in file.batteries} | {p.pv_id for p in file.pv if p.curtailable}
    for i, asset in enumerate(file.assets):
        if asset.asset_id in seen:
            message = f"the name {asset.asset_id!r} is used twice"
            yield Fault(place=("assets", i, "id"), message=message, mend="name each asset, PV array and battery once")
        seen.add(asset.asset_id)
        for field, message, mend in asset_faults(asset):
            yield Fault(place=("assets", i, field), message=message, mend=mend)


def _fallback_faults(site: Site) -> Iterator[Fault]:
    """All chargers at their fallback beside the highest load must not overload any circuit or phase."""
    index = {c.circuit_id: i for i, c in enumerate(site.circuits)}
    below = inside(site)
    total, phase = np.zeros(len(index)), np.zeros((len(index), 3))
    for evse in site.evses:
        total[index[evse.circuit_id]] += evse.fallback_kw
        phase[index[evse.circuit_id], [p - 1 for p in evse.phases]] += evse.fallback_kw / len(evse.phases)
    for load in site.loads if total.any() else ():
        total[index[load.circuit_id]] += load.peak_kw
        phase[index[load.circuit_id]] += load.peak_kw / 3
    for i, circuit in enumerate(site.circuits):
        place = ("grid",) if i == 0 else ("circuits", circuit.circuit_id)
        phase_kw = phase_limit_kw(circuit.phase_limit_a, circuit.voltage_v)
        sums = (
            ("import_limit_kw", below[i] @ total, circuit.import_limit_kw),
            ("phase_limit_a", (below[i] @ phase).max(), phase_kw),
        )
        for name, drawn_kw, limit_kw in sums:
            if drawn_kw > limit_kw + 1e-9:
                message = f"all chargers at their fallback and the load at its peak draw {drawn_kw:g} kW, of {limit_kw:g} allowed"
                yield Fault(place=(*place, name), message=message, mend="lower the chargers' fallback_kw")


def _limit_faults(file: SiteFile) -> Iterator[Fault]:
    spoken_to = {"batteries": file.batteries, "assets": file.assets, "pv": [p for p in file.pv if p.curtailable]}
    for name in (name for name, units in spoken_to.items() if units and file.mqtt is None):
        yield Fault(place=(name,), message="no broker is given", mend=BROKER_MEND)
    if len({p.pv_id for p in file.pv}) < len(file.pv):
        yield Fault(place=("pv",), message="two arrays have the same id", mend="name each once")
    if file.web.port and file.web.port == file.ocpp.port:
        yield Fault(place=("web", "port"), message="it is the chargers' port too", mend="choose another")
    if file.load and file.load.base_kw > file.load.peak_kw:
        yield Fault(place=("load", "base_kw"), message="the base is above the peak", mend="base_kw ≤ peak_kw")
    for i, battery in enumerate(file.batteries):
        if battery.soc_min_frac > battery.soc_max_frac:
            yield Fault(place=("batteries", i, "soc_min_frac"), message="the minimum is above the maximum", mend="swap them")
    if file.rules.dwell_s > file.rules.lease_s:
        dwell_s = f"{file.rules.dwell_s:g}"
        yield Fault(
            place=("rules", "lease_s"), message=f"the lease is shorter than dwell_s, {dwell_s} s", mend=f"at least {dwell_s}"
        )
    if file.rules.lease_s < 2 * file.horizon.tick_s:
        yield Fault(
            place=("rules", "lease_s"), message="a lease must outlive two ticks", mend=f"at least {2 * file.horizon.tick_s:g}"
        )


def _tariff_faults(file: SiteFile) -> Iterator[Fault]:
    tariff = file.tariff
    if np.isfinite(tariff.contracted_kw) and tariff.overage_price_per_kw == 0:
        message = "what is beyond the contract costs nothing"
        yield Fault(place=("tariff", "contracted_kw"), message=message, mend="add overage_price_per_kw")
    for name in ("overage_price_per_kw", "block_kw", "block_price", "max_blocks"):
        if getattr(tariff, name) and not np.isfinite(tariff.contracted_kw):
            yield Fault(place=("tariff", name), message="there is no contract", mend="add contracted_kw")
    if (tariff.block_kw > 0) != (tariff.max_blocks > 0):
        name = "block_kw" if tariff.block_kw else "max_blocks"
        mend = "give block_kw and max_blocks, or neither"
        yield Fault(place=("tariff", name), message="blocks need a size and a number", mend=mend)
    for i, period in enumerate(file.tariff.periods):
        if not period.start_h < period.end_h <= 24:
            place = ("tariff", "periods", i, "end_h")
            yield Fault(
                place=place, message="the period does not end after it starts", mend="0 ≤ start_h < end_h ≤ 24; split at midnight"
            )
        if not set(period.months) <= set(range(1, 13)) or not set(period.weekdays) <= set(range(1, 8)):
            mend = "months 1..12, weekdays 1 (Monday) .. 7"
            yield Fault(place=("tariff", "periods", i), message="there is no such month or weekday", mend=mend)
