"""Where one MQTT unit decides on setpoints: accept, cut to what it can, or reject with a reason."""

import math
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from adapters.farm.leases import Leases
from adapters.farm.mqtt.messages import Command, Payload, read_command, setpoint_id_of
from v2g.errors import FrameError

Means = Callable[[], tuple[float, float]]


class Desk:
    """Setpoints of the unit `unit`. `means()` says the most it can draw and give back now [kW, ≥ 0]."""

    def __init__(self, unit: int, leases: Leases, means: Means, *, keeps_fallback: bool) -> None:
        self._unit, self._leases, self._means, self._keeps_fallback = unit, leases, means, keeps_fallback
        self._latest_at: datetime | None = None

    def in_force(self, now: datetime) -> tuple[float | None, datetime | None]:
        """Return the setpoint in force and the end of its lease, twice None where the fallback or no power at all holds."""
        granted = self._leases.granted(self._unit, now.timestamp())
        if granted is None or math.isinf(granted[1]):
            return None, None
        return granted[0], datetime.fromtimestamp(granted[1], UTC)

    def handle(self, raw: bytes, now: datetime) -> Payload | None:
        """Put a setpoint in force if it may be; return the ack, None if not even the setpoint's id can be read."""
        setpoint_id = setpoint_id_of(raw)
        if setpoint_id is None:
            return None
        try:
            reason = self._take(read_command(raw), now)
        except FrameError as error:
            reason = str(error)
        power_kw = float(np.nan_to_num(self._leases.ceilings_kw(now.timestamp())[self._unit]))
        ack = {"setpoint_id": setpoint_id, "at": now, "result": "rejected" if reason else "accepted", "power_kw": power_kw}
        return {**ack, "reason": reason[:256]} if reason else ack

    def pretend(self, raw: bytes, now: datetime, *, accepts: bool) -> Payload | None:
        """Return an ack that accepts or rejects without doing anything, None if it cannot even be read."""
        try:
            command = read_command(raw)
        except FrameError:
            return None
        ack = {"setpoint_id": command.setpoint_id, "at": now, "power_kw": command.power_kw}
        return {**ack, "result": "accepted"} if accepts else {**ack, "power_kw": 0.0, "result": "rejected", "reason": "refused"}

    def _take(self, command: Command, now: datetime) -> str:
        charge_max_kw, discharge_max_kw = self._means()
        if command.valid_until <= now:
            return "expired"
        if self._latest_at is not None and command.at < self._latest_at:
            return "superseded"
        if command.power_kw < 0.0 and discharge_max_kw <= 0.0:
            return "cannot discharge"
        if command.fallback_kw < 0.0:
            return "a fallback never discharges"
        self._latest_at = command.at
        if self._keeps_fallback:
            self._leases.fallback_kw[self._unit] = command.fallback_kw
        power_kw = min(max(command.power_kw, -discharge_max_kw), charge_max_kw)
        self._leases.grant(self._unit, power_kw, command.valid_until.timestamp())
        return ""
