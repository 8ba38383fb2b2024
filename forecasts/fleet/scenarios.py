"""Scenarios of the fleet: when cars leave and what they take, drawn together, and cars that come.

A like visit is drawn by its weight, among those that lasted longer than the car is here; the ranks of its stay and of its energy
among the like are read on the car's own curves. Thus each scenario has the forecast's distributions, and long stays take
as much more as they did before.

Source: Clark et al. (2004), J. Hydrometeorology 5, 243–262 (the Schaake shuffle: forecast marginals, observed ranks).
"""

from dataclasses import dataclass

import numpy as np

from forecasts.fleet.kernel import Like, like
from forecasts.fleet.stays import CarForecasts
from forecasts.fleet.visits import Visits
from forecasts.localtime import Ints
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FleetScenarios:
    """Drawn instants of leaving [h since 1970] and energies of whole stays [kWh], (n_cars, n_scenarios), all equally likely."""

    leaves_h: Array
    energy_kwh: Array


def drawn(
    told: CarForecasts, cars: Visits, past: Visits, *, at_h: float, charged_kwh: Array, rng: np.random.Generator, n: int
) -> FleetScenarios:
    """Return `n` scenarios of `cars` that are here at `at_h`, took `charged_kwh` (n_cars,) and are foretold by `told`."""
    passed = np.maximum(at_h - cars.begin_h, 0.0)
    ranks = [np.empty((0, 2, n))]
    for some in like(cars, past):
        begin = sum(len(r) for r in ranks)
        ranks.append(_ranks(some, passed[begin : begin + len(some.cars)], rng, n))
    levels = np.concatenate(ranks)
    return FleetScenarios(
        leaves_h=told.leaves_h(at_h, levels[:, 0]),
        energy_kwh=told.needs_kwh(charged_kwh, levels[:, 1]),
    )


def drawn_newcomers(clocks: Visits, past: Visits, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return stay [h] and energy [kWh] of a car that comes at each row of `clocks`, (n,) each: those of a like visit.

    `past` are ended visits of known energy, the first to end first, at least one before each of `clocks`.
    """
    found = [np.empty((2, 0))]
    for some in like(clocks, past):
        row = _pick(some.weight, rng, 1)[:, 0]
        found.append(np.stack([some.past.stay_h[row], some.past.energy_kwh[row]]))
    stays, energies = np.concatenate(found, axis=1)
    return stays, energies


def _ranks(some: Like, passed: Array, rng: np.random.Generator, n: int) -> Array:
    """Return levels of stay and energy of `n` like visits for each car, (n_cars, 2, n); unrelated where nobody is alike."""
    known = np.isfinite(some.past.energy_kwh)
    stays, energies = some.past.stay_h[known], some.past.energy_kwh[known]
    weight = some.weight[:, known] * (stays > passed[:, None])
    ranks = rng.uniform(size=(len(passed), 2, n))
    alike = weight.sum(axis=1) > 0
    if alike.any():
        row = _pick(weight[alike], rng, n)
        for i, values in enumerate((stays, energies)):
            ranks[alike, i] = _levels(values, weight[alike], row, rng)
    return ranks


def _pick(weight: Array, rng: np.random.Generator, n: int) -> Ints:
    """Return `n` columns for each row of `weight`, drawn by it, (n_rows, n)."""
    below = np.cumsum(weight, axis=1)
    wanted = rng.uniform(size=(len(weight), n)) * below[:, -1:]
    picked = [np.searchsorted(row, at, side="right") for row, at in zip(below, wanted, strict=True)]
    return np.asarray(np.minimum(np.stack(picked), weight.shape[1] - 1), dtype=np.int64)


def _levels(values: Array, weight: Array, row: Ints, rng: np.random.Generator) -> Array:
    """Return a level within the step that each picked value makes in its row's weighted distribution, (n_rows, n)."""
    order = np.argsort(values, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    below = np.concatenate([np.zeros((len(weight), 1)), np.cumsum(weight[:, order], axis=1)], axis=1)
    below /= below[:, -1:]
    low = np.take_along_axis(below, place[row], axis=1)
    high = np.take_along_axis(below, place[row] + 1, axis=1)
    return np.asarray(low + rng.uniform(size=row.shape) * (high - low))
