"""A problem as the data of the model's symbols."""

from dataclasses import dataclass

import numpy as np

from optimizer.envelope import envelope
from optimizer.model.structure import Structure
from optimizer.network import Network, network
from v2g.problem import Problem
from v2g.timegrid import Array

STICKY_STEPS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelData:
    """What the model is filled with: its structure and an array for each name in `optimizer.model.symbols.SYMBOLS`."""

    structure: Structure
    symbols: dict[str, Array]


def model_data(problem: Problem) -> ModelData:
    """Return the structure and all symbols of a problem."""
    net = network(problem)
    structure = Structure(
        n_steps=problem.grid.n_steps,
        parents=tuple(problem.circuits.parent_index.tolist()),
        phased=net.phased,
        n_sticky=min(problem.grid.n_steps, STICKY_STEPS),
    )
    symbols = (
        _storage_symbols(problem)
        | _wish_symbols(problem, structure)
        | _network_symbols(problem, net)
        | _money_symbols(problem, net)
    )
    return ModelData(structure=structure, symbols=symbols)


def _storage_symbols(problem: Problem) -> dict[str, Array]:
    s, bounds = problem.storages, envelope(problem)
    taken = ("charge_max_kw", "discharge_max_kw", "initial_energy_kwh", "charge_efficiency", "discharge_efficiency", "drain_kwh")
    return {
        "step_h": problem.grid.step_h,
        "start_h": problem.grid.edges_h[:-1],
        **{name: getattr(s, name) for name in taken},
        "energy_floor_kwh": bounds.floor_kwh,
        "energy_ceiling_kwh": bounds.ceiling_kwh,
        "soft_energy_min_kwh": bounds.soft_min_kwh,
        "soft_energy_max_kwh": bounds.soft_max_kwh,
    }


def _wish_symbols(problem: Problem, structure: Structure) -> dict[str, Array]:
    s = problem.storages
    target = s.target_energy_kwh[:, None]
    due = np.arange(1, structure.n_steps + 1)[None, :] == s.target_step[:, None]
    early_price = s.departure_probability * s.shortfall_price_per_kwh[:, None]
    previous = s.previous_power_kw[:, : structure.n_sticky]
    known = np.isfinite(previous)
    return {
        "wear_cost_per_kwh": s.wear_cost_per_kwh,
        "priority": s.priority,
        "promised_kwh": np.where(due & (target > 0), target, -np.inf),
        "early_target_kwh": np.where((early_price > 0) & (target > 0), target, -np.inf),
        "early_price_per_kwh": early_price,
        "terminal_value_per_kwh": s.terminal_value_per_kwh,
        "previous_min_kw": np.where(known, previous, -np.inf),
        "previous_max_kw": np.where(known, previous, np.inf),
    }


def _network_symbols(problem: Problem, net: Network) -> dict[str, Array]:
    s, c, circuits, phases = problem.storages, problem.circuits, net.circuits, net.phases
    return {
        "at_circuit": np.array([[float(at == name) for name in c.circuit_ids] for at in s.circuit_ids]).reshape(-1, c.n_circuits),
        "below_phase": np.moveaxis(net.phase_inside, 2, 0),
        "fixed_kw": c.fixed_kw,
        "import_cap_kw": circuits.import_cap_kw,
        "export_cap_kw": circuits.export_cap_kw,
        "soft_import_kw": circuits.soft_import_kw,
        "soft_export_kw": circuits.soft_export_kw,
        "phase_fixed_kw": phases.fixed_kw[:, 0],
        "phase_import_cap_kw": phases.import_cap_kw,
        "phase_export_cap_kw": phases.export_cap_kw,
        "soft_phase_import_kw": phases.soft_import_kw,
        "soft_phase_export_kw": phases.soft_export_kw,
    }


def _money_symbols(problem: Problem, net: Network) -> dict[str, Array]:
    s, money, fixed = problem.storages, problem.connection, net.circuits.fixed_kw[0]
    most, least = fixed + s.charge_max_kw.sum(axis=0), fixed - s.discharge_max_kw.sum(axis=0)
    return {
        "import_price_per_kwh": money.import_price_per_kwh,
        "export_price_per_kwh": money.export_price_per_kwh,
        "import_max_kw": np.maximum(np.minimum(net.circuits.import_cap_kw[0], most), 0.0),
        "export_max_kw": np.maximum(np.minimum(net.circuits.export_cap_kw[0], -least), 0.0),
        "demand_charge_per_kw": np.float64(money.demand_charge_per_kw) * np.ones(()),
        "peak_so_far_kw": np.float64(money.peak_so_far_kw) * np.ones(()),
    }
