"""What a 1.6 charge point answers to those who keep it: availability, reservations, lists, logs, firmware, certificates.

Source: OCPP 1.6, section 5; "Improved security for OCPP 1.6-J", for logs and certificates.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from adapters.farm.ocpp.fields import need
from adapters.farm.ocpp.link import Payload
from adapters.farm.ocpp.v16.connector import Connector

ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}
UPLOAD, INSTALLATION = ("Uploading", "Uploaded"), ("Downloading", "Downloaded", "Installing", "Installed")
Tell = Callable[[str, Payload], None]


class Upkeep:
    """Answers such commands; ``tell(action, payload)`` sends what follows after the answer."""

    def __init__(self, station_id: str, connectors: Mapping[int, Connector], tell: Tell) -> None:
        self._station_id, self._connectors, self._tell = station_id, connectors, tell
        self._list_version = 0
        self._certificates: dict[str, tuple[str, Payload]] = {}
        self.handlers: dict[str, Callable[[Payload], Payload]] = {
            "ChangeAvailability": self._availability,
            "UnlockConnector": self._unlock,
            "DataTransfer": lambda _: {"status": "UnknownVendorId"},
            "ClearCache": lambda _: ACCEPTED,
            "GetLocalListVersion": lambda _: {"listVersion": self._list_version},
            "SendLocalList": self._take_list,
            "ReserveNow": self._reserve,
            "CancelReservation": self._cancel,
            "GetDiagnostics": self._diagnostics,
            "GetLog": self._log,
            "UpdateFirmware": self._firmware,
            "SignedUpdateFirmware": self._signed_firmware,
            "CertificateSigned": lambda _: ACCEPTED,
            "InstallCertificate": self._install_certificate,
            "GetInstalledCertificateIds": self._certificate_ids,
            "DeleteCertificate": self._delete_certificate,
        }

    def _availability(self, payload: Payload) -> Payload:
        number, kind = need(payload, "connectorId", int), need(payload, "type", str)
        meant = [c for n, c in self._connectors.items() if number in (0, n)]
        for connector in meant:
            connector.to_be_operative = kind == "Operative"
        if not meant:
            return REJECTED
        return {"status": "Scheduled"} if kind != "Operative" and any(c.transaction for c in meant) else ACCEPTED

    def _unlock(self, payload: Payload) -> Payload:
        return {"status": "Unlocked" if need(payload, "connectorId", int) in self._connectors else "NotSupported"}

    def _take_list(self, payload: Payload) -> Payload:
        version, kind = need(payload, "listVersion", int), need(payload, "updateType", str)
        if kind != "Full" and version <= self._list_version:
            return {"status": "VersionMismatch"}
        self._list_version = version
        return ACCEPTED

    def _reserve(self, payload: Payload) -> Payload:
        number, reservation_id = need(payload, "connectorId", int), need(payload, "reservationId", int)
        meant = [c for n, c in self._connectors.items() if number in (0, n)]
        free = [c for c in meant if c.is_free and c.reserved_for in (None, reservation_id)]
        if not free:
            return {"status": "Occupied" if any(c.operative for c in meant) else "Unavailable"}
        free[0].reserved_for = reservation_id
        return ACCEPTED

    def _cancel(self, payload: Payload) -> Payload:
        reservation_id = need(payload, "reservationId", int)
        for connector in self._connectors.values():
            if connector.reserved_for == reservation_id:
                connector.reserved_for = None
                return ACCEPTED
        return REJECTED

    def _diagnostics(self, payload: Payload) -> Payload:
        need(payload, "location", str)
        self._go_through("DiagnosticsStatusNotification", UPLOAD)
        return {"fileName": f"{self._station_id}.log"}

    def _log(self, payload: Payload) -> Payload:
        self._go_through("LogStatusNotification", UPLOAD, requestId=need(payload, "requestId", int))
        return ACCEPTED | {"filename": f"{self._station_id}.log"}

    def _firmware(self, payload: Payload) -> Payload:
        need(payload, "location", str)
        self._go_through("FirmwareStatusNotification", INSTALLATION)
        return {}

    def _signed_firmware(self, payload: Payload) -> Payload:
        self._go_through("SignedFirmwareStatusNotification", INSTALLATION, requestId=need(payload, "requestId", int))
        return ACCEPTED

    def _install_certificate(self, payload: Payload) -> Payload:
        digest = sha256(need(payload, "certificate", str).encode()).hexdigest()
        data = {"hashAlgorithm": "SHA256", "issuerNameHash": digest, "issuerKeyHash": digest, "serialNumber": digest[:40]}
        self._certificates[digest[:40]] = (need(payload, "certificateType", str), data)
        return ACCEPTED

    def _certificate_ids(self, payload: Payload) -> Payload:
        wanted = need(payload, "certificateType", str)
        kept = [data for kind, data in self._certificates.values() if kind == wanted]
        return ACCEPTED | {"certificateHashData": kept} if kept else {"status": "NotFound"}

    def _delete_certificate(self, payload: Payload) -> Payload:
        data: dict[str, Any] = need(payload, "certificateHashData", dict)
        return ACCEPTED if self._certificates.pop(need(data, "serialNumber", str), None) else {"status": "NotFound"}

    def _go_through(self, action: str, statuses: tuple[str, ...], **more: int) -> None:
        for status in statuses:
            self._tell(action, {"status": status, **more})
