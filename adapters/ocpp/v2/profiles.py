"""Charging profiles of OCPP 2.x as SetChargingProfile requests: a setpoint's lease, the fallback beneath it, the station's ceiling.

A lease ends with its duration; then the fallback, a TxDefaultProfile one stack level below and without end, is what remains. The
number of phases is written beside currents only, or with a phase: direct current has none, and stations refuse it there
(K01.FR.44). Absolute profiles must say when they start, relative ones must not (K01.FR.40, 41). Source: OCPP 2.0.1, Part 2, K01.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ocpp.v201.enums import ChargingProfileKindEnumType as Kind
from ocpp.v201.enums import ChargingProfilePurposeEnumType as Purpose

from adapters.ocpp.frames import Payload
from adapters.ocpp.instants import LEAD, format_instant
from adapters.ocpp.limits import Limit, RateUnit, ceiling, limit_for
from adapters.ocpp.ways import Scope
from v2g.site import Evse

FALLBACK_LEVEL = 0
LEASE_LEVEL = 1
FIRST_ID = 1000  # ids up to a station's MaxExternalConstraintsId are another's; stations choose small ones
CEILING_ID, WHOLE_LEASE_ID = FIRST_ID, FIRST_ID + 1
PURPOSES = {
    Scope.TRANSACTION: Purpose.tx_profile,
    Scope.OUTLET: Purpose.tx_default_profile,
    Scope.STATION: Purpose.charging_station_max_profile,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """`limit` for an outlet from `now` to `until`, said of `scope`; `reference` names the open transaction, "" if there is none.

    `phase` is the one that a car is to be put on where the outlet can choose, else None.
    """

    evse: Evse
    limit: Limit
    now: datetime
    until: datetime
    scope: Scope
    reference: str = ""
    phase: int | None = None

    @property
    def start(self) -> datetime:
        """When it starts, in whole seconds."""
        return self.now.replace(microsecond=0)

    @property
    def duration_s(self) -> int:
        """How long it lasts, in whole seconds."""
        return (self.until - self.start) // timedelta(seconds=1)

    @property
    def profile_id(self) -> int:
        """The id of its profile, the same for the same place, so that a new profile replaces the old one."""
        return _lease_id(self.evse, self.scope)


def absolute(lease: Lease, period: Payload) -> Payload:
    """Return the request that keeps the outlet to `period` while the lease lasts."""
    timing = {"startSchedule": format_instant(lease.start - LEAD), "duration": lease.duration_s + LEAD // timedelta(seconds=1)}
    return request(lease, Kind.absolute, timing | schedule(lease, period))


def request(lease: Lease, kind: str, timed: Payload, **more: object) -> Payload:
    """Return the request for a profile of `kind` with the schedule `timed`, and what an edition adds."""
    transaction = {"transactionId": lease.reference} if lease.scope is Scope.TRANSACTION else {}
    profile = transaction | {
        "id": lease.profile_id,
        "stackLevel": LEASE_LEVEL,
        "chargingProfilePurpose": PURPOSES[lease.scope],
        "chargingProfileKind": kind,
        "chargingSchedule": [timed],
        **more,
    }
    return {"evseId": 0 if lease.scope is Scope.STATION else lease.evse.connector_id, "chargingProfile": profile}


def schedule(lease: Lease, period: Payload) -> Payload:
    """Return the schedule of one period, without its times."""
    return {"id": lease.profile_id, "chargingRateUnit": lease.limit.unit, "chargingSchedulePeriod": [period]}


def charging(limit: Limit, evse: Evse, phase: int | None = None) -> Payload:
    """Return the period that lets the outlet draw up to `limit`, on `phase` where the outlet can choose one (K01.FR.19, 20)."""
    return {"startPeriod": 0, "limit": limit.value} | phases_of(limit, evse, phase)


def phases_of(limit: Limit, evse: Evse, phase: int | None) -> Payload:
    """Return how many phases a limit is meant for, and which, as far as a period may say."""
    if phase is not None:
        return {"numberPhases": 1, "phaseToUse": phase}
    return {"numberPhases": len(evse.phases)} if limit.unit is RateUnit.AMPS else {}


def fallback(evse: Evse, unit: RateUnit) -> Payload:
    """Return the request that limits the outlet to its fallback whenever no lease does."""
    profile_id = _profile_id(evse, FALLBACK_LEVEL, in_transaction=False)
    period = charging(limit_for(evse.fallback_kw, evse, unit), evse)
    profile = {
        "id": profile_id,
        "stackLevel": FALLBACK_LEVEL,
        "chargingProfilePurpose": Purpose.tx_default_profile,
        "chargingProfileKind": Kind.relative,
        "chargingSchedule": [{"id": profile_id, "chargingRateUnit": unit, "chargingSchedulePeriod": [period]}],
    }
    return {"evseId": evse.connector_id, "chargingProfile": profile}


def station_ceiling(evses: Iterable[Evse], unit: RateUnit, now: datetime) -> Payload:
    """Return the request that limits the whole station from `now` on to what its outlets may draw together."""
    timed = {
        "id": CEILING_ID,
        "startSchedule": format_instant(now - LEAD),
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": ceiling(evses, unit)}],
    }
    profile = {
        "id": CEILING_ID,
        "stackLevel": FALLBACK_LEVEL,
        "chargingProfilePurpose": Purpose.charging_station_max_profile,
        "chargingProfileKind": Kind.absolute,
        "chargingSchedule": [timed],
    }
    return {"evseId": 0, "chargingProfile": profile}


def clear_requests(evse: Evse) -> tuple[Payload, ...]:
    """Return the ClearChargingProfile requests that take every lease of the outlet back, and leave the fallback."""
    return tuple(clear_request(evse, scope) for scope in (Scope.TRANSACTION, Scope.OUTLET))


def clear_request(evse: Evse, scope: Scope) -> Payload:
    """Return the ClearChargingProfile request that takes the outlet's lease of one scope back."""
    return {"chargingProfileId": _lease_id(evse, scope)}


def _lease_id(evse: Evse, scope: Scope) -> int:
    if scope is Scope.STATION:
        return WHOLE_LEASE_ID
    return _profile_id(evse, LEASE_LEVEL, in_transaction=scope is Scope.TRANSACTION)


def _profile_id(evse: Evse, level: int, *, in_transaction: bool) -> int:
    return FIRST_ID + evse.connector_id * 10 + 2 * level + int(in_transaction)
