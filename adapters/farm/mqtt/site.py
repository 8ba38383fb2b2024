"""The station's other MQTT devices: its meters and its stationary batteries."""

from collections.abc import Callable
from datetime import datetime

from adapters.farm.fleet import Fleet
from adapters.farm.leases import Leases
from adapters.farm.mqtt.desk import Desk
from adapters.farm.mqtt.messages import Payload, root
from v2g.site import Battery

Readings = Callable[[datetime], dict[str, float]]


class Meters:
    """The meters "site", "load" and "pv" on one connection; `readings(now)` gives their powers [kW]."""

    status_topic: str | None = None
    setpoint_topics: tuple[str, ...] = ()

    def __init__(self, site_id: str, readings: Readings) -> None:
        self.name, self._site_id, self._readings = f"{site_id}-meters", site_id, readings

    def states(self, now: datetime) -> list[tuple[str, Payload]]:
        """Return a reading of each meter."""
        readings = self._readings(now)
        return [(f"{root(self._site_id)}/meter/{name}", {"at": now, "power_kw": kw}) for name, kw in readings.items()]

    def answer(self, topic: str, raw: bytes, now: datetime) -> None:
        """Do nothing: nobody commands a meter."""
        del topic, raw, now


class StationaryBattery:
    """A stationary battery; its fallback is rest. `touch()` brings the farm to the present before a setpoint changes anything."""

    def __init__(
        self, site_id: str, battery: Battery, unit: int, *, fleet: Fleet, leases: Leases, touch: Callable[[], None]
    ) -> None:
        self.name = battery.battery_id
        self._base, self._unit, self._fleet, self._touch = f"{root(site_id)}/battery/{battery.battery_id}", unit, fleet, touch
        self._desk = Desk(unit, leases, lambda: (battery.charge_max_kw, battery.discharge_max_kw), keeps_fallback=False)

    @property
    def status_topic(self) -> str:
        """Where it says that it is online."""
        return f"{self._base}/status"

    @property
    def setpoint_topics(self) -> tuple[str, ...]:
        """Where it is commanded."""
        return (f"{self._base}/setpoint",)

    def states(self, now: datetime) -> list[tuple[str, Payload]]:
        """Return its state."""
        setpoint_kw, lease_until = self._desk.in_force(now)
        state = {
            "at": now,
            "soc_frac": float(self._fleet.soc_frac[self._unit]),
            "power_kw": float(self._fleet.running_kw[self._unit]),
            "setpoint_kw": setpoint_kw,
            "lease_until": lease_until,
            "fault": "",
        }
        return [(f"{self._base}/state", state)]

    def answer(self, topic: str, raw: bytes, now: datetime) -> tuple[str, Payload] | None:
        """Take a setpoint."""
        del topic
        self._touch()
        ack = self._desk.handle(raw, now)
        return None if ack is None else (f"{self._base}/ack", ack)
