"""What is told, told again and cleared, on a real broker."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiomqtt import Client

from adapters.clock import VirtualClock
from adapters.mqtt import teller as module
from adapters.mqtt.broker import EmbeddedBroker
from adapters.mqtt.link import MqttLink
from adapters.mqtt.teller import Teller
from tests.adapters.mqtt.support import NOW, address, connection, until
from tests.support.fake_station import FakeStation

SITE = FakeStation(VirtualClock(NOW)).site
ROOT = f"v2g/v1/{SITE.site_id}"
N_MESSAGES = 2 + 2 * len(SITE.evses)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PERIOD_S", 0.02)


class Listener:
    """Hears all that a Home Assistant would, and how often."""

    def __init__(self) -> None:
        self.retained: dict[str, bytes] = {}
        self.n_heard = 0

    async def listen(self, client: Client) -> None:
        async for message in client.messages:
            self.n_heard += 1
            topic, payload = message.topic.value, bytes(message.payload)
            self.retained[topic] = payload
            if not payload:
                del self.retained[topic]


@asynccontextmanager
async def listening(broker: EmbeddedBroker) -> AsyncIterator[Listener]:
    async with connection(broker) as client:
        for topic in ("homeassistant/#", f"{ROOT}/shown/#"):
            await client.subscribe(topic, qos=1)
        listener = Listener()
        task = asyncio.create_task(listener.listen(client))
        yield listener
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def telling(broker: EmbeddedBroker, station: FakeStation, *, home_assistant: bool = True) -> AsyncIterator[MqttLink]:
    link = MqttLink(station.site, station._clock, broker=address(broker), on_change=lambda: None)
    works = [link.run(), Teller(link, station, home_assistant=home_assistant).run()]
    tasks = [asyncio.create_task(work) for work in works]
    yield link
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=10.0)
    assert all(task.cancelled() for task in tasks)


@pytest.fixture
def station() -> FakeStation:
    return FakeStation(VirtualClock(NOW))


async def test_home_assistant_finds_the_station_and_hears_nothing_twice(broker: EmbeddedBroker, station: FakeStation) -> None:
    async with listening(broker) as listener, telling(broker, station):
        await until(lambda: len(listener.retained) == N_MESSAGES)
        await asyncio.sleep(0.2)
        assert listener.n_heard == N_MESSAGES
    evse_id = SITE.evses[0].evse_id
    (found,) = [json.loads(payload) for topic, payload in listener.retained.items() if topic.endswith(f"outlet-{evse_id}/config")]
    assert json.loads(listener.retained[found["state_topic"]])["state"] in found["components"]["state"]["options"]


async def test_a_broker_that_forgot_everything_is_told_again(broker: EmbeddedBroker, station: FakeStation) -> None:
    async with telling(broker, station) as link:
        await until(lambda: link.connected)
        await broker.stop()
        await until(lambda: not link.connected)
        await broker.start()
        async with listening(broker) as listener:
            await until(lambda: len(listener.retained) == N_MESSAGES)


async def test_switched_off_everything_is_cleared_and_other_peoples_devices_stay(
    broker: EmbeddedBroker, station: FakeStation
) -> None:
    async with listening(broker) as listener:
        async with connection(broker) as other:
            await other.publish("homeassistant/device/lamp/config", b"{}", qos=1, retain=True)
            await other.publish(f"homeassistant/device/v2g-{SITE.site_id}x/site/config", b"{}", qos=1, retain=True)
        async with telling(broker, station):
            await until(lambda: len(listener.retained) == N_MESSAGES + 2)
        async with telling(broker, station, home_assistant=False):
            await until(lambda: len(listener.retained) == 2)
    async with listening(broker) as late:
        await until(lambda: len(late.retained) == 2)
        await asyncio.sleep(0.1)
    assert set(late.retained) == {"homeassistant/device/lamp/config", f"homeassistant/device/v2g-{SITE.site_id}x/site/config"}


async def test_a_charger_that_is_no_more_is_cleared(broker: EmbeddedBroker, station: FakeStation) -> None:
    gone = [f"homeassistant/device/v2g-{SITE.site_id}/outlet-GONE/config", f"{ROOT}/shown/outlet/GONE"]
    async with connection(broker) as before:
        for topic in gone:
            await before.publish(topic, b"{}", qos=1, retain=True)
    async with listening(broker) as listener:
        await until(lambda: set(gone) <= listener.retained.keys())
        async with telling(broker, station):
            await until(lambda: len(listener.retained) == N_MESSAGES and not set(gone) & listener.retained.keys())


async def test_the_plan_is_told_without_home_assistant_too(broker: EmbeddedBroker, station: FakeStation) -> None:
    async with connection(broker) as client:
        await client.subscribe(f"{ROOT}/plan", qos=1)
        async with telling(broker, station, home_assistant=False), asyncio.timeout(30.0):
            heard = json.loads(bytes((await anext(aiter(client.messages))).payload))
    latest = station.latest()
    assert latest is not None
    assert (len(heard["steps"]), heard["rung"]) == (latest.plan.grid.n_steps, latest.plan.rung.value)
