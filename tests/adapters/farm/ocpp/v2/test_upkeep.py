"""Every command of OCPP 2.x beyond charging, over a real socket; answers and what follows them fit the official schemas."""

from typing import Any

import pytest

from tests.adapters.farm.ocpp.central import Central, farm
from tests.adapters.farm.stations import stay
from tests.adapters.farm.waiting import until

INTERVAL = {"component": {"name": "SampledDataCtrlr"}, "variable": {"name": "TxUpdatedInterval"}}


async def status(central: Central, action: str, payload: dict[str, Any] | None = None) -> str:
    return str((await central.ask(action, payload))["status"])


def connector_status(central: Central) -> str:
    told = central.said("StatusNotification")
    return str(told[-1]["connectorStatus"]) if told else ""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"attributeValue": "120"}, "Accepted"),
        ({"attributeValue": "often"}, "Rejected"),
        ({"attributeValue": "120", "attributeType": "Target"}, "NotSupportedAttributeType"),
        ({"attributeValue": "120", "variable": {"name": "Colour"}}, "UnknownVariable"),
        ({"attributeValue": "120", "component": {"name": "Toaster"}}, "UnknownComponent"),
        ({"attributeValue": "1", "component": {"name": "SecurityCtrlr"}, "variable": {"name": "SecurityProfile"}}, "Rejected"),
    ],
)
async def test_variables_are_set_as_far_as_they_can_be(central: Central, changes: dict[str, Any], expected: str) -> None:
    async with farm(central):
        await until(lambda: connector_status(central))
        answer = await central.ask("SetVariables", {"setVariableData": [INTERVAL | changes]})
        read = await central.ask("GetVariables", {"getVariableData": [INTERVAL]})
    assert answer["setVariableResult"][0]["attributeStatus"] == expected
    assert read["getVariableResult"][0]["attributeValue"] == ("120" if expected == "Accepted" else "60")


async def test_the_device_model_is_reported_page_by_page(central: Central) -> None:
    async with farm(central):
        await until(lambda: connector_status(central))
        assert await status(central, "GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}) == "Accepted"
        assert await status(central, "GetBaseReport", {"requestId": 2, "reportBase": "ConfigurationInventory"}) == "Accepted"
        assert await status(central, "GetBaseReport", {"requestId": 3, "reportBase": "SummaryInventory"}) == "NotSupported"
        wanted = [{"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}]
        assert await status(central, "GetReport", {"requestId": 4, "componentVariable": wanted}) == "Accepted"
        nothing = [{"component": {"name": "Toaster"}}]
        assert await status(central, "GetReport", {"requestId": 5, "componentVariable": nothing}) == "EmptyResultSet"
        await until(lambda: central.said("NotifyReport", requestId=4))
    full, settable = central.said("NotifyReport", requestId=1), central.said("NotifyReport", requestId=2)
    assert [page["seqNo"] for page in full] == list(range(len(full)))
    assert [page["tbc"] for page in full] == [True] * (len(full) - 1) + [False]
    kinds = {row["variableAttribute"][0]["mutability"] for page in settable for row in page["reportData"]}
    assert kinds == {"ReadWrite"}
    (row,) = central.said("NotifyReport", requestId=4)[0]["reportData"]
    assert row["variableAttribute"][0]["value"] == "11040"


async def test_availability_waits_for_the_transaction(central: Central) -> None:
    async with farm(central, stay(hours_h=0.3)):
        await until(central.events)
        inoperative = {"operationalStatus": "Inoperative", "evse": {"id": 1}}
        assert await status(central, "ChangeAvailability", inoperative) == "Scheduled"
        await until(lambda: connector_status(central) == "Unavailable")
        assert await status(central, "ChangeAvailability", {"operationalStatus": "Operative"}) == "Accepted"
        await until(lambda: connector_status(central) == "Available")
        assert await status(central, "ChangeAvailability", inoperative | {"evse": {"id": 7}}) == "Rejected"


async def test_a_reset_ends_transactions_or_waits_for_them(central: Central) -> None:
    async with farm(central, stay(hours_h=0.5)):
        await until(central.events)
        assert await status(central, "Reset", {"type": "OnIdle"}) == "Scheduled"
        await until(lambda: len(central.said("BootNotification")) == 2)
        assert central.events()[-1]["transactionInfo"]["stoppedReason"] == "EVDisconnected"
        await until(lambda: central.socket is not None)
        assert await status(central, "Reset", {"type": "Immediate"}) == "Accepted"
        await until(lambda: len(central.said("BootNotification")) == 3)
        await until(lambda: connector_status(central) == "Available" and central.socket)
        assert await status(central, "Reset", {"type": "Immediate", "evseId": 1}) == "Rejected"
    assert [boot["reason"] for boot in central.said("BootNotification")] == ["PowerUp", "ScheduledReset", "RemoteReset"]


async def test_what_is_triggered_is_told(central: Central) -> None:
    async with farm(central, stay(), sample_s=1e5):
        await until(central.events)
        for requested in (
            "MeterValues",
            "TransactionEvent",
            "StatusNotification",
            "Heartbeat",
            "LogStatusNotification",
            "FirmwareStatusNotification",
            "SignChargingStationCertificate",
        ):
            assert await status(central, "TriggerMessage", {"requestedMessage": requested, "evse": {"id": 1}}) == "Accepted"
        await until(lambda: central.said("SignCertificate"))
        other = {"requestedMessage": "PublishFirmwareStatusNotification"}
        assert await status(central, "TriggerMessage", other) == "NotImplemented"
        assert await status(central, "TriggerMessage", {"requestedMessage": "MeterValues", "evse": {"id": 9}}) == "Rejected"
    assert central.said("MeterValues", evseId=1)
    assert central.events(triggerReason="Trigger")
    assert central.said("LogStatusNotification", status="Idle")
    assert central.said("FirmwareStatusNotification", status="Idle")


async def test_reservations_lists_and_locks(central: Central) -> None:
    token = {"idToken": "a", "type": "Central"}
    reserve = {"id": 4, "expiryDateTime": "2030-01-01T00:00:00Z", "idToken": token, "evseId": 1}
    full = {"versionNumber": 3, "updateType": "Full"}
    async with farm(central):
        await until(lambda: connector_status(central) == "Available")
        assert await status(central, "ReserveNow", reserve) == "Accepted"
        await until(lambda: connector_status(central) == "Reserved")
        assert await status(central, "ReserveNow", reserve | {"id": 5}) == "Occupied"
        assert await status(central, "CancelReservation", {"reservationId": 4}) == "Accepted"
        assert await status(central, "CancelReservation", {"reservationId": 4}) == "Rejected"
        assert await status(central, "SendLocalList", full) == "Accepted"
        assert await status(central, "SendLocalList", {"versionNumber": 2, "updateType": "Differential"}) == "VersionMismatch"
        assert (await central.ask("GetLocalListVersion"))["versionNumber"] == 3
        assert await status(central, "UnlockConnector", {"evseId": 1, "connectorId": 1}) == "Unlocked"
        assert await status(central, "UnlockConnector", {"evseId": 1, "connectorId": 2}) == "UnknownConnector"
        assert await status(central, "ClearCache") == "Accepted"
        assert await status(central, "DataTransfer", {"vendorId": "nobody"}) == "UnknownVendorId"


async def test_certificates_logs_and_firmware(central: Central) -> None:
    log = {"log": {"remoteLocation": "ftp://somewhere"}, "logType": "SecurityLog", "requestId": 8}
    firmware = {"requestId": 9, "firmware": {"location": "ftp://somewhere", "retrieveDateTime": "2026-01-05T08:00:00Z"}}
    install = {"certificateType": "CSMSRootCertificate", "certificate": "x"}
    async with farm(central):
        await until(lambda: connector_status(central))
        assert await status(central, "GetInstalledCertificateIds") == "NotFound"
        assert await status(central, "InstallCertificate", install) == "Accepted"
        (chain,) = (await central.ask("GetInstalledCertificateIds"))["certificateHashDataChain"]
        delete = {"certificateHashData": chain["certificateHashData"]}
        assert await status(central, "DeleteCertificate", delete) == "Accepted"
        assert await status(central, "DeleteCertificate", delete) == "NotFound"
        assert await status(central, "CertificateSigned", {"certificateChain": "x"}) == "Accepted"
        assert await status(central, "GetLog", log) == "Accepted"
        assert await status(central, "UpdateFirmware", firmware) == "Accepted"
        await until(lambda: central.said("FirmwareStatusNotification", status="Installed", requestId=9))
    assert [told["status"] for told in central.said("LogStatusNotification", requestId=8)] == ["Uploading", "Uploaded"]


async def test_installed_profiles_are_reported(central: Central) -> None:
    async with farm(central, stay()):
        await until(central.events)
        profile = central.profile(limit=9000.0)
        await central.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": profile})
        asked = {"requestId": 6, "chargingProfile": {"chargingProfileId": [7]}}
        assert await status(central, "GetChargingProfiles", asked) == "Accepted"
        other = {"requestId": 7, "chargingProfile": {"chargingLimitSource": ["SO"]}}
        assert await status(central, "GetChargingProfiles", other) == "NoProfiles"
        await until(lambda: central.said("ReportChargingProfiles"))
    (report,) = central.said("ReportChargingProfiles")
    assert report["chargingProfile"] == [profile]
