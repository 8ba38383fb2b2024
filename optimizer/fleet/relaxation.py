"""Where a cold search starts: classes of cars as storages, each within the sum of its cars' envelopes.

    least[u,t] = max(initial − Σ h·discharge_max/η_d, minimum, target − Σ_{t<s<due} h·η_c·charge_max),   most[u,t] alike
    class: power bounds, least and most energy, initial energy summed over its cars; mean efficiencies

The sums contain all the cars can do together and a little more, at a cost that does not grow with their number: the linear program
of some dozens of storages. Measured on 1,000 and 10,000 cars: its duals bound the optimum to 0.05 %.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimizer.compiled.reduce import make_pattern, reduce
from optimizer.fleet.places import Index, Places
from optimizer.fleet.site import Site, Sites
from optimizer.fleet.split import take
from optimizer.fleet.starts import carry_duals
from optimizer.highs import Highs
from v2g.errors import PlanningError
from v2g.problem import Problem
from v2g.storages import Storages
from v2g.timegrid import Array

MOST_CARS = 3000
"""Cars whose envelopes are summed; of more, every so many."""
N_CLASSES = 54
LIMIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """Row duals of the site, and the cars' power at each place that goes with them, (L, T) [kW]."""

    dual: Array
    power_kw: Array


class Relaxation:
    """Solves one relaxation after the other, each from the last one's basis while the classes are the same."""

    def __init__(self) -> None:
        self._sites, self._highs = Sites(), Highs()

    def start(self, problem: Problem, site: Site, ordered: Index, places: Places, rest: Index) -> Start | None:
        """Return the optimum of the classes of the cars `ordered` beside the units `rest`; None where it is not found in time."""
        whole, of = _relaxed(problem, ordered, places, rest)
        relaxed = self._sites.site(whole, replace(places, of=of), np.arange(whole.shape[0]))
        reduced = reduce(relaxed.program, make_pattern(relaxed.program))
        self._highs.load(reduced)
        try:
            best = self._highs.minimise(relaxed.cost(moving=False)[reduced.pattern.cols], time_limit_s=LIMIT_S)
        except PlanningError:
            return None
        stamp, x = relaxed.program.stamp, reduced.full(best.values)
        dual = np.zeros(stamp.n_rows)
        dual[reduced.pattern.rows] = best.row_dual
        power = (x[stamp.columns_of("charge_kw")] - x[stamp.columns_of("discharge_kw")])[len(rest) :]
        return Start(dual=carry_duals(dual, relaxed, site), power_kw=replace(places, of=of[len(rest) :]).sums(power))


def _relaxed(problem: Problem, ordered: Index, places: Places, rest: Index) -> tuple[Problem, Index]:
    """Return the problem of the units `rest` and the classes of the cars, and each one's place."""
    some = ordered[((np.arange(min(len(ordered), MOST_CARS)) + 0.5) * max(len(ordered) / MOST_CARS, 1.0)).astype(np.int64)]
    classes, place = _classes(problem, some, places, weight=len(ordered) / len(some))
    whole = replace(problem, storages=_joined(take(problem.storages, rest), classes), reserves=())
    return whole, np.concatenate((places.of[rest], place))


def _classes(problem: Problem, cars: Index, places: Places, weight: float) -> tuple[Storages, Index]:
    """Return the classes as storages, and each one's place."""
    s = problem.storages
    gives = s.discharge_max_kw[cars].max(axis=1) > 0
    n_bins = max(round(N_CLASSES / (2 * places.n_places)), 1)
    due = np.where(s.target_step[cars] > 0, s.target_step[cars], problem.grid.n_steps)
    leaves = np.searchsorted(np.quantile(due, np.arange(1, n_bins) / n_bins), due)
    key = (places.of[cars] * 2 + gives) * n_bins + leaves
    _, first, of = np.unique(key, return_index=True, return_inverse=True)
    by_class = replace(places, circuit=places.circuit[places.of[cars[first]]], share=places.share[places.of[cars[first]]], of=of)
    least, most = _envelopes(problem, cars)
    size = s.charge_max_kw[cars].max(axis=1) + 1e-9

    def mean(values: Array) -> Array:
        return by_class.sums(size * values[cars]) / by_class.sums(size)

    n, T = len(first), problem.grid.n_steps
    none, never = np.zeros(n), np.broadcast_to(0.0, (n, T))
    storages = replace(
        take(s, cars[first]),
        charge_max_kw=weight * by_class.sums(s.charge_max_kw[cars]),
        discharge_max_kw=weight * by_class.sums(s.discharge_max_kw[cars]),
        charge_min_kw=none,
        discharge_min_kw=none,
        energy_min_kwh=weight * by_class.sums(least),
        energy_max_kwh=weight * by_class.sums(most),
        initial_energy_kwh=weight * by_class.sums(s.initial_energy_kwh[cars]),
        charge_efficiency=mean(s.charge_efficiency),
        discharge_efficiency=mean(s.discharge_efficiency),
        drain_kwh=weight * by_class.sums(s.drain_kwh[cars]),
        wear_cost_per_kwh=mean(s.wear_cost_per_kwh),
        terminal_value_per_kwh=mean(s.terminal_value_per_kwh),
        target_energy_kwh=none,
        target_step=np.zeros(n, dtype=np.int64),
        departure_probability=never,
        previous_power_kw=np.broadcast_to(np.nan, (n, T)),
        converters=None,
        ageing=None,
        caps=None,
        spare_kwh=None,
    )
    return storages, places.of[cars[first]]


def _envelopes(problem: Problem, cars: Index) -> tuple[Array, Array]:
    """Return the least and the most energy each car can hold if it keeps its promise where it can, two (m, T) [kWh]."""
    s, h = problem.storages, problem.grid.step_h
    gain = s.charge_efficiency[cars, None] * s.charge_max_kw[cars] * h
    loss = s.discharge_max_kw[cars] * h / s.discharge_efficiency[cars, None]
    idle = s.initial_energy_kwh[cars, None] - np.cumsum(s.drain_kwh[cars], axis=1)
    most = np.maximum(np.minimum(idle + np.cumsum(gain, axis=1), s.energy_max_kwh[cars]), idle)
    least = np.minimum(np.maximum(idle - np.cumsum(loss, axis=1), s.energy_min_kwh[cars]), idle)
    due, target = s.target_step[cars, None], s.target_energy_kwh[cars, None]
    useful = gain * (np.arange(problem.grid.n_steps) < due)
    to_come = np.cumsum(useful[:, ::-1], axis=1)[:, ::-1] - useful
    needed = np.where(due > 0, target - to_come, -np.inf)
    return np.minimum(np.maximum(least, needed), most), most


def _joined(rest: Storages, classes: Storages) -> Storages:
    """Return both after each other; what converters, ageing and caps do to the rest is left out of a start."""
    if not rest.n_units:
        return classes
    plain = replace(rest, converters=None, ageing=None, caps=None, spare_kwh=None)
    parts = {name: (getattr(plain, name), getattr(classes, name)) for name in Storages.__slots__}
    joined: dict[str, Any] = {
        name: a + b if isinstance(a, tuple) else np.concatenate((a, b))
        for name, (a, b) in parts.items()
        if a is not None and b is not None
    }
    return replace(classes, **joined)
