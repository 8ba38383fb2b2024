"""Who may give back, and whose charging goes first (OCPP 2.1, Q01 and K21 to K22)."""

from adapters.farm.ocpp.link import Payload
from adapters.farm.ocpp.v2.handling import ACCEPTED, Handler, refused
from adapters.farm.ocpp.v2.point import Point
from adapters.farm.ocpp.v2.profile import PRIORITY


def allow(point: Point, payload: Payload) -> Payload:
    """Let a car's energy flow by these modes only; where they change, the car is asked for its needs anew."""
    bay = point.bay_of(payload["transactionId"])
    if bay is None or bay.transaction is None:
        return refused("TxNotFound")
    named = frozenset(payload["allowedEnergyTransfer"])
    if not named & set(point.grammar.transfers(bay.outlet.evse)):
        return refused("UnsupportedTransfer")
    if bay.transaction.allowed not in (None, named):
        point.tell_needs(bay)
    bay.transaction.allowed = named
    return ACCEPTED


def use_priority(point: Point, payload: Payload) -> Payload:
    """Let a transaction charge by its priority profile, or no longer."""
    bay = point.bay_of(payload["transactionId"])
    if bay is None or bay.transaction is None:
        return refused("TxNotFound")
    if not any(p.purpose == PRIORITY and p.evse_id in (0, bay.evse_id) for p in point.profiles.all):
        return {"status": "NoProfile"}
    bay.transaction.priority = payload["activate"]
    return ACCEPTED


HANDLERS: dict[str, Handler] = {"NotifyAllowedEnergyTransfer": allow, "UsePriorityCharging": use_priority}
