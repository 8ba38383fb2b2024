"""Assets and curtailable PV arrays over MQTT."""

from collections.abc import Sequence
from datetime import datetime

from adapters.mqtt.commands import ACK_TIMEOUT_S, Commands, Target
from adapters.mqtt.link import MqttLink
from adapters.mqtt.readings import reading
from adapters.mqtt.topics import SETPOINT, STATUS
from v2g.observation import AssetState
from v2g.setpoint import Outcome, Setpoint


class MqttAssets:
    """All that `Site.asset_ids` names. One that hears nothing is off, at its baseline, or, a PV array, free."""

    def __init__(self, link: MqttLink, *, timeout_s: float = ACK_TIMEOUT_S) -> None:
        self._link = link
        self._commands = Commands(link, {name: self._target(name) for name in link.site.asset_ids}, timeout_s=timeout_s)

    def states(self, now: datetime) -> tuple[AssetState, ...]:
        """Return every asset, in the site's order, as it last told."""
        return tuple(self._state(name, now) for name in self._link.site.asset_ids)

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        """Send setpoints side by side; one outcome each, in order. Raises `KeyError` for an unknown asset."""
        return await self._commands.apply(setpoints)

    def _state(self, asset_id: str, now: datetime) -> AssetState:
        inbox = self._link.inbox
        online = inbox.is_online(self._link.topics.asset(asset_id, STATUS))
        report = inbox.assets.get(asset_id)
        if report is None:
            return AssetState(asset_id=asset_id, online=online)
        held = inbox.promises.held(asset_id, now)
        return AssetState(
            asset_id=asset_id,
            online=online,
            stored_kwh=None if report.stored_kwh is None else reading(report.stored_kwh, report.at, now),
            power_kw=reading(report.power_kw, report.at, now),
            possible_kw=None if report.possible_kw is None else reading(report.possible_kw, report.at, now),
            acknowledged_kw=held.in_force_kw(now) if held else None,
            lease_until=held.lease_until if held else None,
            fault=report.fault,
        )

    def _target(self, asset_id: str) -> Target:
        topics = self._link.topics
        return Target(setpoint_topic=topics.asset(asset_id, SETPOINT), status_topic=topics.asset(asset_id, STATUS))
