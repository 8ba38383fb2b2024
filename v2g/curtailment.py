"""How much curtailable PV may produce: by the plan's curtailment, and at once where more than the limit is exported."""

from datetime import datetime

import numpy as np

from v2g.bounds import fresh
from v2g.limits import capacities_kw
from v2g.observation import Observation
from v2g.problem import Problem
from v2g.setpoint import Setpoint
from v2g.signals import Signals
from v2g.site import Site
from v2g.storages import StorageKind
from v2g.timegrid import Array

CURTAILS_KW = 0.05


def production_kw(problem: Problem, power_kw: Array) -> dict[str, float]:
    """Return the most that each curtailable array may produce in the first step [kW], for the units' powers `power_kw` (n,).

    What is curtailed is taken off the expected production. An array that is not may produce what is expected and its share of
    what the export limits on its way to the grid leave: so a sun brighter than expected breaks none of them. One that no limit
    concerns is not named.
    """
    s, inside = problem.storages, problem.membership()
    arrays = [i for i, kind in enumerate(s.kinds) if kind is StorageKind.PV]
    fixed, _ = problem.fixed_below()
    spare_kw = np.maximum(problem.circuits.export_limit_kw[:, 0] + fixed[:, 0] + inside @ power_kw, 0.0)
    expected_kw = s.charge_max_kw[:, 0]
    spares = {i: float(spare_kw[inside[:, i] > 0].min()) / len(arrays) for i in arrays}
    more_kw = {i: 0.0 if power_kw[i] > CURTAILS_KW else spare for i, spare in spares.items()}
    return {s.unit_ids[i]: float(expected_kw[i] - power_kw[i]) + kw for i, kw in more_kw.items() if np.isfinite(kw)}


def export_cuts(site: Site, observation: Observation, signals: Signals, valid_until: datetime) -> tuple[Setpoint, ...]:
    """Return setpoints by which the arrays produce less, by what is measured to be exported above the limit; each its share."""
    meter = observation.site_power_kw
    _, exports = capacities_kw(site, signals, observation.at)
    if meter is None or not fresh(meter, observation, site.rules) or -meter.value <= exports[0]:
        return ()
    over_kw = -meter.value - exports[0] * (1.0 - site.rules.guard_frac)
    told = [(s.asset_id, -s.power_kw.value) for s in observation.assets if s.online and s.possible_kw and s.power_kw]
    total_kw = sum(produced_kw for _, produced_kw in told)
    kept = max(1.0 - over_kw / total_kw, 0.0) if total_kw > 0.0 else 0.0
    return tuple(
        Setpoint(unit_id=name, power_kw=-produced_kw * kept, valid_until=valid_until, bound_by=("export_limit",), why="fast_loop")
        for name, produced_kw in told
    )
