"""Schedule periods of OCPP 2.1: in which operation mode an outlet keeps a power. Source: OCPP 2.1, Part 2, Q05."""

from ocpp.v21.enums import OperationModeEnumType as Mode

from adapters.ocpp.frames import Payload
from adapters.ocpp.limits import Limit
from adapters.ocpp.v2.profiles import charging
from v2g.site import Evse


def mode_of(limit: Limit) -> Mode:
    """Return the operation mode that `limit` needs: a central setpoint where it gives back."""
    return Mode.central_setpoint if limit.power_kw < 0 else Mode.charging_only


def period_of(limit: Limit, evse: Evse) -> Payload:
    """Return the period that makes the outlet keep `limit`."""
    if limit.power_kw >= 0:
        return charging(limit, evse) | {"operationMode": Mode.charging_only}
    phases = {key: value for key, value in charging(limit, evse).items() if key == "numberPhases"}
    return {"startPeriod": 0, "operationMode": Mode.central_setpoint} | values_of(limit) | phases


def values_of(limit: Limit) -> Payload:
    """Return the numbers of `limit` as a period or an update has them.

    Beside a setpoint that gives back stand the limits that a charger which overlooks it keeps to: nothing drawn, and no more given.
    """
    if limit.power_kw >= 0:
        return {"limit": limit.value}
    return {"setpoint": limit.value, "dischargeLimit": limit.value, "limit": 0.0}
