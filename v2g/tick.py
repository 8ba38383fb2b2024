"""One tick of the control loop: observe, forecast, state, solve, plan, project, dispatch."""

from dataclasses import dataclass, replace
from datetime import datetime
from math import isinf

from v2g.alarm import Alarm, AlarmCode
from v2g.bounds import charges_at_once
from v2g.conduct import believed, breach_alarms
from v2g.dispatch import dispatch
from v2g.easing import eased
from v2g.in_force import confirmed_kw, lease_end
from v2g.limits import Limits, limits_now
from v2g.observation import Observation
from v2g.outlook import Outlook
from v2g.peak import rest_kw, target_kw
from v2g.plan import Plan
from v2g.planning import make_plan
from v2g.ports import Forecaster, Gateway, Planner
from v2g.problem import Problem
from v2g.projection import project
from v2g.record import Memory, TickRecord
from v2g.remembering import arrive, decided, look, sent
from v2g.setpoint import Applied, DispatchReport, Outcome, Rejected, Setpoint, TimedOut, Unreachable
from v2g.shaving import shaved
from v2g.signals import Signals
from v2g.site import Site
from v2g.solution import Rung
from v2g.stating.baseline import remember_baseline
from v2g.stating.problem import make_problem
from v2g.timegrid import TimeGrid
from v2g.turns import others_turn
from v2g.waking import waking

PRESSED_H = 0.5
"""A car whose promise leaves it less time than this to wait does not wait for the sake of the peak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a tick works with."""

    site: Site
    gateway: Gateway
    forecaster: Forecaster
    planner: Planner


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decision:
    """What a tick decided before it looked again and acted."""

    at: datetime
    outlook: Outlook
    signals: Signals
    problem: Problem
    plan: Plan
    times_s: dict[str, float]


async def tick(parts: Parts, memory: Memory, signals: Signals, now: datetime) -> tuple[TickRecord, Memory]:
    """Run one whole tick at `now`; return its record and what to remember. Raises what `decide` and `act` raise."""
    decision, memory = await decide(parts, memory, signals, now)
    return await act(parts, memory, decision, now)


async def decide(parts: Parts, memory: Memory, signals: Signals, now: datetime) -> tuple[Decision, Memory]:
    """Observe, forecast, state, solve, plan. Raises `InputError` only if the site, a forecast or a signal is broken."""
    site = parts.site
    observation = await parts.gateway.observe(now)
    await others_turn()
    parts.forecaster.learn(observation)
    memory = look(arrive(memory, observation, site), observation, site)
    observation = believed(observation, memory.conducts)
    await others_turn()
    outlook = parts.forecaster.forecast(observation, signals, grid_at(site, now))
    await others_turn()
    memory = remember_baseline(memory, signals, outlook)
    problem = make_problem(site, observation, outlook, signals, memory)
    await others_turn()
    solution = await parts.planner.solve(problem)
    await others_turn()
    plan = make_plan(problem, solution, now, site.rules)
    return Decision(at=now, outlook=outlook, signals=signals, problem=problem, plan=plan, times_s=solution.times_s), memory


async def act(parts: Parts, memory: Memory, decision: Decision, now: datetime) -> tuple[TickRecord, Memory]:
    """Project the plan onto the limits by fresh measurements (solving took time), dispatch, and write down all of it."""
    site, plan = parts.site, decision.plan
    observation = await parts.gateway.observe(now)
    await others_turn()
    memory = look(memory, observation, site)
    observation = believed(observation, memory.conducts)
    await others_turn()
    limits = limits_under(site, observation, decision.outlook, decision.signals, memory, plan)
    await others_turn()
    limits, rooms = eased(limits, memory.rooms, observation, site)
    memory = replace(memory, rooms=rooms)
    planned = project_plan(plan, limits, site, now)
    setpoints = shaved(planned, limits, site, observation, decision.outlook, replace(memory, plan=plan))
    setpoints = waking(setpoints, memory.rests)
    report = await dispatch(parts.gateway, setpoints, observation, limits, site.horizon.tick_s)
    record = TickRecord(
        tick=memory.tick,
        at=now,
        observation=observation,
        outlook=decision.outlook,
        signals=decision.signals,
        problem=decision.problem,
        plan=plan,
        setpoints=setpoints,
        report=report,
        alarms=alarms(observation, plan, report),
        times_s=decision.times_s,
    )
    return record, decided(sent(memory, report, confirmed_kw(observation), now), plan, setpoints, now)


def grid_at(site: Site, now: datetime) -> TimeGrid:
    """Return the planning grid that starts at `now`."""
    h = site.horizon
    return TimeGrid.fine_then_coarse(now, fine_h=h.fine_h, n_fine=h.n_fine, coarse_h=h.coarse_h, n_coarse=h.n_coarse)


def project_plan(plan: Plan, limits: Limits, site: Site, now: datetime) -> tuple[Setpoint, ...]:
    """Return the plan's first step within the limits, leased from `now`."""
    free = {u.unit_id: u.floor_kw for u in limits.units if u.unbound}
    at_once = {u.unit_id: u.ceiling_kw for u in limits.units if u.at_once}
    planned = {unit: float(plan.power_kw[i, 0]) for i, unit in enumerate(plan.unit_ids)}
    wanted = planned | free | {unit: -kw for unit, kw in plan.production_kw.items()} | at_once
    why = {unit: str(plan.why[i]) for i, unit in enumerate(plan.unit_ids)}
    lease = lease_end(site, now)
    order = (*at_once, *(unit for unit in urgency(plan) if unit not in at_once))
    return project(wanted, order, limits, lease, why)


def limits_under(
    site: Site, observation: Observation, outlook: Outlook | None, signals: Signals, memory: Memory, plan: Plan | None
) -> Limits:
    """Return the limits that hold now; where peaks cost money, what keeps the quarter-hour's mean at its target is one of them.

    A load above its forecast is no reason to pay for more, but none to break a promise either: cars that can hardly wait are
    exempt, and those a person ordered to charge now.
    """
    target = target_kw(site, memory, outlook, plan)
    if plan is None or isinf(target):
        return limits_now(site, observation, outlook, signals, ledger=memory.ledger)
    pressed = {unit for unit, laxity_h in zip(plan.unit_ids, plan.laxity_h, strict=True) if laxity_h < PRESSED_H}
    pressed |= {s.evse_id for s in observation.evses if charges_at_once(s)}
    peak_kw = rest_kw(memory.quarter, observation.at, target)
    return limits_now(site, observation, outlook, signals, peak_kw=peak_kw, exempt=pressed, ledger=memory.ledger)


def urgency(plan: Plan) -> tuple[str, ...]:
    """Return the units' names, the one that can wait least first."""
    return tuple(unit for _, unit in sorted(zip(plan.laxity_h, plan.unit_ids, strict=True)))


def alarms(observation: Observation, plan: Plan, report: DispatchReport) -> tuple[Alarm, ...]:
    """Return what an operator should know of this tick."""
    said = [Alarm(code=AlarmCode.NOT_CONNECTED, unit_id=s.evse_id) for s in observation.evses if not s.online]
    said += [Alarm(code=AlarmCode.FAULT, unit_id=s.evse_id, detail=s.fault) for s in observation.evses if s.fault]
    said += breach_alarms(observation)
    if plan.rung not in (Rung.OPTIMAL, Rung.INCUMBENT):
        said.append(Alarm(code=AlarmCode.RUNG, detail=f"{plan.rung}: {plan.reason}"))
    said += [alarm for outcome in report.outcomes if (alarm := _outcome_alarm(outcome))]
    said += [Alarm(code=AlarmCode.WITHHELD, unit_id=s.unit_id) for s in report.withheld]
    return tuple(said)


def _outcome_alarm(outcome: Outcome) -> Alarm | None:
    match outcome:
        case Applied():
            return None
        case Rejected():
            return Alarm(code=AlarmCode.REFUSED, unit_id=outcome.setpoint.unit_id, detail=outcome.reason)
        case TimedOut() | Unreachable():
            return Alarm(code=AlarmCode.NO_ANSWER, unit_id=outcome.setpoint.unit_id)
