import asyncio
import importlib.util
import os
import shutil
import signal

import pytest
from aiomqtt import MqttError
from structlog.testing import capture_logs

from adapters.mqtt import broker as module
from adapters.mqtt.broker import HOST, Amqtt, EmbeddedBroker, Mosquitto, find_mosquitto, free_port, installed_server
from tests.adapters.mqtt.support import connection, until
from v2g.errors import UnavailableError


async def test_it_serves_stops_and_serves_again_on_the_same_port(any_broker: EmbeddedBroker) -> None:
    port = any_broker.port
    for _ in range(2):
        async with connection(any_broker) as client:
            await client.publish("any", b"thing", qos=1)
        await any_broker.stop()
        with pytest.raises(MqttError, match="refused"):
            await connection(any_broker).__aenter__()
        await any_broker.start()
    assert any_broker.port == port


async def test_it_can_be_stopped_twice(any_broker: EmbeddedBroker) -> None:
    await any_broker.stop()
    await any_broker.stop()


def mosquitto() -> Mosquitto:
    program = find_mosquitto()
    assert program is not None
    return Mosquitto(program)


async def test_a_killed_mosquitto_is_started_again_on_the_same_port_as_soon_as_it_can_be_had() -> None:
    server = mosquitto()
    with capture_logs() as events:
        async with EmbeddedBroker(server=server) as broker:
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            await server.ended()
            async with await asyncio.start_server(lambda _, writer: writer.close(), HOST, broker.port):
                await until(lambda: "broker_not_started" in [e["event"] for e in events])
            await until(lambda: [e["event"] for e in events].count("broker_started") == 2)
            async with connection(broker) as client:
                await client.publish("any", b"thing", qos=1)
    died = next(e for e in events if e["event"] == "broker_died")
    assert (died["log_level"], died["port"]) == ("warning", broker.port)


async def test_a_broker_that_was_stopped_stays_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESTART_AFTER_S", 0.0)
    server = mosquitto()
    broker = EmbeddedBroker(server=server)
    with capture_logs() as events:
        await broker.start()
        await broker.stop()
        await asyncio.sleep(0.1)
    assert [e["event"] for e in events] == ["broker_started", "broker_stopped"]
    assert server.pid is None


async def test_a_port_that_is_taken_is_said(any_broker: EmbeddedBroker) -> None:
    with pytest.raises(UnavailableError, match=f"port {any_broker.port} .* choose another"):
        await EmbeddedBroker(any_broker.port).start()


async def test_a_mosquitto_that_ends_at_once_says_why() -> None:
    program = shutil.which("false")
    assert program is not None
    with pytest.raises(UnavailableError, match="it ended with code 1"):
        await Mosquitto(program).start(free_port())


async def test_amqtt_on_a_taken_port_says_so(any_broker: EmbeddedBroker) -> None:
    with pytest.raises(UnavailableError, match=f"amqtt on port {any_broker.port}"):
        await Amqtt().start(any_broker.port)


def test_mosquitto_is_preferred_then_amqtt_then_the_mend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", "")
    assert isinstance(installed_server(), Amqtt)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(UnavailableError, match=r"install the package mosquitto, or pip install '\.\[broker\]'"):
        installed_server()
