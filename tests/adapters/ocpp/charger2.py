"""A charging station of OCPP 2.x for tests. It holds every word, its own and the central system's, against the official schemas."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from ocpp.messages import MessageType
from websockets.asyncio.client import ClientConnection

from tests.adapters.ocpp.charger import Charger, Payload
from tests.adapters.ocpp.instances import official

VARIABLES = {
    ("SmartChargingCtrlr", "RateUnit"): "A,W",
    ("SampledDataCtrlr", "TxUpdatedInterval"): "60",
    ("SampledDataCtrlr", "TxUpdatedMeasurands"): "Power.Active.Import,Energy.Active.Import.Register,SoC",
}
LEVEL_OF_LEASES = 1


class Charger2(Charger):
    """One connection of a charging station; `installed` holds its profiles by (EVSE, id), `variables` its device model."""

    def __init__(self, socket: ClientConnection, *, version: str) -> None:
        super().__init__(socket, version=version)
        self.variables = dict(VARIABLES)
        self.installed: dict[tuple[int, int], Payload] = {}
        self.seq_no = 0
        self._reporting: set[asyncio.Task[None]] = set()
        self.answers = {
            "GetVariables": self._get_variables,
            "SetVariables": self._set_variables,
            "SetChargingProfile": self._install,
            "ClearChargingProfile": self._clear,
            "GetChargingProfiles": self._report,
            "GetCompositeSchedule": self._composite,
        }
        self.answers = {action: self._checked(action, answer) for action, answer in self.answers.items()}

    async def ask(self, action: str, payload: Payload) -> Payload:
        official(MessageType.Call, action, self.version).validate(payload)
        return await super().ask(action, payload)

    async def boot(self) -> Payload:
        station = {"vendorName": "Test", "model": "Two", "firmwareVersion": "1.0"}
        return await self.ask("BootNotification", {"chargingStation": station, "reason": "PowerUp"})

    async def status(self, status: str, connector: int = 1, **more: str) -> Payload:
        request = {"timestamp": "2026-01-05T08:00:00Z", "connectorStatus": status, "evseId": connector, "connectorId": 1}
        return await self.ask("StatusNotification", request | more)

    async def event(self, kind: str, reference: str = "tx-1", *, at: str = "2026-01-05T08:00:00Z", **more: Any) -> Payload:
        """Send a TransactionEvent with the next sequence number, unless `seqNo` is given; `info` goes into transactionInfo."""
        info = {"transactionId": reference} | more.pop("info", {})
        reason = {"Started": "CablePluggedIn", "Ended": "EVDeparted"}.get(kind, "MeterValuePeriodic")
        request = {"eventType": kind, "timestamp": at, "triggerReason": reason, "seqNo": self.seq_no, "transactionInfo": info}
        self.seq_no += 1
        return await self.ask("TransactionEvent", request | more)

    def profiles(self, purpose: str | None = None, level: int = 1) -> list[Payload]:
        got = [payload["chargingProfile"] for payload in self.payloads("SetChargingProfile")]
        return [p for p in got if p["stackLevel"] == level and purpose in (None, p["chargingProfilePurpose"])]

    def _checked(self, action: str, answer: Callable[[Payload], Payload]) -> Callable[[Payload], Payload]:
        def checked(payload: Payload) -> Payload:
            said = answer(payload)
            official(MessageType.CallResult, action, self.version).validate(said)
            return said

        return checked

    def _get_variables(self, payload: Payload) -> Payload:
        return {"getVariableResult": [self._variable(asked) for asked in payload["getVariableData"]]}

    def _variable(self, asked: Payload) -> Payload:
        value = self.variables.get((asked["component"]["name"], asked["variable"]["name"]))
        if value is None:
            return asked | {"attributeStatus": "UnknownVariable"}
        return asked | {"attributeStatus": "Accepted", "attributeValue": value}

    def _set_variables(self, payload: Payload) -> Payload:
        results = []
        for data in payload["setVariableData"]:
            named = {"component": data["component"], "variable": data["variable"]}
            self.variables[data["component"]["name"], data["variable"]["name"]] = data["attributeValue"]
            results.append(named | {"attributeStatus": "Accepted"})
        return {"setVariableResult": results}

    def _install(self, payload: Payload) -> Payload:
        self.installed[payload["evseId"], payload["chargingProfile"]["id"]] = payload["chargingProfile"]
        return {"status": "Accepted"}

    def _clear(self, payload: Payload) -> Payload:
        gone = [key for key in self.installed if key[1] == payload["chargingProfileId"]]
        for key in gone:
            del self.installed[key]
        return {"status": "Accepted" if gone else "Unknown"}

    def _report(self, payload: Payload) -> Payload:
        wanted = payload["chargingProfile"]["chargingProfileId"]
        kept = [profile for (evse, number), profile in self.installed.items() if evse == payload["evseId"] and number in wanted]
        if not kept:
            return {"status": "NoProfiles"}
        report = {"requestId": payload["requestId"], "chargingLimitSource": "CSO", "evseId": payload["evseId"]}
        task = asyncio.create_task(self._send_report(report | {"chargingProfile": kept}))
        self._reporting.add(task)
        task.add_done_callback(self._reporting.discard)
        return {"status": "Accepted"}

    async def _send_report(self, report: Payload) -> None:
        await self.ask("ReportChargingProfiles", report)

    def _composite(self, payload: Payload) -> Payload:
        """Say what the highest lease of the EVSE, else its fallback, says."""
        ours = [profile for (evse, _), profile in self.installed.items() if evse == payload["evseId"]]
        if not ours:
            return {"status": "Rejected"}
        top = max(ours, key=lambda profile: (profile["chargingProfilePurpose"] == "TxProfile", profile["stackLevel"]))
        schedule = top["chargingSchedule"][0]
        composite = {
            "evseId": payload["evseId"],
            "duration": payload["duration"],
            "scheduleStart": "2026-01-05T08:00:00Z",
            "chargingRateUnit": schedule["chargingRateUnit"],
            "chargingSchedulePeriod": schedule["chargingSchedulePeriod"],
        }
        return {"status": "Accepted", "schedule": composite}


def kind(version: str) -> Callable[[ClientConnection], Charger2]:
    """Return what makes a charger of `version`."""
    return partial(Charger2, version=version)


def sampled(value: float, measurand: str, unit: str = "W", **more: Any) -> Payload:
    return {"value": value, "measurand": measurand, "unitOfMeasure": {"unit": unit}} | more
