"""Site meters over MQTT."""

from adapters.mqtt.link import MqttLink
from adapters.mqtt.readings import reading
from v2g.observation import Reading


class MqttMeters:
    """The meters "site", "load" and "pv"; fills `v2g.ports.Meters`."""

    def __init__(self, link: MqttLink) -> None:
        self._link = link

    def reading(self, name: str) -> Reading | None:
        """Return the latest reading [kW, + into the site], None if this meter never spoke."""
        report = self._link.inbox.meters.get(name)
        return None if report is None else reading(report.power_kw, report.at, self._link.clock.now())
