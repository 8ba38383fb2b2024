"""What units may do at most from now until the last lease that is to be given ends, if they never hear from us again.

A unit that is told less than its fallback lapses to more when its lease ends. What it leaves until then is no room for another
whose lease lasts longer: a unit counts with the more of its setpoint and its fallback, unless its lease lasts as long as any.
Leases end together (`lease_end`), and who is held below its fallback is renewed first, so that little room is lost by this.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import floor

import numpy as np

from v2g.bounds import UnitBounds
from v2g.cabinets import modules_used
from v2g.limits import Limits
from v2g.observation import Observation
from v2g.setpoint import Applied, Outcome, Setpoint, TimedOut
from v2g.site import Site
from v2g.timegrid import Array

DEADBAND_KW = 0.05
ROUNDING_KW = 1e-6
RENEW_TICKS = 1.5
"""A lease is renewed when less than this many ticks of it are left: the next tick, which could, may come late."""


def lease_end(site: Site, now: datetime) -> datetime:
    """Return when what is sent at `now` ends: after `lease_s`; where units may lapse to more, with all others, when all are due."""
    if not any(e.fallback_kw > 0.0 for e in site.evses):
        return now + timedelta(seconds=site.rules.lease_s)
    due_s = RENEW_TICKS * site.horizon.tick_s
    span_s = max(site.rules.lease_s - due_s, 1.0)
    return datetime.fromtimestamp((floor((now.timestamp() + due_s) / span_s) + 1) * span_s, UTC)


def longest_lease_s(site: Site) -> float:
    """Return how long what is sent at any instant may last [s]."""
    return max(site.rules.lease_s, RENEW_TICKS * site.horizon.tick_s + 1.0)


def confirmed_kw(observation: Observation) -> dict[str, float | None]:
    """Return the setpoint each reachable unit confirmed and still follows [kW], None where nothing is confirmed."""
    outlets = {s.evse_id: s.acknowledged_kw for s in observation.evses if s.online}
    batteries = {s.battery_id: s.acknowledged_kw for s in observation.batteries if s.online}
    return outlets | batteries | {s.asset_id: s.acknowledged_kw for s in observation.assets if s.online}


def leases(observation: Observation) -> dict[str, datetime | None]:
    """Return when each unit's lease ends, None where it has none."""
    return {s.evse_id: s.lease_until for s in observation.evses} | {s.asset_id: s.lease_until for s in observation.assets}


class InForce:
    """The units of `limits`: (n,) the most that each may draw and give back [kW, ≥ 0] up to `until`, noted as it changes."""

    def __init__(self, limits: Limits, observation: Observation, until: datetime) -> None:
        self._limits, self._until = limits, until
        self._row = {u.unit_id: i for i, u in enumerate(limits.units)}
        self._kw, self._lease = confirmed_kw(observation), leases(observation)
        self._weight = np.ascontiguousarray(limits.weight.T)
        self._lapses = any(u.fallback_kw > 0.0 for u in limits.units)
        held = [self._held(u) for u in limits.units]
        self.draws_kw, self.gives_kw = np.array(held).reshape(-1, 2).T.copy()

    def now_kw(self, unit_id: str) -> float:
        """Return what the unit follows now [kW, signed]; what it may draw by itself where it has confirmed nothing."""
        return _or_unconfirmed(self._kw.get(unit_id), self._limits.units[self._row[unit_id]])

    def is_raise(self, setpoint: Setpoint) -> bool:
        """Return whether `setpoint` lets the unit draw or give back more than it may now, which is not known of all."""
        held = self._kw.get(setpoint.unit_id)
        draws = self._unit(setpoint).fallback_kw if held is None else max(held, 0.0)
        gives = 0.0 if held is None else max(-held, 0.0)
        return setpoint.power_kw > draws + DEADBAND_KW or -setpoint.power_kw > gives + DEADBAND_KW

    def is_unheard(self, setpoint: Setpoint) -> bool:
        """Return whether the unit may do more than its fallback, as it has confirmed nothing."""
        unit = self._unit(setpoint)
        return self._kw.get(unit.unit_id) is None and (unit.unconfirmed_kw > unit.fallback_kw or unit.unconfirmed_give_kw > 0.0)

    def is_renewal(self, setpoint: Setpoint) -> bool:
        """Return whether `setpoint` only keeps the unit longer above its fallback, which others may lapse to meanwhile."""
        held = self._kw.get(setpoint.unit_id)
        return self._prolongs(setpoint) and held is not None and abs(setpoint.power_kw - held) <= DEADBAND_KW

    def lowered(self, setpoint: Setpoint) -> Setpoint:
        """Return a lowering that lasts no longer than what it takes the place of, where that matters: it waits for nobody."""
        lease, held = self._lease.get(setpoint.unit_id), self._kw.get(setpoint.unit_id)
        if lease is None or held is None or not self._prolongs(setpoint):
            return setpoint
        return replace(setpoint, valid_until=lease)

    def note(self, outcome: Outcome) -> None:
        """Take in what became of a setpoint: one that was not answered may be followed or not."""
        if not isinstance(outcome, Applied | TimedOut):
            return
        row, (draws, gives) = self._row[outcome.setpoint.unit_id], self._after(outcome.setpoint)
        if isinstance(outcome, TimedOut):
            draws, gives = max(draws, self.draws_kw[row]), max(gives, self.gives_kw[row])
        self.draws_kw[row], self.gives_kw[row] = draws, gives

    def admit(self, setpoints: Sequence[Setpoint]) -> list[Setpoint]:
        """Return those that fit beside all that is in force, served in order.

        They are sent side by side: what one of them gives up by turning around is no room for another.
        """
        limits, admitted = self._limits, list[Setpoint]()
        draws, gives, power = limits.weight @ self.draws_kw, limits.weight @ self.gives_kw, self.draws_kw + self.gives_kw
        for setpoint in setpoints:
            i, (draw, give) = self._row[setpoint.unit_id], self._after(setpoint)
            new_draws = draws + self._weight[i] * max(draw - self.draws_kw[i], 0.0)
            new_gives = gives + self._weight[i] * max(give - self.gives_kw[i], 0.0)
            fits = draw <= 0.0 or _fits(new_draws, limits.import_room_kw, self._weight[i])
            fits = fits and (give <= 0.0 or _fits(new_gives, limits.export_room_kw, self._weight[i]))
            if fits and self._modules_suffice(power, i, max(draw, give)):
                draws, gives, power[i] = new_draws, new_gives, max(draw, give)
                admitted.append(setpoint)
        return admitted

    def _unit(self, setpoint: Setpoint) -> UnitBounds:
        return self._limits.units[self._row[setpoint.unit_id]]

    def _held(self, unit: UnitBounds) -> tuple[float, float]:
        """Return what a unit may draw and give back by what is known of it."""
        power, lease = self._kw.get(unit.unit_id), self._lease.get(unit.unit_id)
        if power is None:
            return unit.unconfirmed_kw, unit.unconfirmed_give_kw
        lapsed = unit.fallback_kw if lease is not None and lease < self._until else 0.0
        return max(power, lapsed), max(-power, 0.0)

    def _after(self, setpoint: Setpoint) -> tuple[float, float]:
        """Return what a unit may draw and give back once it has confirmed `setpoint`."""
        lapsed = self._unit(setpoint).fallback_kw if setpoint.valid_until < self._until else 0.0
        return max(setpoint.power_kw, lapsed), max(-setpoint.power_kw, 0.0)

    def _prolongs(self, setpoint: Setpoint) -> bool:
        """Return whether `setpoint` keeps the unit above its fallback for longer than it is, while others may lapse to more."""
        lease = self._lease.get(setpoint.unit_id)
        longer = lease is None or setpoint.valid_until > lease
        return self._lapses and longer and setpoint.power_kw > self._unit(setpoint).fallback_kw

    def _modules_suffice(self, power_kw: Array, row: int, new_kw: float) -> bool:
        """Return whether the cabinets have the modules for `new_kw` at the unit `row`, beside what the others do."""
        cabinets = self._limits.cabinets
        if not cabinets:
            return True
        new = power_kw.copy()
        new[row] = new_kw
        held, needed = (modules_used(cabinets, self._limits.units, kw) for kw in (power_kw, new))
        free = np.array([c.n_free for c in cabinets])
        return not ((needed > free) & (needed > held)).any()


def _fits(kw: Array, room_kw: Array, weight: Array) -> bool:
    """Return whether the rows that a unit of this `weight` touches have the room."""
    return bool((kw <= room_kw + ROUNDING_KW)[weight > 0.0].all())


def _or_unconfirmed(confirmed: float | None, unit: UnitBounds) -> float:
    return unit.unconfirmed_kw if confirmed is None else confirmed
