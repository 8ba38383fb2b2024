"""What a jump of our clock does to leases: chargers count theirs by clocks of their own, which may follow ours or not.

A lease that was alive when our clock jumped ends at the latest, and at the earliest, by the jump off what it said. In between the
charger may follow the setpoint or its fallback already: nothing is known of it, until it confirms another.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce

from v2g.observation import EvseState

LEAST = timedelta(seconds=5)
"""What is less is drift, or a clock that is put right by degrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """Our clock jumped by `ahead` (< 0: back) to `to`; what `settled` confirmed since is known again."""

    to: datetime
    ahead: timedelta
    settled: frozenset[str] = field(default=frozenset())

    def seen(self, state: EvseState, now: datetime) -> EvseState:
        """Return what is known of an outlet at `now`."""
        until = state.lease_until
        if until is None or state.evse_id in self.settled or until <= self.to - self.ahead:
            return state
        early, late = sorted((until, until + self.ahead))
        return replace(state, acknowledged_kw=None, lease_until=None) if early <= now < late else state


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWatch:
    """Our clock against seconds that never jump: what both showed last, None before, and the jumps that still matter."""

    last: tuple[datetime, float] | None = None
    jumps: tuple[Jump, ...] = ()

    def looked(self, now: datetime, steady_s: float, lasting: timedelta) -> "ClockWatch":
        """Return the watch after another look; a jump matters for as long as it is far, and `lasting`, the longest lease."""
        before, before_s = self.last or (now, steady_s)
        ahead = now - before - timedelta(seconds=steady_s - before_s)
        jumps = tuple(jump for jump in self.jumps if now < jump.to + abs(jump.ahead) + lasting)
        return ClockWatch(last=(now, steady_s), jumps=(*jumps, Jump(to=now, ahead=ahead)) if abs(ahead) >= LEAST else jumps)

    def told(self, units: frozenset[str]) -> "ClockWatch":
        """Return the watch after `units` have confirmed a setpoint."""
        return replace(self, jumps=tuple(replace(jump, settled=jump.settled | units) for jump in self.jumps))

    def seen(self, state: EvseState, now: datetime) -> EvseState:
        """Return what is known of an outlet at `now` after all jumps."""
        return reduce(lambda known, jump: jump.seen(known, now), self.jumps, state)
