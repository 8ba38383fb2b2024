"""Reverse discharge over OCPP 2.1: what a bidirectional car says of itself, setpoints below nothing, and who may give them."""

from collections.abc import AsyncIterator

import pytest

from tests.adapters.farm.ocpp.central import Central, farm, station_outlet
from tests.adapters.farm.stations import v2g_stay
from tests.adapters.farm.waiting import until


@pytest.fixture
async def central() -> AsyncIterator[Central]:
    async with Central("ocpp2.1") as server:
        yield server


def setpoint(watts: float) -> dict[str, float | str]:
    return {"operationMode": "CentralSetpoint", "setpoint": watts}


async def test_a_bidirectional_car_says_what_it_can_give(central: Central) -> None:
    async with farm(central, v2g_stay(soc_floor_frac=0.3)):
        await until(lambda: central.said("NotifyEVChargingNeeds"))
    needs = central.said("NotifyEVChargingNeeds", evseId=1)[0]["chargingNeeds"]
    powers = needs["v2xChargingParameters"]
    assert needs["requestedEnergyTransfer"] == "AC_BPT"
    assert needs["availableEnergyTransfer"] == ["AC_three_phase", "AC_BPT"]
    assert powers["maxDischargePower"] == pytest.approx(11040.0)
    assert powers["evMaxEnergyRequest"] == pytest.approx(30000, rel=0.05)
    assert powers["evMinV2XEnergyRequest"] == pytest.approx(-12000, rel=0.1)


async def test_a_negative_setpoint_is_acknowledged_read_back_and_measured(central: Central) -> None:
    async with farm(central, v2g_stay()) as live:
        await until(lambda: central.net_w > 0.0)
        assert (await central.set_profile(**setpoint(-7000.0)))["status"] == "Accepted"
        answer = await central.ask("GetCompositeSchedule", {"evseId": 1, "duration": 60})
        await until(lambda: central.net_w == pytest.approx(-7000.0))
        await until(lambda: central.measured("Energy.Active.Export.Register") > 500.0)
        assert live.outcome().energy_discharged_kwh > 0.5
    assert answer["schedule"]["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "setpoint": -7000.0, "operationMode": "CentralSetpoint"}
    ]
    changed = central.events(triggerReason="OperationModeChanged")
    assert changed[0]["transactionInfo"]["operationMode"] == "CentralSetpoint"


async def test_a_setpoint_beyond_what_the_car_gives_is_clamped_and_says_so(central: Central) -> None:
    async with farm(central, v2g_stay(discharge_max_kw=5.0)):
        await until(lambda: central.events(triggerReason="Authorized"))
        await central.set_profile(**setpoint(-9000.0))
        answer = await central.ask("GetCompositeSchedule", {"evseId": 1, "duration": 60})
        await until(lambda: central.net_w == pytest.approx(-5000.0))
    assert answer["schedule"]["chargingSchedulePeriod"][0]["setpoint"] == -5000.0


async def test_the_limits_beside_a_setpoint_bound_it(central: Central) -> None:
    async with farm(central, v2g_stay()):
        await until(lambda: central.events(triggerReason="Authorized"))
        await central.set_profile(**setpoint(-9000.0), dischargeLimit=-4000.0)
        await until(lambda: central.net_w == pytest.approx(-4000.0))
        await central.set_profile(**setpoint(9000.0), limit=6000.0)
        await until(lambda: central.net_w == pytest.approx(6000.0))
        await central.set_profile(operationMode="Idle")
        await until(lambda: central.net_w == 0.0)


async def test_nothing_is_given_back_where_the_central_system_does_not_allow_it(central: Central) -> None:
    async with farm(central, v2g_stay()):
        await until(lambda: central.net_w > 0.0)
        await central.set_profile(**setpoint(-7000.0))
        await until(lambda: central.net_w == pytest.approx(-7000.0))
        one_way = {"transactionId": central.transaction_id, "allowedEnergyTransfer": ["AC_three_phase"]}
        assert (await central.ask("NotifyAllowedEnergyTransfer", one_way))["status"] == "Accepted"
        await until(lambda: central.net_w == 0.0)
        both = one_way | {"allowedEnergyTransfer": ["AC_three_phase", "AC_BPT"]}
        assert (await central.ask("NotifyAllowedEnergyTransfer", both))["status"] == "Accepted"
        await until(lambda: central.net_w == pytest.approx(-7000.0))
        await until(lambda: len(central.said("NotifyEVChargingNeeds")) == 2)
        nobody = one_way | {"transactionId": "nobody's"}
        assert (await central.ask("NotifyAllowedEnergyTransfer", nobody))["status"] == "Rejected"


async def test_a_discharge_lease_ends_in_the_default_profile(central: Central) -> None:
    async with farm(central, v2g_stay()):
        await until(lambda: central.net_w > 0.0)
        await central.set_profile(id=1, stackLevel=0, purpose="TxDefaultProfile", limit=0.0)
        await central.set_profile(**setpoint(-7000.0), schedule={"duration": 1200})
        await until(lambda: central.net_w == pytest.approx(-7000.0))
        await until(lambda: central.net_w == 0.0)


@pytest.mark.parametrize("dies", [True, False])
async def test_a_profile_ends_offline_after_its_time_and_returns_only_if_it_may(central: Central, *, dies: bool) -> None:
    async with farm(central, v2g_stay()) as live:
        await until(lambda: central.net_w > 0.0)
        await central.set_profile(id=1, stackLevel=0, purpose="TxDefaultProfile", limit=0.0)
        await central.set_profile(**setpoint(-7000.0), maxOfflineDuration=300, invalidAfterOfflineDuration=dies)
        await until(lambda: central.net_w == pytest.approx(-7000.0))
        live.drop_charger("CP1", for_s=1200.0)
        await until(lambda: central.socket is None)
        await until(lambda: central.socket is not None, 20.0)
        await until(lambda: central.events(offline=True) and not central.events()[-1]["offline"])
        offline = [e["meterValue"][0]["sampledValue"] for e in central.events(offline=True) if "meterValue" in e]
        exports = [next(v["value"] for v in values if v["measurand"] == "Power.Active.Export") for values in offline]
        assert exports[-1] == 0.0
        await until(lambda: central.net_w == pytest.approx(0.0 if dies else -7000.0))


async def test_a_station_without_reverse_discharge_says_so_and_gives_nothing(central: Central) -> None:
    evse = station_outlet("ocpp2.1", discharge_max_kw=0.0)
    async with farm(central, v2g_stay(), evses=(evse,)):
        await until(lambda: central.said("NotifyEVChargingNeeds"))
        await central.set_profile(**setpoint(-7000.0))
        await until(lambda: central.events(triggerReason="OperationModeChanged"))
        await until(lambda: central.net_w == 0.0)
        available = {"component": {"name": "V2XChargingCtrlr", "evse": {"id": 1}}, "variable": {"name": "Available"}}
        answer = await central.ask("GetVariables", {"getVariableData": [available]})
    assert answer["getVariableResult"][0]["attributeValue"] == "false"
    assert central.said("NotifyEVChargingNeeds")[0]["chargingNeeds"]["requestedEnergyTransfer"] == "AC_three_phase"


async def test_a_profile_needs_what_its_operation_mode_needs(central: Central) -> None:
    async with farm(central, v2g_stay()):
        await until(central.events)
        for wrong, reason in (
            ({"operationMode": "CentralSetpoint", "limit": 1000.0}, "MissingParam"),
            ({"operationMode": "ChargingOnly", "setpoint": 1000.0}, "MissingParam"),
            ({"operationMode": "LocalFrequency"}, "UnsupportedParam"),
            ({"purpose": "PriorityCharging", **setpoint(1000.0)}, "UnsupportedParam"),
            ({"operationMode": "ChargingOnly", "limit": -1000.0}, "InvalidValue"),
        ):
            answer = await central.set_profile(**wrong)
            assert isinstance(answer, dict), answer
            assert answer["statusInfo"]["reasonCode"] == reason
