"""OCPP 1.6 charging profiles: a setpoint, or the fallback beneath it, as SetChargingProfile requests.

A lease is an Absolute profile that ends with its duration; then the fallback, a TxDefaultProfile one stack level below
and without end, is what remains. Source: OCPP 1.6, sections 3.13 and 7.8 (ChargingProfile), 7.13 (ChargingSchedule).
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from ocpp.v16.enums import ChargingProfileKindType, ChargingProfilePurposeType, ChargingRateUnitType

from adapters.ocpp.frames import Payload
from adapters.ocpp.instants import format_instant
from v2g.site import Evse
from v2g.units import a_from_kw, kw_from_a, kw_from_w, w_from_kw

MIN_CURRENT_A = 6.0  # IEC 61851-1: a control pilot cannot say less, but for nothing
RESOLUTION = 10.0  # the schema's multipleOf 0.1
ROUNDING = 1e-6  # 11.04 kW is 15.999999999999998 A, and means 16

FALLBACK_LEVEL = 0
LEASE_LEVEL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A number for a charging schedule in `unit`, and the power [kW] that it stands for."""

    value: float
    unit: ChargingRateUnitType
    power_kw: float


def limit_for(power_kw: float, evse: Evse, unit: ChargingRateUnitType) -> Limit:
    """Return the most that can be written of `power_kw` without exceeding it.

    Cut to tenths of `unit`; 0 below what the outlet can hold, and between 0 and 6 A; 0 for a discharge, which OCPP 1.6
    cannot say.
    """
    amps = unit == ChargingRateUnitType.amps
    exact = a_from_kw(power_kw, voltage_v=evse.voltage_v, phases=len(evse.phases)) if amps else w_from_kw(power_kw)
    value = max(math.floor(exact * RESOLUTION + ROUNDING) / RESOLUTION, 0.0)
    if power_kw < evse.charge_min_kw - ROUNDING or (amps and value < MIN_CURRENT_A):
        value = 0.0
    sent_kw = kw_from_a(value, voltage_v=evse.voltage_v, phases=len(evse.phases)) if amps else kw_from_w(value)
    return Limit(value=value, unit=unit, power_kw=sent_kw)


def lease_profile(limit: Limit, evse: Evse, *, now: datetime, until: datetime, transaction_id: int | None) -> Payload:
    """Return the request that limits the outlet from `now` to at most `until`: the open transaction, else the next one."""
    start = now.replace(microsecond=0)
    purpose = ChargingProfilePurposeType.tx_default_profile
    transaction = {}
    if transaction_id is not None:
        purpose = ChargingProfilePurposeType.tx_profile
        transaction = {"transactionId": transaction_id}
    profile = transaction | {
        "chargingProfileId": _profile_id(evse, purpose, LEASE_LEVEL),
        "stackLevel": LEASE_LEVEL,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": ChargingProfileKindType.absolute,
        "chargingSchedule": _schedule(limit, evse)
        | {"startSchedule": format_instant(start), "duration": (until - start) // timedelta(seconds=1)},
    }
    return {"connectorId": evse.connector_id, "csChargingProfiles": profile}


def fallback_profile(evse: Evse, unit: ChargingRateUnitType) -> Payload:
    """Return the request that limits the outlet to its fallback whenever no lease does."""
    purpose = ChargingProfilePurposeType.tx_default_profile
    profile = {
        "chargingProfileId": _profile_id(evse, purpose, FALLBACK_LEVEL),
        "stackLevel": FALLBACK_LEVEL,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": ChargingProfileKindType.relative,
        "chargingSchedule": _schedule(limit_for(evse.fallback_kw, evse, unit), evse),
    }
    return {"connectorId": evse.connector_id, "csChargingProfiles": profile}


def clear_requests(evse: Evse) -> tuple[Payload, ...]:
    """Return the ClearChargingProfile requests that take every lease of the outlet back, and leave the fallback."""
    purposes = (ChargingProfilePurposeType.tx_profile, ChargingProfilePurposeType.tx_default_profile)
    return tuple({"id": _profile_id(evse, purpose, LEASE_LEVEL)} for purpose in purposes)


def _profile_id(evse: Evse, purpose: ChargingProfilePurposeType, level: int) -> int:
    """Return an id that is the same for the same place, so that a new profile replaces the old one."""
    return evse.connector_id * 10 + 2 * level + int(purpose == ChargingProfilePurposeType.tx_profile)


def _schedule(limit: Limit, evse: Evse) -> Payload:
    period = {"startPeriod": 0, "limit": limit.value, "numberPhases": len(evse.phases)}
    return {"chargingRateUnit": limit.unit, "chargingSchedulePeriod": [period]}
