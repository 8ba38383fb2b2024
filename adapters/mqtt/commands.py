"""Setpoints on their way: sent, answered, or not."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from adapters.mqtt.link import MqttLink
from adapters.mqtt.messages import Ack, dump_setpoint
from v2g.errors import UnavailableError
from v2g.setpoint import Applied, Outcome, Rejected, Setpoint, TimedOut, Unreachable

ACK_TIMEOUT_S = 5.0  # wall seconds; a device has 2 s (docs/mqtt.md)
TOLERANCE_KW = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a unit hears setpoints, who says that it is online, and what it may do when it hears nothing [kW]."""

    setpoint_topic: str
    status_topic: str
    fallback_kw: float = 0.0


class Commands:
    """Sends setpoints to the units in `targets` and waits at most `timeout_s` [wall s] for each answer."""

    def __init__(self, link: MqttLink, targets: Mapping[str, Target], *, timeout_s: float = ACK_TIMEOUT_S) -> None:
        self._link, self._targets, self._timeout_s = link, targets, timeout_s

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        """Send all side by side and return one outcome each, in order. Raises `KeyError` for a unit that is not a target."""
        self._link.inbox.promises.forget_expired(self._link.clock.now())
        return tuple(await asyncio.gather(*(self._send(setpoint) for setpoint in setpoints)))

    async def _send(self, setpoint: Setpoint) -> Outcome:
        target = self._targets[setpoint.unit_id]
        if not self._link.inbox.is_online(target.status_topic):
            return Unreachable(setpoint=setpoint)
        now, setpoint_id = self._link.clock.now(), uuid4().hex
        payload = dump_setpoint(setpoint, setpoint_id=setpoint_id, at=now, fallback_kw=target.fallback_kw)
        promises = self._link.inbox.promises
        answer = promises.expect(setpoint_id, setpoint, now)
        lease_s = (setpoint.valid_until - now).total_seconds()
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._link.publish(target.setpoint_topic, payload, lease_s=lease_s)
                return _outcome(setpoint, await answer)
        except (TimeoutError, UnavailableError):  # without the broker's receipt it may have arrived all the same
            promises.doubt(setpoint_id)
            return TimedOut(setpoint=setpoint, after_s=self._timeout_s)


def _outcome(setpoint: Setpoint, ack: Ack) -> Outcome:
    if not ack.accepted:
        return Rejected(setpoint=setpoint, reason=ack.reason or "no reason given")
    low_kw, high_kw = min(setpoint.power_kw, 0.0) - TOLERANCE_KW, max(setpoint.power_kw, 0.0) + TOLERANCE_KW
    if not low_kw <= ack.power_kw <= high_kw:
        return Rejected(setpoint=setpoint, reason=f"accepted, but {ack.power_kw} kW is in force")
    return Applied(setpoint=setpoint, at=ack.at)
