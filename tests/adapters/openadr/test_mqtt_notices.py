"""Notifications by a real broker."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from aiomqtt import Client
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from adapters.clock import RealClock
from adapters.mqtt.broker import EmbeddedBroker, installed_server
from adapters.openadr.client import Account, VtnClient
from adapters.openadr.mqtt_notices import MqttNotices
from v2g.errors import UnavailableError


class Offers:
    """A VTN that offers a broker."""

    def __init__(self, uri: str, **authentication: str) -> None:
        self.offered: dict[str, Any] = {"URIS": [uri], "serialization": "JSON"}
        self.offered["authentication"] = {"method": "ANONYMOUS", **authentication}
        self.topics: dict[str, str] = {"CREATE": "p1/events/create", "UPDATE": "p1/events/update", "DELETE": "p1/events/delete"}

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    async def _answer(self, request: Request) -> JSONResponse:
        path = request.path_params["path"]
        if path == "auth/token":
            return JSONResponse({"access_token": "a token"})
        if path == "notifiers":
            return JSONResponse({"WEBHOOK": True, "MQTT": self.offered})
        if path == "notifiers/mqtt/topics/programs/p1/events":
            return JSONResponse({"topics": self.topics})
        if path == "programs":
            return JSONResponse([{"id": "p1"}] if request.query_params["skip"] == "0" else [])
        return JSONResponse({"status": 403}, 403)


@pytest.fixture
async def broker() -> AsyncIterator[EmbeddedBroker]:
    async with EmbeddedBroker(server=installed_server()) as opened:
        yield opened


def notices(http: httpx.AsyncClient, host: str, woken: asyncio.Event, *, client_id: str | None = None) -> MqttNotices:
    client = VtnClient(http, Account(vtn_url="http://vtn.test", client_id=client_id), RealClock())
    return MqttNotices(client, RealClock(), woken.set, hosts=frozenset({host}), account="me", ven_name="farm")


async def test_each_message_wakes_the_ven_whatever_it_says(broker: EmbeddedBroker) -> None:
    woken = asyncio.Event()
    offers = Offers(f"mqtt://{broker.host}:{broker.port}")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(offers.app)) as http, asyncio.timeout(20):
        listening = asyncio.create_task(notices(http, broker.host, woken).run())
        await woken.wait()  # it listens
        async with Client(broker.host, broker.port) as sender:
            for topic in offers.topics.values():
                woken.clear()
                await sender.publish(topic, b"\xff nonsense", qos=1)
                await woken.wait()
        listening.cancel()
        await asyncio.wait([listening])


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("mqtt://thief.example", {}),
        ("http://broker.example", {}),
        ("mqtt://broker.example", {"method": "CERTIFICATE", "clientKey": "theirs"}),
        ("mqtt://broker.example:port", {}),
        ("", {}),
    ],
)
async def test_other_brokers_are_not_listened_to(uri: str, said: dict[str, str]) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(Offers(uri, **said).app)) as http:
        with pytest.raises((UnavailableError, ValueError)):
            await notices(http, "broker.example", asyncio.Event())._broker()


async def test_a_bearer_token_is_the_password() -> None:
    offers = Offers("mqtts://broker.example", method="OAUTH2_BEARER_TOKEN", username="{clientID}")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(offers.app)) as http:
        broker = await notices(http, "broker.example", asyncio.Event(), client_id="me")._broker()
    assert (broker.host, broker.port, broker.username, broker.password) == ("broker.example", 8883, "me", "a token")
    assert broker.tls is not None


async def test_one_topic_for_all_operations_is_enough() -> None:
    offers = Offers("mqtt://broker.example")
    offers.topics["ALL"] = "p1/events/+"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(offers.app)) as http:
        assert await notices(http, "broker.example", asyncio.Event())._topics() == ("p1/events/+",)
        offers.topics.clear()
        with pytest.raises(UnavailableError, match="no topics"):
            await notices(http, "broker.example", asyncio.Event())._topics()
