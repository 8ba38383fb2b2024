"""Symbols of the storages' own bounds."""

from optimizer.envelope import envelope
from v2g.problem import Problem
from v2g.timegrid import Array


def storage_symbols(problem: Problem) -> dict[str, Array]:
    """Return the symbols of power and energy bounds."""
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
