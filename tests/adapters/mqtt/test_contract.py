"""The daemon's side and the farm's, each written from docs/mqtt.md, make the same of a day, also when the broker goes away."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from aiomqtt import Client, ProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from adapters.clock import AcceleratedClock
from adapters.farm.live import LiveFarm
from adapters.farm.mischief import Fault, FaultKind
from adapters.farm.visit import Visit
from adapters.mqtt.broker import EmbeddedBroker, installed_server
from adapters.mqtt.chargers import MqttChargers
from adapters.mqtt.link import MqttLink
from adapters.mqtt.messages import dump_setpoint
from tests.adapters.farm.stations import START, always, outlet, station, v2g_stay
from tests.adapters.mqtt.support import address, connection, until
from v2g.observation import EvseState
from v2g.session import Wishes
from v2g.setpoint import Applied, Outcome, Setpoint, TimedOut
from v2g.site import Site

SPEED = 300.0
LEASE_S = 300.0  # one second of the wall
SITE = station(outlet(fallback_kw=4.2))
EVSE = SITE.evses[0]
PLACE = f"v2g/v1/{SITE.site_id}/station/{EVSE.station_id}/evse/{EVSE.connector_id}"


class Day:
    """A daemon's link and a farm on one broker."""

    def __init__(self, broker: EmbeddedBroker, farm: LiveFarm, clock: AcceleratedClock) -> None:
        self.broker, self.farm, self.clock = broker, farm, clock
        self.link = self._new_link()

    def _new_link(self) -> MqttLink:
        return MqttLink(
            SITE, self.clock, broker=address(self.broker), on_change=lambda: None, wall_s_per_clock_s=1.0 / SPEED
        )  # fmt: skip

    @asynccontextmanager
    async def daemon(self) -> AsyncIterator[None]:
        self.link = self._new_link()
        task = asyncio.create_task(self.link.run())
        yield
        task.cancel()
        await asyncio.wait([task])

    @property
    def state(self) -> EvseState:
        return MqttChargers(self.link).states(self.clock.now())[0]

    @property
    def power_kw(self) -> float:
        """The truth: what the car draws."""
        self.farm.outcome()
        return float(self.farm._fleet.running_kw[0])

    async def ready(self) -> None:
        await until(lambda: self.state.online and self.state.session is not None)

    def setpoint(self, power_kw: float, lease_s: float = LEASE_S) -> Setpoint:
        return Setpoint(unit_id=EVSE.evse_id, power_kw=power_kw, valid_until=self.clock.now() + timedelta(seconds=lease_s))

    async def send(self, power_kw: float, lease_s: float = LEASE_S) -> Outcome:
        return (await MqttChargers(self.link).apply([self.setpoint(power_kw, lease_s)]))[0]


async def nobody(evse_id: str, wishes: Wishes) -> bool:
    raise AssertionError((evse_id, wishes))


@pytest.fixture
async def day(broker: EmbeddedBroker) -> AsyncIterator[Day]:
    async with _day(broker, SITE, v2g_stay()) as it:
        yield it


@asynccontextmanager
async def _day(broker: EmbeddedBroker, site: Site, visit: Visit, *faults: Fault) -> AsyncIterator[Day]:
    clock = AcceleratedClock(START, SPEED)
    visit = replace(visit, leaves_at=START + timedelta(days=2))
    farm = LiveFarm(
        site, [visit], load_kw=always(0.0), pv_kw=always(0.0), clock=clock, ocpp_url="ws://127.0.0.1:9",
        broker=address(broker), tell_wishes=nobody, faults=faults,
    )  # fmt: skip
    async with farm:
        yield Day(broker, farm, clock)


async def test_a_broker_that_restarts_costs_no_setpoint_in_force(day: Day) -> None:
    async with day.daemon():
        await day.ready()
        assert isinstance(await day.send(7.0, 90_000.0), Applied)
        await day.broker.stop()
        await until(lambda: not day.link.connected)
        assert not day.state.online
        assert day.state.acknowledged_kw == 7.0, "it goes on"
        assert not isinstance(await day.send(9.0), Applied)
        await day.broker.start()
        await day.ready()
        assert day.power_kw == pytest.approx(7.0)
        assert day.state.acknowledged_kw == 7.0
        assert isinstance(await day.send(5.0), Applied)


async def test_a_broker_away_for_longer_than_the_lease_brings_back_nothing_old(day: Day) -> None:
    async with day.daemon():
        await day.ready()
        assert isinstance(await day.send(-6.0), Applied)
        await day.broker.stop()
        assert not isinstance(await day.send(9.0, 90_000.0), Applied)
        await until(lambda: day.power_kw == pytest.approx(4.2))
        await day.broker.start()
        await day.ready()
        await asyncio.sleep(0.3)
        assert day.power_kw == pytest.approx(4.2), "the setpoint that could not be sent is never sent"
        assert day.state.acknowledged_kw is None
        assert isinstance(await day.send(5.0), Applied)


@pytest.mark.parametrize("lease_s", [-1.0, 90_000.0], ids=["expired", "valid"])
async def test_a_setpoint_that_a_broker_retained_is_not_obeyed(day: Day, lease_s: float) -> None:
    async with day.daemon(), connection(day.broker) as stranger:
        await day.ready()
        day.farm.drop_charger(EVSE.station_id, for_s=120.0)
        await until(lambda: not day.state.online)
        old = dump_setpoint(day.setpoint(11.0, lease_s), setpoint_id="old", at=day.clock.now(), fallback_kw=11.0)
        await stranger.publish(f"{PLACE}/setpoint", old, qos=1, retain=True)
        await day.ready()
        await asyncio.sleep(0.3)
        assert day.power_kw == pytest.approx(4.2)
        assert isinstance(await day.send(5.0), Applied)
        await until(lambda: day.power_kw == pytest.approx(5.0))


async def test_a_daemon_that_starts_again_knows_what_chargers_follow(day: Day) -> None:
    async with day.daemon():
        await day.ready()
        assert isinstance(await day.send(7.0, 90_000.0), Applied)
        await until(lambda: day.state.power_kw is not None and day.state.power_kw.value == pytest.approx(7.0))
        lease_until = day.state.lease_until
    async with day.daemon():
        await day.ready()
        assert day.state.acknowledged_kw == 7.0
        assert day.state.lease_until is not None
        assert lease_until is not None
        assert abs(day.state.lease_until - lease_until) < timedelta(seconds=1)


async def test_a_setpoint_that_comes_twice_late_or_out_of_order_leaves_the_youngest_in_force(day: Day) -> None:
    async with day.daemon(), connection(day.broker) as network:
        await day.ready()
        start = day.clock.now()
        older, younger = (
            dump_setpoint(day.setpoint(power_kw, 90_000.0), setpoint_id=str(power_kw), at=at, fallback_kw=1.0)
            for power_kw, at in ((9.0, start), (5.0, start + timedelta(seconds=1)))
        )
        await network.subscribe(f"{PLACE}/ack", qos=1)
        for payload in (younger, older, younger):
            await network.publish(f"{PLACE}/setpoint", payload, qos=1)
        acks = []
        async with asyncio.timeout(30.0):
            async for message in network.messages:
                acks.append(json.loads(bytes(message.payload)))
                if len(acks) == 3:
                    break
        assert [(ack["result"], ack.get("reason", "")) for ack in acks] == [
            ("accepted", ""), ("rejected", "superseded"), ("accepted", ""),
        ]  # fmt: skip
        await until(lambda: day.power_kw == pytest.approx(5.0))


def sleeper(broker: EmbeddedBroker) -> Client:
    """Return a client whose session the broker keeps, as the contract forbids devices."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho does not annotate it
    properties.SessionExpiryInterval = 60
    return Client(
        broker.host, broker.port, identifier="sleeper", protocol=ProtocolVersion.V5, clean_start=False, properties=properties
    )  # fmt: skip


@pytest.mark.skipif(installed_server().name != "mosquitto", reason="amqtt knows no expiry")
@pytest.mark.parametrize(
    ("kind", "size", "outcome"),
    [
        (FaultKind.LATE, 1.0, Applied),
        (FaultKind.LATE, 3000.0, TimedOut),
    ],
)
async def test_bad_manners_become_outcomes(broker: EmbeddedBroker, kind: FaultKind, size: float, outcome: type[Outcome]) -> None:
    async with _day(broker, SITE, v2g_stay(), Fault(kind=kind, at_s=0.0, for_s=1e6, size=size)) as day, day.daemon():
        await day.ready()
        (came,) = await MqttChargers(day.link, timeout_s=0.5).apply([day.setpoint(7.0, 90_000.0)])
        assert isinstance(came, outcome)
        if outcome is TimedOut:
            assert (day.state.acknowledged_kw, day.state.lease_until) == (None, None), "it may follow it, or not"
        if kind is FaultKind.LATE:
            await until(lambda: day.state.acknowledged_kw == 7.0)
        assert not day.link.inbox.refused


async def test_a_charger_that_says_yes_and_does_nothing_shows_by_its_state(broker: EmbeddedBroker) -> None:
    async with _day(broker, SITE, v2g_stay(), Fault(kind=FaultKind.IGNORE, at_s=0.0, for_s=1e6)) as day, day.daemon():
        await day.ready()
        assert isinstance(await day.send(7.0, 90_000.0), Applied)
        await until(lambda: day.state.acknowledged_kw is None)
        assert day.power_kw == pytest.approx(4.2)


async def test_the_broker_drops_a_setpoint_that_nobody_fetched_in_its_lease(day: Day) -> None:
    async with day.daemon():
        await until(lambda: day.link.connected)
        async with sleeper(day.broker) as client:
            await client.subscribe(f"{PLACE}/setpoint", qos=1)
        await day.link.publish(f"{PLACE}/setpoint", b"short", lease_s=LEASE_S)
        await day.link.publish(f"{PLACE}/setpoint", b"long", lease_s=90_000.0)
        await asyncio.sleep(2.1)  # the broker counts whole seconds
        async with sleeper(day.broker) as client, asyncio.timeout(30.0):
            heard = await anext(aiter(client.messages))
        assert heard.payload == b"long"
