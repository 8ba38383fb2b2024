"""Notifications by MQTT, where a VTN offers them: as by the webhook nothing is believed, the VTN is asked."""

import ssl
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import structlog
from aiomqtt import Client, MqttError

from adapters.mqtt_client import Broker, entered
from adapters.openadr.client import VtnClient
from adapters.openadr.reading import listed, said
from v2g.errors import UnavailableError
from v2g.ports import Clock

log = structlog.get_logger(__name__)
RETRY_S = 60.0
PORTS = {"mqtt": 1883, "mqtts": 8883}


class MqttNotices:
    """Listens at the VTN's broker, if it is one of `hosts`; run it beside the VEN, whose `wake` each message calls."""

    def __init__(
        self, client: VtnClient, clock: Clock, wake: Callable[[], None], *, hosts: frozenset[str], account: str, ven_name: str
    ) -> None:
        self._client, self._clock, self._wake = client, clock, wake
        self._hosts, self._account, self._ven_name = hosts, account, ven_name
        self.listening = False

    async def run(self) -> None:
        """Listen until cancelled. While nothing is heard, the VEN polls all the same."""
        while True:
            try:
                await self._listen()
            except (UnavailableError, MqttError, OSError, ValueError) as error:
                log.info("openadr_no_mqtt", why=str(error))
            self.listening = False
            await self._clock.sleep(RETRY_S)

    async def _listen(self) -> None:
        broker, topics = await self._broker(), await self._topics()
        client = Client(
            broker.host,
            broker.port,
            username=broker.username,
            password=broker.password,
            tls_context=broker.tls,
            protocol=broker.version,
        )
        async with entered(client) as mqtt:
            for topic in topics:
                await mqtt.subscribe(topic)
            self.listening = True
            self._wake()  # what happened before we listened
            async for _ in mqtt.messages:
                self._wake()

    async def _broker(self) -> Broker:
        """Return where the VTN's broker is and as whom we come. A token goes only to hosts that the site file names."""
        offered = said(await self._client.get("/notifiers"), "MQTT")
        method = str(said(said(offered, "authentication"), "method") or "ANONYMOUS")
        for uri in (urlsplit(str(uri)) for uri in listed(offered, "URIS")):
            if uri.scheme in PORTS and uri.hostname in self._hosts and method in ("ANONYMOUS", "OAUTH2_BEARER_TOKEN"):
                named = str(said(said(offered, "authentication"), "username") or "").replace("{clientID}", self._account)
                known = method == "OAUTH2_BEARER_TOKEN"
                return Broker(
                    host=uri.hostname,
                    port=uri.port or PORTS[uri.scheme],
                    username=named if known else None,
                    password=await self._client.token() if known else None,
                    tls=ssl.create_default_context() if uri.scheme == "mqtts" else None,
                )
        raise UnavailableError(
            "the VTN offers no broker that openadr.mqtt_hosts names, or none that takes a bearer token or nobody's"
        )

    async def _topics(self) -> tuple[str, ...]:
        """Return the topics of events: those of our VEN and of each program, of all where the VTN tells them."""
        vens = await self._ids("/vens", {"venName": self._ven_name})
        programs = await self._ids("/programs", None)
        paths = [*(f"/vens/{name}/events" for name in vens), *(f"/programs/{name}/events" for name in programs), "/events"]
        found: dict[str, None] = {}
        for path in paths:
            try:
                told = said(await self._client.get(f"/notifiers/mqtt/topics{path}"), "topics")
            except UnavailableError:
                continue  # not every client is told of all; without any this ends below
            found |= dict.fromkeys(str(topic) for topic in _names(told))
        if not found:
            raise UnavailableError("the VTN tells no topics of events")
        return tuple(found)

    async def _ids(self, path: str, params: dict[str, Any] | None) -> list[str]:
        try:
            return [quote(str(said(item, "id")), safe="") for item in await self._client.all(path, params)]
        except UnavailableError:
            return []


def _names(topics: Any) -> list[str]:
    """Return the topics of all operations, or of each."""
    if not isinstance(topics, dict):
        return []
    every = said(topics, "ALL")
    return [every] if isinstance(every, str) else [topic for topic in topics.values() if isinstance(topic, str)]
