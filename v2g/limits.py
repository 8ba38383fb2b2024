"""The limits that hold now, as rows: for each circuit and phase, what the units may add up to in each direction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import numpy as np

from v2g.bounds import UnitBounds, load_now_kw, uncontrolled_bounds_kw, unit_bounds
from v2g.cabinets import Cabinet, modules
from v2g.conduct import given_kw
from v2g.ledger import EMPTY, Ledger
from v2g.network import N_PHASES, phase_share
from v2g.observation import EvseState, Observation
from v2g.outlook import Outlook
from v2g.signals import SignalKind, Signals, value_at
from v2g.site import Evse, Site
from v2g.stating.assets import silent_asset_kw
from v2g.stating.circuits import free_share, phase_limit_kw, unreachable_give_kw, unreachable_kw
from v2g.timegrid import Array

PEAK = "demand_peak"
EVENLY = np.r_[1.0, np.full(N_PHASES, 1.0 / N_PHASES)]
"""How much of a power that lies evenly on all phases is in all, and on each phase."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limits:
    """Bounds for the setpoints of n units, as r rows: each circuit's sum, then its three phases; last the demand charge's peak.

    Parameters
    ----------
    at : datetime
        When they hold.
    units : (n,)
        Bounds of each unit by itself.
    row_names : (r,)
        Name of each row's limit.
    weight : (r, n)
        Share of each unit's power that the row sees, 0..1.
    import_room_kw, export_room_kw : (r,)
        What the units' charging, and their discharging, may add up to [kW, ≥ 0]: the limit less its guard and the worst
        case of all that is not ours to set. Discharge never makes room for charging: it can lapse at any moment.
    cabinets
        The power cabinets, with the modules that are left for the units.
    """

    at: datetime
    units: tuple[UnitBounds, ...]
    row_names: tuple[str, ...]
    weight: Array
    import_room_kw: Array
    export_room_kw: Array
    cabinets: tuple[Cabinet, ...] = ()


def limits_now(
    site: Site,
    observation: Observation,
    outlook: Outlook | None,
    signals: Signals,
    *,
    peak_kw: float = np.inf,
    exempt: Collection[str] = (),
    ledger: Ledger = EMPTY,
) -> Limits:
    """Return the limits at ``observation.at``. Without an outlook the load is taken at the site's stated bounds.

    `peak_kw` is an import that should not be exceeded now, for the demand charge's sake [kW]; it does not hold for the `exempt`
    units, whose drivers would be let down. `ledger` says which cars have nothing more to give.
    """
    units = unit_bounds(site, observation, ledger)
    high, low = uncontrolled_bounds_kw(site, observation, outlook)
    below = inside(site)
    fixed_high = below @ (high[:, None] * EVENLY + _silent_kw(site, observation))
    fixed_low = below @ (low[:, None] * EVENLY - _given_kw(site, observation))
    imports, exports = capacities_kw(site, signals, observation.at)
    phases = np.tile([[phase_limit_kw(c.phase_limit_a, c.voltage_v)] for c in site.circuits], N_PHASES)
    free = free_share(site)[:, None]
    import_room = np.c_[imports, phases] * free - fixed_high
    export_room = np.c_[exports, phases] * free + fixed_low
    return Limits(
        at=observation.at,
        units=units,
        row_names=(*(f"{c.circuit_id}{suffix}" for c in site.circuits for suffix in ("", ":L1", ":L2", ":L3")), PEAK),
        weight=np.vstack((_weight(site, units, below), [u.unit_id not in exempt for u in units])),
        import_room_kw=np.maximum(
            [*import_room.ravel(), peak_kw - _likely_kw(site, observation, fixed_high[0, 0], fixed_low[0, 0])], 0.0
        ),
        export_room_kw=np.maximum([*export_room.ravel(), np.inf], 0.0),
        cabinets=_cabinets(site, observation),
    )


def _likely_kw(site: Site, observation: Observation, high_kw: float, low_kw: float) -> float:
    """Return what the building draws, less the sun, as measured; between its bounds where the meters do not tell [kW]."""
    measured = load_now_kw(site, observation)
    return (high_kw + low_kw) / 2 if measured is None else measured


def capacities_kw(site: Site, signals: Signals, now: datetime) -> tuple[Array, Array]:
    """Return each circuit's import and export limit at `now`, signals included at the root, two (m,) [kW]."""
    imports = np.array([c.import_limit_kw for c in site.circuits])
    exports = np.array([c.export_limit_kw for c in site.circuits])
    for capacity, kind in ((imports, SignalKind.IMPORT_CAPACITY_LIMIT), (exports, SignalKind.EXPORT_CAPACITY_LIMIT)):
        published = value_at(signals, kind, now)
        if published is not None:
            capacity[0] = min(capacity[0], published)
    return imports, exports


def _silent_kw(site: Site, observation: Observation) -> Array:
    """Return what outlets and assets without a setpoint of ours may draw at each circuit, in all and by phase, (m, 4) [kW]."""
    index = {c.circuit_id: i for i, c in enumerate(site.circuits)}
    states, assets = {s.evse_id: s for s in observation.evses}, {s.asset_id: s for s in observation.assets}
    silent = np.zeros((len(site.circuits), 1 + N_PHASES))
    for evse in site.evses:
        silent[index[evse.circuit_id]] += _not_ours_kw(evse, states.get(evse.evse_id)) * _shares(evse.phases)
    for asset in site.assets:
        silent[index[asset.circuit_id]] += silent_asset_kw(assets.get(asset.asset_id)) * EVENLY
    return silent


def _given_kw(site: Site, observation: Observation) -> Array:
    """Return what unreachable outlets may give back, and others beyond their word, in all and by phase, (m, 4) [kW, ≥ 0]."""
    index, given = {c.circuit_id: i for i, c in enumerate(site.circuits)}, np.zeros((len(site.circuits), 1 + N_PHASES))
    states = {s.evse_id: s for s in observation.evses}
    for evse in site.evses:
        state = states.get(evse.evse_id)
        if state is None or not state.online:
            given[index[evse.circuit_id]] += unreachable_give_kw(evse, state) * _shares(evse.phases)
        elif state.breach:
            given[index[evse.circuit_id]] += given_kw(state, evse.discharge_max_kw) * _shares(evse.phases)
    return given


@cache
def _shares(phases: tuple[int, ...]) -> Array:
    """Return how much of its power a unit on `phases` is in all, and on each phase, (4,), which nobody may change.

    Of 5,000 units a look asked 10,000 times, which took 0.1 s.
    """
    share: Array = np.r_[1.0, phase_share(phases)]
    share.setflags(write=False)
    return share


def _cabinets(site: Site, observation: Observation) -> tuple[Cabinet, ...]:
    """Return the cabinets with the modules that outlets without a setpoint of ours cannot take."""
    states = {s.evse_id: s for s in observation.evses}
    found = []
    for circuit in (c for c in site.circuits if c.module_kw):
        silent_kw = [_not_ours_kw(e, states.get(e.evse_id)) for e in site.evses if e.circuit_id == circuit.circuit_id]
        taken = int(modules(np.array(silent_kw), circuit.module_kw).sum())
        found.append(Cabinet(circuit_id=circuit.circuit_id, module_kw=circuit.module_kw, n_free=circuit.n_modules - taken))
    return tuple(found)


def _not_ours_kw(evse: Evse, state: EvseState | None) -> float:
    if state is None or not state.online:
        return unreachable_kw(evse, state)
    return 0.0 if state.session or state.acknowledged_kw else evse.fallback_kw


def inside(site: Site) -> Array:
    """Return (m, m): 1 where the column's circuit is the row's circuit or hangs below it."""
    index = {c.circuit_id: i for i, c in enumerate(site.circuits)}
    below = np.zeros((len(site.circuits),) * 2)
    for i, circuit in enumerate(site.circuits):
        below[i, i] = 1.0
        parent = circuit.parent_id
        while parent is not None:
            below[index[parent], i] = 1.0
            parent = site.circuits[index[parent]].parent_id
    return below


def _weight(site: Site, units: tuple[UnitBounds, ...], below: Array) -> Array:
    index = {c.circuit_id: i for i, c in enumerate(site.circuits)}
    weight = np.zeros((len(site.circuits), 1 + N_PHASES, len(units)))
    for i, unit in enumerate(units):
        weight[:, :, i] = below[:, index[unit.circuit_id], None] * (_shares(unit.phases) * (not unit.unbound))
    return weight.reshape(len(site.circuits) * (1 + N_PHASES), len(units))
