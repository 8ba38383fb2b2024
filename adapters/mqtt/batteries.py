"""Stationary batteries over MQTT."""

from collections.abc import Sequence
from datetime import datetime

from adapters.mqtt.commands import ACK_TIMEOUT_S, Commands, Target
from adapters.mqtt.link import MqttLink
from adapters.mqtt.readings import reading
from adapters.mqtt.topics import SETPOINT, STATUS
from v2g.observation import BatteryState
from v2g.setpoint import Outcome, Setpoint


class MqttBatteries:
    """The site's stationary batteries. A battery that hears nothing rests: its fallback is 0 kW."""

    def __init__(self, link: MqttLink, *, timeout_s: float = ACK_TIMEOUT_S) -> None:
        self._link = link
        self._commands = Commands(
            link, {b.battery_id: self._target(b.battery_id) for b in link.site.batteries}, timeout_s=timeout_s
        )

    def states(self, now: datetime) -> tuple[BatteryState, ...]:
        """Return every battery, in the site's order, as it last told."""
        return tuple(self._state(battery.battery_id, now) for battery in self._link.site.batteries)

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        """Send setpoints side by side; one outcome each, in order. Raises `KeyError` for an unknown battery."""
        return await self._commands.apply(setpoints)

    def _state(self, battery_id: str, now: datetime) -> BatteryState:
        inbox = self._link.inbox
        online = inbox.is_online(self._link.topics.battery(battery_id, STATUS))
        report = inbox.batteries.get(battery_id)
        if report is None:
            return BatteryState(battery_id=battery_id, online=online)
        held = inbox.promises.held(battery_id, now)
        return BatteryState(
            battery_id=battery_id,
            online=online,
            soc_frac=reading(report.soc_frac, report.at, now),
            power_kw=reading(report.power_kw, report.at, now),
            acknowledged_kw=held.in_force_kw(now) if held else None,
        )

    def _target(self, battery_id: str) -> Target:
        topics = self._link.topics
        return Target(setpoint_topic=topics.battery(battery_id, SETPOINT), status_topic=topics.battery(battery_id, STATUS))
