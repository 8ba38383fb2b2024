"""What a station answers when transactions are started, stopped and asked for from afar (OCPP 2.0.1, E, F and H)."""

from collections.abc import Callable

from adapters.farm.ocpp.link import Payload
from adapters.farm.ocpp.v2.bay import Bay
from adapters.farm.ocpp.v2.charging import misformed
from adapters.farm.ocpp.v2.handling import ACCEPTED, Handler, refused
from adapters.farm.ocpp.v2.inventory import SAMPLED, UPDATED
from adapters.farm.ocpp.v2.point import Point, Tell
from adapters.farm.ocpp.v2.profile import TX, read_profile
from adapters.farm.ocpp.v2.samples import meter_value


def start(point: Point, payload: Payload) -> Payload:
    """Begin a transaction where a car waits."""
    bay = _waiting(point, payload.get("evseId"))
    if bay is None:
        return refused("NoCarWaiting")
    data = payload.get("chargingProfile")
    profile = None if data is None else read_profile(bay.evse_id, data, point.clock.now())
    if profile is not None and (profile.purpose != TX or profile.transaction_id is not None or misformed(point, profile)):
        return refused("InvalidProfile")
    point.begin(bay, payload["idToken"]["idToken"], payload["remoteStartId"])
    transaction_id = bay.transaction.transaction_id if bay.transaction else ""
    if data is not None:
        own = data | {"transactionId": transaction_id}
        point.profiles.install(read_profile(bay.evse_id, own, point.clock.now()))
    return ACCEPTED | {"transactionId": transaction_id}


def stop(point: Point, payload: Payload) -> Payload:
    """End a transaction."""
    bay = point.bay_of(payload["transactionId"])
    if bay is None:
        return refused("TxNotFound")
    point.end(bay, "RemoteStop", "Remote")
    return ACCEPTED


def transaction_status(point: Point, payload: Payload) -> Payload:
    """Tell whether a transaction goes on, and whether anything waits to be told."""
    transaction_id = payload.get("transactionId")
    if transaction_id is None:
        return {"messagesInQueue": point.shell.waiting()}
    return {"ongoingIndicator": point.bay_of(transaction_id) is not None, "messagesInQueue": point.shell.waiting()}


def trigger(point: Point, payload: Payload) -> Payload:
    """Tell what is asked for, of one EVSE or of all."""
    evse_id = payload.get("evse", {}).get("id", 0)
    bays = list(point.bays.values()) if evse_id == 0 else [b for b in [point.bays.get(evse_id)] if b]
    if not bays:
        return refused("UnknownEvse")
    action = payload["requestedMessage"]
    if action in OF_AN_EVSE:
        for bay in bays:
            OF_AN_EVSE[action](point, bay)
    elif action in OF_THE_STATION:
        OF_THE_STATION[action](point)
    else:
        return {"status": "NotImplemented"}
    return ACCEPTED


def reserve(point: Point, payload: Payload) -> Payload:
    """Reserve a free EVSE; the next car takes the reservation."""
    wanted = payload.get("evseId")
    if wanted is not None and wanted not in point.bays:
        return refused("UnknownEvse")
    bays = [bay for number, bay in point.bays.items() if wanted in (None, number)]
    free = [bay for bay in bays if bay.status == "Available" or bay.reserved_for == payload["id"]]
    if not free:
        return {"status": "Unavailable" if all(bay.status == "Unavailable" for bay in bays) else "Occupied"}
    free[0].reserved_for = payload["id"]
    return ACCEPTED


def cancel_reservation(point: Point, payload: Payload) -> Payload:
    """Give a reserved EVSE free."""
    for bay in point.bays.values():
        if bay.reserved_for == payload["reservationId"]:
            bay.reserved_for = None
            return ACCEPTED
    return refused("UnknownReservation")


def _waiting(point: Point, evse_id: int | None) -> Bay | None:
    bays = (bay for number, bay in point.bays.items() if evse_id in (None, number))
    return next((bay for bay in bays if bay.transaction is None and bay.operative and bay.outlet.visit is not None), None)


def _tell_meter(point: Point, bay: Bay) -> None:
    wanted = point.model.text(SAMPLED, UPDATED).split(",")
    value = meter_value(bay.outlet, point.clock.now(), wanted, "Trigger")
    point.shell.tell(Tell(action="MeterValues", payload={"evseId": bay.evse_id, "meterValue": [value]}))


def _tell_idle(action: str) -> Callable[[Point], None]:
    return lambda point: point.shell.tell(Tell(action=action, payload={"status": "Idle"}))


def _ask_for_certificate(point: Point) -> None:
    request = {"csr": f"request of {point.station_id}", "certificateType": "ChargingStationCertificate"}
    point.shell.tell(Tell(action="SignCertificate", payload=request))


OF_AN_EVSE: dict[str, Callable[[Point, Bay], None]] = {
    "StatusNotification": lambda point, bay: point.announce(bay, point.clock.now()),
    "MeterValues": _tell_meter,
    "TransactionEvent": lambda point, bay: point.update(bay, "Trigger", measured="Trigger"),
}
OF_THE_STATION: dict[str, Callable[[Point], None]] = {
    "BootNotification": lambda point: point.shell.boot_again(),
    "Heartbeat": lambda point: point.shell.tell(Tell(action="Heartbeat", payload={})),
    "LogStatusNotification": _tell_idle("LogStatusNotification"),
    "FirmwareStatusNotification": _tell_idle("FirmwareStatusNotification"),
    "SignChargingStationCertificate": _ask_for_certificate,
}

HANDLERS: dict[str, Handler] = {
    "RequestStartTransaction": start,
    "RequestStopTransaction": stop,
    "GetTransactionStatus": transaction_status,
    "TriggerMessage": trigger,
    "ReserveNow": reserve,
    "CancelReservation": cancel_reservation,
}
