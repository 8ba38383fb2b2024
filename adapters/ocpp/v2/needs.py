"""What a car says that it is and needs: NotifyEVChargingNeeds, to a `Vehicle` and `Wishes`.

Powers are positive by the standard; some cars write discharge with a minus sign. Voltages are left alone: some cars give that
between phases, some that to neutral. Source: OCPP 2.0.1, Part 2, K15; for two-way transfer OCPP 2.1, Part 2, K18 and Q.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from ocpp.v21.enums import EnergyTransferModeEnumType as Transfer

from adapters.ocpp.frames import BadFrameError, Payload
from adapters.ocpp.instants import parse_instant
from adapters.ocpp.outlet import Outlet, absurd_kw
from v2g.session import STAY_MAX, Vehicle, Wishes
from v2g.units import kw_from_a, kw_from_w, kwh_from_wh

TWO_WAY = frozenset({Transfer.ac_bpt, Transfer.ac_bpt_der, Transfer.dc_bpt, Transfer.dc_acdp_bpt})
PHASES = {Transfer.ac_single_phase: 1, Transfer.ac_two_phase: 2}
BY_PHASE = ("", "_L2", "_L3")
POWERS = (("v2x", "maxChargePower"), ("dc", "evMaxPower"), ("ac", "evMaxCurrent"))
ENERGIES = (("v2x", "evTargetEnergyRequest"), ("dc", "energyAmount"), ("ac", "energyAmount"))
"""Where what a car takes, and what it wants, is told."""
CAPACITY_KWH = (1.0, 2000.0)  # from a scooter to a mining truck


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a car told; `soc_frac` is None where it did not say, `doubts` are what of it nobody can believe."""

    vehicle: Vehicle
    wishes: Wishes
    soc_frac: float | None = None
    doubts: tuple[str, ...] = ()


def read_needs(needs: Payload, outlet: Outlet, now: datetime) -> Needs:
    """Return what the `chargingNeeds` of a request that fits its schema say of the car at `outlet`."""
    direct, two_way = needs.get("dcChargingParameters", {}), needs.get("v2xChargingParameters", {})
    capacity_kwh = _between(_kwh(direct.get("evEnergyCapacity")), *CAPACITY_KWH)
    vehicle = replace(
        outlet.vehicle,
        capacity_kwh=outlet.vehicle.capacity_kwh if capacity_kwh is None else capacity_kwh,
        charge_max_kw=_most_kw(needs, outlet),
        discharge_max_kw=_gives_kw(needs, outlet),
    )
    target = two_way.get("targetSoC", direct.get("fullSoC"))
    wishes = replace(
        outlet.wishes,
        energy_kwh=_wanted_kwh(needs, outlet.charged_kwh),
        soc_target_frac=None if target is None else target / 100.0,
        departure=_departure(needs, now),
    )
    soc = direct.get("stateOfCharge")
    doubts = tuple(_doubts(needs, vehicle, wishes))
    return Needs(vehicle=vehicle, wishes=wishes, soc_frac=None if soc is None else soc / 100.0, doubts=doubts)


def _doubts(needs: Payload, vehicle: Vehicle, wishes: Wishes) -> Iterator[str]:
    """Yield what was told and is not taken, as it was told."""
    if "departureTime" in needs and wishes.departure is None:
        yield f"a departure at {needs['departureTime']!r}: not in the next {STAY_MAX.days} days"
    taken = dict.fromkeys(POWERS, vehicle.charge_max_kw) | dict.fromkeys(ENERGIES, wishes.energy_kwh)
    for kind, name in taken:
        told = needs.get(f"{kind}ChargingParameters", {}).get(name)
        if told is not None and taken[kind, name] is None:
            yield f"{name} {told:g}"


def _most_kw(needs: Payload, outlet: Outlet) -> float | None:
    """Return the most that the car takes [kW], None where it does not say."""
    evse, mode = outlet.evse, needs["requestedEnergyTransfer"]
    alternating, direct, two_way = (needs.get(f"{kind}ChargingParameters", {}) for kind in ("ac", "dc", "v2x"))
    told = [_sum_kw(two_way, "maxChargePower"), _kw(direct.get("evMaxPower"))]
    if "evMaxCurrent" in alternating:
        phases = min(PHASES.get(mode, 3), len(evse.phases))
        told.append(kw_from_a(alternating["evMaxCurrent"], voltage_v=evse.voltage_v, phases=phases))
    return next((kw for kw in (_between(kw, 0.0, absurd_kw(evse)) for kw in told) if kw), None)


def _gives_kw(needs: Payload, outlet: Outlet) -> float | None:
    """Return the most that the car gives back [kW]: 0 unless it asked for two-way transfer, None if it did not say how much."""
    if needs["requestedEnergyTransfer"] not in TWO_WAY or "v2xChargingParameters" not in needs:
        return 0.0
    told_kw = _sum_kw(needs["v2xChargingParameters"], "maxDischargePower")
    return None if told_kw is None else min(told_kw, absurd_kw(outlet.evse))


def _wanted_kwh(needs: Payload, charged_kwh: float) -> float | None:
    """Return the energy wanted since plug-in [kWh]: what is wanted from now on, and what the car has got already."""
    wanted = (needs.get(f"{kind}ChargingParameters", {}).get(name) for kind, name in ENERGIES)
    more_kwh = next((kwh for kwh in map(_kwh, wanted) if kwh is not None and 0.0 < kwh <= CAPACITY_KWH[1]), None)
    return None if more_kwh is None else charged_kwh + more_kwh


def _departure(needs: Payload, now: datetime) -> datetime | None:
    """Return when the car leaves; nothing for what cannot be read, has been, or is further away than any stay."""
    try:
        leaves = parse_instant(needs["departureTime"], "$.chargingNeeds.departureTime") if "departureTime" in needs else None
    except BadFrameError:
        return None
    return leaves if leaves is not None and now < leaves < now + STAY_MAX else None


def _sum_kw(parameters: Payload, name: str) -> float | None:
    """Return the sum of a power over the phases it is told for [kW, ≥ 0], None where it is not told."""
    told: Iterable[float] = [abs(parameters[name + phase]) for phase in BY_PHASE if name + phase in parameters]
    return kw_from_w(sum(told)) if told else None


def _kw(power_w: float | None) -> float | None:
    return None if power_w is None else kw_from_w(abs(power_w))


def _kwh(energy_wh: float | None) -> float | None:
    return None if energy_wh is None else kwh_from_wh(energy_wh)


def _between(value: float | None, low: float, high: float) -> float | None:
    return value if value is not None and low <= value <= high else None
