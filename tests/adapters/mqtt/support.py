"""A small site, the contract's examples, and a device that speaks the contract on its own."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiomqtt import Client, ProtocolVersion, Will
from hypothesis import strategies as st

from adapters.clock import RealClock
from adapters.mqtt.broker import EmbeddedBroker
from adapters.mqtt.link import MqttLink
from adapters.mqtt_client import Broker
from v2g.assets import Electrolyser
from v2g.ports import Clock
from v2g.site import Battery, Circuit, Evse, Protocol, Site, Tariff

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
PAGE = Path(__file__).parents[3] / "docs" / "mqtt.md"
EXAMPLE_NAMES = ("status", "evse_state", "battery_state", "asset_state", "setpoint", "ack", "meter", "plan")
EXAMPLES: dict[str, Any] = dict(
    zip(EXAMPLE_NAMES, map(json.loads, re.findall(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)), strict=True)
)


def a_site(site_id: str = "S1") -> Site:
    """Return a site with the MQTT outlets A and B of one station, C of another, an OCPP outlet, a battery and an electrolyser."""

    def evse(evse_id: str, station_id: str, connector_id: int, protocol: Protocol = Protocol.MQTT) -> Evse:
        return Evse(
            evse_id=evse_id, station_id=station_id, connector_id=connector_id, protocol=protocol, circuit_id="grid",
            charge_max_kw=11.0, discharge_max_kw=11.0, fallback_kw=1.4,
        )  # fmt: skip

    return Site(
        site_id=site_id,
        name="Test",
        time_zone="UTC",
        currency="EUR",
        circuits=(Circuit(circuit_id="grid", import_limit_kw=50.0),),
        evses=(evse("A", "CP1", 1), evse("O", "CP9", 1, Protocol.OCPP16), evse("B", "CP1", 2), evse("C", "CP2", 1)),
        tariff=Tariff(base_price_per_kwh=0.3),
        batteries=(
            Battery(battery_id="BAT", circuit_id="grid", capacity_kwh=100.0, charge_max_kw=50.0, discharge_max_kw=50.0),
        ),
        assets=(Electrolyser(asset_id="H2", circuit_id="grid", charge_max_kw=300.0),),
    )  # fmt: skip


def words(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def evse_state(at: datetime = NOW, *, session_id: str | None = "9f0c1d", **changes: Any) -> dict[str, Any]:
    """Return a state message without a setpoint in force."""
    session = None if session_id is None else {"session_id": session_id, "plugged_in_at": words(at), "charged_kwh": 1.0}
    return {"at": words(at), "plugged": session is not None, "session": session, "power_kw": 0.0, **changes}


def mutations(value: Any) -> st.SearchStrategy[Any]:
    """Replace parts of `value`, at any depth, by any JSON value."""
    junk = st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=40),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
        max_leaves=4,
    )
    if not isinstance(value, dict):
        return st.just(value) | junk
    return st.one_of(junk, st.fixed_dictionaries({key: mutations(item) for key, item in value.items()}))


async def until(condition: Callable[[], object], *, pause_s: float = 0.01) -> None:
    """Look every `pause_s` until `condition()` holds; fail after 15 s."""
    loop = asyncio.get_running_loop()
    give_up_s = loop.time() + 15.0
    while not condition():
        assert loop.time() < give_up_s, "still not so after 15 s"
        await asyncio.sleep(pause_s)


@asynccontextmanager
async def running(
    broker: EmbeddedBroker, site_id: str = "S1", *, clock: Clock | None = None, **options: Any
) -> AsyncIterator[MqttLink]:
    """Run a link, wait until it is connected, and see that it ends when it is cancelled."""
    options = {"on_change": lambda: None, **options}
    link = MqttLink(a_site(site_id), clock or RealClock(), broker=address(broker), **options)
    task = asyncio.create_task(link.run())
    try:
        await until(lambda: link.connected or task.done())
        yield link
    finally:
        task.cancel()
        await asyncio.wait([task], timeout=10.0)
        assert task.cancelled()


def address(broker: EmbeddedBroker) -> Broker:
    return Broker(host=broker.host, port=broker.port, version=broker.version)


def connection(broker: EmbeddedBroker, **options: Any) -> Client:
    """Return a client that keeps nothing over its connection."""
    clean_session = None if broker.version is ProtocolVersion.V5 else True
    at_once = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    return Client(broker.host, broker.port, protocol=broker.version, clean_session=clean_session, socket_options=at_once, **options)


Answer = Callable[[dict[str, Any]], dict[str, Any] | None]


def accept(setpoint: dict[str, Any]) -> dict[str, Any]:
    return {"setpoint_id": setpoint["setpoint_id"], "at": setpoint["at"], "result": "accepted", "power_kw": setpoint["power_kw"]}


def stay_silent(_setpoint: dict[str, Any]) -> None:
    return None


class Device:
    """A charger or battery written from docs/mqtt.md alone: `base` ends in e.g. ``station/CP1`` or ``battery/BAT``."""

    def __init__(self, client: Client, base: str, answer: Answer) -> None:
        self.client, self.base, self._answer = client, base, answer
        self.setpoints: list[dict[str, Any]] = []
        self.expiries_s: list[int | None] = []

    async def say(self, leaf: str, message: Any, *, retain: bool = True) -> None:
        payload = message if isinstance(message, bytes) else json.dumps(message).encode()
        await self.client.publish(f"{self.base}/{leaf}", payload, qos=1, retain=retain)

    async def obey(self) -> None:
        """Answer setpoints as told until the connection ends."""
        async for message in self.client.messages:
            if not message.topic.value.startswith(self.base) or not message.topic.value.endswith("/setpoint"):
                continue  # amqtt sends retained messages that nobody asked for
            setpoint = json.loads(bytes(message.payload))
            self.setpoints.append(setpoint)
            self.expiries_s.append(getattr(message.properties, "MessageExpiryInterval", None))
            ack = self._answer(setpoint)
            if ack is not None:
                topic = message.topic.value.removesuffix("setpoint") + "ack"
                await self.client.publish(topic, json.dumps(ack), qos=1)


@asynccontextmanager
async def device(broker: EmbeddedBroker, base: str = "v2g/v1/S1/station/CP1", answer: Answer = accept) -> AsyncIterator[Device]:
    """Connect a device, with its last will, and let it obey; leave without a word (no status, the last will not sent)."""
    will = Will(f"{base}/status", b'{"online": false}', qos=1, retain=True)
    async with connection(broker, will=will, identifier=base.replace("/", "-")) as client:
        it = Device(client, base, answer)
        await client.subscribe(f"{base}/setpoint" if "/station/" not in base else f"{base}/evse/+/setpoint", qos=1)
        await it.say("status", {"online": True})
        obeying = asyncio.create_task(it.obey())
        try:
            yield it
        finally:
            obeying.cancel()
            await asyncio.wait([obeying])


def later(seconds: float, start: datetime = NOW) -> datetime:
    return start + timedelta(seconds=seconds)
