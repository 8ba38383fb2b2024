import asyncio
import gc
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import jsonschema
import pytest
from referencing import Registry, Resource

from adapters.clock import AcceleratedClock
from adapters.farm.live import LiveFarm
from adapters.farm.mqtt.line import Line
from adapters.farm.mqtt.site import Meters
from adapters.farm.visit import Visit
from adapters.mqtt_client import Broker
from tests.adapters.farm.mosquitto import free_port, mosquitto
from tests.adapters.farm.stations import START, always, outlet, station, stay, v2g_stay
from tests.adapters.farm.waiting import until
from v2g.assets import Electrolyser
from v2g.session import Wishes
from v2g.site import Battery, PvArray, Site

ROOT = "v2g/v1/test"
EVSE = f"{ROOT}/station/station-A/evse/1"
STATUS = f"{ROOT}/station/station-A/status"
SCHEMAS = Path(__file__).parents[4] / "adapters" / "mqtt" / "schemas"
H2 = Electrolyser(asset_id="H2", circuit_id="main", charge_max_kw=100.0)
ROOF = PvArray(pv_id="roof", circuit_id="main", peak_kw=30.0, latitude_deg=50.0, longitude_deg=8.0, curtailable=True)
BATTERY = Battery(battery_id="B1", circuit_id="main", capacity_kwh=50.0, charge_max_kw=20.0, discharge_max_kw=20.0)


def schema_of(topic: str) -> str:
    parts = topic.split("/")
    states = {"station": "evse_state", "battery": "battery_state", "asset": "asset_state"}
    names = {"status": "status", "ack": "ack", "state": states.get(parts[3], "")}
    return "meter" if parts[3] == "meter" else names[parts[-1]]


def validator(name: str) -> jsonschema.Draft202012Validator:
    contents = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
    registry: Registry[Any] = Registry().with_resources((n, Resource.from_contents(c)) for n, c in contents.items())
    return jsonschema.Draft202012Validator(contents[f"{name}.json"], registry=registry)


class Watcher:
    """Hears everything, checks it against the contract's schemas, and commands."""

    def __init__(self, client: aiomqtt.Client, clock: AcceleratedClock) -> None:
        self.heard: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._client, self._clock, self._count = client, clock, 0
        names = ("status", "ack", "evse_state", "battery_state", "asset_state", "meter")
        self._validators = {name: validator(name) for name in names}

    async def listen(self) -> None:
        async for message in self._client.messages:
            topic = str(message.topic)
            if not topic.endswith("/setpoint"):
                assert isinstance(message.payload, bytes)
                payload = json.loads(message.payload)
                self._validators[schema_of(topic)].validate(payload)
                self.heard[topic].append(payload)

    async def command(
        self, power_kw: float, *, place: str = EVSE, lease_s: float = 900.0, fallback_kw: float = 0.0
    ) -> dict[str, Any]:
        self._count += 1
        now = self._clock.now()
        await self._client.publish(
            f"{place}/setpoint",
            json.dumps(
                {
                    "setpoint_id": f"s{self._count}",
                    "at": now.isoformat(),
                    "power_kw": power_kw,
                    "valid_until": (now + timedelta(seconds=lease_s)).isoformat(),
                    "fallback_kw": fallback_kw,
                }
            ),
            qos=1,
        )
        acks = self.heard[f"{place}/ack"]
        await until(lambda: acks and acks[-1]["setpoint_id"] == f"s{self._count}")
        return acks[-1]

    def last(self, topic: str) -> dict[str, Any]:
        return self.heard[topic][-1] if self.heard[topic] else {}

    @property
    def power_kw(self) -> float:
        return float(self.last(f"{EVSE}/state").get("power_kw", 99.0))


@asynccontextmanager
async def farm(
    port: int, *visits: Visit, site: Site | None = None, speed: float = 300.0
) -> AsyncIterator[tuple[LiveFarm, Watcher]]:
    async def told(evse_id: str, wishes: Wishes) -> bool:
        raise AssertionError((evse_id, wishes))

    clock = AcceleratedClock(START, speed)
    live = LiveFarm(
        site or station(outlet(fallback_kw=4.2)),
        visits,
        load_kw=always(30.0),
        pv_kw=always(10.0),
        clock=clock,
        ocpp_url="ws://127.0.0.1:9",
        broker=Broker(host="127.0.0.1", port=port),
        tell_wishes=told,
    )
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe(f"{ROOT}/#", qos=1)
        watcher = Watcher(client, clock)
        async with live, asyncio.TaskGroup() as group:
            listening = group.create_task(watcher.listen())
            yield live, watcher
            listening.cancel()


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    number = free_port()
    async with mosquitto(tmp_path, number):
        yield number


async def test_a_charger_says_it_is_online_then_tells_its_whole_state(port: int) -> None:
    visit = v2g_stay(stated_departure=START + timedelta(hours=5), soc_floor_frac=0.3)
    async with farm(port, visit) as (_, watcher):
        await until(lambda: watcher.heard[f"{EVSE}/state"])
        assert watcher.last(STATUS)["online"] is True
        state = watcher.last(f"{EVSE}/state")
    session = state["session"]
    assert state["plugged"] is True
    assert session["driver"] == "driver-1"
    car = {"capacity_kwh": 60.0, "charge_max_kw": 11.04, "discharge_max_kw": 11.04, "taper_from_frac": 0.85}
    assert session["vehicle"] == car
    assert session["wishes"]["energy_kwh"] == 15.0
    assert session["wishes"]["discharge_consent"] is True
    assert session["wishes"]["departure"] == "2026-01-05T13:00:00Z"
    assert session["soc_frac"] == pytest.approx(0.5, abs=0.01)


async def test_setpoints_charge_and_discharge_and_their_lease_ends_in_the_fallback(port: int) -> None:
    async with farm(port, v2g_stay(energy_kwh=0.0)) as (live, watcher):
        await until(lambda: watcher.power_kw == 4.2)
        ack = await watcher.command(-6.0)
        assert (ack["result"], ack["power_kw"]) == ("accepted", -6.0)
        await until(lambda: watcher.power_kw == -6.0)
        assert watcher.last(f"{EVSE}/state")["setpoint_kw"] == -6.0
        assert (await watcher.command(50.0))["power_kw"] == pytest.approx(11.04)
        await until(lambda: watcher.power_kw == pytest.approx(11.04))
        await watcher.command(-6.0, lease_s=120.0, fallback_kw=5.0)
        await until(lambda: watcher.power_kw == 5.0)
        state = watcher.last(f"{EVSE}/state")
        assert (state["setpoint_kw"], state["lease_until"]) == (None, None)
        assert state["session"]["discharged_kwh"] > 0.1
        assert live.outcome().energy_discharged_kwh > 0.1


async def test_what_cannot_be_done_is_rejected(port: int) -> None:
    async with farm(port, stay()) as (_, watcher):
        await until(lambda: watcher.power_kw == 4.2)
        assert (await watcher.command(-6.0))["reason"] == "cannot discharge"
        assert (await watcher.command(6.0, lease_s=-1.0))["reason"] == "expired"
        assert watcher.power_kw == 4.2


async def test_broken_setpoints_change_nothing_and_the_charger_goes_on(port: int) -> None:
    async with farm(port, stay()) as (_, watcher):
        await until(lambda: watcher.power_kw == 4.2)
        for raw in (b"\xff\xfe", b"[]", b'{"power_kw": 9}', b""):
            await watcher._client.publish(f"{EVSE}/setpoint", raw, qos=1)
        assert (await watcher.command(9.0))["result"] == "accepted"
        assert len(watcher.heard[f"{EVSE}/ack"]) == 1


async def test_cars_come_and_go_with_new_sessions_and_no_leftover_discharge(port: int) -> None:
    async with farm(port, v2g_stay(hours_h=0.2), stay(after_h=0.25, driver="driver-2")) as (_, watcher):
        await until(lambda: watcher.last(f"{EVSE}/state").get("plugged"))
        await watcher.command(-6.0, lease_s=7200.0)
        first = watcher.last(f"{EVSE}/state")["session"]
        await until(lambda: watcher.last(f"{EVSE}/state")["session"] is None)
        await until(lambda: watcher.last(f"{EVSE}/state")["plugged"])
        second = watcher.last(f"{EVSE}/state")
    assert first["session_id"] != second["session"]["session_id"]
    assert second["session"]["driver"] == "driver-2"
    assert second["session"]["charged_kwh"] < 0.2
    assert second["setpoint_kw"] is None


async def test_meters_tell_the_net_power(port: int) -> None:
    async with farm(port, stay()) as (_, watcher):
        await until(lambda: watcher.heard[f"{ROOT}/meter/pv"])
        await until(lambda: watcher.last(f"{ROOT}/meter/site")["power_kw"] == pytest.approx(24.2))
        assert watcher.last(f"{ROOT}/meter/load")["power_kw"] == 30.0
        assert watcher.last(f"{ROOT}/meter/pv")["power_kw"] == 10.0


async def test_a_stationary_battery_obeys_and_rests_after_its_lease(port: int) -> None:
    place = f"{ROOT}/battery/B1"
    async with farm(port, site=station(batteries=(BATTERY,))) as (_, watcher):
        await until(lambda: watcher.last(f"{place}/status").get("online"))
        assert (await watcher.command(-12.0, place=place, lease_s=300.0, fallback_kw=5.0))["power_kw"] == -12.0
        await until(lambda: watcher.last(f"{place}/state")["power_kw"] == -12.0)
        await until(lambda: watcher.last(f"{place}/state")["power_kw"] == 0.0)
        assert watcher.last(f"{place}/state")["soc_frac"] < 0.5


async def test_assets_obey_and_are_left_to_themselves_after_their_lease(port: int) -> None:
    h2, roof = f"{ROOT}/asset/H2", f"{ROOT}/asset/roof"
    async with farm(port, site=station(assets=(H2,), pv=(ROOF,))) as (_, watcher):
        await until(lambda: watcher.last(f"{h2}/status").get("online") and watcher.last(f"{roof}/status").get("online"))
        assert (await watcher.command(50.0, place=h2, lease_s=300.0))["power_kw"] == 50.0
        assert (await watcher.command(-4.0, place=roof, lease_s=300.0))["power_kw"] == -4.0
        assert (await watcher.command(-1.0, place=h2, lease_s=300.0))["reason"] == "cannot discharge"
        await until(lambda: watcher.last(f"{h2}/state")["power_kw"] == 50.0 and watcher.last(f"{roof}/state")["power_kw"] == -4.0)
        await until(lambda: watcher.last(f"{ROOT}/meter/pv")["power_kw"] == 4.0)
        await until(lambda: watcher.last(f"{h2}/state")["power_kw"] == 0.0 and watcher.last(f"{roof}/state")["power_kw"] == -10.0)
        assert watcher.last(f"{h2}/state")["stored_kwh"] > 0.0
        assert watcher.last(f"{roof}/state")["possible_kw"] == 10.0


async def test_a_dropped_charger_leaves_its_last_will_and_comes_back(port: int) -> None:
    async with farm(port, stay()) as (live, watcher):
        await until(lambda: watcher.power_kw == 4.2)
        await watcher.command(8.0, lease_s=400.0)
        live.drop_charger("station-A", for_s=900.0)
        await until(lambda: watcher.last(STATUS) == {"online": False})
        n_states = len(watcher.heard[f"{EVSE}/state"])
        await until(lambda: watcher.last(STATUS)["online"])
        await until(lambda: len(watcher.heard[f"{EVSE}/state"]) > n_states)
        assert watcher.last(f"{EVSE}/state")["setpoint_kw"] is None
        assert live.outcome().energy_charged_kwh > 8.0 * 390.0 / 3600.0


async def test_a_killed_charger_gives_nothing_and_returns_with_a_new_session_and_the_last_fallback(port: int) -> None:
    async with farm(port, stay()) as (live, watcher):
        await until(lambda: watcher.power_kw == 4.2)
        await watcher.command(8.0, fallback_kw=6.0)
        session_id = watcher.last(f"{EVSE}/state")["session"]["session_id"]
        live.kill_charger("station-A")
        charged_kwh = live.outcome().energy_charged_kwh
        await until(lambda: watcher.last(STATUS) == {"online": False})
        await asyncio.sleep(0.2)
        assert live.outcome().energy_charged_kwh == pytest.approx(charged_kwh)
        live.revive("station-A")
        await until(lambda: watcher.power_kw == 6.0)
        assert watcher.last(f"{EVSE}/state")["session"]["session_id"] != session_id


async def test_everyone_returns_after_the_broker_was_away(tmp_path: Path) -> None:
    number = free_port()
    async with mosquitto(tmp_path, number):
        pass

    async def told(evse_id: str, wishes: Wishes) -> bool:
        raise AssertionError((evse_id, wishes))

    clock = AcceleratedClock(START, 300.0)
    series = {"load_kw": always(5.0), "pv_kw": always(0.0), "clock": clock, "tell_wishes": told, "ocpp_url": "ws://127.0.0.1:9"}
    async with LiveFarm(station(), [stay()], broker=Broker(host="127.0.0.1", port=number), **series):
        for _ in range(2):
            async with mosquitto(tmp_path, number), aiomqtt.Client("127.0.0.1", number) as client:
                await client.subscribe(f"{ROOT}/#", qos=1)
                topics: set[str] = set()
                async with asyncio.timeout(15.0):
                    async for message in client.messages:
                        topics.add(str(message.topic))
                        if topics >= {STATUS, f"{EVSE}/state", f"{ROOT}/meter/site"}:
                            break
            assert datetime.fromisoformat("2026-01-05T08:00:00+00:00") < clock.now()


async def test_a_broker_that_refuses_mqtt_5_is_spoken_to_in_3_1_1() -> None:
    levels: list[int] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        levels.append((await reader.read(100)).split(b"MQTT")[1][0])
        writer.write(b"\x20\x03\x00\x84\x00" if levels[-1] == 5 else b"\x20\x02\x00\x03")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    broker = Broker(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    line = Line(Meters("test", lambda _now: {}), broker, AcceleratedClock(START, 300.0), 5.0)
    task = asyncio.create_task(line.run())
    await until(lambda: len(levels) > 2)
    task.cancel()
    server.close()
    assert levels[:3] == [5, 4, 4]


async def test_a_farm_without_a_broker_still_lets_cars_come_and_go() -> None:
    async def told(evse_id: str, wishes: Wishes) -> bool:
        raise AssertionError((evse_id, wishes))

    clock = AcceleratedClock(START, 3000.0)
    nobody = Broker(host="127.0.0.1", port=free_port())
    series = {"load_kw": always(5.0), "pv_kw": always(0.0), "clock": clock, "tell_wishes": told, "ocpp_url": "ws://127.0.0.1:9"}
    visits = [stay(hours_h=0.5, energy_kwh=1.0)]
    async with LiveFarm(station(outlet(fallback_kw=4.2)), visits, broker=nobody, **series) as live:
        await until(lambda: live.outcome().finished)
        assert live.outcome().delivered_kwh == pytest.approx(1.0, abs=0.01)


async def test_a_device_cancelled_while_it_connects_leaves_nothing_behind(port: int) -> None:
    line = Line(Meters("test", lambda _now: {}), Broker(host="127.0.0.1", port=port), AcceleratedClock(START, 300.0), 60.0)
    said: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
    for turns in range(30):
        task = asyncio.create_task(line.run())
        for _ in range(turns):
            await asyncio.sleep(0.0002)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
    await asyncio.sleep(0.1)  # for what a connection left half open would still do
    gc.collect()
    assert not said
