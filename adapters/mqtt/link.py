"""The daemon's one connection to the broker: connects, listens, and connects again for ever."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import ceil, inf
from uuid import uuid4

import structlog
from aiomqtt import Client, Message, MqttCodeError, MqttError, ProtocolVersion, Will
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from adapters.mqtt.inbox import Inbox
from adapters.mqtt.messages import text
from adapters.mqtt.retries import STEADY_S, Retries
from adapters.mqtt.schema import dump, parse
from adapters.mqtt.topics import Topics
from adapters.mqtt_client import Broker, entered
from adapters.traffic import MQTT_IN, MQTT_OUT
from v2g.errors import FrameError, UnavailableError
from v2g.ports import Clock
from v2g.site import Site

_new_properties: Callable[[int], Properties] = Properties  # paho does not annotate its constructor

log = structlog.get_logger(__name__)

# Network times are wall seconds: a faster clock does not make a network faster.
BROKER_TIMEOUT_S = 5.0
KEEPALIVE_S = 10
REFUSED = 0x80  # a subscription's code from here on is a failure
MAX_PACKET_BYTES = 64 * 1024
MAX_QUEUED = 10_000
TAKEN_OVER = 142  # MQTT 5.0, 3.14.2.1: another client connected by the same name
# aiomqtt's own limit is an asyncio.wait_for, which on Python 3.11 swallows a cancellation that meets the answer.
NO_LIMIT_OF_ITS_OWN = inf
MAX_CALLS = 10  # fewer than the 20 that Mosquitto acknowledges side by side, so that nothing waits inside paho

Listener = Callable[[str, bytes], None]
"""Takes a topic and its payload."""


class MqttLink:
    """Connection of one site to one broker. `MqttChargers`, `MqttBatteries` and `MqttMeters` share it.

    Parameters
    ----------
    site : Site
        Its id gives the topic root; its MQTT outlets, batteries and meters are heard.
    clock : Clock
        The station's clock.
    broker : Broker
        Without MQTT 5.0 setpoints do not expire in the broker, only in the device.
    on_change : callable
        Called after a plug-in or unplug and after a device came or went, the broker's loss included.
    wall_s_per_clock_s : float
        Wall seconds in a second of `clock`: below 1 in an accelerated demo. Message expiry counts wall seconds.

    Raises `SiteError` if an id of the site cannot be part of a topic.
    """

    def __init__(
        self,
        site: Site,
        clock: Clock,
        *,
        broker: Broker,
        on_change: Callable[[], None],
        wall_s_per_clock_s: float = 1.0,
    ) -> None:
        self.site, self.clock = site, clock
        self.topics = Topics(site.site_id)
        self.inbox = Inbox(site, self.topics, on_change=on_change)
        self._broker, self._place = broker, f"{broker.host}:{broker.port}"
        self._wall_s_per_clock_s = wall_s_per_clock_s
        self._name, self._retries = uuid4().hex[:12], Retries()
        self._client: Client | None = None
        self._since_s = 0.0
        self._detail = "not started"
        self._listeners: dict[str, Listener] = {}
        self.n_connections = 0

    @property
    def connected(self) -> bool:
        """Whether the broker answers and the subscriptions stand."""
        return self._client is not None

    @property
    def detail(self) -> str:
        """The link's condition in a sentence."""
        return f"{self._detail}; {self.trouble}" if self.trouble else self._detail

    @property
    def trouble(self) -> str:
        """What makes the connection come and go, in words; "" if nothing does or it has been steady since."""
        steady = self._client is not None and asyncio.get_running_loop().time() - self._since_s >= STEADY_S
        return "" if steady else self._retries.trouble

    def listen(self, topic_filter: str, listener: Listener) -> None:
        """Hear what devices do not say, from the next connection on; that a broker refuses it is logged and no more."""
        self._listeners[topic_filter] = listener

    async def run(self) -> None:
        """Keep the connection until cancelled; a lost broker never ends it."""
        while True:
            wait_s = 0.0
            try:
                await self._converse()
            except (MqttError, UnavailableError) as error:
                _end_if_cancelled()
                wait_s = self._note_loss(error)
            finally:
                self._client = None
                self.inbox.link_lost()
            await asyncio.sleep(wait_s)

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, lease_s: float | None = None) -> None:
        """Hand a message to the broker and wait for its receipt.

        `lease_s` is how long it is of use [s of the station's clock]. Raises `UnavailableError` if there is no
        connection or no receipt; nothing is kept to be sent later.
        """
        if self._client is None:
            raise UnavailableError(f"broker {self._place}: {self._detail}")
        try:
            async with asyncio.timeout(BROKER_TIMEOUT_S):
                await self._client.publish(topic, payload, 1, retain, self._expiry(lease_s), timeout=NO_LIMIT_OF_ITS_OWN)
        except (MqttError, TimeoutError) as error:
            raise UnavailableError(f"broker {self._place}: {str(error) or 'no receipt'}") from error
        MQTT_OUT.inc()

    async def _converse(self) -> None:
        async with entered(self._make_client()) as client:
            _end_if_cancelled()
            await self._subscribe(client)
            self._client, self._since_s = client, asyncio.get_running_loop().time()
            self.n_connections += 1
            self._detail = f"connected to {self._place}"
            log.info("mqtt_connected", broker=self._place, protocol=self._broker.version.name, trouble=self.trouble)
            await self._say_online(online=True)
            try:
                async for message in client.messages:
                    MQTT_IN.inc()
                    self._take(message)
            except asyncio.CancelledError:
                await self._say_online(online=False)
                raise

    def _take(self, message: Message) -> None:
        topic, payload = message.topic.value, bytes(message.payload)
        heard = [listener for topic_filter, listener in self._listeners.items() if message.topic.matches(topic_filter)]
        for listener in heard:
            listener(topic, payload)
        if topic == self.topics.daemon_status:
            self._hear_daemon(topic, payload)
        elif not heard:
            self.inbox.take(topic, payload, self.clock.now())

    def _hear_daemon(self, topic: str, payload: bytes) -> None:
        """Look whose word was retained while we were away: before our first connection it was of our last run, later of a rival."""
        with suppress(FrameError):
            name = parse("daemon_status", payload, topic).get("daemon", self._name)
            if name != self._name and self.n_connections > 1:
                self._retries.meet_rival()
                log.warning("mqtt_rival", topic=topic, mend="stop one of the two daemons of this site")

    async def _subscribe(self, client: Client) -> None:
        if await self._refuses(client, (*self.topics.from_devices, self.topics.daemon_status)):
            raise UnavailableError(f"the broker refuses subscriptions under {self.topics.root}: mend its access list")
        for topic_filter in self._listeners:
            if await self._refuses(client, (topic_filter,)):
                log.warning("mqtt_subscription_refused", topic=topic_filter, mend="let the daemon's user read it")

    async def _refuses(self, client: Client, topics: Sequence[str]) -> bool:
        try:
            async with asyncio.timeout(BROKER_TIMEOUT_S):
                codes = await client.subscribe([(topic, 1) for topic in topics], timeout=NO_LIMIT_OF_ITS_OWN)
        except TimeoutError as error:
            raise UnavailableError("the broker does not answer subscriptions") from error
        return any(code.is_failure if isinstance(code, ReasonCode) else code >= REFUSED for code in codes)

    def _make_client(self) -> Client:
        """Return a new client: an old one would send its unsent messages when it connects again."""
        v5 = self._broker.version is ProtocolVersion.V5
        return Client(
            self._broker.host,
            self._broker.port,
            username=self._broker.username,
            password=self._broker.password,
            tls_context=self._broker.tls,
            identifier=f"v2g-daemon-{self.site.site_id}",  # two daemons on one site push each other out, and it shows
            protocol=self._broker.version,
            clean_session=None if v5 else True,  # 5.0: a new client's first start is clean by default
            properties=_connect_properties() if v5 else None,
            will=Will(
                self.topics.daemon_status,
                dump("daemon_status", {"online": False, "daemon": self._name}, "will"),
                qos=1,
                retain=True,
            ),
            timeout=BROKER_TIMEOUT_S,
            keepalive=KEEPALIVE_S,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],  # else an answer takes 90 ms instead of 3
            max_queued_incoming_messages=MAX_QUEUED,
            max_concurrent_outgoing_calls=MAX_CALLS,
        )

    async def _say_online(self, *, online: bool) -> None:
        status = self._status(online=online, at=text(self.clock.now()))
        await self.publish(self.topics.daemon_status, status, retain=True)

    def _status(self, **said: bool | str) -> bytes:
        return dump("daemon_status", {**said, "daemon": self._name}, self.topics.daemon_status)

    def _note_loss(self, error: Exception) -> float:
        """Tell that there is no connection, and return how long to wait for the next [wall s]."""
        reason = str(error.__cause__ or error)
        lasted_s = asyncio.get_running_loop().time() - self._since_s if self._client else None
        if _is_taken_over(error):
            self._retries.meet_rival()
        wait_s = self._retries.lost(lasted_s)
        self._detail = f"not connected to {self._place}: {reason}"
        log.warning("mqtt_disconnected", broker=self._place, error=reason, retry_s=wait_s, trouble=self._retries.trouble)
        return wait_s

    def _expiry(self, lease_s: float | None) -> Properties | None:
        if lease_s is None or self._broker.version is not ProtocolVersion.V5:
            return None
        properties = _new_properties(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = max(1, ceil(lease_s * self._wall_s_per_clock_s))
        return properties


def _is_taken_over(error: Exception) -> bool:
    code = error.rc if isinstance(error, MqttCodeError) else None
    return isinstance(code, ReasonCode) and code.value == TAKEN_OVER


def _connect_properties() -> Properties:
    properties = _new_properties(PacketTypes.CONNECT)
    properties.MaximumPacketSize = MAX_PACKET_BYTES
    return properties


def _end_if_cancelled() -> None:
    """Raise `CancelledError` if the task was cancelled and the library swallowed that or made an error of its own of it."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
