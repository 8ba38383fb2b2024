"""The daemon's one connection to the broker: connects, listens, and connects again for ever."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from math import ceil, inf

import structlog
from aiomqtt import Client, MqttError, ProtocolVersion, Will
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from adapters.mqtt.inbox import Inbox
from adapters.mqtt.messages import text
from adapters.mqtt.schema import dump
from adapters.mqtt.topics import Topics
from adapters.mqtt_client import entered
from v2g.errors import UnavailableError
from v2g.ports import Clock
from v2g.site import Site

_new_properties: Callable[[int], Properties] = Properties  # paho does not annotate its constructor

log = structlog.get_logger(__name__)

# Network times are wall seconds: a faster clock does not make a network faster.
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
BROKER_TIMEOUT_S = 5.0
KEEPALIVE_S = 10
MAX_PACKET_BYTES = 64 * 1024
MAX_QUEUED = 10_000
# aiomqtt's own limit is an asyncio.wait_for, which on Python 3.11 swallows a cancellation that meets the answer.
NO_LIMIT_OF_ITS_OWN = inf
MAX_CALLS = 10  # fewer than the 20 that Mosquitto acknowledges side by side, so that nothing waits inside paho


class MqttLink:
    """Connection of one site to one broker. `MqttChargers`, `MqttBatteries` and `MqttMeters` share it.

    Parameters
    ----------
    site : Site
        Its id gives the topic root; its MQTT outlets, batteries and meters are heard.
    clock : Clock
        The station's clock.
    host, port, username, password, tls, version
        The broker; `tls` None means plain TCP. Without MQTT 5.0 setpoints do not expire in the broker, only in the device.
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
        host: str,
        port: int = 1883,
        username: str | None = None,
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
        version: ProtocolVersion = ProtocolVersion.V5,
        on_change: Callable[[], None],
        wall_s_per_clock_s: float = 1.0,
    ) -> None:
        self.site, self.clock = site, clock
        self.topics = Topics(site.site_id)
        self.inbox = Inbox(site, self.topics, on_change=on_change)
        self._host, self._port = host, port
        self._username, self._password, self._tls = username, password, tls
        self._wall_s_per_clock_s = wall_s_per_clock_s
        self._version = version
        self._wait_s = FIRST_WAIT_S
        self._client: Client | None = None
        self._detail = "not started"

    @property
    def connected(self) -> bool:
        """Whether the broker answers and the subscriptions stand."""
        return self._client is not None

    @property
    def detail(self) -> str:
        """The link's condition in a sentence."""
        return self._detail

    async def run(self) -> None:
        """Keep the connection until cancelled; a lost broker never ends it."""
        while True:
            try:
                await self._converse()
            except (MqttError, UnavailableError) as error:
                _end_if_cancelled()
                self._report_loss(error)
            finally:
                self._client = None
                self.inbox.link_lost()
            await asyncio.sleep(self._wait_s)
            self._wait_s = min(2.0 * self._wait_s, LONGEST_WAIT_S)

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, lease_s: float | None = None) -> None:
        """Hand a message to the broker and wait for its receipt.

        `lease_s` is how long it is of use [s of the station's clock]. Raises `UnavailableError` if there is no
        connection or no receipt; nothing is kept to be sent later.
        """
        if self._client is None:
            raise UnavailableError(f"broker {self._host}:{self._port}: {self._detail}")
        try:
            async with asyncio.timeout(BROKER_TIMEOUT_S):
                await self._client.publish(topic, payload, 1, retain, self._expiry(lease_s), timeout=NO_LIMIT_OF_ITS_OWN)
        except (MqttError, TimeoutError) as error:
            raise UnavailableError(f"broker {self._host}:{self._port}: {str(error) or 'no receipt'}") from error

    async def _converse(self) -> None:
        async with entered(self._make_client()) as client:
            _end_if_cancelled()
            await self._subscribe(client)
            self._client, self._wait_s = client, FIRST_WAIT_S
            self._detail = f"connected to {self._host}:{self._port}"
            log.info("mqtt_connected", host=self._host, port=self._port, protocol=self._version.name)
            await self._say_online(online=True)
            try:
                async for message in client.messages:
                    self.inbox.take(message.topic.value, bytes(message.payload), self.clock.now())
            except asyncio.CancelledError:
                await self._say_online(online=False)
                raise

    async def _subscribe(self, client: Client) -> None:
        try:
            async with asyncio.timeout(BROKER_TIMEOUT_S):
                codes = await client.subscribe([(topic, 1) for topic in self.topics.from_devices], timeout=NO_LIMIT_OF_ITS_OWN)
        except TimeoutError as error:
            raise UnavailableError("the broker does not answer subscriptions") from error
        if any(isinstance(code, ReasonCode) and code.is_failure for code in codes):
            raise UnavailableError(f"the broker refuses subscriptions under {self.topics.root}: mend its access list")

    def _make_client(self) -> Client:
        """Return a new client: an old one would send its unsent messages when it connects again."""
        v5 = self._version is ProtocolVersion.V5
        return Client(
            self._host,
            self._port,
            username=self._username,
            password=self._password,
            tls_context=self._tls,
            identifier=f"v2g-daemon-{self.site.site_id}",  # two daemons on one site push each other out, and it shows
            protocol=self._version,
            clean_session=None if v5 else True,  # 5.0: a new client's first start is clean by default
            properties=_connect_properties() if v5 else None,
            will=Will(self.topics.daemon_status, dump("daemon_status", {"online": False}, "will"), qos=1, retain=True),
            timeout=BROKER_TIMEOUT_S,
            keepalive=KEEPALIVE_S,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],  # else an answer takes 90 ms instead of 3
            max_queued_incoming_messages=MAX_QUEUED,
            max_concurrent_outgoing_calls=MAX_CALLS,
        )

    async def _say_online(self, *, online: bool) -> None:
        status = {"online": online, "at": text(self.clock.now())}
        await self.publish(self.topics.daemon_status, dump("daemon_status", status, "status"), retain=True)

    def _report_loss(self, error: Exception) -> None:
        reason = str(error.__cause__ or error)
        self._detail = f"not connected to {self._host}:{self._port}: {reason}"
        log.warning("mqtt_disconnected", host=self._host, port=self._port, error=reason, retry_s=self._wait_s)

    def _expiry(self, lease_s: float | None) -> Properties | None:
        if lease_s is None or self._version is not ProtocolVersion.V5:
            return None
        properties = _new_properties(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = max(1, ceil(lease_s * self._wall_s_per_clock_s))
        return properties


def _connect_properties() -> Properties:
    properties = _new_properties(PacketTypes.CONNECT)
    properties.MaximumPacketSize = MAX_PACKET_BYTES
    return properties


def _end_if_cancelled() -> None:
    """Raise `CancelledError` if the task was cancelled and the library swallowed that or made an error of its own of it."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
