"""An asset on MQTT: an electrolyser, a flexible load or a PV inverter."""

from collections.abc import Callable
from datetime import datetime

from adapters.farm.assets import Plant
from adapters.farm.leases import Leases
from adapters.farm.mqtt.desk import Desk
from adapters.farm.mqtt.messages import Payload, root


class AssetDevice:
    """Speaks for a plant; without a lease it is left to itself. `touch()` brings the farm to the present before a setpoint."""

    def __init__(self, site_id: str, plant: Plant, unit: int, *, leases: Leases, touch: Callable[[], None]) -> None:
        self.name = plant.asset_id
        self._base, self._plant, self._touch = f"{root(site_id)}/asset/{plant.asset_id}", plant, touch
        self._desk = Desk(unit, leases, lambda: (plant.charge_max_kw, plant.discharge_max_kw), keeps_fallback=False)

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
        plant = self._plant
        state = {
            "at": now,
            "power_kw": plant.power_kw - (plant.possible_kw or 0.0),
            "stored_kwh": plant.stored_kwh,
            "possible_kw": plant.possible_kw,
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
