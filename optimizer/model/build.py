"""The whole model: its sets, symbols, components and terms. A new component or term is one file and one line here."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import pyomo.environ as pyo

from optimizer.model.circuits import add_circuits
from optimizer.model.connection import add_connection
from optimizer.model.conversion import add_conversion
from optimizer.model.discharge_caps import add_discharge_caps
from optimizer.model.phases import add_phases
from optimizer.model.ramps import add_ramps
from optimizer.model.storage import add_storage
from optimizer.model.structure import Structure
from optimizer.model.symbols import SYMBOLS
from optimizer.model.taper import add_taper
from optimizer.model.terms.calendar_ageing import CALENDAR_AGEING
from optimizer.model.terms.capacity_contract import CAPACITY_CONTRACT
from optimizer.model.terms.carbon import CARBON
from optimizer.model.terms.cycle_wear import CYCLE_WEAR
from optimizer.model.terms.demand_charge import DEMAND_CHARGE
from optimizer.model.terms.dispatch import DISPATCH
from optimizer.model.terms.earliness import EARLINESS
from optimizer.model.terms.early_departure import EARLY_DEPARTURE
from optimizer.model.terms.energy_outside import ENERGY_OUTSIDE
from optimizer.model.terms.events import EVENT_FINE, EVENT_PAYMENT
from optimizer.model.terms.overload import OVERLOAD
from optimizer.model.terms.ramp_broken import RAMP_BROKEN
from optimizer.model.terms.reserve import RESERVE_MISSING, RESERVE_PAYMENT
from optimizer.model.terms.stability import STABILITY
from optimizer.model.terms.terminal_value import TERMINAL_VALUE
from optimizer.model.terms.trade import ENERGY_EXPORT, ENERGY_IMPORT
from optimizer.model.terms.unmet_target import FAIRNESS, UNMET_TARGET
from optimizer.model.terms.wear import WEAR
from optimizer.shares import N_SHARES
from v2g.network import N_PHASES
from v2g.timegrid import Array

COMPONENTS = (add_conversion, add_storage, add_taper, add_ramps, add_discharge_caps, add_circuits, add_phases, add_connection)
TERMS = (
    OVERLOAD,
    ENERGY_OUTSIDE,
    RAMP_BROKEN,
    UNMET_TARGET,
    FAIRNESS,
    ENERGY_IMPORT,
    ENERGY_EXPORT,
    DEMAND_CHARGE,
    CAPACITY_CONTRACT,
    CARBON,
    DISPATCH,
    EVENT_PAYMENT,
    EVENT_FINE,
    RESERVE_PAYMENT,
    RESERVE_MISSING,
    WEAR,
    CYCLE_WEAR,
    CALENDAR_AGEING,
    EARLY_DEPARTURE,
    TERMINAL_VALUE,
    STABILITY,
    EARLINESS,
)


def build_model(structure: Structure, n_units: int, data: Mapping[str, Array] | None = None) -> Any:
    """Return the Pyomo model of `n_units` units, each symbol a mutable `Param` holding its `data` (1 where there is none).

    The objective is not set: the caller minimises tiers of `TERMS`, whose expressions are ``m.terms[name]``.
    """
    m = pyo.ConcreteModel()
    m.structure = structure
    m.U, m.T, m.C = (
        pyo.RangeSet(0, n_units - 1),
        pyo.RangeSet(0, structure.n_steps - 1),
        pyo.RangeSet(0, len(structure.parents) - 1),
    )
    m.F, m.P, m.S = (
        pyo.RangeSet(0, len(structure.phased) - 1),
        pyo.RangeSet(0, N_PHASES - 1),
        pyo.RangeSet(0, structure.n_sticky - 1),
    )
    m.J, m.W = pyo.RangeSet(0, structure.n_depths - 1), pyo.RangeSet(0, structure.n_caps - 1)
    m.K, m.R = pyo.RangeSet(0, structure.n_events - 1), pyo.RangeSet(0, structure.n_reserves - 1)
    m.H = pyo.RangeSet(0, structure.n_steps - 1 if structure.n_reserves else -1)
    m.Q, m.NEVER = pyo.RangeSet(0, N_SHARES - 1), pyo.RangeSet(0, -1)
    for name, sets in SYMBOLS.items():
        values: Any = 1.0 if data is None else _by_index(data[name])
        m.add_component(name, pyo.Param(*(getattr(m, s) for s in sets), mutable=True, initialize=values))
    for add in COMPONENTS:
        add(m)
    for term in TERMS:
        term.define(m)
    m.terms = {term.name: term.expr(m) for term in TERMS}
    return m


def _by_index(values: Array) -> Any:
    """Return an array as Pyomo wants it: a number, or a dict by index."""
    if values.ndim == 0:
        return float(values)
    if values.ndim == 1:
        return dict(enumerate(values.tolist()))
    return {index: float(values[index]) for index in product(*map(range, values.shape))}
