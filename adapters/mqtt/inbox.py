"""What every device of the site last said. Values only: no socket, no task."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from adapters.mqtt.messages import (
    Ack,
    AssetReport,
    BatteryReport,
    EvseReport,
    Held,
    MeterReport,
    parse_ack,
    parse_asset,
    parse_battery,
    parse_evse,
    parse_meter,
    parse_status,
)
from adapters.mqtt.topics import ACK, STATE, STATUS, Topics
from v2g.errors import FrameError
from v2g.setpoint import Setpoint
from v2g.site import Protocol, Site

log = structlog.get_logger(__name__)

METERS = ("site", "load", "pv")
MAX_COUNTED_TOPICS = 1000  # a stranger who invents topics must not fill the memory
OTHER_TOPICS = "(others)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """A setpoint on its way, and the answer to come."""

    unit_id: str
    setpoint: Setpoint
    answer: asyncio.Future[Ack]


class Inbox:
    """Latest reports by unit, who is online, and the answers awaited.

    Parameters
    ----------
    site : Site
        Its MQTT outlets, its batteries and assets and the three meters may speak; everybody else is refused.
    topics : Topics
        The site's topics.
    on_change : callable
        Called after a car was plugged in or unplugged and after a device came or went.
    """

    def __init__(self, site: Site, topics: Topics, *, on_change: Callable[[], None]) -> None:
        self.evses: dict[str, EvseReport] = {}
        self.batteries: dict[str, BatteryReport] = {}
        self.assets: dict[str, AssetReport] = {}
        self.meters: dict[str, MeterReport] = {}
        self.refused: Counter[str] = Counter()
        self._on_change = on_change
        self._online: set[str] = set()
        self._held: dict[str, Held] = {}
        self._sent: dict[str, _Sent] = {}
        self._routes = self._make_routes(site, topics)

    def take(self, topic: str, payload: bytes) -> None:
        """Take one message; what cannot be used is counted and logged, and changes nothing."""
        try:
            self._route(topic)(payload)
        except FrameError as error:
            self._refuse(topic, error)

    def is_online(self, status_topic: str) -> bool:
        """Return whether the device that owns `status_topic` is connected, as far as is known."""
        return status_topic in self._online

    def held(self, unit_id: str, now: datetime) -> Held | None:
        """Return the setpoint that `unit_id` confirmed, None if there is none or its lease ran out."""
        held = self._held.get(unit_id)
        return held if held is not None and held.lease_until is not None and held.lease_until > now else None

    def link_lost(self) -> None:
        """Count every device as offline until it has spoken again; reports stay and age."""
        if self._online:
            self._online.clear()
            self._on_change()

    def expect(self, setpoint_id: str, setpoint: Setpoint) -> asyncio.Future[Ack]:
        """Return the future answer to a setpoint about to be sent."""
        answer: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self._sent[setpoint_id] = _Sent(unit_id=setpoint.unit_id, setpoint=setpoint, answer=answer)
        return answer

    def forget_expired(self, now: datetime) -> None:
        """Await no answers any more to setpoints that have expired."""
        self._sent = {key: sent for key, sent in self._sent.items() if sent.setpoint.valid_until > now}

    def _route(self, topic: str) -> Callable[[bytes], None]:
        route = self._routes.get(topic)
        if route is None:
            raise FrameError("the site file names no such device", place=topic, mend="add it there, or correct the topic")
        return route

    def _make_routes(self, site: Site, topics: Topics) -> Mapping[str, Callable[[bytes], None]]:
        routes: dict[str, Callable[[bytes], None]] = {}
        for evse in (evse for evse in site.evses if evse.protocol is Protocol.MQTT):
            status = topics.station_status(evse.station_id)
            state, ack = (topics.evse(evse.station_id, evse.connector_id, leaf) for leaf in (STATE, ACK))
            routes[status] = partial(self._take_status, status)
            routes[state] = partial(self._take_evse, state, evse.evse_id)
            routes[ack] = partial(self._take_ack, ack, evse.evse_id)
        for battery_id in (battery.battery_id for battery in site.batteries):
            status, state, ack = (topics.battery(battery_id, leaf) for leaf in (STATUS, STATE, ACK))
            routes[status] = partial(self._take_status, status)
            routes[state] = partial(self._take_battery, state, battery_id)
            routes[ack] = partial(self._take_ack, ack, battery_id)
        for asset_id in site.asset_ids:
            status, state, ack = (topics.asset(asset_id, leaf) for leaf in (STATUS, STATE, ACK))
            routes[status] = partial(self._take_status, status)
            routes[state] = partial(self._take_asset, state, asset_id)
            routes[ack] = partial(self._take_ack, ack, asset_id)
        return routes | {topics.meter(name): partial(self._take_meter, topics.meter(name), name) for name in METERS}

    def _take_status(self, topic: str, payload: bytes) -> None:
        online = parse_status(payload, topic)
        if online == (topic in self._online):
            return
        (self._online.add if online else self._online.discard)(topic)
        log.info("mqtt_device_online" if online else "mqtt_device_offline", topic=topic)
        self._on_change()

    def _take_evse(self, topic: str, evse_id: str, payload: bytes) -> None:
        report, before = parse_evse(payload, topic, evse_id), self.evses.get(evse_id)
        self.evses[evse_id] = report
        self._hold(evse_id, report.held)
        if _session_id(report) != _session_id(before):
            self._on_change()

    def _take_battery(self, topic: str, battery_id: str, payload: bytes) -> None:
        report = parse_battery(payload, topic)
        self.batteries[battery_id] = report
        self._hold(battery_id, report.held)

    def _take_asset(self, topic: str, asset_id: str, payload: bytes) -> None:
        report = parse_asset(payload, topic)
        self.assets[asset_id] = report
        self._hold(asset_id, report.held)

    def _take_meter(self, topic: str, name: str, payload: bytes) -> None:
        self.meters[name] = parse_meter(payload, topic)

    def _take_ack(self, topic: str, unit_id: str, payload: bytes) -> None:
        ack = parse_ack(payload, topic)
        sent = self._sent.get(ack.setpoint_id)
        if sent is None or sent.unit_id != unit_id:
            raise FrameError("nobody awaits this answer", place=topic, mend="answer each setpoint once, on its own topic, in time")
        del self._sent[ack.setpoint_id]
        if ack.accepted:  # also when it comes too late for the sender: the charger keeps it all the same
            self._held[unit_id] = Held(at=ack.at, setpoint_kw=ack.power_kw, lease_until=sent.setpoint.valid_until)
        if not sent.answer.done():
            sent.answer.set_result(ack)

    def _hold(self, unit_id: str, held: Held) -> None:
        before = self._held.get(unit_id)
        if before is None or held.at >= before.at:  # a retained state may be older than an answer that has been received
            self._held[unit_id] = held

    def _refuse(self, topic: str, error: FrameError) -> None:
        key = topic[:200] if topic in self.refused or len(self.refused) < MAX_COUNTED_TOPICS else OTHER_TOPICS
        self.refused[key] += 1
        if self.refused[key].bit_count() == 1:  # the 1st, 2nd, 4th, 8th, …: a babbling device must not fill the log
            log.warning("mqtt_payload_refused", topic=key, error=error.message, mend=error.mend, count=self.refused[key])


def _session_id(report: EvseReport | None) -> str | None:
    return report.session.session_id if report is not None and report.session is not None else None
