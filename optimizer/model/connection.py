"""The grid connection: the root circuit's power, split by direction.

    import_kw[t] − export_kw[t] = circuit_kw[root,t]

Adds ``import_kw`` and ``export_kw`` (T,) [kW, ≥ 0]. Where exporting earns more than importing costs, the split is made
exclusive lazily, see `optimizer.integers`.
"""

from typing import Any

import pyomo.environ as pyo


def add_connection(m: Any) -> None:
    """Add import and export and their balance."""
    m.import_kw = pyo.Var(m.T, bounds=lambda m, t: (0, m.import_max_kw[t]))
    m.export_kw = pyo.Var(m.T, bounds=lambda m, t: (0, m.export_max_kw[t]))
    m.connection_balance = pyo.Constraint(m.T, rule=_connection_balance)


def _connection_balance(m: Any, t: int) -> Any:
    return m.import_kw[t] - m.export_kw[t] - m.circuit_kw[0, t] == 0
