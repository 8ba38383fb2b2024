"""Real brokers on free loopback ports."""

import gc
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.mqtt.broker import Amqtt, EmbeddedBroker, Server, installed_server


@pytest.fixture
async def broker() -> AsyncIterator[EmbeddedBroker]:
    """Serve with what this machine has: Mosquitto wherever it is installed."""
    async with _serving(installed_server()) as it:
        yield it


@pytest.fixture(params=["installed", "amqtt"])
async def any_broker(request: pytest.FixtureRequest) -> AsyncIterator[EmbeddedBroker]:
    async with _serving(Amqtt() if request.param == "amqtt" else installed_server()) as it:
        yield it


@asynccontextmanager
async def _serving(server: Server) -> AsyncIterator[EmbeddedBroker]:
    leaky = server.name == "amqtt"  # it leaves the streams of connections that broke to the garbage collector
    if leaky:
        warnings.simplefilter("ignore", ResourceWarning)  # pytest puts the filters back after each test
    async with EmbeddedBroker(server=server) as broker:
        yield broker
    if leaky:
        gc.collect()
