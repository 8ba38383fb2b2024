"""Real brokers on free loopback ports."""

from collections.abc import AsyncIterator

import pytest

from adapters.mqtt.broker import Amqtt, EmbeddedBroker, installed_server


@pytest.fixture
async def broker() -> AsyncIterator[EmbeddedBroker]:
    """Serve with what this machine has: Mosquitto wherever it is installed."""
    async with EmbeddedBroker() as it:
        yield it


@pytest.fixture(params=["installed", "amqtt"])
async def any_broker(request: pytest.FixtureRequest) -> AsyncIterator[EmbeddedBroker]:
    async with EmbeddedBroker(server=Amqtt() if request.param == "amqtt" else installed_server()) as it:
        yield it
