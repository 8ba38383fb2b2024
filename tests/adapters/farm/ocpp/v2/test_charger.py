"""What both editions of OCPP 2.x have in common, over real sockets, every frame checked against the official schemas."""

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.adapters.farm.ocpp.central import Central, farm, station_outlet
from tests.adapters.farm.stations import START, stay
from tests.adapters.farm.waiting import until


async def test_a_car_is_told_from_boot_to_departure(central: Central) -> None:
    async with farm(central, stay(hours_h=0.5, driver="driver-7", energy_kwh=1.0)):
        await until(lambda: central.events(eventType="Ended"), 20.0)
        await until(lambda: central.said("StatusNotification")[-1]["connectorStatus"] == "Available")
    events = central.events()
    assert central.heard[0][0] == "BootNotification"
    assert [e["seqNo"] for e in events] == list(range(len(events)))
    assert [e["triggerReason"] for e in events[:2]] == ["CablePluggedIn", "Authorized"]
    assert events[1]["idToken"]["idToken"] == "driver-7"
    assert events[-1]["transactionInfo"]["stoppedReason"] == "EVDisconnected"
    assert abs(datetime.fromisoformat(events[-1]["timestamp"]) - (START + timedelta(hours=0.5))) < timedelta(minutes=2)
    assert {e["transactionInfo"]["transactionId"] for e in events} == {central.transaction_id}
    assert {"Charging", "SuspendedEV"} <= {e["transactionInfo"]["chargingState"] for e in events}
    assert central.measured("Energy.Active.Import.Register") == pytest.approx(1000.0 / 0.94, rel=0.03)
    assert central.said("Heartbeat")


async def test_it_says_what_the_car_needs_and_how_full_it_is(central: Central) -> None:
    async with farm(central, stay(stated_departure=START + timedelta(hours=5))):
        await until(lambda: central.said("NotifyEVChargingNeeds"))
        await until(lambda: central.events(triggerReason="MeterValuePeriodic"))
    needs = central.said("NotifyEVChargingNeeds", evseId=1)[0]["chargingNeeds"]
    assert needs["requestedEnergyTransfer"] == "AC_three_phase"
    assert needs["departureTime"].startswith("2026-01-05T13:00:00")
    assert needs["acChargingParameters"]["energyAmount"] == pytest.approx(15000, rel=0.05)
    assert central.measured("SoC") == pytest.approx(50.0, abs=2.0)


async def test_profiles_are_followed_stacked_and_cleared(central: Central) -> None:
    async with farm(central, stay()):
        await until(lambda: central.net_w == pytest.approx(4140.0))
        assert (await central.set_profile(id=1, stackLevel=0, purpose="TxDefaultProfile", limit=6000.0))["status"] == "Accepted"
        await until(lambda: central.net_w == pytest.approx(6000.0))
        assert (await central.set_profile(limit=10.0, unit="A"))["status"] == "Accepted"
        await until(lambda: central.net_w == pytest.approx(6900.0))
        cap = central.profile(id=2, purpose="ChargingStationMaxProfile", limit=5000.0) | {"chargingProfileKind": "Absolute"}
        cap["chargingSchedule"][0]["startSchedule"] = START.isoformat()
        assert (await central.ask("SetChargingProfile", {"evseId": 0, "chargingProfile": cap}))["status"] == "Accepted"
        await until(lambda: central.net_w == pytest.approx(5000.0))
        assert (await central.ask("ClearChargingProfile", {"chargingProfileId": 2}))["status"] == "Accepted"
        assert (await central.ask("ClearChargingProfile", {"chargingProfileId": 2}))["status"] == "Unknown"
        await until(lambda: central.net_w == pytest.approx(6900.0))


async def test_a_lease_ends_in_the_default_profile_and_the_composite_schedule_says_so(central: Central) -> None:
    async with farm(central, stay()):
        await until(lambda: central.net_w > 0.0)
        await central.set_profile(id=1, stackLevel=0, purpose="TxDefaultProfile", limit=5000.0)
        lease = central.profile(limit=9000.0, schedule={"duration": 1500})
        lease["chargingProfileKind"] = "Absolute"
        lease["chargingSchedule"][0]["startSchedule"] = central.events()[-1]["timestamp"]
        assert (await central.ask("SetChargingProfile", {"evseId": 1, "chargingProfile": lease}))["status"] == "Accepted"
        answer = await central.ask("GetCompositeSchedule", {"evseId": 1, "duration": 3600, "chargingRateUnit": "W"})
        await until(lambda: central.net_w == pytest.approx(9000.0))
        await until(lambda: central.net_w == pytest.approx(5000.0))
    first, second = answer["schedule"]["chargingSchedulePeriod"]
    assert (first["limit"], second["limit"]) == (9000.0, 5000.0)
    assert 1000 < second["startPeriod"] <= 1500


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"limit": 5000.0, "evse_id": 3}, "UnknownEvse"),
        ({"limit": 5000.0, "transactionId": "other"}, "TxNotFound"),
        ({"limit": -5000.0}, "InvalidValue"),
        ({"limit": 5000.0, "stackLevel": 10}, "InvalidStackLevel"),
        ({"limit": 5000.0, "chargingProfileKind": "Absolute"}, "InvalidSchedule"),
        ({"limit": 5000.0, "purpose": "ChargingStationMaxProfile"}, "InvalidProfile"),
        ({"limit": 5000.0, "id": 8}, "DuplicateProfile"),
    ],
)
async def test_profiles_that_make_no_sense_are_refused_with_a_reason(central: Central, changes: dict, reason: str) -> None:
    async with farm(central, stay()):
        await until(central.events)
        assert (await central.set_profile(limit=8000.0))["status"] == "Accepted"
        answer = await central.set_profile(**changes)
        assert (answer["status"], answer["statusInfo"]["reasonCode"]) == ("Rejected", reason)
        await until(lambda: central.net_w == pytest.approx(8000.0))


async def test_a_negative_limit_discharges_only_where_the_vendor_means_it(central: Central) -> None:
    evse = station_outlet(central.protocol, negative_limits=True)
    async with farm(central, stay(discharge_max_kw=11.04, consent=True), evses=(evse,)):
        await until(central.events)
        assert (await central.set_profile(limit=-5000.0))["status"] == "Accepted"
        await until(lambda: central.net_w == pytest.approx(-5000.0))
        await until(lambda: central.measured("Energy.Active.Export.Register") > 0.0)


@pytest.mark.parametrize("plugged_in", ["before the station is online", "while it is"])
async def test_a_refused_driver_gets_no_energy(central: Central, plugged_in: str) -> None:
    central.answers["Authorize"] = {"idTokenInfo": {"status": "Blocked"}}
    async with farm(central, stay(after_h=0.1 if plugged_in == "while it is" else 0.0)) as live:
        await until(lambda: central.events(eventType="Ended"))
        await asyncio.sleep(0.05)
        charged_kwh = live.outcome().energy_charged_kwh
        await asyncio.sleep(0.1)
        assert live.outcome().energy_charged_kwh == pytest.approx(charged_kwh)
    assert central.events()[-1]["transactionInfo"]["stoppedReason"] == "DeAuthorized"
    assert len(central.said("Authorize")) == (plugged_in == "while it is")


async def test_remote_stop_and_start_with_a_profile(central: Central) -> None:
    async with farm(central, stay()):
        await until(central.events)
        first = central.transaction_id
        assert (await central.ask("RequestStopTransaction", {"transactionId": "nobody's"}))["status"] == "Rejected"
        assert (await central.ask("RequestStopTransaction", {"transactionId": first}))["status"] == "Accepted"
        await until(lambda: central.events(eventType="Ended", triggerReason="RemoteStop"))
        token = {"idToken": "app-1", "type": "Central"}
        profile = central.profile(limit=6000.0)
        del profile["transactionId"]
        start = {"idToken": token, "remoteStartId": 5, "evseId": 1, "chargingProfile": profile}
        answer = await central.ask("RequestStartTransaction", start)
        await until(lambda: central.net_w == pytest.approx(6000.0))
        assert (await central.ask("RequestStartTransaction", start))["status"] == "Rejected"
        status = await central.ask("GetTransactionStatus", {"transactionId": answer["transactionId"]})
    begun = central.events(eventType="Started")[1]
    assert begun["transactionInfo"]["remoteStartId"] == 5
    assert begun["transactionInfo"]["transactionId"] == answer["transactionId"] != first
    assert status["ongoingIndicator"] is True


async def test_a_dropped_station_keeps_its_lease_falls_back_and_tells_all_later(central: Central) -> None:
    first, second = stay(hours_h=0.6, driver="early", energy_kwh=20.0), stay(after_h=0.65, driver="late")
    async with farm(central, first, second) as live:
        await until(lambda: central.events(triggerReason="Authorized"))
        await central.set_profile(limit=9000.0, schedule={"duration": 900})
        live.drop_charger("CP1", for_s=2700.0)
        await until(lambda: central.socket is None)
        await until(lambda: central.socket is not None, 20.0)
        await until(lambda: len(central.events(eventType="Started")) == 2)
        await until(lambda: not central.events()[-1]["offline"])
        outcome = live.outcome()
    ended, late = central.events(eventType="Ended")[0], central.events(eventType="Started")[1]
    assert (ended["offline"], late["offline"]) == (True, True)
    assert abs(datetime.fromisoformat(ended["timestamp"]) - first.leaves_at) < timedelta(minutes=2)
    assert abs(datetime.fromisoformat(late["timestamp"]) - second.arrives_at) < timedelta(minutes=2)
    stamps = [e["timestamp"] for e in central.events()]
    assert stamps == sorted(stamps)
    assert len(central.events(offline=True, triggerReason="MeterValuePeriodic")) > 30
    assert outcome.charge_kw[0] == pytest.approx(9.0, rel=0.08)
    assert outcome.charge_kw[1] == pytest.approx(4.14, rel=0.2)


async def test_a_killed_station_gives_nothing_and_begins_anew(central: Central) -> None:
    async with farm(central, stay()) as live:
        await until(lambda: central.net_w > 0.0)
        live.kill_charger("CP1")
        charged_kwh = live.outcome().energy_charged_kwh
        await until(lambda: central.socket is None)
        await asyncio.sleep(0.2)
        assert live.outcome().energy_charged_kwh == pytest.approx(charged_kwh)
        live.revive("CP1")
        await until(lambda: len(central.events(eventType="Started")) == 2)
        await until(lambda: live.outcome().energy_charged_kwh > charged_kwh)
    assert central.events(eventType="Ended")[0]["transactionInfo"]["stoppedReason"] == "PowerLoss"


async def test_a_pending_boot_tells_reports_and_nothing_else_until_it_is_accepted(central: Central) -> None:
    accepted, pending = central.answers["BootNotification"], {"currentTime": "2026-01-05T08:00:00Z", "interval": 86400}
    central.answers["BootNotification"] = pending | {"status": "Pending"}
    async with farm(central, stay()):
        await until(lambda: central.said("BootNotification"))
        assert (await central.ask("GetBaseReport", {"requestId": 3, "reportBase": "FullInventory"}))["status"] == "Accepted"
        await until(lambda: central.said("NotifyReport", tbc=False))
        await asyncio.sleep(0.2)
        assert {name for name, _ in central.heard} == {"BootNotification", "NotifyReport"}
        central.answers["BootNotification"] = accepted
        assert (await central.ask("TriggerMessage", {"requestedMessage": "BootNotification"}))["status"] == "Accepted"
        await until(central.events)
    assert central.said("BootNotification")[-1]["reason"] == "Triggered"
    reported = [row for report in central.said("NotifyReport") for row in report["reportData"]]
    assert "SmartChargingCtrlr" in {row["component"]["name"] for row in reported}


async def test_two_outlets_are_two_evses_of_one_station(central: Central) -> None:
    evses = (station_outlet(central.protocol), station_outlet(central.protocol, "B", connector_id=2))
    async with farm(central, stay("A", driver="a"), stay("B", driver="b", after_h=0.1), evses=evses):
        await until(lambda: len(central.events(eventType="Started")) == 2)
    assert central.connections == 1
    assert {e["evse"]["id"] for e in central.events(eventType="Started")} == {1, 2}


async def test_nonsense_is_refused_and_does_not_end_the_station(central: Central) -> None:
    async with farm(central, stay()):
        await until(central.events)
        assert central.socket is not None
        for raw in ("{", "[]", "[" * 5000, '[3,"nobody",{}]', '"banana"'):
            await central.socket.send(raw)
        unknown = await central.ask_anything("Dance", {})
        broken = await central.ask_anything("SetChargingProfile", {"evseId": "x"})
        assert (unknown[0], unknown[2]) == (4, "NotImplemented")
        assert (broken[0], broken[2]) == (4, "FormationViolation")
        assert (await central.set_profile(limit=9000.0))["status"] == "Accepted"
        await until(lambda: central.net_w == pytest.approx(9000.0))
