"""A span of a scenario as one problem, stated with the truth: what a planner could do that foresaw everything.

Nothing in it is dearer or narrower than in the simulated farm, so that its optimum is a bound:

- true arrivals, departures, load, PV, prices and limits, in the quarter-hours of the bill; no margin, no guard;
- a car takes and gives any power up to its own and its outlet's limit, at the best efficiency of its converter: no minimum
  current, no taper, no time to wake, no self-consumption. Where a stay covers a part of a quarter-hour, so does the power;
- what a driver wants is due at the true departure, as far as full power could have reached it, taper included.

- calls of the grid are those of the bill, from the same baselines. Reserve is held by true departures, and by the daemon's plans by
  those it believes in: what they hold beyond this makes the optimum of a station with reserves no strict bound.

Two things hold it back, so that the span does not live on what comes after: a car that stays beyond the end is due at the
end, and stationary batteries end at least as full as the run to compare with left them or as they began, whichever is less:
else a run that empties them would look better than what could have been done.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from adapters.farm import physics
from adapters.farm.bill import Prices
from adapters.farm.outcome import QUARTER_S
from adapters.farm.possible import possible_kwh
from adapters.farm.surroundings import StepSeries
from adapters.farm.visit import Visit
from config.simulation.closed_loop import Scenario
from config.simulation.hindsight_assets import asset_units
from v2g.commitments import Carbon, Reserve
from v2g.network import N_PHASES, Circuits, Connection
from v2g.problem import Problem
from v2g.signals import SignalKind, least_on
from v2g.site import Battery, Evse, Site
from v2g.stating.circuits import phase_limit_kw, shares
from v2g.storages import StorageKind
from v2g.timegrid import Array, TimeGrid
from v2g.unit import Unit, storages_of

BATTERY_SOC_FRAC = 0.5
"""What the simulated farm begins with."""
SAMPLE_S = 60.0
"""The simulated farm takes load and PV at the beginning of each of its steps."""
LEAST_SHARE = 1e-9


def hindsight_problem(
    scenario: Scenario,
    prices: Prices,
    begin: datetime,
    end: datetime,
    stored_kwh: Mapping[str, float],
    left_kwh: Mapping[str, float],
) -> Problem:
    """Return the problem of `scenario` from `begin` to `end`.

    Its storages are the visits, named by their ids, then the batteries and the assets (`hindsight_assets.py`); `stored_kwh`
    says what those hold at `begin` that were there before, `left_kwh` what batteries held at `end` in the run to compare with: they
    must end as full, or as full as they began if that is less or nothing is known of them. Without visitors that stay beyond
    `end`, no control that leaves as much in each battery can do better, wear included.
    """
    site, grid = scenario.site, quarter_hours(begin, end)
    evses = {e.evse_id: e for e in site.evses}
    cars = [_car(v, evses[v.evse_id], scenario, grid, stored_kwh) for v in scenario.visits if v.leaves_at > begin]
    units = [car for car in cars if car.target_step] + [_battery(b, grid, stored_kwh, left_kwh) for b in site.batteries]
    units += asset_units(scenario, grid, mean_kw(scenario.pv_kw, grid), stored_kwh, lambda rated: best_efficiency(rated)[0])
    starts_s = [t.timestamp() for t in grid.starts]
    calls = prices.calls.between(_quarter_of(begin), grid.n_steps) if prices.calls else None
    return Problem(
        grid=grid,
        storages=storages_of(units, np.full((len(units), grid.n_steps), np.nan)),
        circuits=_circuits(scenario, grid),
        connection=Connection(
            import_price_per_kwh=np.array([prices.import_per_kwh.at(s) for s in starts_s]),
            export_price_per_kwh=np.array([prices.export_per_kwh.at(s) for s in starts_s]),
            demand_charge_per_kw=prices.demand_charge_per_kw,
            contract=prices.contract,
            carbon=_carbon(prices, starts_s),
            dispatch=calls.dispatch if calls else None,
        ),
        events=calls.events if calls else (),
        reserves=tuple(part for r in calls.reserves for part in _quarters(r)) if calls else (),
    )


def _quarters(reserve: Reserve) -> Iterator[Reserve]:
    """Yield the reserve of each quarter-hour of a block by itself, as it is billed: foresight need not hold one amount."""
    for step in np.flatnonzero(reserve.cover):
        cover = np.where(np.arange(len(reserve.cover)) == step, reserve.cover, 0.0)
        yield replace(reserve, reserve_id=f"{reserve.reserve_id}@{step}", cover=cover)


def _carbon(prices: Prices, starts_s: list[float]) -> Carbon | None:
    """Return the carbon of imported energy, counted by what it costs."""
    if prices.carbon_per_kwh is None:
        return None
    return Carbon(intensity_kg_per_kwh=np.array([prices.carbon_per_kwh.at(s) for s in starts_s]), price_per_kg=1.0)


def quarter_hours(begin: datetime, end: datetime) -> TimeGrid:
    """Return the quarter-hours of the clock from `begin` to `end`, the first and the last cut where they must be."""
    begin_s, end_s = begin.timestamp(), end.timestamp()
    marks_s = np.arange(begin_s // QUARTER_S, end_s // QUARTER_S + 2) * QUARTER_S
    return TimeGrid(start=begin.astimezone(UTC), step_h=np.diff(np.unique(np.clip(marks_s, begin_s, end_s))) / 3600)


def _quarter_of(instant: datetime) -> datetime:
    return datetime.fromtimestamp(instant.timestamp() // QUARTER_S * QUARTER_S, UTC)


def best_efficiency(efficiency: float) -> tuple[float, float]:
    """Return the highest efficiency at any power of a converter of one-way `efficiency` at its rated one: charging, discharging.

    The loss per kW, ``(1 − η)·(self/u + linear + ohmic·u)``, is least at u = √(self/ohmic).
    """
    lost = (1.0 - efficiency) * (physics.LINEAR_SHARE + 2.0 * np.sqrt(physics.SELF_SHARE * physics.OHMIC_SHARE))
    return 1.0 - lost, 1.0 / (1.0 + lost)


def _car(visit: Visit, evse: Evse, scenario: Scenario, grid: TimeGrid, stored_kwh: Mapping[str, float]) -> Unit:
    rules = scenario.site.rules
    here = grid.coverage(visit.arrives_at, visit.leaves_at)
    share = np.where(here > LEAST_SHARE, here, 0.0)
    present = np.flatnonzero(share)
    stay = min(visit.leaves_at, grid.end) - max(visit.arrives_at, scenario.start)
    initial = stored_kwh.get(visit.visit_id, visit.arrival_kwh)
    floor = min(max(visit.soc_floor_frac, rules.soc_floor_frac) * visit.capacity_kwh, initial)
    # Until it comes, the car's energy is decided, and the solver need not see it.
    waiting = np.arange(grid.n_steps) < present.min(initial=grid.n_steps)
    charging, discharging = best_efficiency(evse.efficiency)
    return Unit(
        unit_id=visit.visit_id,
        kind=StorageKind.EV,
        circuit_id=evse.circuit_id,
        phases=evse.phases,
        charge_max_kw=share * min(evse.charge_max_kw, visit.charge_max_kw),
        discharge_max_kw=share * min(evse.discharge_max_kw, visit.discharge_max_kw) * (rules.discharge and visit.consent),
        energy_min_kwh=np.where(waiting, initial, floor),
        energy_max_kwh=np.where(waiting, initial, max(visit.charge_limit_kwh, initial)),
        initial_energy_kwh=initial,
        charge_efficiency=charging,
        discharge_efficiency=discharging,
        wear_cost_per_kwh=rules.v2g_wear_cost_per_kwh,
        target_energy_kwh=min(visit.due_kwh, possible_kwh(visit, evse, stay.total_seconds())) if len(present) else 0.0,
        target_step=int(present.max(initial=-1)) + 1,
        departure_probability=np.zeros(grid.n_steps),
    )


def _battery(battery: Battery, grid: TimeGrid, stored_kwh: Mapping[str, float], left_kwh: Mapping[str, float]) -> Unit:
    initial = stored_kwh.get(battery.battery_id, BATTERY_SOC_FRAC * battery.usable_kwh)
    least = np.full(grid.n_steps, min(battery.soc_min_frac * battery.usable_kwh, initial))
    least[-1] = max(least[-1], min(initial, left_kwh.get(battery.battery_id, initial)))
    return Unit(
        unit_id=battery.battery_id,
        kind=StorageKind.BATTERY,
        circuit_id=battery.circuit_id,
        phases=(1, 2, 3),
        charge_max_kw=np.full(grid.n_steps, battery.charge_max_kw),
        discharge_max_kw=np.full(grid.n_steps, battery.discharge_max_kw),
        energy_min_kwh=least,
        energy_max_kwh=np.full(grid.n_steps, max(battery.soc_max_frac * battery.usable_kwh, initial)),
        initial_energy_kwh=initial,
        charge_efficiency=best_efficiency(battery.charge_efficiency)[0],
        discharge_efficiency=best_efficiency(battery.discharge_efficiency)[1],
        wear_cost_per_kwh=battery.wear_cost_per_kwh,
        calendar_above_kwh=battery.calendar_above_frac * battery.usable_kwh,
        calendar_price_per_kwh_h=battery.calendar_price_per_kwh_h,
        depth_kwh=battery.depth_kwh,
        depth_price_per_kwh=battery.depth_price_per_kwh,
        departure_probability=np.zeros(grid.n_steps),
    )


def _circuits(scenario: Scenario, grid: TimeGrid) -> Circuits:
    site, signals = scenario.site, scenario.signals
    index = {c.circuit_id: i for i, c in enumerate(site.circuits)}
    import_limit = np.array([np.full(grid.n_steps, c.import_limit_kw) for c in site.circuits])
    export_limit = np.array([np.full(grid.n_steps, c.export_limit_kw) for c in site.circuits])
    import_limit[0] = least_on(signals, SignalKind.IMPORT_CAPACITY_LIMIT, grid, import_limit[0])
    export_limit[0] = least_on(signals, SignalKind.EXPORT_CAPACITY_LIMIT, grid, export_limit[0])
    return Circuits(
        circuit_ids=tuple(index),
        parent_index=np.array([-1 if c.parent_id is None else index[c.parent_id] for c in site.circuits], dtype=np.int64),
        import_limit_kw=import_limit,
        export_limit_kw=export_limit,
        phase_limit_kw=np.array([[phase_limit_kw(c.phase_limit_a, c.voltage_v)] * N_PHASES for c in site.circuits]),
        fixed_kw=_fixed_kw(site, index, mean_kw(scenario.load_kw, grid), mean_kw(scenario.pv_kw, grid)),
        fixed_margin_kw=np.zeros((len(site.circuits), grid.n_steps)),
    )


def _fixed_kw(site: Site, index: Mapping[str, int], load_kw: Array, pv_kw: Array) -> Array:
    """Return what the building draws less what the sun gives at each circuit, (m, T), shared as the farm's feeder does."""
    fixed = np.zeros((len(site.circuits), len(load_kw)))
    for circuit, share in shares([(index[x.circuit_id], x.peak_kw) for x in site.loads]) or [(0, 1.0)]:
        fixed[circuit] += share * load_kw
    for circuit, share in shares([(index[x.circuit_id], x.peak_kw) for x in site.pv]) or [(0, 1.0)]:
        fixed[circuit] -= share * pv_kw
    return fixed


def mean_kw(series: StepSeries, grid: TimeGrid) -> Array:
    """Return the mean of the series over each step, (n_steps,), as the farm samples it."""
    begin_s = grid.start.timestamp()
    edges_s = begin_s + 3600 * grid.edges_h
    return np.array(
        [np.mean([series.at(s) for s in np.arange(low, high - LEAST_SHARE, SAMPLE_S)]) for low, high in pairwise(edges_s)]
    )
