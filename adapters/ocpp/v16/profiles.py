"""OCPP 1.6 charging profiles: a setpoint, or the fallback beneath it, as SetChargingProfile requests.

A lease is an Absolute profile that ends with its duration; then the fallback, a TxDefaultProfile one stack level below
and without end, is what remains. Source: OCPP 1.6, sections 3.13 and 7.8 (ChargingProfile), 7.13 (ChargingSchedule).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ocpp.v16.enums import ChargingProfileKindType, ChargingProfilePurposeType

from adapters.ocpp.frames import Payload
from adapters.ocpp.instants import LEAD, format_instant
from adapters.ocpp.limits import Limit, RateUnit, ceiling, limit_for
from adapters.ocpp.ways import Scope
from v2g.site import Evse

CEILING_ID, WHOLE_LEASE_ID = 1, 2  # below those of any connector, which begin at 10
FALLBACK_LEVEL = 0
LEASE_LEVEL = 1


def lease_profile(
    limit: Limit, evse: Evse, *, now: datetime, until: datetime, transaction_id: int | None, whole: bool = False
) -> Payload:
    """Return the request that limits the outlet from `now` to at most `until`.

    It is said of the open transaction, without one of the next, or of the `whole` station.
    """
    start = now.replace(microsecond=0) - LEAD
    purpose = ChargingProfilePurposeType.tx_default_profile
    transaction = {}
    if whole:
        purpose = ChargingProfilePurposeType.charge_point_max_profile
    elif transaction_id is not None:
        purpose = ChargingProfilePurposeType.tx_profile
        transaction = {"transactionId": transaction_id}
    profile = transaction | {
        "chargingProfileId": WHOLE_LEASE_ID if whole else _profile_id(evse, purpose, LEASE_LEVEL),
        "stackLevel": LEASE_LEVEL,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": ChargingProfileKindType.absolute,
        "chargingSchedule": _schedule(limit, evse)
        | {"startSchedule": format_instant(start), "duration": (until - start) // timedelta(seconds=1)},
    }
    return {"connectorId": 0 if whole else evse.connector_id, "csChargingProfiles": profile}


def fallback_profile(evse: Evse, unit: RateUnit) -> Payload:
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


def ceiling_profile(evses: Iterable[Evse], unit: RateUnit, now: datetime) -> Payload:
    """Return the request that limits the whole station from `now` on to what its outlets may draw together."""
    profile = {
        "chargingProfileId": CEILING_ID,
        "stackLevel": FALLBACK_LEVEL,
        "chargingProfilePurpose": ChargingProfilePurposeType.charge_point_max_profile,
        "chargingProfileKind": ChargingProfileKindType.absolute,
        "chargingSchedule": {
            "startSchedule": format_instant(now - LEAD),
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": ceiling(evses, unit)}],
        },
    }
    return {"connectorId": 0, "csChargingProfiles": profile}


def clear_requests(evse: Evse) -> tuple[Payload, ...]:
    """Return the ClearChargingProfile requests that take every lease of the outlet back, and leave the fallback."""
    return tuple(clear_request(evse, scope) for scope in (Scope.TRANSACTION, Scope.OUTLET))


def clear_request(evse: Evse, scope: Scope) -> Payload:
    """Return the ClearChargingProfile request that takes the outlet's lease of one scope back."""
    if scope is Scope.STATION:
        return {"id": WHOLE_LEASE_ID}
    of_transaction = scope is Scope.TRANSACTION
    purpose = ChargingProfilePurposeType.tx_profile if of_transaction else ChargingProfilePurposeType.tx_default_profile
    return {"id": _profile_id(evse, purpose, LEASE_LEVEL)}


def _profile_id(evse: Evse, purpose: ChargingProfilePurposeType, level: int) -> int:
    """Return an id that is the same for the same place, so that a new profile replaces the old one."""
    return evse.connector_id * 10 + 2 * level + int(purpose == ChargingProfilePurposeType.tx_profile)


def _schedule(limit: Limit, evse: Evse) -> Payload:
    period = {"startPeriod": 0, "limit": limit.value, "numberPhases": len(evse.phases)}
    return {"chargingRateUnit": limit.unit, "chargingSchedulePeriod": [period]}
