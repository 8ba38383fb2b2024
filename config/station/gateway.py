"""All chargers, batteries and meters of a station behind the one gateway that the tick knows."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from adapters.store.rows import KeptWishes
from v2g import site as charging
from v2g.clockjump import ClockWatch
from v2g.errors import WishError
from v2g.in_force import longest_lease_s
from v2g.observation import AssetState, BatteryState, EvseState, Observation, Reading
from v2g.overrides import Override
from v2g.plausible import Stillness, plausible, watch_meters
from v2g.ports import Chargers, Meters
from v2g.session import ChargingSession, Wishes
from v2g.setpoint import Applied, Outcome, Setpoint, Unreachable
from v2g.site import Site

log = structlog.get_logger()


class Batteries(Protocol):
    """Stationary batteries behind one adapter."""

    def states(self, now: datetime) -> tuple[BatteryState, ...]:
        """Return every battery, connected or not."""
        ...

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        """Send setpoints; one outcome each, in order."""
        ...


class Assets(Protocol):
    """Assets and curtailable PV arrays behind one adapter."""

    def states(self, now: datetime) -> tuple[AssetState, ...]:
        """Return each, connected or not."""
        ...

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        """Send setpoints; one outcome each, in order."""
        ...


class SiteGateway:
    """Fills `v2g.ports.Gateway`: routes setpoints to the adapter that has the unit, joins states in the site's order.

    What drivers said through the REST API overrides what their car or charger said. `overrides` are people's orders, by outlet.
    `steady_s()` are seconds that never jump, by which jumps of the clock are found, and what they make of leases; `on_jump()` is
    called for each.
    """

    def __init__(
        self,
        site: Site,
        chargers: Mapping[charging.Protocol, Chargers],
        meters: Meters | None,
        batteries: Batteries | None,
        assets: Assets | None = None,
        *,
        steady_s: Callable[[], float] | None = None,
        on_jump: Callable[[], None] | None = None,
    ) -> None:
        self._on_jump = on_jump
        self._steady_s, self._watch, self._longest_lease = steady_s, ClockWatch(), timedelta(seconds=longest_lease_s(site))
        self._site, self._chargers, self._meters, self._batteries, self._assets = site, chargers, meters, batteries, assets
        self._owner: dict[str, Chargers | Batteries | Assets] = {e.evse_id: chargers[e.protocol] for e in site.evses}
        if batteries:
            self._owner |= dict.fromkeys((b.battery_id for b in site.batteries), batteries)
        if assets:
            self._owner |= dict.fromkeys(site.asset_ids, assets)
        self._wishes: dict[str, tuple[str, Wishes]] = {}  # by outlet, with the session: who has gone leaves nothing behind
        self._nameless = {e.evse_id for e in site.evses if e.protocol.is_ocpp}
        self._kept: dict[str, KeptWishes] = {}
        self._still = Stillness()
        self.overrides: dict[str, Override] = {}

    def wish(self, evse_id: str, wishes: Wishes, now: datetime) -> str:
        """Take the wishes of the driver at `evse_id` and return the session. Raises `WishError` if nobody is plugged in there."""
        states = {s.evse_id: s for s in self._states(now)}
        if evse_id not in states:
            raise WishError(f"there is no outlet {evse_id!r}", place="evse_id", mend=f"one of {sorted(states)}")
        session = states[evse_id].session
        if session is None:
            raise WishError("no car is plugged in", place=evse_id, mend="plug in first")
        self._wishes[evse_id] = session.session_id, wishes
        return session.session_id

    def restore(self, kept: Iterable[KeptWishes]) -> None:
        """Take back wishes kept from before a restart.

        OCPP has no name for a session from plug to unplug, and ours may be another one after a restart. There, the wishes
        last kept are those of the car that was at the outlet already when they were last known to be its own.
        """
        for wishes in sorted(kept, key=lambda w: w.seen_at):
            self._wishes[wishes.evse_id] = wishes.session_id, wishes.wishes
            if wishes.evse_id in self._nameless:
                self._kept[wishes.evse_id] = wishes

    async def observe(self, now: datetime) -> Observation:
        """Return what is known now; never waits for a device."""
        return self.glance(now)

    def glance(self, now: datetime) -> Observation:
        """Return what is known now; meters that cannot be believed are marked."""
        self._watch_clock(now)
        observation = self._seen(now)
        self._still = watch_meters(self._still, observation)
        return plausible(observation, self._still, self._site)

    def _seen(self, now: datetime) -> Observation:
        said = {s.evse_id: self._watch.seen(s, now) for s in self._states(now)}
        meter = self._meters.reading if self._meters else lambda _: None
        assets = self._assets.states(now) if self._assets else ()
        return Observation(
            at=now,
            evses=tuple(
                self._ordered(self._with_wishes(said.get(e.evse_id, EvseState(evse_id=e.evse_id, online=False))), now)
                for e in self._site.evses
            ),
            batteries=self._batteries.states(now) if self._batteries else (),
            assets=assets,
            site_power_kw=meter("site"),
            load_kw=meter("load"),
            pv_kw=_free(meter("pv"), assets),
        )

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        """Send setpoints, each through its own adapter, all adapters side by side; one outcome each, in order."""
        groups: dict[int, list[Setpoint]] = {}
        for setpoint in setpoints:
            groups.setdefault(id(self._owner.get(setpoint.unit_id)), []).append(setpoint)
        sendings = [self._send(group) for group in groups.values()]
        outcomes = {o.setpoint.unit_id: o for answer in await asyncio.gather(*sendings) for o in answer}
        self._watch = self._watch.told(frozenset(name for name, o in outcomes.items() if isinstance(o, Applied)))
        return tuple(outcomes[s.unit_id] for s in setpoints)

    def _watch_clock(self, now: datetime) -> None:
        """Find whether the clock jumped since the last look, and say so."""
        if self._steady_s is None:
            return
        before, self._watch = self._watch.jumps, self._watch.looked(now, self._steady_s(), self._longest_lease)
        for jump in self._watch.jumps:
            if jump not in before:
                log.warning("clock_jumped", ahead_s=jump.ahead.total_seconds())
                if self._on_jump:
                    self._on_jump()

    async def _send(self, group: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        owner = self._owner.get(group[0].unit_id)
        return await owner.apply(group) if owner else tuple(Unreachable(setpoint=s) for s in group)

    def _states(self, now: datetime) -> list[EvseState]:
        adapters = {id(adapter): adapter for adapter in self._chargers.values()}  # one serves several protocols
        return [state for adapter in adapters.values() for state in adapter.states(now)]

    def _with_wishes(self, state: EvseState) -> EvseState:
        wishes = self._wishes_of(state.session) if state.session else None
        return replace(state, session=replace(state.session, wishes=wishes)) if state.session and wishes else state

    def _ordered(self, state: EvseState, now: datetime) -> EvseState:
        override = self.overrides.get(state.evse_id)
        since = state.session.plugged_in_at if state.session else None
        return replace(state, override=override) if override and override.holds(now, since) else state

    def _wishes_of(self, session: ChargingSession) -> Wishes | None:
        kept = self._kept.get(session.evse_id)
        before = kept.wishes if kept and session.plugged_in_at <= kept.seen_at else None
        session_id, wishes = self._wishes.get(session.evse_id, ("", before))
        return wishes if session_id == session.session_id else before


def _free(pv_kw: Reading | None, assets: Iterable[AssetState]) -> Reading | None:
    """Return what PV would produce if nothing were curtailed: the meter's reading and what the arrays say that they hold back."""
    told = [(s.possible_kw.value, s.power_kw.value) for s in assets if s.possible_kw and s.power_kw]
    held_back_kw = sum(max(possible_kw + power_kw, 0.0) for possible_kw, power_kw in told)
    return replace(pv_kw, value=pv_kw.value + held_back_kw) if pv_kw else None
