"""Commands beyond charging on OCPP 1.6, over a real socket, each answer checked against its schema by the `ocpp` package."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from ocpp.v16 import call

from tests.adapters.farm.csms import Csms
from tests.adapters.farm.ocpp.v16.test_charger import charging_profile, farm, ocpp_outlet, power_w, set_profile
from tests.adapters.farm.stations import stay, v2g_stay
from tests.adapters.farm.waiting import until

ROOT = "CentralSystemRootCertificate"


@pytest.fixture
async def csms() -> AsyncIterator[Csms]:
    async with Csms() as server:
        yield server


async def ask(csms: Csms, request: Any) -> Any:
    return await csms.stations["CP1"].call(request, suppress=False)


async def test_a_composite_schedule_tells_the_lease_and_what_follows(csms: Csms) -> None:
    async with farm(csms, stay()):
        await until(lambda: power_w(csms) > 0.0)
        schedule = {"charging_rate_unit": "W", "duration": 1500, "charging_schedule_period": [{"start_period": 0, "limit": 9000.0}]}
        assert await set_profile(csms, limit=0.0, charging_schedule=schedule) == "Accepted"
        # Unchecked: the package would keep a validator of decimals, with which nobody else in this process could check floats.
        whole, nowhere = (call.GetCompositeSchedule(connector_id=number, duration=3600) for number in (1, 9))
        answer = await csms.stations["CP1"].call(whole, skip_schema_validation=True)
        assert (await csms.stations["CP1"].call(nowhere, skip_schema_validation=True)).status == "Rejected"
    first, second = answer.charging_schedule["charging_schedule_period"]
    assert (first["limit"], second["limit"]) == (9000.0, 4140.0)


async def test_a_negative_limit_discharges_where_the_vendor_means_it(csms: Csms) -> None:
    evse = ocpp_outlet(negative_limits=True, discharge_max_kw=11.04)

    def values() -> dict[str, float]:
        samples = csms.said("MeterValues")
        return {v["measurand"]: float(v["value"]) for v in samples[-1]["meter_value"][0]["sampled_value"]} if samples else {}

    async with farm(csms, v2g_stay(), evses=(evse,)):
        await until(lambda: power_w(csms) > 0.0)
        profile = charging_profile(-5000.0)
        request = call.SetChargingProfile(connector_id=1, cs_charging_profiles=profile)
        assert (await ask(csms, request)).status == "Accepted"
        await until(lambda: values().get("Power.Active.Export") == 5000.0)
        assert values()["Power.Active.Import"] == 0.0
        await until(lambda: values()["Energy.Active.Export.Register"] > 0.0)


async def test_availability_waits_for_the_transaction(csms: Csms) -> None:
    async with farm(csms, stay(hours_h=0.3)):
        await until(lambda: csms.said("StartTransaction"))
        assert (await ask(csms, call.ChangeAvailability(connector_id=1, type="Inoperative"))).status == "Scheduled"
        await until(lambda: csms.statuses()[-1] == "Unavailable")
        assert (await ask(csms, call.ChangeAvailability(connector_id=0, type="Operative"))).status == "Accepted"
        await until(lambda: csms.statuses()[-1] == "Available")
        assert (await ask(csms, call.ChangeAvailability(connector_id=7, type="Operative"))).status == "Rejected"


async def test_reservations_lists_and_the_rest(csms: Csms) -> None:
    reserve = call.ReserveNow(connector_id=1, expiry_date="2030-01-01T00:00:00Z", id_tag="a", reservation_id=4)
    full = call.SendLocalList(list_version=3, update_type="Full", local_authorization_list=[])
    older = call.SendLocalList(list_version=2, update_type="Differential", local_authorization_list=[])
    async with farm(csms):
        await until(lambda: csms.statuses() == ["Available"])
        assert (await ask(csms, reserve)).status == "Accepted"
        await until(lambda: csms.statuses()[-1] == "Reserved")
        assert (await ask(csms, call.CancelReservation(reservation_id=4))).status == "Accepted"
        assert (await ask(csms, call.CancelReservation(reservation_id=4))).status == "Rejected"
        assert (await ask(csms, full)).status == "Accepted"
        assert (await ask(csms, older)).status == "VersionMismatch"
        assert (await ask(csms, call.GetLocalListVersion())).list_version == 3
        assert (await ask(csms, call.UnlockConnector(connector_id=1))).status == "Unlocked"
        assert (await ask(csms, call.ClearCache())).status == "Accepted"
        assert (await ask(csms, call.DataTransfer(vendor_id="nobody"))).status == "UnknownVendorId"


async def test_certificates_logs_and_firmware(csms: Csms) -> None:
    async with farm(csms):
        await until(lambda: csms.statuses() == ["Available"])
        assert (await ask(csms, call.GetInstalledCertificateIds(certificate_type=ROOT))).status == "NotFound"
        assert (await ask(csms, call.InstallCertificate(certificate_type=ROOT, certificate="x"))).status == "Accepted"
        (kept,) = (await ask(csms, call.GetInstalledCertificateIds(certificate_type=ROOT))).certificate_hash_data
        data = {"hashAlgorithm": "SHA256", **dict.fromkeys(("issuerNameHash", "issuerKeyHash"), kept["issuer_name_hash"])}
        delete = call.DeleteCertificate(certificate_hash_data=data | {"serialNumber": kept["serial_number"]})
        assert (await ask(csms, delete)).status == "Accepted"
        assert (await ask(csms, delete)).status == "NotFound"
        log = {"remoteLocation": "ftp://somewhere"}
        assert (await ask(csms, call.GetLog(log=log, log_type="SecurityLog", request_id=2))).status == "Accepted"
        assert (await ask(csms, call.GetDiagnostics(location="ftp://somewhere"))).file_name == "CP1.log"
        await ask(csms, call.UpdateFirmware(location="ftp://somewhere", retrieve_date="2026-01-05T08:00:00Z"))
        firmware = {
            "location": "ftp://somewhere",
            "retrieveDateTime": "2026-01-05T08:00:00Z",
            "signingCertificate": "x",
            "signature": "y",
        }
        assert (await ask(csms, call.SignedUpdateFirmware(request_id=5, firmware=firmware))).status == "Accepted"
