"""The link against real brokers."""

import asyncio
import gc
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any

import pytest
from aiomqtt import Client, ProtocolVersion

from adapters.clock import RealClock
from adapters.mqtt.broker import EmbeddedBroker, free_port, installed_server
from adapters.mqtt.link import MqttLink
from adapters.mqtt.meters import MqttMeters
from adapters.mqtt_client import Broker
from tests.adapters.mqtt.support import NOW, a_site, address, connection, device, evse_state, running, until
from v2g.errors import UnavailableError

STATUS = "v2g/v1/S1/daemon/status"


@asynccontextmanager
async def overheard(broker: EmbeddedBroker, topic: str) -> AsyncIterator[list[Any]]:
    """Collect what is published on `topic`."""
    heard: list[Any] = []

    async def listen(client: Client) -> None:
        async for message in client.messages:
            heard.append(json.loads(bytes(message.payload)))  # noqa: PERF401 (the list grows while others look at it)

    async with connection(broker) as client:
        await client.subscribe(topic, qos=1)
        task = asyncio.create_task(listen(client))
        yield heard
        task.cancel()
        await asyncio.wait([task])


async def test_the_daemon_says_that_it_is_there_and_that_it_leaves(any_broker: EmbeddedBroker) -> None:
    async with overheard(any_broker, STATUS) as heard:
        async with running(any_broker) as link:
            await until(lambda: len(heard) == 1)
            assert link.detail == f"connected to 127.0.0.1:{any_broker.port}"
        await until(lambda: len(heard) == 2)
    assert [status["online"] for status in heard] == [True, False]


async def test_a_daemon_that_vanishes_is_said_by_its_last_will_and_comes_back(any_broker: EmbeddedBroker) -> None:
    async with running(any_broker) as link, overheard(any_broker, STATUS) as heard:
        assert link._client is not None
        link._client._client.socket().shutdown(socket.SHUT_RDWR)  # pulled out, without a word to the broker
        await until(lambda: link.n_connections == 2 and heard[-1]["online"])
    assert [online for online, _ in groupby(status["online"] for status in heard)] == [True, False, True]


async def test_what_was_retained_before_the_daemon_came_is_known_and_what_comes_later_too(any_broker: EmbeddedBroker) -> None:
    async with device(any_broker) as charger:
        await charger.say("evse/1/state", evse_state())
        async with running(any_broker) as link:
            await until(lambda: "A" in link.inbox.evses)
            await charger.say("evse/2/state", evse_state(session_id=None))
            await until(lambda: "B" in link.inbox.evses)
            assert link.inbox.evses["B"].session is None
            assert link.inbox.evses["A"].session is not None


async def test_a_broker_that_comes_late_is_found(broker: EmbeddedBroker) -> None:
    await broker.stop()
    link = MqttLink(a_site(), RealClock(), broker=address(broker), on_change=lambda: None)
    assert (link.connected, link.detail) == (False, "not started")
    task = asyncio.create_task(link.run())
    await until(lambda: "not connected" in link.detail)
    assert "refused" in link.detail
    with pytest.raises(UnavailableError, match="refused"):
        await link.publish("v2g/v1/S1/plan", b"{}")
    await broker.start()
    await until(lambda: link.connected)
    task.cancel()
    await asyncio.wait([task])


async def test_a_broker_killed_and_started_again_on_its_port_is_found_again(any_broker: EmbeddedBroker) -> None:
    changes: list[bool] = []
    async with running(any_broker, on_change=lambda: changes.append(True)) as link:
        async with device(any_broker) as charger:
            await charger.say("evse/1/state", evse_state())
            await until(lambda: "A" in link.inbox.evses)
            changes.clear()
            await any_broker.stop()
            await until(lambda: not link.connected)
            assert changes, "losing the broker is a change"
            assert not link.inbox.is_online(f"{charger.base}/status")
            assert link.inbox.evses["A"].at == NOW, "what was said stays, and ages"
            await any_broker.start()
            await until(lambda: link.connected)
        async with device(any_broker) as charger:
            await until(lambda: link.inbox.is_online(f"{charger.base}/status"))


async def test_two_sites_on_one_broker_do_not_mix(broker: EmbeddedBroker) -> None:
    async with (
        running(broker, "S1") as one,
        running(broker, "S2") as two,
        device(broker, "v2g/v1/S2/station/CP1") as charger,
    ):
        await charger.say("evse/1/state", evse_state())
        await charger.client.publish("v2g/v1/S1/meter/site", json.dumps({"at": "2026-01-01T12:00:00Z", "power_kw": 5.0}), qos=1)
        await until(lambda: "A" in two.inbox.evses and "site" in one.inbox.meters)
        assert one.inbox.evses == {}
        assert two.inbox.meters == {}
        assert not one.inbox.refused
        assert not two.inbox.refused


async def test_no_payload_ends_the_link(broker: EmbeddedBroker) -> None:
    junk = [b"", b"\xff", b"[" * 5000, b"x" * 20_000, b'{"online": 1}', b'{"at": 1, "power_kw": NaN}']
    topics = [
        "station/CP1/status",
        "station/CP1/evse/1/state",
        "station/CP1/evse/1/ack",
        "battery/BAT/state",
        "meter/site",
        "meter/no",
    ]
    async with running(broker) as link, connection(broker) as stranger:
        for topic in topics:
            for payload in junk:
                await stranger.publish(f"v2g/v1/S1/{topic}", payload, qos=1)
        await until(lambda: link.inbox.refused.total() == len(topics) * len(junk))
        meter = {"at": "2026-01-01T12:00:00Z", "power_kw": 5.0}
        await stranger.publish("v2g/v1/S1/meter/site", json.dumps(meter), qos=1)
        await until(lambda: MqttMeters(link).reading("site") is not None)
        assert link.connected


async def test_the_link_can_be_cancelled_while_a_broker_keeps_it_waiting() -> None:
    writers: list[asyncio.StreamWriter] = []
    port = free_port()
    async with await asyncio.start_server(lambda _reader, writer: writers.append(writer), "127.0.0.1", port):
        link = MqttLink(a_site(), RealClock(), broker=Broker(host="127.0.0.1", port=port), on_change=lambda: None)
        task = asyncio.create_task(link.run())
        await until(lambda: writers)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert not link.connected
        writers[0].close()
        await writers[0].wait_closed()


async def test_the_link_ends_whenever_it_is_cancelled_while_it_says_that_it_is_there(any_broker: EmbeddedBroker) -> None:
    for turns in range(40):
        link = MqttLink(a_site(), RealClock(), broker=address(any_broker), on_change=lambda: None)
        task = asyncio.create_task(link.run())
        await until(lambda link=link: link.connected, pause_s=0.0)
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=10.0)
        assert task.cancelled(), f"cancelled after {turns} turns"


async def test_a_link_cancelled_while_it_connects_leaves_nothing_behind(broker: EmbeddedBroker) -> None:
    link = MqttLink(a_site(), RealClock(), broker=address(broker), on_change=lambda: None)
    said: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
    for turns in range(30):
        task = asyncio.create_task(link.run())
        for _ in range(turns):
            await asyncio.sleep(0.0002)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
    await asyncio.sleep(0.1)  # for what a connection left half open would still do
    gc.collect()
    assert not said


@pytest.mark.skipif(installed_server().name != "mosquitto", reason="amqtt does not end the older connection of a client")
async def test_a_second_daemon_on_the_same_site_shows_in_both_and_they_stop_pushing_each_other_out(broker: EmbeddedBroker) -> None:
    async with running(broker) as first, running(broker) as second:
        await until(lambda: "second daemon" in first.detail and "second daemon" in second.detail)
        assert {first.connected, second.connected} == {True, False}
        before = first.n_connections + second.n_connections
        await asyncio.sleep(1.5)  # the first wait is over three times
        assert first.n_connections + second.n_connections <= before + 1


async def test_a_daemon_that_starts_again_is_no_rival_of_its_last_run(broker: EmbeddedBroker) -> None:
    for _ in range(2):
        async with running(broker) as link:
            await asyncio.sleep(0.1)  # until it has said that it is there
            link._client._client.socket().shutdown(socket.SHUT_RDWR)
            await until(lambda: link.n_connections == 2 and link.connected)
            await asyncio.sleep(0.1)
            assert link.trouble == ""


async def test_a_device_of_another_version_is_refused_and_it_is_said(broker: EmbeddedBroker) -> None:
    async with running(broker) as link, device(broker, "v2g/v2/S1/station/CP1"):
        await until(lambda: link.inbox.refused)
        assert not link.inbox.is_online("v2g/v1/S1/station/CP1/status")
        assert dict(link.inbox.refused) == {"v2g/v2/S1/station/CP1/status": 1}


async def refuse_subscriptions(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak just enough MQTT 3.1.1 to accept a connection and then refuse the eleven subscriptions."""
    await reader.read(1024)
    writer.write(bytes([0x20, 2, 0, 0]))
    subscribe = await reader.read(1024)
    length_bytes = 1 if subscribe[1] < 128 else 2
    packet_id = subscribe[1 + length_bytes : 3 + length_bytes]
    writer.write(bytes([0x90, 2 + 11]) + packet_id + bytes([0x80] * 11))
    await reader.read()
    writer.close()
    await writer.wait_closed()


async def test_an_access_list_that_lets_the_daemon_hear_nothing_is_said() -> None:
    port = free_port()
    async with await asyncio.start_server(refuse_subscriptions, "127.0.0.1", port):
        link = MqttLink(
            a_site(), RealClock(), broker=Broker(host="127.0.0.1", port=port, version=ProtocolVersion.V311), on_change=lambda: None
        )
        task = asyncio.create_task(link.run())
        await until(lambda: "refuses subscriptions under v2g/v1/S1" in link.detail)
        assert not link.connected
        task.cancel()
        await asyncio.wait([task])
