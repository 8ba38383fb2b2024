"""Dynamic schedules, priority charging and grid codes over OCPP 2.1."""

from collections.abc import AsyncIterator

import pytest

from tests.adapters.farm.ocpp.central import Central, farm
from tests.adapters.farm.stations import v2g_stay
from tests.adapters.farm.waiting import until


@pytest.fixture
async def central() -> AsyncIterator[Central]:
    async with Central("ocpp2.1") as server:
        yield server


async def test_a_dynamic_profile_follows_what_is_pushed(central: Central) -> None:
    async with farm(central, v2g_stay()):
        await until(lambda: central.net_w > 0.0)
        dynamic = {"chargingProfileKind": "Dynamic", "operationMode": "CentralSetpoint"}
        assert (await central.set_profile(**dynamic, setpoint=5000.0))["status"] == "Accepted"
        await until(lambda: central.net_w == pytest.approx(5000.0))
        update = {"chargingProfileId": 7, "scheduleUpdate": {"setpoint": -6000.0}}
        assert (await central.ask("UpdateDynamicSchedule", update))["status"] == "Accepted"
        await until(lambda: central.net_w == pytest.approx(-6000.0))
        answer = await central.ask("UpdateDynamicSchedule", update | {"chargingProfileId": 99})
        assert answer["status"] == "Rejected"


async def test_a_dynamic_profile_is_pulled_and_ends_when_updates_do(central: Central) -> None:
    central.answers["PullDynamicScheduleUpdate"] = {"status": "Accepted", "scheduleUpdate": {"limit": 8000.0}}
    async with farm(central, v2g_stay()):
        await until(lambda: central.net_w > 0.0)
        dynamic = {"chargingProfileKind": "Dynamic", "dynUpdateInterval": 120, "schedule": {"duration": 600}}
        await central.set_profile(**dynamic, limit=5000.0)
        await until(lambda: central.net_w == pytest.approx(8000.0))
        await until(lambda: len(central.said("PullDynamicScheduleUpdate", chargingProfileId=7)) > 6)
        central.answers["PullDynamicScheduleUpdate"] = {"status": "Rejected"}
        await until(lambda: central.net_w == pytest.approx(4140.0))


async def test_priority_charging_stands_before_the_transaction_profile(central: Central) -> None:
    async with farm(central, v2g_stay()):
        await until(lambda: central.net_w > 0.0)
        await central.set_profile(limit=5000.0)
        use = {"transactionId": central.transaction_id, "activate": True}
        assert (await central.ask("UsePriorityCharging", use))["status"] == "NoProfile"
        assert (await central.set_profile(id=9, purpose="PriorityCharging", limit=11000.0))["status"] == "Accepted"
        await until(lambda: central.net_w == pytest.approx(5000.0))
        assert (await central.ask("UsePriorityCharging", use))["status"] == "Accepted"
        await until(lambda: central.net_w == pytest.approx(11000.0))
        assert (await central.ask("UsePriorityCharging", use | {"activate": False}))["status"] == "Accepted"
        await until(lambda: central.net_w == pytest.approx(5000.0))


async def test_a_grid_code_that_caps_discharge_is_obeyed_reported_and_cleared(central: Central) -> None:
    control = {
        "isDefault": True,
        "controlId": "cap",
        "controlType": "LimitMaxDischarge",
        "limitMaxDischarge": {"priority": 1, "pctMaxDischargePower": 50.0},
    }
    async with farm(central, v2g_stay()):
        await until(lambda: central.net_w > 0.0)
        await central.set_profile(operationMode="CentralSetpoint", setpoint=-11040.0)
        await until(lambda: central.net_w == pytest.approx(-11040.0))
        assert (await central.ask("SetDERControl", control))["status"] == "Accepted"
        await until(lambda: central.net_w == pytest.approx(-5520.0))
        again = await central.ask("SetDERControl", control | {"controlId": "cap-2"})
        assert again["supersededIds"] == ["cap"]
        assert (await central.ask("GetDERControl", {"requestId": 4}))["status"] == "Accepted"
        await until(lambda: central.said("ReportDERControl", requestId=4))
        assert (await central.ask("ClearDERControl", {"isDefault": True}))["status"] == "Accepted"
        await until(lambda: central.net_w == pytest.approx(-11040.0))
        assert (await central.ask("ClearDERControl", {"isDefault": True}))["status"] == "NotFound"
    assert central.said("ReportDERControl")[0]["limitMaxDischarge"][0]["id"] == "cap-2"
    assert [told["controlId"] for told in central.said("NotifyDERStartStop")] == ["cap", "cap-2"]
