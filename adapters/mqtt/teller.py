"""What the daemon tells whoever listens: the plan in force and, for Home Assistant, the station and how to find it.

All is retained. What this station retained in the past and tells no more, since it was switched off or a charger was removed, is
cleared.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping

import structlog

from adapters.mqtt.discovery import discovery, discovery_filter
from adapters.mqtt.link import MqttLink
from adapters.mqtt.plan import plan_message
from adapters.mqtt.schema import dump
from adapters.mqtt.shown import shown_outlet, shown_site
from v2g.errors import UnavailableError
from v2g.ports import Station

log = structlog.get_logger(__name__)

PERIOD_S = 5.0  # wall seconds


class Teller:
    """Tells over `link` what `station` is and does, whenever it changed; all again to a broker that may have forgotten it."""

    def __init__(self, link: MqttLink, station: Station, *, home_assistant: bool) -> None:
        self._link, self._station, self._home_assistant = link, station, home_assistant
        self._told: dict[str, bytes] = {}
        self._retained: set[str] = set()
        self._connection = 0
        for topic_filter in (discovery_filter(link.site.site_id), link.topics.all_shown):
            link.listen(topic_filter, self._hear)

    async def run(self) -> None:
        """Tell until cancelled; what a lost broker did not hear is told to the next."""
        while True:
            if self._link.connected:
                try:
                    await self.tell()
                except UnavailableError as error:
                    log.warning("mqtt_not_told", error=str(error))
            await asyncio.sleep(PERIOD_S)

    async def tell(self) -> None:
        """Tell what changed since the last time. Raises `UnavailableError` if the broker does not take it."""
        if self._connection != self._link.n_connections:
            self._connection, self._told = self._link.n_connections, {}
        wanted = dict(self._wanted())
        for topic in self._retained - wanted.keys():
            await self._link.publish(topic, b"", retain=True)
            self._retained.discard(topic)
        for topic, payload in _changed(wanted, self._told).items():
            await self._link.publish(topic, payload, retain=True)
            self._told[topic] = payload

    def _wanted(self) -> Iterator[tuple[str, bytes]]:
        topics, latest = self._link.topics, self._station.latest()
        if latest is not None:
            yield topics.plan, dump("plan", plan_message(latest.plan), topics.plan)
        if not self._home_assistant:
            return
        for topic, message in discovery(self._link.site, topics):
            yield topic, json.dumps(message, ensure_ascii=False).encode()
        observation = self._station.observation()
        yield topics.shown_site, dump("shown_site", shown_site(observation, latest), topics.shown_site)
        for state in observation.evses:
            topic = topics.shown_outlet(state.evse_id)
            yield topic, dump("shown_outlet", shown_outlet(state), topic)

    def _hear(self, topic: str, payload: bytes) -> None:
        """Note what the broker has retained, of this run or one before."""
        if payload:
            self._retained.add(topic)


def _changed(wanted: Mapping[str, bytes], told: Mapping[str, bytes]) -> dict[str, bytes]:
    return {topic: payload for topic, payload in wanted.items() if told.get(topic) != payload}
