import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from ocpp.v16 import call

from adapters.clock import AcceleratedClock
from adapters.farm.live import LiveFarm
from adapters.farm.visit import Visit
from adapters.mqtt_client import Broker
from tests.adapters.farm.csms import Csms
from tests.adapters.farm.stations import START, always, outlet, station, stay
from tests.adapters.farm.waiting import until
from v2g.session import Wishes
from v2g.site import Evse, Protocol

SPEED = 600.0
NOBODY = Broker(host="127.0.0.1", port=9)


def ocpp_outlet(name: str = "A", **changes: Any) -> Evse:
    values = {"protocol": Protocol.OCPP16, "discharge_max_kw": 0.0, "station_id": "CP1", "fallback_kw": 4.14}
    return outlet(name, **{**values, **changes})


@asynccontextmanager
async def farm(csms: Csms, *visits: Visit, evses: tuple[Evse, ...] = (), **options: Any) -> AsyncIterator[LiveFarm]:
    async def told(evse_id: str, wishes: Wishes) -> bool:
        del evse_id, wishes
        return True

    values = {"tell_wishes": told, "load_kw": always(10.0), "pv_kw": always(0.0), "clock": AcceleratedClock(START, SPEED)}
    site = station(*(evses or (ocpp_outlet(),)))
    async with LiveFarm(site, visits, ocpp_url=csms.url, broker=NOBODY, **{**values, **options}) as live:
        yield live


@pytest.fixture
async def csms() -> AsyncIterator[Csms]:
    async with Csms() as server:
        yield server


def charging_profile(limit: float, unit: str = "W", purpose: str = "TxProfile", **changes: Any) -> dict[str, Any]:
    schedule = {"charging_rate_unit": unit, "charging_schedule_period": [{"start_period": 0, "limit": limit}]}
    values = {
        "charging_profile_id": 5,
        "stack_level": 1,
        "charging_profile_purpose": purpose,
        "charging_profile_kind": "Relative",
        "charging_schedule": schedule,
    }
    return {**values, **changes}


async def set_profile(csms: Csms, connector_id: int = 1, **profile: Any) -> str:
    request = call.SetChargingProfile(connector_id=connector_id, cs_charging_profiles=charging_profile(**profile))
    answer = await csms.stations["CP1"].call(request, suppress=False)
    return str(answer.status)


def power_w(csms: Csms) -> float:
    samples = csms.said("MeterValues")
    values = {v["measurand"]: float(v["value"]) for v in samples[-1]["meter_value"][0]["sampled_value"]} if samples else {}
    return values.get("Power.Active.Import", -1.0)


async def test_a_car_is_reported_from_boot_to_departure(csms: Csms) -> None:
    async with farm(csms, stay(hours_h=0.5, driver="driver-7", energy_kwh=1.0)) as live:
        await until(lambda: csms.said("StopTransaction"), 20.0)
        (start,), (stop,) = csms.said("StartTransaction"), csms.said("StopTransaction")
        await until(lambda: csms.statuses()[-1] == "Available")
        statuses = csms.statuses()
        visit = live.outcome().finished[0]
    assert [name for name, _ in csms.heard[:2]] == ["BootNotification", "StatusNotification"]
    assert csms.said("Authorize") == [{"id_tag": "driver-7"}]
    assert datetime.fromisoformat(start.pop("timestamp")) - START < timedelta(minutes=1)
    assert start == {"connector_id": 1, "id_tag": "driver-7", "meter_start": 0}
    assert stop["transaction_id"] == 1
    assert stop["reason"] == "EVDisconnected"
    assert stop["meter_stop"] == pytest.approx(1000.0 / 0.94, rel=0.03)
    assert datetime.fromisoformat(stop["timestamp"]) - (START + timedelta(hours=0.5)) < timedelta(minutes=2)
    assert [s for s, after in zip(statuses, [*statuses[1:], ""], strict=True) if s != after][-3:] == [
        "Charging",
        "SuspendedEV",
        "Available",
    ]
    assert visit.delivered_kwh == pytest.approx(1.0, abs=0.01)
    assert csms.said("Heartbeat")


async def test_samples_carry_power_energy_and_state_of_charge(csms: Csms) -> None:
    async with farm(csms, stay()) as live:
        await until(lambda: power_w(csms) > 4000.0)
        sample = csms.said("MeterValues")[-1]
        assert live.outcome().energy_charged_kwh > 0.0
    values = {v["measurand"]: (float(v["value"]), v["unit"]) for v in sample["meter_value"][0]["sampled_value"]}
    assert sample["transaction_id"] == 1
    assert values["Power.Active.Import"] == (4140.0, "W")
    assert values["Power.Offered"] == (4140.0, "W")
    assert values["Energy.Active.Import.Register"][1] == "Wh"
    assert values["SoC"] == (pytest.approx(50.0, abs=1.0), "Percent")


async def test_profiles_in_watts_and_amperes_are_followed_and_cleared(csms: Csms) -> None:
    async with farm(csms, stay()):
        await until(lambda: power_w(csms) == 4140.0)
        assert await set_profile(csms, limit=9000.0) == "Accepted"
        await until(lambda: power_w(csms) == 9000.0)
        assert await set_profile(csms, limit=10.0, unit="A") == "Accepted"
        await until(lambda: power_w(csms) == 6900.0)
        assert await set_profile(csms, limit=5.9, unit="A") == "Accepted"
        await until(lambda: power_w(csms) == 0.0)
        await until(lambda: csms.statuses()[-1] == "SuspendedEVSE")
        cleared = await csms.stations["CP1"].call(call.ClearChargingProfile(id=5))
        assert cleared.status == "Accepted"
        await until(lambda: power_w(csms) == 4140.0)
        assert (await csms.stations["CP1"].call(call.ClearChargingProfile(id=5))).status == "Unknown"


@pytest.mark.parametrize(
    "profile",
    [
        {"limit": 5000.0, "connector_id": 3},
        {"limit": 5000.0, "connector_id": 0},
        {"limit": -5000.0},
        {"limit": 5000.0, "stack_level": 10},
        {"limit": 5000.0, "purpose": "ChargePointMaxProfile"},
        {"limit": 5000.0, "transaction_id": 99},
    ],
)
async def test_profiles_that_do_not_fit_are_rejected_and_change_nothing(csms: Csms, profile: dict[str, Any]) -> None:
    async with farm(csms, stay()):
        await until(lambda: csms.said("StartTransaction"))
        assert await set_profile(csms, **profile) == "Rejected"
        await until(lambda: power_w(csms) == 4140.0)


async def test_a_transaction_profile_needs_a_transaction_and_a_default_does_not(csms: Csms) -> None:
    async with farm(csms, stay(after_h=0.1)):
        await until(lambda: "CP1" in csms.stations and csms.statuses())
        assert await set_profile(csms, limit=5000.0) == "Rejected"
        assert await set_profile(csms, limit=5000.0, purpose="TxDefaultProfile") == "Accepted"
        await until(lambda: power_w(csms) == 5000.0)


async def test_a_refused_driver_gets_no_energy(csms: Csms) -> None:
    csms.blocked.add("driver-1")
    async with farm(csms, stay()) as live:
        await until(lambda: csms.statuses()[-1:] == ["Finishing"])
        charged_kwh = live.outcome().energy_charged_kwh
        await asyncio.sleep(0.1)
        assert live.outcome().energy_charged_kwh == pytest.approx(charged_kwh)
        assert charged_kwh < 0.2
    assert csms.said("StartTransaction") == []


async def test_remote_stop_and_start(csms: Csms) -> None:
    async with farm(csms, stay()):
        await until(lambda: power_w(csms) > 0.0)
        station_end = csms.stations["CP1"]
        assert (await station_end.call(call.RemoteStopTransaction(transaction_id=77))).status == "Rejected"
        assert (await station_end.call(call.RemoteStopTransaction(transaction_id=1))).status == "Accepted"
        await until(lambda: csms.said("StopTransaction"))
        assert csms.said("StopTransaction")[0]["reason"] == "Remote"
        start = call.RemoteStartTransaction(id_tag="app-1", charging_profile=charging_profile(6000.0))
        assert (await station_end.call(start)).status == "Accepted"
        await until(lambda: len(csms.said("StartTransaction")) == 2)
        assert csms.said("StartTransaction")[1]["id_tag"] == "app-1"
        await until(lambda: power_w(csms) == 6000.0)
        assert (await station_end.call(start)).status == "Rejected"


async def test_triggers_configuration_and_reset(csms: Csms) -> None:
    async with farm(csms, stay(), sample_s=100000.0):
        await until(lambda: csms.said("StartTransaction"))
        station_end = csms.stations["CP1"]
        assert (await station_end.call(call.TriggerMessage(requested_message="MeterValues"))).status == "Accepted"
        await until(lambda: csms.said("MeterValues"))
        answer = await station_end.call(call.TriggerMessage(requested_message="DiagnosticsStatusNotification"))
        assert answer.status == "NotImplemented"
        changed = await station_end.call(call.ChangeConfiguration(key="HeartbeatInterval", value="60"))
        assert changed.status == "Accepted"
        listed = await station_end.call(call.GetConfiguration(key=["HeartbeatInterval", "Colour"]))
        assert listed.configuration_key[0]["value"] == "60"
        assert listed.unknown_key == ["Colour"]
        assert (await station_end.call(call.Reset(type="Soft"))).status == "Accepted"
        await until(lambda: len(csms.said("BootNotification")) == 2)
        await until(lambda: csms.stations.get("CP1") not in (None, station_end))


async def test_broken_frames_and_unknown_actions_do_not_end_the_charger(csms: Csms) -> None:
    async with farm(csms, stay()):
        await until(lambda: csms.said("StartTransaction"))
        station_end = csms.stations["CP1"]
        for raw in (
            "{",
            "[]",
            "[" * 5000,
            '[3,"nobody",{}]',
            '[2,"a","SetChargingProfile",{"connectorId":"x"}]',
            '[2,"b","Dance",{}]',
        ):
            await station_end._connection.send(raw)
        assert await set_profile(csms, limit=9000.0) == "Accepted"
        await until(lambda: power_w(csms) == 9000.0)


async def test_errors_name_what_is_wrong(csms: Csms) -> None:
    async with farm(csms):
        await until(lambda: "CP1" in csms.stations)
        station_end = csms.stations["CP1"]
        answers: list[Any] = []
        station_end._response_queue.put_nowait = lambda frame: answers.append(json.loads(frame.to_json()))
        await station_end._connection.send('[2,"a","SetChargingProfile",{"connectorId":"x"}]')
        await station_end._connection.send('[2,"b","Dance",{}]')
        await until(lambda: len(answers) == 2)
    assert answers[0][:3] == [4, "a", "FormationViolation"]
    assert "connectorId" in answers[0][3]
    assert answers[1][:3] == [4, "b", "NotImplemented"]


async def test_a_dropped_charger_goes_on_with_its_lease_then_its_fallback_and_catches_up(csms: Csms) -> None:
    first, second = stay(hours_h=0.6, driver="early", energy_kwh=20.0), stay(after_h=0.65, driver="late")
    async with farm(csms, first, second) as live:
        await until(lambda: csms.said("StartTransaction"))
        lease = {"charging_rate_unit": "W", "duration": 900, "charging_schedule_period": [{"start_period": 0, "limit": 9000.0}]}
        assert await set_profile(csms, limit=0.0, charging_schedule=lease) == "Accepted"
        live.drop_charger("CP1", for_s=2700.0)
        await until(lambda: "CP1" not in csms.stations)
        await until(lambda: "CP1" in csms.stations, 20.0)
        await until(lambda: len(csms.said("StartTransaction")) == 2)
        outcome = live.outcome()
    (stop,) = csms.said("StopTransaction")
    late_start = csms.said("StartTransaction")[1]
    assert outcome.charge_kw[0] == pytest.approx(9.0, rel=0.08)
    assert outcome.charge_kw[1] == pytest.approx(4.14, rel=0.15)
    assert abs(datetime.fromisoformat(stop["timestamp"]) - first.leaves_at) < timedelta(minutes=2)
    assert late_start["id_tag"] == "late"
    assert abs(datetime.fromisoformat(late_start["timestamp"]) - second.arrives_at) < timedelta(minutes=2)


async def test_a_killed_charger_gives_nothing_and_begins_anew(csms: Csms) -> None:
    async with farm(csms, stay()) as live:
        await until(lambda: power_w(csms) > 0.0)
        live.kill_charger("CP1")
        charged_kwh = live.outcome().energy_charged_kwh
        await until(lambda: "CP1" not in csms.stations)
        await asyncio.sleep(0.2)
        assert live.outcome().energy_charged_kwh == pytest.approx(charged_kwh)
        live.revive("CP1")
        await until(lambda: len(csms.said("StartTransaction")) == 2)
        assert csms.said("StopTransaction")[0]["reason"] == "PowerLoss"
        await until(lambda: live.outcome().energy_charged_kwh > charged_kwh)


async def test_a_start_that_the_central_system_could_not_keep_is_sent_again(csms: Csms) -> None:
    csms.failing_starts = 2
    async with farm(csms, stay()):
        await until(lambda: csms.said("StartTransaction"))
        assert csms.failing_starts == 0


async def test_a_pending_boot_is_repeated_and_nothing_is_sent_before(csms: Csms) -> None:
    csms.boot_answers = ["Pending", "Rejected"]
    async with farm(csms, stay()):
        await until(lambda: csms.said("StartTransaction"))
    assert [name for name, _ in csms.heard[:4]] == ["BootNotification"] * 3 + ["StatusNotification"]


async def test_two_connectors_are_one_station_and_a_password_is_sent(csms: Csms) -> None:
    evses = (ocpp_outlet("A"), ocpp_outlet("B", connector_id=2))
    visits = (stay("A", driver="a"), stay("B", driver="b", after_h=0.1))
    async with farm(csms, *visits, evses=evses, ocpp_passwords={"CP1": "secret"}):
        await until(lambda: len(csms.said("StartTransaction")) == 2)
    assert csms.headers == [f"Basic {base64.b64encode(b'CP1:secret').decode()}"]
    assert {(p["connector_id"], p["id_tag"]) for p in csms.said("StartTransaction")} == {(1, "a"), (2, "b")}


async def test_wishes_are_told_once_the_transaction_is_known_and_again_until_taken(csms: Csms) -> None:
    told: list[tuple[str, Wishes, int]] = []

    async def tell(evse_id: str, wishes: Wishes) -> bool:
        told.append((evse_id, wishes, len(csms.said("StartTransaction"))))
        return len(told) == 3

    visit = stay(stated_departure=START + timedelta(hours=5))
    async with farm(csms, visit, tell_wishes=tell):
        await until(lambda: len(told) == 3)
        await asyncio.sleep(0.3)
    assert told == [("A", visit.wishes, 1)] * 3
