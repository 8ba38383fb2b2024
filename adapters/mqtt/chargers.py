"""Chargers over MQTT."""

from collections.abc import Sequence
from datetime import datetime

from adapters.mqtt.commands import ACK_TIMEOUT_S, Commands, Target
from adapters.mqtt.link import MqttLink
from adapters.mqtt.readings import reading
from adapters.mqtt.topics import SETPOINT
from v2g.observation import EvseState
from v2g.setpoint import Outcome, Setpoint
from v2g.site import Evse, Protocol


class MqttChargers:
    """The site's outlets with protocol MQTT; fills `v2g.ports.Chargers`. `timeout_s` [wall s] bounds each answer."""

    def __init__(self, link: MqttLink, *, timeout_s: float = ACK_TIMEOUT_S) -> None:
        self._link = link
        self._evses = tuple(evse for evse in link.site.evses if evse.protocol is Protocol.MQTT)
        self._commands = Commands(link, {evse.evse_id: self._target(evse) for evse in self._evses}, timeout_s=timeout_s)

    def states(self, now: datetime) -> tuple[EvseState, ...]:
        """Return every MQTT outlet, in the site's order, as its charger last told."""
        return tuple(self._state(evse, now) for evse in self._evses)

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        """Send setpoints side by side; one outcome each, in order. Raises `KeyError` for an outlet that is not MQTT's."""
        return await self._commands.apply(setpoints)

    def _state(self, evse: Evse, now: datetime) -> EvseState:
        inbox = self._link.inbox
        online = inbox.is_online(self._link.topics.station_status(evse.station_id))
        report = inbox.evses.get(evse.evse_id)
        if report is None:
            return EvseState(evse_id=evse.evse_id, online=online)
        held = inbox.promises.held(evse.evse_id, now)
        return EvseState(
            evse_id=evse.evse_id,
            online=online,
            session=report.session,
            power_kw=reading(report.power_kw, report.at, now),
            acknowledged_kw=held.in_force_kw(now) if held else None,
            lease_until=held.lease_until if held else None,
            fault=report.fault,
        )

    def _target(self, evse: Evse) -> Target:
        return Target(
            setpoint_topic=self._link.topics.evse(evse.station_id, evse.connector_id, SETPOINT),
            status_topic=self._link.topics.station_status(evse.station_id),
            fallback_kw=evse.fallback_kw,
        )
