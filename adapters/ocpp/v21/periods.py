"""Schedule periods of OCPP 2.1: in which operation mode an outlet keeps a power. Source: OCPP 2.1, Part 2, Q05."""

from ocpp.v21.enums import OperationModeEnumType as Mode

from adapters.ocpp.frames import Payload
from adapters.ocpp.limits import Limit
from adapters.ocpp.v2.profiles import Lease, charging, phases_of


def mode_of(limit: Limit) -> Mode:
    """Return the operation mode that `limit` needs: a central setpoint where it gives back."""
    return Mode.central_setpoint if limit.power_kw < 0 else Mode.charging_only


def period_of(lease: Lease) -> Payload:
    """Return the period that makes the outlet keep the lease's limit."""
    if lease.limit.power_kw >= 0:
        return charging(lease.limit, lease.evse, lease.phase) | {"operationMode": Mode.charging_only}
    phases = phases_of(lease.limit, lease.evse, lease.phase)
    return {"startPeriod": 0, "operationMode": Mode.central_setpoint} | values_of(lease.limit) | phases


def values_of(limit: Limit) -> Payload:
    """Return the numbers of `limit` as a period or an update has them.

    Beside a setpoint that gives back stand the limits that a charger which overlooks it keeps to: nothing drawn, and no more given.
    """
    if limit.power_kw >= 0:
        return {"limit": limit.value}
    return {"setpoint": limit.value, "dischargeLimit": limit.value, "limit": 0.0}
