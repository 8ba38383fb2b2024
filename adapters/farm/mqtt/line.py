"""A device's connection to the broker: last will, subscriptions, then its whole state, again after every connect."""

import asyncio
import socket as sockets
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

import aiomqtt
import structlog

from adapters.farm.lifeline import Backoff, Lifeline, heed_cancellation
from adapters.farm.mqtt.messages import Payload, write
from adapters.farm.ocpp.manners import Manners
from adapters.mqtt_client import Broker, entered
from v2g.ports import Clock

log = structlog.get_logger(__name__)

QOS = 1
KEEP_ALIVE_S = 10
OFFLINE = {"online": False}
WRONG_VERSION = (1, 132)
"""CONNACK codes by which a broker refuses MQTT 5.0: "unacceptable protocol version" of 3.1.1, "unsupported" of 5.0."""


class Device(Protocol):
    """What stands at the end of a line."""

    @property
    def name(self) -> str:
        """Its name in logs, and at the broker if it has no status, whose topic no other site's device has."""
        ...

    @property
    def status_topic(self) -> str | None:
        """Where it says that it is online; None for a device without a status."""
        ...

    @property
    def setpoint_topics(self) -> Sequence[str]:
        """Where it is commanded."""
        ...

    def states(self, now: datetime) -> Sequence[tuple[str, Payload]]:
        """Return all it has to tell at `now`, each with its topic; retained."""
        ...

    def answer(self, topic: str, raw: bytes, now: datetime) -> tuple[str, Payload] | None:
        """Take a command; return the ack and its topic, None if it deserves none."""
        ...


class Line:
    """Runs one device. It reports every `period_s` seconds of the clock, and at once after `hurry`.

    A broker that refuses MQTT 5.0 is spoken to in 3.1.1. By its `manners` it answers late, or twice.
    """

    def __init__(self, device: Device, broker: Broker, clock: Clock, period_s: float, manners: Manners | None = None) -> None:
        self.lifeline, self._manners = Lifeline(), manners or Manners()
        self._device, self._broker, self._clock, self._period_s = device, broker, clock, period_s
        self._version = broker.version
        self._news = asyncio.Event()

    def hurry(self) -> None:
        """Report now: something changed."""
        self._news.set()

    async def run(self) -> None:
        """Keep the connection for ever, waiting longer after each failure."""
        backoff = Backoff(self._clock)
        while True:
            heed_cancellation()
            await self.lifeline.wait()
            try:
                async with entered(self._client()) as client:
                    self.lifeline.hold(partial(_break, client))
                    await self._converse(client, backoff)
            except* (aiomqtt.MqttError, OSError) as errors:
                self._note(errors, backoff)
            self.lifeline.hold(None)
            await backoff.wait()

    def _client(self) -> aiomqtt.Client:
        will = self._device.status_topic and aiomqtt.Will(self._device.status_topic, write(OFFLINE), QOS, retain=True)
        modern = self._version is aiomqtt.ProtocolVersion.V5
        return aiomqtt.Client(
            self._broker.host,
            self._broker.port,
            username=self._broker.username,
            password=self._broker.password,
            tls_context=self._broker.tls,
            identifier=(self._device.status_topic or self._device.name).removesuffix("/status").replace("/", "-"),
            protocol=self._version,
            clean_session=None if modern else True,
            will=will or None,
            keepalive=KEEP_ALIVE_S,
            socket_options=[(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)],
        )

    async def _converse(self, client: aiomqtt.Client, backoff: Backoff) -> None:
        heed_cancellation()
        for topic in self._device.setpoint_topics:
            await client.subscribe(topic, qos=QOS)
        if self._device.status_topic is not None:
            online = {"online": True, "at": self._clock.now(), "vendor": "Simulated", "model": "Farm M"}
            await self._publish(client, self._device.status_topic, online, retain=True)
        backoff.reset()
        log.info("farm_device_online", device=self._device.name)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._report(client))
            group.create_task(self._tick())
            await self._obey(client)

    async def _report(self, client: aiomqtt.Client) -> None:
        while True:
            self._news.clear()
            for topic, payload in self._device.states(self._clock.now()):
                await self._publish(client, topic, payload, retain=True)
            await self._news.wait()

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(self._period_s)
            self.hurry()

    async def _obey(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            if message.retain:  # the daemon retains no setpoint: this one is a stranger's, or of another time
                log.warning("farm_retained_setpoint_ignored", device=self._device.name, topic=str(message.topic))
                continue
            raw = message.payload if isinstance(message.payload, bytes) else b""
            ack = self._device.answer(str(message.topic), raw, self._clock.now())
            if ack is None:
                log.warning("farm_setpoint_unanswered", device=self._device.name, topic=str(message.topic))
                continue
            await self._clock.sleep(self._manners.late_s)
            for _ in range(2 if self._manners.repeats else 1):
                await self._publish(client, *ack, retain=False)
            self.hurry()

    async def _publish(self, client: aiomqtt.Client, topic: str, payload: Payload, *, retain: bool) -> None:
        await client.publish(topic, write(payload), qos=QOS, retain=retain)
        heed_cancellation()

    def _note(self, errors: BaseExceptionGroup[Exception], backoff: Backoff) -> None:
        error = errors.exceptions[0]
        if backoff.is_fresh:
            log.info("farm_device_offline", device=self._device.name, reason=str(error))
        code = getattr(error, "rc", None)
        if getattr(code, "value", code) in WRONG_VERSION:
            self._version = aiomqtt.ProtocolVersion.V311


def _break(client: aiomqtt.Client) -> None:
    """Break the connection as a pulled cable does: no DISCONNECT, so that the broker sends the last will."""
    socket = client._client.socket()  # noqa: SLF001 - aiomqtt can only say goodbye, and a lost network does not
    if isinstance(socket, sockets.socket):
        socket.shutdown(sockets.SHUT_RDWR)
