"""The reason of each unit in each step: masks over units and steps, of which the first that holds is the reason.

Prices decide where the program has told them: a limit holds a unit back only if a kWh would be worth its price without it, and
a call of dispatch moves nobody whose price it does not move.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from v2g.problem import Problem
from v2g.solution import Solution
from v2g.storages import StorageKind
from v2g.timegrid import Array
from v2g.unit_prices import EPSILON_PRICE, UnitPrices
from v2g.why import WHYS, Codes, Why

EPSILON_KW = 0.05
EPSILON_KWH = 0.05
URGENT_H = 0.5
CARS = (StorageKind.EV, StorageKind.EXPECTED_EV)

Mask = NDArray[np.bool_]
Rules = tuple[tuple[Why, Mask], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Facts:
    """What the reasons follow from: the problem, its answer, `power_kw` (n, T) as it is sent, `laxity_h` (n,), the prices.

    `held_back` (n, T) is where a limit leaves a car too little to charge at all.
    """

    problem: Problem
    solution: Solution
    power_kw: Array
    laxity_h: Array
    prices: UnitPrices
    held_back: Mask

    def all_of(self, *kinds: StorageKind) -> Mask:
        """Return which units are of one of the kinds, (n, 1)."""
        return np.array([kind in kinds for kind in self.problem.storages.kinds], dtype=np.bool_)[:, None]


def reasons(facts: Facts) -> Codes:
    """Return each unit's reason in each step, (n, T), by its place in `WHYS`."""
    s = facts.problem.storages
    charging, discharging = facts.power_kw > EPSILON_KW, facts.power_kw < -EPSILON_KW
    rules = (
        (Why.AWAY, (s.charge_max_kw <= 0) & (s.discharge_max_kw <= 0) & ~facts.held_back),
        *((why, charging & mask) for why, mask in _to_charge(facts)),
        *((why, discharging & mask) for why, mask in _to_discharge(facts)),
        *((why, ~charging & ~discharging & mask) for why, mask in _to_rest(facts)),
    )
    codes = np.select([np.broadcast_to(mask, facts.problem.shape) for _, mask in rules], range(len(rules)))
    return np.asarray(np.array([WHYS.index(why) for why, _ in rules], dtype=np.int16)[codes])


def _to_charge(facts: Facts) -> Rules:
    s, grid = facts.problem.storages, facts.problem.grid
    before = np.c_[s.initial_energy_kwh, facts.solution.energy_kwh[:, :-1]]
    due = np.arange(grid.n_steps) < s.target_step[:, None]
    missing = due & (before < s.target_energy_kwh[:, None] - EPSILON_KWH)
    late = np.zeros(facts.problem.shape, dtype=np.bool_)
    late[:, 0] = facts.laxity_h < URGENT_H
    dear = _dear(facts, facts.prices.per_kwh) | _dear(facts, facts.problem.connection.import_price_per_kwh)
    surplus = (facts.problem.fixed_below()[0][0] < -EPSILON_KW) & (facts.solution.import_kw < EPSILON_KW)
    sun = facts.all_of(StorageKind.PV)
    return (
        (Why.FLOOR, before - s.drain_kwh < s.energy_min_kwh - EPSILON_KWH),
        (Why.EVENT, _called(facts, -1)),
        (Why.LIMIT, sun & (facts.prices.limits_per_kwh < -EPSILON_PRICE)),
        (Why.TARGET, late | (dear & missing)),
        (Why.RESERVE, dear & _reserved(facts)),
        (Why.SURPLUS, surplus & ~sun),
        (Why.CHEAP, np.ones(facts.problem.shape, dtype=np.bool_)),
    )


def _to_discharge(facts: Facts) -> Rules:
    connection = facts.problem.connection
    paid = connection.demand_charge_per_kw > 0 or connection.contract is not None
    return (
        (Why.EVENT, _called(facts, +1)),
        (Why.PEAK, (_over_tariff(facts) > EPSILON_PRICE) & paid),
        (Why.DISCHARGE, np.ones(facts.problem.shape, dtype=np.bool_)),
    )


def _to_rest(facts: Facts) -> Rules:
    s, prices, sun = facts.problem.storages, facts.prices, facts.all_of(StorageKind.PV)
    only_takes = facts.all_of(*CARS, StorageKind.ELECTROLYSER)
    moves = np.where(only_takes, facts.power_kw, np.abs(facts.power_kw)) > EPSILON_KW
    later = ~sun & (np.cumsum(moves[:, ::-1], axis=1)[:, ::-1] > 0)
    full = facts.solution.energy_kwh >= np.where(s.target_step > 0, s.target_energy_kwh, 0.0)[:, None] - EPSILON_KWH
    promised = facts.all_of(*CARS) | (facts.all_of(StorageKind.ELECTROLYSER) & (s.target_step[:, None] > 0))
    wanted = prices.value_per_kwh * s.charge_efficiency[:, None] > prices.site_per_kwh + EPSILON_PRICE
    gain = prices.per_kwh - prices.value_per_kwh / s.discharge_efficiency[:, None]
    worn = (s.discharge_max_kw > 0) & (gain > EPSILON_PRICE) & (gain <= s.wear_cost_per_kwh[:, None] + EPSILON_PRICE)
    return (
        (Why.EVENT, _called(facts, +1) & later),
        (Why.LIMIT, facts.held_back & ~(full & (s.target_step > 0)[:, None])),
        (Why.LIMIT, ~sun & (s.charge_max_kw > 0) & (prices.limits_per_kwh > EPSILON_PRICE) & wanted),
        (Why.RESERVE, _reserved(facts)),
        (Why.WAITS, later),
        (Why.WEAR, worn & prices.known),
        (Why.DONE, full & promised),
        (Why.RESTS, np.ones(facts.problem.shape, dtype=np.bool_)),
    )


def _dear(facts: Facts, price_per_kwh: Array) -> Mask:
    """Return where a price is above its mean over the steps until the unit's promise is due (the horizon without one), (n, T).

    A price that limits have made the same in all steps may still be that of a dear hour of the tariff.
    """
    grid, step = facts.problem.grid, facts.problem.storages.target_step
    hours = grid.step_h * (np.arange(grid.n_steps) < np.where(step > 0, step, grid.n_steps)[:, None])
    mean = (price_per_kwh * hours).sum(axis=1, keepdims=True) / hours.sum(axis=1, keepdims=True)
    return np.asarray(price_per_kwh > mean + EPSILON_PRICE)


def _over_tariff(facts: Facts) -> Array:
    """Return what a kWh costs at the connection beyond its price and its carbon, (T,) [currency/kWh]."""
    connection = facts.problem.connection
    carbon = connection.carbon
    emitted = carbon.intensity_kg_per_kwh * carbon.price_per_kg if carbon else 0.0
    return np.asarray(facts.prices.site_per_kwh - connection.import_price_per_kwh - emitted)


def _called(facts: Facts, direction: int) -> Mask:
    """Return the steps in which the grid asks to draw less (+1) or more (−1), (T,)."""
    dispatch = facts.problem.connection.dispatch
    asked = np.zeros(facts.problem.grid.n_steps, dtype=np.bool_)
    if dispatch is not None:
        asked |= np.isfinite(dispatch.follow_kw) & (direction * _over_tariff(facts) > EPSILON_PRICE)
    return np.asarray(np.any([asked, *(e.cover > 0 for e in facts.problem.events if e.direction == direction)], axis=0))


def _reserved(facts: Facts) -> Mask:
    """Return where a unit stands behind a reserve, (n, T)."""
    held = facts.solution.reserve
    if held is None:
        return np.zeros(facts.problem.shape, dtype=np.bool_)
    return np.asarray((held.up_kw > EPSILON_KW) | (held.down_kw > EPSILON_KW))
