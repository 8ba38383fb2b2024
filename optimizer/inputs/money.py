"""Symbols of the connection's money."""

import numpy as np

from optimizer.network import Network
from v2g.problem import Problem
from v2g.timegrid import Array


def money_symbols(problem: Problem, net: Network) -> dict[str, Array]:
    """Return the symbols of prices, the demand charge and what the connection can carry at most."""
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
