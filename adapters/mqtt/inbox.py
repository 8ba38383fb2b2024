"""What every device of the site last said. Values only: no socket, no task."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

import structlog

from adapters.mqtt.messages import (
    AssetReport,
    BatteryReport,
    EvseReport,
    MeterReport,
    parse_ack,
    parse_asset,
    parse_battery,
    parse_evse,
    parse_meter,
    parse_status,
)
from adapters.mqtt.promises import Promises
from adapters.mqtt.readings import STALE_AFTER_S
from adapters.mqtt.topics import ACK, STATE, STATUS, VERSION, Topics
from v2g.errors import FrameError
from v2g.site import Protocol, Site

log = structlog.get_logger(__name__)

METERS = ("site", "load", "pv")
MAX_COUNTED_TOPICS = 1000  # a stranger who invents topics must not fill the memory
OTHER_TOPICS = "(others)"


Take = Callable[[bytes, datetime], None]
"""Takes a payload that came at an instant; raises `FrameError`."""


class Inbox:
    """Latest reports by unit, who is online, and in `promises` what they keep to.

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
        self._heard_at: dict[str, datetime] = {}
        self.promises, self._topics = Promises(), topics
        self._routes = self._make_routes(site, topics)

    def take(self, topic: str, payload: bytes, now: datetime) -> None:
        """Take a message that comes at `now`; what cannot be used is counted and logged, and changes nothing."""
        try:
            self._route(topic)(payload, now)
        except FrameError as error:
            self._refuse(topic, error)

    def is_online(self, status_topic: str) -> bool:
        """Return whether the device that owns `status_topic` is connected, as far as is known."""
        return status_topic in self._online

    def link_lost(self) -> None:
        """Count every device as offline until it has spoken again; reports stay and age."""
        if self._online:
            self._online.clear()
            self._on_change()

    def _route(self, topic: str) -> Take:
        route, version = self._routes.get(topic), self._topics.other_version(topic)
        if version is not None:
            mend = "update the device or this daemon; clear what the broker retained if the device is gone"
            raise FrameError(f"it speaks version {version} of the contract, this daemon {VERSION}", place=topic, mend=mend)
        if route is None:
            raise FrameError("the site file names no such device", place=topic, mend="add it there, or correct the topic")
        return route

    def _make_routes(self, site: Site, topics: Topics) -> Mapping[str, Take]:
        routes: dict[str, Take] = {}
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

    def _take_status(self, topic: str, payload: bytes, now: datetime) -> None:
        del now
        online = parse_status(payload, topic)
        if online == (topic in self._online):
            return
        (self._online.add if online else self._online.discard)(topic)
        log.info("mqtt_device_online" if online else "mqtt_device_offline", topic=topic)
        self._on_change()

    def _take_evse(self, topic: str, evse_id: str, payload: bytes, now: datetime) -> None:
        report, before = parse_evse(payload, topic, evse_id), self.evses.get(evse_id)
        if self._is_late(topic, report.at, now):
            return
        self.evses[evse_id] = report
        self.promises.tell(evse_id, report.held, now)
        if _session_id(report) != _session_id(before):
            self._on_change()

    def _take_battery(self, topic: str, battery_id: str, payload: bytes, now: datetime) -> None:
        report = parse_battery(payload, topic)
        if not self._is_late(topic, report.at, now):
            self.batteries[battery_id] = report
            self.promises.tell(battery_id, report.held, now)

    def _take_asset(self, topic: str, asset_id: str, payload: bytes, now: datetime) -> None:
        report = parse_asset(payload, topic)
        if not self._is_late(topic, report.at, now):
            self.assets[asset_id] = report
            self.promises.tell(asset_id, report.held, now)

    def _take_meter(self, topic: str, name: str, payload: bytes, now: datetime) -> None:
        report = parse_meter(payload, topic)
        if not self._is_late(topic, report.at, now):
            self.meters[name] = report

    def _take_ack(self, topic: str, unit_id: str, payload: bytes, now: datetime) -> None:
        self.promises.answer(unit_id, parse_ack(payload, topic), now, topic)

    def _is_late(self, topic: str, at: datetime, now: datetime) -> bool:
        """Return whether a younger message was heard on `topic`, and lately: a clock that was set back is believed after a while.

        A message from the future counts as of now, or a clock that was fast for a moment would silence its device.
        """
        at, before = min(at, now), self._heard_at.get(topic)
        late = before is not None and at < before and (now - before).total_seconds() <= STALE_AFTER_S
        if not late:
            self._heard_at[topic] = at
        return late

    def _refuse(self, topic: str, error: FrameError) -> None:
        key = topic[:200] if topic in self.refused or len(self.refused) < MAX_COUNTED_TOPICS else OTHER_TOPICS
        self.refused[key] += 1
        if self.refused[key].bit_count() == 1:  # the 1st, 2nd, 4th, 8th, …: a babbling device must not fill the log
            log.warning("mqtt_payload_refused", topic=key, error=error.message, mend=error.mend, count=self.refused[key])


def _session_id(report: EvseReport | None) -> str | None:
    return report.session.session_id if report is not None and report.session is not None else None
