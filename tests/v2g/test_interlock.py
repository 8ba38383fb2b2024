"""The interlock as a state machine: whatever chargers answer, and whenever the daemon dies, no limit can be broken.

The model's arithmetic is its own. It knows all setpoints that a charger may follow: the last that it took, and those whose answers
were lost. Silence is counted too: at each instant to come every charger does its worst if nobody ever spoke to it again, the worst
of what it may follow until then, and of its fallback once a lease is over.
"""

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.support.builders import NOW, a_session, a_site, an_outlook
from v2g.dispatch import dispatch
from v2g.fastlook import fast_look
from v2g.in_force import lease_end
from v2g.limits import limits_now
from v2g.observation import EvseState, Observation, Reading
from v2g.projection import project
from v2g.record import Memory
from v2g.setpoint import Applied, Outcome, Rejected, Setpoint, TimedOut, Unreachable
from v2g.signals import Interval, Signal, SignalKind, Signals
from v2g.site import Circuit, Rules, Site
from v2g.tick import Parts

T = TypeVar("T")
KW, FALLBACK_KW, LOAD_KW, LEASE_S = 11.0, 2.0, 5.0, 900.0
IMPORT_KW, EXPORT_KW, PHASE_A = 27.0, 6.0, 40.0
PHASE_KW = PHASE_A * 0.23
PHASES = ((1, 2, 3), (1, 2, 3), (1,), (1,), (2,))
DEADBAND_KW = 0.05 * len(PHASES)
"""What is told differs by less than this from what is held is not told anew."""
WORST = {"E0": 0.5, "E1": 0.21, "E2": 0.5, "E3": 0.5, "E4": 0.25}
"""States of charge: two of the cars can give back for minutes only."""


WANTS = st.sampled_from((-KW, 0.0, FALLBACK_KW, KW)) | st.floats(-KW, KW)


class Fate(StrEnum):
    """What becomes of a setpoint."""

    TAKEN = "taken"
    REFUSED = "refused"
    LOST = "lost"


FATES = st.lists(st.sampled_from((*4 * (Fate.TAKEN,), Fate.REFUSED, Fate.LOST)), min_size=5, max_size=5)


@dataclass(slots=True)
class Charger:
    """What one may follow, and what the daemon knows of that."""

    holds: list[Setpoint] = field(default_factory=list)
    online: bool = True
    known_kw: float | None = None
    lease_until: datetime | None = NOW
    doubtful: bool = False

    def forms(self, at: datetime) -> list[float]:
        """Return the powers that it may be let at an instant if it hears nothing until then [kW]."""
        lasting = [s.power_kw for s in self.holds if s.valid_until > at]
        return lasting if lasting and all(s.valid_until > at for s in self.holds) else [*lasting, FALLBACK_KW]


class World:
    """The chargers, as a gateway: `fates` are those of the setpoints to come, by unit."""

    def __init__(self, site: Site) -> None:
        self.site, self.now = site, NOW
        self.chargers = {e.evse_id: Charger() for e in site.evses}
        self.fates: dict[str, Fate] = {}
        self.moments: list[str] = []
        self.check = lambda: None

    async def observe(self, now: datetime) -> Observation:
        """Return what the daemon knows."""
        states = tuple(self._state(name, charger, now) for name, charger in self.chargers.items())
        load = Reading(value=LOAD_KW, at=now)
        return Observation(at=now, evses=states, load_kw=load)

    def _state(self, name: str, charger: Charger, now: datetime) -> EvseState:
        in_force = charger.lease_until is not None and charger.lease_until > now and not charger.doubtful
        return EvseState(
            evse_id=name,
            online=charger.online,
            session=replace(a_session(name, soc_frac=WORST[name]), soc_at=now),
            power_kw=Reading(value=0.0, at=now),
            acknowledged_kw=charger.known_kw if in_force else None,
            lease_until=None if charger.doubtful else charger.lease_until,
        )

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        """Let each setpoint meet its fate; look after each."""
        return tuple(self._meet(setpoint) for setpoint in setpoints)

    def _meet(self, setpoint: Setpoint) -> Outcome:
        charger = self.chargers[setpoint.unit_id]
        if not charger.online:
            return Unreachable(setpoint=setpoint)
        outcome: Outcome
        match self.fates.get(setpoint.unit_id, Fate.TAKEN):
            case Fate.TAKEN:
                charger.holds, charger.doubtful = [setpoint], False
                charger.known_kw, charger.lease_until = setpoint.power_kw, setpoint.valid_until
                outcome = Applied(setpoint=setpoint, at=self.now)
            case Fate.REFUSED:
                outcome = Rejected(setpoint=setpoint, reason="no")
            case Fate.LOST:
                charger.holds, charger.doubtful = [*charger.holds, setpoint], True
                outcome = TimedOut(setpoint=setpoint, after_s=10.0)
        self.check()
        return outcome


class Interlock(RuleBasedStateMachine):
    """What may happen between the daemon and its chargers."""

    @initialize()
    def begin(self) -> None:
        """Begin with chargers that are known to follow their fallbacks."""
        plain = a_site(
            len(PHASES),
            limit_kw=IMPORT_KW,
            export_kw=EXPORT_KW,
            rules=Rules(guard_frac=0.0, lease_s=LEASE_S, rise_s=0.0),
            circuits=(
                Circuit(circuit_id="grid", import_limit_kw=IMPORT_KW, export_limit_kw=EXPORT_KW),
                Circuit(circuit_id="hall", parent_id="grid", phase_limit_a=PHASE_A),
            ),
        )
        evses = tuple(
            replace(e, phases=phases, fallback_kw=FALLBACK_KW, charge_max_kw=KW * len(phases) / 3, charge_min_kw=1.38 * len(phases))
            for e, phases in zip(plain.evses, PHASES, strict=True)
        )
        self.site = replace(plain, evses=evses)
        self.world, self.limit_kw, self.signals = World(self.site), IMPORT_KW, ()
        self.rows = [("import", IMPORT_KW, None), ("export", EXPORT_KW, None)]
        self.over: dict[str, float] = {}
        self.world.check = self.no_limit_can_be_broken
        self.world.chargers = {e.evse_id: Charger() for e in evses}

    @rule(wants=st.lists(WANTS, min_size=5, max_size=5), fates=FATES)
    def tick(self, wants: list[float], fates: list[Fate]) -> None:
        """Dispatch some plan."""
        self._meet(fates)
        observation = run(self.world.observe(self.world.now))
        limits = limits_now(self.site, observation, an_outlook(self.site, load_kw=LOAD_KW), self.signals)
        wanted, lease = dict(zip(self.world.chargers, wants, strict=True)), lease_end(self.site, self.world.now)
        setpoints = project(wanted, (), limits, lease, {})
        run(dispatch(self.world, setpoints, observation, limits, self.site.horizon.tick_s))

    @rule(fates=FATES)
    def look(self, fates: list[Fate]) -> None:
        """Look in between."""
        self._meet(fates)
        self._look()

    @rule(limit_kw=st.floats(len(PHASES) * FALLBACK_KW + LOAD_KW, IMPORT_KW))
    def limit(self, limit_kw: float) -> None:
        """Publish a limit of the grid operator; what is above it is to be lowered by a look at which all obey who can."""
        self.limit_kw = limit_kw
        self.over = {name: worst for name, worst in self.worst().items() if worst > 0.0}
        interval = Interval(start=NOW, end=NOW + timedelta(days=9), value=limit_kw)
        kind = SignalKind.IMPORT_CAPACITY_LIMIT
        self.signals: Signals = (Signal(signal_id="L", kind=kind, source="dso", issued_at=NOW, intervals=(interval,)),)
        self.world.fates = {}
        self._look()

    @rule(name=st.sampled_from(sorted(WORST)))
    def drop(self, name: str) -> None:
        """Lose a charger's connection."""
        self.world.chargers[name].online = False

    @rule(name=st.sampled_from(sorted(WORST)))
    def reconnect(self, name: str) -> None:
        """Have a charger back, which goes on with what it held."""
        self.world.chargers[name].online = True

    @rule(name=st.sampled_from(sorted(WORST)))
    def late_answer(self, name: str) -> None:
        """Hear at last that a charger has taken the last setpoint."""
        charger = self.world.chargers[name]
        if charger.doubtful and charger.online:
            charger.holds, charger.doubtful = charger.holds[-1:], False
            charger.known_kw, charger.lease_until = charger.holds[0].power_kw, charger.holds[0].valid_until

    @rule(seconds=st.sampled_from((60.0, 300.0)) | st.floats(1, 1.2 * LEASE_S))
    def wait(self, seconds: float) -> None:
        """Let time pass in which nobody speaks."""
        self.world.now += timedelta(seconds=seconds)
        for charger in self.world.chargers.values():
            if charger.doubtful and all(s.valid_until <= self.world.now for s in charger.holds):
                charger.doubtful, charger.known_kw = False, None
                charger.lease_until = max(s.valid_until for s in charger.holds)

    @rule()
    def restart(self) -> None:
        """Forget all that was known, and find the chargers offline."""
        for charger in self.world.chargers.values():
            charger.online, charger.known_kw, charger.lease_until, charger.doubtful = False, None, None, False

    @invariant()
    def no_limit_can_be_broken(self) -> None:
        """Nothing that may flow, now or ever if all falls silent, exceeds a limit, but what did before the limit was lowered."""
        for name, worst in self.worst().items():
            assert worst <= self.over.get(name, 0.0) + DEADBAND_KW, f"{name} may be exceeded by {worst:.2f} kW"
            if worst <= 0.0:
                self.over.pop(name, None)

    def worst(self) -> dict[str, float]:
        """Return by how much each limit may be exceeded at most, now or at the end of any lease [kW]."""
        ends = {s.valid_until for c in self.world.chargers.values() for s in c.holds if s.valid_until > self.world.now}
        found: dict[str, float] = {}
        for instant in (self.world.now, *ends):
            for name, over_kw in self._over_kw(instant).items():
                found[name] = max(found.get(name, -IMPORT_KW), over_kw)
        return found

    def _over_kw(self, instant: datetime) -> dict[str, float]:
        forms = {e.evse_id: (e, self.world.chargers[e.evse_id].forms(instant)) for e in self.site.evses}
        draws = {name: max(0.0, *powers) for name, (_, powers) in forms.items()}
        gives = {name: max(0.0, *(-kw for kw in powers)) for name, (_, powers) in forms.items()}
        over = {
            "import": sum(draws.values()) + LOAD_KW - self.limit_kw,
            "export": sum(gives.values()) - LOAD_KW - EXPORT_KW,
        }
        for phase in (1, 2, 3):
            for word, flows in (("draws", draws), ("gives", gives)):
                flow = sum(flows[e.evse_id] / len(e.phases) for e in self.site.evses if phase in e.phases)
                over[f"L{phase} {word}"] = flow - PHASE_KW
        return over

    def _look(self) -> None:
        parts = Parts(site=self.site, gateway=self.world, forecaster=None, planner=None)  # type: ignore[arg-type]  # a look asks neither
        run(fast_look(parts, Memory(), an_outlook(self.site, load_kw=LOAD_KW), self.signals, self.world.now))

    def _meet(self, fates: list[Fate]) -> None:
        self.world.fates = dict(zip(self.world.chargers, fates, strict=True))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of `work`, which waits for nobody, but gives others their turn."""
    while True:
        try:
            work.send(None)
        except StopIteration as done:
            result: T = done.value
            return result


TestInterlock = Interlock.TestCase
TestInterlock.settings = settings(max_examples=40, stateful_step_count=20, deadline=None, phases=[Phase.generate])
