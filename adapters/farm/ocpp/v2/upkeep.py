"""What a station answers to those who keep it: device model, reset, availability, logs, firmware, lists, certificates."""

from typing import Any

from adapters.farm.ocpp.link import Payload
from adapters.farm.ocpp.v2.handling import ACCEPTED, SCHEDULED, Handler, refused
from adapters.farm.ocpp.v2.point import Point, Tell

FIRMWARE_COURSE = ("Downloading", "Downloaded", "Installing", "Installed")
LOG_COURSE = ("Uploading", "Uploaded")


def get_variables(point: Point, payload: Payload) -> Payload:
    """Read variables."""
    return {"getVariableResult": [point.model.read(query) for query in payload["getVariableData"]]}


def set_variables(point: Point, payload: Payload) -> Payload:
    """Set variables."""
    return {"setVariableResult": [point.model.write(order) for order in payload["setVariableData"]]}


def base_report(point: Point, payload: Payload) -> Payload:
    """Report the whole device model, or what can be set in it; a summary is not kept."""
    if payload["reportBase"] == "SummaryInventory":
        return {"status": "NotSupported"}
    return _report(point, payload, wanted=None, writable=payload["reportBase"] == "ConfigurationInventory")


def report(point: Point, payload: Payload) -> Payload:
    """Report the variables asked for."""
    return _report(point, payload, wanted=payload.get("componentVariable"), writable=False)


def reset(point: Point, payload: Payload) -> Payload:
    """Boot anew: now, ending or (2.1) keeping transactions, or when the last has ended. A single EVSE cannot."""
    if "evseId" in payload:
        return refused("UnsupportedRequest")
    if payload["type"] == "OnIdle" and point.busy:
        point.restart_when_idle("ScheduledReset")
        return SCHEDULED
    if payload["type"] != "ImmediateAndResume":
        for bay in point.bays.values():
            point.end(bay, "ResetCommand", "ImmediateReset")
    point.shell.restart("RemoteReset")
    return ACCEPTED


def availability(point: Point, payload: Payload) -> Payload:
    """Take an EVSE, or all, out of service or back into it; after the transaction, if there is one."""
    evse_id = payload.get("evse", {}).get("id", 0)
    bays = [bay for number, bay in point.bays.items() if evse_id in (0, number)]
    for bay in bays:
        bay.to_be_operative = payload["operationalStatus"] == "Operative"
    if not bays:
        return refused("UnknownEvse")
    return SCHEDULED if any(bay.transaction and not bay.to_be_operative for bay in bays) else ACCEPTED


def unlock(point: Point, payload: Payload) -> Payload:
    """Unlock a connector, unless somebody's transaction goes on there."""
    bay = point.bays.get(payload["evseId"])
    if bay is None or payload["connectorId"] != 1:
        return {"status": "UnknownConnector"}
    return {"status": "OngoingAuthorizedTransaction" if bay.transaction else "Unlocked"}


def data_transfer(point: Point, payload: Payload) -> Payload:
    """Know no vendor."""
    del point, payload
    return {"status": "UnknownVendorId"}


def get_log(point: Point, payload: Payload) -> Payload:
    """Tell of an upload."""
    for status in LOG_COURSE:
        point.shell.tell(Tell(action="LogStatusNotification", payload={"status": status, "requestId": payload["requestId"]}))
    return ACCEPTED | {"filename": f"{point.station_id}-{payload['requestId']}.log"}


def update_firmware(point: Point, payload: Payload) -> Payload:
    """Tell of an installation."""
    for status in FIRMWARE_COURSE:
        point.shell.tell(Tell(action="FirmwareStatusNotification", payload={"status": status, "requestId": payload["requestId"]}))
    return ACCEPTED


def list_version(point: Point, payload: Payload) -> Payload:
    """Tell the version of the local list."""
    del payload
    return {"versionNumber": point.papers.list_version}


def send_list(point: Point, payload: Payload) -> Payload:
    """Take the local list."""
    return {"status": point.papers.send_list(payload)}


def install_certificate(point: Point, payload: Payload) -> Payload:
    """Keep a certificate."""
    point.papers.install_certificate(payload["certificateType"], payload["certificate"])
    return ACCEPTED


def certificate_ids(point: Point, payload: Payload) -> Payload:
    """Tell which certificates are kept."""
    chain = point.papers.certificates(payload.get("certificateType", []))
    return ACCEPTED | {"certificateHashDataChain": chain} if chain else {"status": "NotFound"}


def delete_certificate(point: Point, payload: Payload) -> Payload:
    """Forget a certificate."""
    known = point.papers.delete_certificate(payload["certificateHashData"])
    return ACCEPTED if known else {"status": "NotFound"}


def accepted(point: Point, payload: Payload) -> Payload:
    """Agree to what changes nothing that can be seen."""
    del point, payload
    return ACCEPTED


def _report(point: Point, payload: Payload, **choice: Any) -> Payload:
    told = point.model.reports(payload["requestId"], point.clock.now(), **choice)
    for one in told:
        point.shell.tell(Tell(action="NotifyReport", payload=one))
    return ACCEPTED if told else {"status": "EmptyResultSet"}


HANDLERS: dict[str, Handler] = {
    "GetVariables": get_variables,
    "SetVariables": set_variables,
    "GetBaseReport": base_report,
    "GetReport": report,
    "Reset": reset,
    "ChangeAvailability": availability,
    "UnlockConnector": unlock,
    "DataTransfer": data_transfer,
    "GetLog": get_log,
    "UpdateFirmware": update_firmware,
    "GetLocalListVersion": list_version,
    "SendLocalList": send_list,
    "ClearCache": accepted,
    "CertificateSigned": accepted,
    "InstallCertificate": install_certificate,
    "GetInstalledCertificateIds": certificate_ids,
    "DeleteCertificate": delete_certificate,
}
