import json

from adapters.clock import VirtualClock
from adapters.mqtt.link import MqttLink
from adapters.mqtt.meters import MqttMeters
from adapters.mqtt_client import Broker
from tests.adapters.mqtt.support import NOW, a_site, later, words
from v2g.observation import Quality, Reading


def test_meters_are_told_apart_and_age() -> None:
    clock = VirtualClock(NOW)
    link = MqttLink(a_site(), clock, broker=Broker(host="127.0.0.1"), on_change=lambda: None)
    meters = MqttMeters(link)
    for name, power_kw in (("site", -3.0), ("pv", 12.0)):
        link.inbox.take(f"v2g/v1/S1/meter/{name}", json.dumps({"at": words(NOW), "power_kw": power_kw}).encode(), NOW)
    assert meters.reading("site") == Reading(value=-3.0, at=NOW)
    assert meters.reading("pv") == Reading(value=12.0, at=NOW)
    assert meters.reading("load") is None
    clock.advance_to(later(31))
    assert meters.reading("pv") == Reading(value=12.0, at=NOW, quality=Quality.STALE)
