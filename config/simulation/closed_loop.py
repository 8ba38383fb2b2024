"""The closed loop on a virtual clock: the same tick as in the daemon, a farm in process, as fast as it can."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from adapters.farm.outcome import Outcome
from adapters.farm.surroundings import StepSeries
from adapters.farm.virtual import VirtualFarm
from adapters.farm.visit import Visit
from v2g.fastlook import fast_look
from v2g.ports import Forecaster, Planner
from v2g.record import Memory, TickRecord
from v2g.signals import Interval, Signals
from v2g.site import Site
from v2g.solution import Rung
from v2g.tick import Parts, tick


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scenario:
    """What happens at a station between `start` and `end`, whoever controls it.

    `signals` carry the instant at which each was issued: none is known before. `notes` say how real series were placed.
    """

    site: Site
    start: datetime
    end: datetime
    visits: tuple[Visit, ...]
    load_kw: StepSeries
    pv_kw: StepSeries
    signals: Signals = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Run:
    """A finished closed loop: what happened, where the plans came from, and the seconds each tick's solving took.

    `rungs` and `planners` count the ticks, `gaps` are those proven. `baseline_kw` is what events count from, as it was fixed before
    they were known; `held_kw` what the plans in force held for each reserve while its block ran, by its id. `latest` is the last
    tick, and what it remembers.
    """

    outcome: Outcome
    rungs: Counter[Rung] = field(default_factory=Counter)
    planners: Counter[str] = field(default_factory=Counter)
    gaps: list[float] = field(default_factory=list)
    solve_s: list[float] = field(default_factory=list)
    setpoints_sent: int = 0
    baseline_kw: list[Interval] = field(default_factory=list)
    held_kw: dict[str, list[Interval]] = field(default_factory=dict)
    latest: tuple[TickRecord, Memory] | None = None

    def note(self, record: TickRecord, memory: Memory) -> None:
        """Take in a tick and what it remembers."""
        self.latest = record, memory
        self.rungs[record.plan.rung] += 1
        self.planners[record.plan.planner] += 1
        self.gaps += [] if record.plan.gap_frac is None else [record.plan.gap_frac]
        self.solve_s.append(sum(record.times_s.values()))
        self.setpoints_sent += len(record.report.outcomes)
        _go_on(self.baseline_kw, memory.baseline_kw, record.at)
        for name in [r.reserve_id for r in record.problem.reserves if r.cover[0] > 0]:
            held = Interval(start=record.at, end=record.problem.grid.end, value=record.plan.held_kw.get(name, 0.0))
            _go_on(self.held_kw.setdefault(name, []), (held,), record.at)


async def run_closed_loop(
    scenario: Scenario, *, planner: Planner, forecaster: Forecaster, progress: Callable[[float], None] | None = None
) -> Run:
    """Run `scenario`: a tick at each multiple of ``horizon.tick_s`` and when a car comes or goes, a look each ``horizon.fast_s``.

    For a car it ticks no sooner than ``horizon.event_s`` after the last tick. `progress` is told the share done, 0..1.
    """
    site = scenario.site
    farm = VirtualFarm(site, scenario.visits, start=scenario.start, load_kw=scenario.load_kw, pv_kw=scenario.pv_kw)
    parts = Parts(site=site, gateway=farm, forecaster=forecaster, planner=planner)
    memory, now = Memory(), scenario.start
    run = Run(outcome=farm.outcome())
    next_tick, last_tick, outlook = scenario.start, scenario.start, None
    known: Signals = ()
    while now < scenario.end:
        if len(known) < sum(s.issued_at <= now for s in scenario.signals):
            known = tuple(s for s in scenario.signals if s.issued_at <= now)
        if now >= next_tick:
            record, memory = await tick(parts, memory, known, now)
            outlook = record.outlook
            run.note(record, memory)
            last_tick, next_tick = now, _after(now, site.horizon.tick_s, scenario.start)
        else:
            _, report, memory = await fast_look(parts, memory, outlook, known, now)
            run.setpoints_sent += len(report.outcomes)
        event = farm.next_event()
        if event is not None and event < next_tick:
            soonest = max(now + timedelta(seconds=1), last_tick + timedelta(seconds=site.horizon.event_s))
            next_tick = min(max(event, soonest), _after(now, site.horizon.tick_s, scenario.start))
        now = min(next_tick, _after(now, site.horizon.fast_s, scenario.start), scenario.end)
        farm.advance_to(now)
        if progress:
            progress((now - scenario.start) / (scenario.end - scenario.start))
    run.outcome = farm.outcome()
    return run


def _go_on(told: list[Interval], new: Sequence[Interval], at: datetime) -> None:
    """Let `told`, in the order of time, say from `at` on what `new` says."""
    while told and told[-1].start >= at:
        told.pop()
    if told:
        told[-1] = replace(told[-1], end=min(told[-1].end, at))
    told += new


def _after(now: datetime, period_s: float, origin: datetime) -> datetime:
    """Return the first multiple of the period since `origin` that is later than `now`."""
    passed = (now - origin).total_seconds() // period_s
    return origin + timedelta(seconds=(passed + 1) * period_s)
