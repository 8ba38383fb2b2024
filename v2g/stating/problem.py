"""The problem of a tick, put together."""

from dataclasses import replace

import numpy as np

from v2g.bounds import uncontrolled_bounds_kw
from v2g.crowding import crowded
from v2g.observation import Observation
from v2g.outlook import Outlook
from v2g.plan import Plan
from v2g.problem import Problem
from v2g.record import Memory
from v2g.scenarios import Scenario
from v2g.signals import Signals
from v2g.site import Site
from v2g.stating.assets import asset_units
from v2g.stating.baseline import idle_kw
from v2g.stating.batteries import battery_unit, usable
from v2g.stating.calls import events_of, reserves_of
from v2g.stating.caps import discharge_caps, spans, without_used_up
from v2g.stating.cars import car_units
from v2g.stating.circuits import circuits_of
from v2g.stating.dwelling import dwelling
from v2g.stating.expected import expected_units
from v2g.stating.money import connection_of
from v2g.stating.overriding import overridden
from v2g.stating.scenarios import draws
from v2g.storages import Storages
from v2g.timegrid import Array, TimeGrid
from v2g.unit import storages_of


def make_problem(site: Site, observation: Observation, outlook: Outlook, signals: Signals, memory: Memory) -> Problem:
    """Return the problem of this tick on ``outlook.grid``.

    Cars at reachable chargers and reachable batteries and assets become storages; what an unreachable charger may do is counted as
    fixed load. Other courses of the outlook become scenarios, as many as the horizon says. Raises `ProblemError` only if the inputs
    themselves are broken (non-finite numbers).
    """
    problem = _stated(site, observation, outlook, signals, memory)
    others = [(p, _stated(site, observation, x, signals, memory)) for p, x in draws(outlook, site.horizon.scenarios)]
    scenarios = tuple(Scenario(probability=p, storages=x.storages, circuits=x.circuits, connection=x.connection) for p, x in others)
    return replace(problem, scenarios=scenarios)


def _stated(site: Site, observation: Observation, outlook: Outlook, signals: Signals, memory: Memory) -> Problem:
    """Return the problem of one course."""
    grid, spare_h = outlook.grid, site.rules.peak_spare_h * (outlook.expected_peak_kw > 0)
    states = {s.evse_id: s for s in observation.evses}
    cars = [(e, s.session) for e in site.evses if (s := states.get(e.evse_id)) and s.online and s.session]
    cars_here = car_units(cars, rules=site.rules, outlook=outlook, memory=memory, spare_h=spare_h)
    units = overridden(cars_here, observation, grid)
    worth = float(np.average(outlook.import_price_per_kwh, weights=grid.step_h))
    charge = {s.battery_id: s for s in observation.batteries}
    units += [battery_unit(b, charge[b.battery_id], grid, worth) for b in site.batteries if usable(charge.get(b.battery_id))]
    units += asset_units(site, observation, outlook)
    if site.rules.expect_arrivals:
        units += expected_units(outlook.arrivals, grid)
    sessions = {s.evse_id: s.session for s in observation.evses if s.session}
    caps = discharge_caps(units, sessions, site.rules, memory.ledger, spans(grid, site.time_zone))
    units = without_used_up(units, caps)
    problem = Problem(
        grid=grid,
        storages=storages_of(units, _previous(memory.plan, tuple(u.unit_id for u in units), grid), caps),
        circuits=circuits_of(site, states, outlook, signals, uncontrolled_bounds_kw(site, observation, outlook)[0]),
        connection=connection_of(site.tariff, outlook, signals, memory),
        events=events_of(signals, grid, memory.baseline_kw, idle_kw(outlook)),
        reserves=reserves_of(signals, grid),
    )
    return replace(problem, storages=dwelling(_without_trickle(problem), grid, memory, site.rules.dwell_s))


def _without_trickle(problem: Problem) -> Storages:
    """Return the storages with no charging in steps whose room on the way to the grid is less than a unit can hold.

    A plan that counted on such power would put drivers off to hours in which they get nothing.
    """
    storages, lacks = problem.storages, crowded(problem) > 0
    return replace(storages, charge_max_kw=np.where(lacks, 0.0, storages.charge_max_kw)) if lacks.any() else storages


def _previous(plan: Plan | None, unit_ids: tuple[str, ...], grid: TimeGrid) -> Array:
    """Return the previous plan's powers at each step's middle, NaN where it says nothing, (n_units, n_steps) [kW]."""
    power = np.full((len(unit_ids), grid.n_steps), np.nan)
    if plan is None:
        return power
    middle_h = plan.grid.offset_h(grid.start) + grid.edges_h[:-1] + grid.step_h / 2
    step = np.searchsorted(plan.grid.edges_h, middle_h, side="right") - 1
    known = (step >= 0) & (step < plan.grid.n_steps)
    index = {unit_id: i for i, unit_id in enumerate(plan.unit_ids)}
    before = np.array([index.get(unit_id, -1) for unit_id in unit_ids], dtype=np.int64)
    power[np.ix_(before >= 0, known)] = plan.power_kw[np.ix_(before[before >= 0], step[known])]
    return power
