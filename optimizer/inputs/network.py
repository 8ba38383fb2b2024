"""Symbols of the feeder tree."""

import numpy as np

from optimizer.network import Network
from v2g.problem import Problem
from v2g.timegrid import Array


def network_symbols(problem: Problem, net: Network) -> dict[str, Array]:
    """Return the symbols of circuits and phases."""
    s, c, circuits, phases = problem.storages, problem.circuits, net.circuits, net.phases
    return {
        "at_circuit": np.array([[float(at == name) for name in c.circuit_ids] for at in s.circuit_ids]).reshape(-1, c.n_circuits),
        "below_phase": np.moveaxis(net.phase_inside, 2, 0),
        "fixed_kw": c.fixed_kw,
        "import_cap_kw": circuits.import_cap_kw,
        "export_cap_kw": circuits.export_cap_kw,
        "soft_import_kw": circuits.soft_import_kw,
        "soft_export_kw": circuits.soft_export_kw,
        "phase_fixed_kw": phases.fixed_kw,
        "phase_import_cap_kw": phases.import_cap_kw,
        "phase_export_cap_kw": phases.export_cap_kw,
        "soft_phase_import_kw": phases.soft_import_kw,
        "soft_phase_export_kw": phases.soft_export_kw,
    }
