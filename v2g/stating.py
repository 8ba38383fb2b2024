"""State the problem: from the site, what is observed and what is expected, to arrays a planner understands."""

from dataclasses import replace
from datetime import datetime

import numpy as np

from v2g.driver import knows_charge, may_discharge, soc_floor_frac, stored_energy_kwh, target_energy_kwh
from v2g.observation import BatteryState, EvseState, Observation
from v2g.outlook import LEVELS, Departure, Outlook
from v2g.plan import Plan
from v2g.problem import N_PHASES, Circuits, Connection, Problem, StorageKind, Storages
from v2g.record import Memory
from v2g.session import ChargingSession
from v2g.signals import SignalKind, Signals, least_on
from v2g.site import Battery, Evse, Rules, Site
from v2g.timegrid import Array, TimeGrid
from v2g.unit import Unit, storages_of
from v2g.units import kw_from_a

MEDIAN, HIGH, LOW = LEVELS.index(0.5), LEVELS.index(0.75), LEVELS.index(0.25)
"""Plans keep room for a load at its upper quartile; the present is guarded by `limits_now`."""
ASSUMED_CAPACITY_KWH = 100.0
"""Room assumed in a car that tells no capacity; only its target matters then."""
FLOOR_MARGIN_KWH = 0.25
"""Plans stay this far above a car's floor: what a discharge at part load loses more than at full power."""


def make_problem(site: Site, observation: Observation, outlook: Outlook, signals: Signals, memory: Memory) -> Problem:
    """Return the problem of this tick on ``outlook.grid``.

    Cars at reachable chargers and reachable batteries become storages; what an unreachable charger may do is counted as
    fixed load. Raises `ProblemError` only if the inputs themselves are broken (non-finite numbers).
    """
    grid = outlook.grid
    departures = {d.session_id: d for d in outlook.departures}
    states = {s.evse_id: s for s in observation.evses}
    units = [
        _car(evse, state.session, departures.get(state.session.session_id), site.rules, outlook, memory)
        for evse in site.evses
        if (state := states.get(evse.evse_id)) and state.online and state.session
    ]
    worth = float(np.average(outlook.import_price_per_kwh, weights=grid.step_h))
    charge = {s.battery_id: s for s in observation.batteries}
    units += [_battery(b, charge[b.battery_id], grid, worth) for b in site.batteries if _usable(charge.get(b.battery_id))]
    problem = Problem(
        grid=grid,
        storages=storages_of(units, _previous(memory.plan, tuple(u.unit_id for u in units), grid)),
        circuits=_circuits(site, states, outlook, signals),
        connection=Connection(
            import_price_per_kwh=outlook.import_price_per_kwh,
            export_price_per_kwh=outlook.export_price_per_kwh,
            demand_charge_per_kw=site.tariff.demand_charge_per_kw,
            peak_so_far_kw=memory.peak_so_far_kw,
        ),
    )
    return replace(problem, storages=_without_trickle(problem))


def _without_trickle(problem: Problem) -> Storages:
    """Return the storages with no charging in steps whose room on the way to the grid is less than a unit can hold.

    A plan that counted on such power would put drivers off to hours in which they get nothing.
    """
    storages, circuits = problem.storages, problem.circuits
    fixed, margin = problem.fixed_below()
    room = np.maximum(circuits.import_limit_kw - fixed - margin, 0.0)
    on_the_way = np.where(problem.membership()[:, :, None] > 0, room[:, None, :], np.inf).min(axis=0, initial=np.inf)
    holds = on_the_way >= storages.charge_min_kw[:, None]
    return replace(storages, charge_max_kw=np.where(holds, storages.charge_max_kw, 0.0))


def _car(evse: Evse, session: ChargingSession, departure: Departure | None, rules: Rules, outlook: Outlook, memory: Memory) -> Unit:
    grid = outlook.grid
    energy = stored_energy_kwh(session, evse)
    target = target_energy_kwh(session, evse, rules, memory.arrival_kwh.get(session.session_id))
    known = knows_charge(session)
    capacity = session.vehicle.capacity_kwh if known and session.vehicle.capacity_kwh else max(target, ASSUMED_CAPACITY_KWH)
    charge_kw = min(evse.charge_max_kw, session.vehicle.charge_max_kw or np.inf)
    discharge_kw = min(evse.discharge_max_kw, session.vehicle.discharge_max_kw or np.inf)
    leaves = _departure_probability(departure, grid)
    promise, due_h = _promise(departure, session, rules, grid)
    later_h = max(due_h - grid.edges_h[-1], 0.0)
    here = _here(departure, grid)
    before_promise = np.arange(grid.n_steps) < promise
    discharging = discharge_kw * here * before_promise * may_discharge(session, evse, rules)
    floor = min(soc_floor_frac(session, rules) * capacity + FLOOR_MARGIN_KWH, energy) if known else 0.0
    return Unit(
        unit_id=evse.evse_id,
        kind=StorageKind.EV,
        circuit_id=evse.circuit_id,
        phases=evse.phases,
        charge_max_kw=charge_kw * here,
        charge_min_kw=min(evse.charge_min_kw, charge_kw),
        discharge_max_kw=discharging,
        energy_min_kwh=np.full(grid.n_steps, floor),
        energy_max_kwh=np.full(grid.n_steps, max(capacity if known else target, energy)),
        initial_energy_kwh=energy,
        charge_efficiency=evse.efficiency,
        discharge_efficiency=evse.efficiency,
        wear_cost_per_kwh=rules.v2g_wear_cost_per_kwh,
        target_energy_kwh=max(target - later_h * charge_kw * evse.efficiency, 0.0) if promise else 0.0,
        target_step=promise,
        priority=session.wishes.priority,
        departure_probability=leaves,
        shortfall_price_per_kwh=rules.unserved_price_factor * float(np.abs(outlook.import_price_per_kwh).mean()),
    )


def _promise(departure: Departure | None, session: ChargingSession, rules: Rules, grid: TimeGrid) -> tuple[int, float]:
    """Return (steps before the target is due, hours until then): the stated departure or an early quantile, the sooner."""
    times = [session.wishes.departure] if session.wishes.departure else []
    if departure:
        seconds = [t.timestamp() for t in departure.quantiles]
        times.append(datetime.fromtimestamp(float(np.interp(rules.early_departure_frac, LEVELS, seconds)), tz=grid.start.tzinfo))
    due_h = min((grid.offset_h(t) for t in times), default=rules.default_stay_h)
    # What is already overdue is due at the end of the first step: as soon as can be, never "no promise".
    steps = int(np.searchsorted(grid.edges_h[1:], due_h + 1e-9, side="right"))
    return max(steps, 1), max(due_h, 0.0)


def _here(departure: Departure | None, grid: TimeGrid) -> Array:
    """Return 1 for the steps in which the car may still be here, at least the first, (n_steps,)."""
    last_h = grid.offset_h(departure.quantiles[-1]) if departure else np.inf
    here = (grid.edges_h[:-1] < last_h).astype(np.float64)
    here[0] = 1.0
    return here


def _departure_probability(departure: Departure | None, grid: TimeGrid) -> Array:
    """Return the probability of leaving in each step, from the quantiles joined by straight lines, (n_steps,)."""
    if departure is None:
        return np.zeros(grid.n_steps)
    offsets = np.maximum.accumulate([0.0] + [max(grid.offset_h(t), 0.0) for t in departure.quantiles])
    left = np.interp(grid.edges_h[1:], offsets, (0.0, *LEVELS))
    return np.diff(left, prepend=0.0)


def _usable(state: BatteryState | None) -> bool:
    return state is not None and state.online and state.soc_frac is not None


def _battery(battery: Battery, state: BatteryState, grid: TimeGrid, worth_per_kwh: float) -> Unit:
    energy = battery.capacity_kwh * (state.soc_frac.value if state.soc_frac else 0.0)
    n = grid.n_steps
    return Unit(
        unit_id=battery.battery_id,
        kind=StorageKind.BATTERY,
        circuit_id=battery.circuit_id,
        phases=(1, 2, 3),
        charge_max_kw=np.full(n, battery.charge_max_kw),
        discharge_max_kw=np.full(n, battery.discharge_max_kw),
        energy_min_kwh=np.full(n, min(battery.soc_min_frac * battery.capacity_kwh, energy)),
        energy_max_kwh=np.full(n, max(battery.soc_max_frac * battery.capacity_kwh, energy)),
        initial_energy_kwh=energy,
        charge_efficiency=battery.charge_efficiency,
        discharge_efficiency=battery.discharge_efficiency,
        wear_cost_per_kwh=battery.wear_cost_per_kwh,
        departure_probability=np.zeros(n),
        terminal_value_per_kwh=worth_per_kwh * battery.discharge_efficiency,
    )


def _previous(plan: Plan | None, unit_ids: tuple[str, ...], grid: TimeGrid) -> Array:
    """Return the previous plan's powers at each step's middle, NaN where it says nothing, (n_units, n_steps) [kW]."""
    power = np.full((len(unit_ids), grid.n_steps), np.nan)
    if plan is None:
        return power
    middle_h = plan.grid.offset_h(grid.start) + grid.edges_h[:-1] + grid.step_h / 2
    step = np.searchsorted(plan.grid.edges_h, middle_h, side="right") - 1
    known = (step >= 0) & (step < plan.grid.n_steps)
    index = {unit_id: i for i, unit_id in enumerate(plan.unit_ids)}
    for i, unit_id in enumerate(unit_ids):
        if unit_id in index:
            power[i, known] = plan.power_kw[index[unit_id], step[known]]
    return power


def unreachable_kw(evse: Evse, state: EvseState | None) -> float:
    """Return what a charger may draw at most while it hears nothing from us [kW].

    Its rating if it never confirmed anything, else the more of its fallback and of a confirmed setpoint still in force.
    """
    if state is None or (state.acknowledged_kw is None and state.lease_until is None):
        return evse.charge_max_kw
    return max(evse.fallback_kw, state.acknowledged_kw or 0.0)


def _circuits(site: Site, states: dict[str, EvseState], outlook: Outlook, signals: Signals) -> Circuits:
    grid, m = outlook.grid, len(site.circuits)
    index = {c.circuit_id: i for i, c in enumerate(site.circuits)}
    fixed, margin = np.zeros((m, grid.n_steps)), np.zeros((m, grid.n_steps))
    for circuit, share in shares([(index[x.circuit_id], max(x.peak_kw, 1e-9)) for x in site.loads]):
        fixed[circuit] += share * outlook.load_kw[MEDIAN]
        margin[circuit] += share * (outlook.load_kw[HIGH] - outlook.load_kw[MEDIAN])
    for circuit, share in shares([(index[x.circuit_id], x.peak_kw) for x in site.pv]):
        fixed[circuit] -= share * outlook.pv_kw[MEDIAN]
        margin[circuit] += share * (outlook.pv_kw[MEDIAN] - outlook.pv_kw[LOW])
    for evse in site.evses:
        state = states.get(evse.evse_id)
        if state is None or not state.online:
            fixed[index[evse.circuit_id]] += unreachable_kw(evse, state)
    free = 1.0 - site.rules.guard_frac
    import_limit = np.array([np.full(grid.n_steps, c.import_limit_kw) for c in site.circuits])
    export_limit = np.array([np.full(grid.n_steps, c.export_limit_kw) for c in site.circuits])
    import_limit[0] = least_on(signals, SignalKind.IMPORT_CAPACITY_LIMIT, grid, import_limit[0])
    export_limit[0] = least_on(signals, SignalKind.EXPORT_CAPACITY_LIMIT, grid, export_limit[0])
    return Circuits(
        circuit_ids=tuple(index),
        parent_index=np.array([-1 if c.parent_id is None else index[c.parent_id] for c in site.circuits], dtype=np.int64),
        import_limit_kw=import_limit * free,
        export_limit_kw=export_limit * free,
        phase_limit_kw=np.array([[phase_limit_kw(c.phase_limit_a, c.voltage_v) * free] * N_PHASES for c in site.circuits]),
        fixed_kw=fixed,
        fixed_margin_kw=margin,
    )


def phase_limit_kw(limit_a: float, voltage_v: float) -> float:
    """Return the power one phase may carry [kW], inf without a limit."""
    return kw_from_a(limit_a, voltage_v=voltage_v, phases=1) if np.isfinite(limit_a) else np.inf


def shares(weights: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Return each circuit's share of a total that is known only for the whole site; nothing if all weights are 0."""
    total = sum(weight for _, weight in weights)
    return [(circuit, weight / total) for circuit, weight in weights if total > 0]
