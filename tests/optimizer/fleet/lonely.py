"""One car against its own exact linear program: the project's template of a site that only trades at the car's price curve."""

from dataclasses import replace

import numpy as np

from optimizer.compiled.reduce import make_pattern, reduce
from optimizer.compiled.stamp import Stamp
from optimizer.compiled.template import compile_template
from optimizer.data import model_data
from optimizer.evaluate import evaluate
from optimizer.fleet.split import take
from optimizer.flows import make_flows
from optimizer.highs import Highs
from optimizer.model.conversion import KNEE, PAIRS
from optimizer.tiers import TierPrices, tier_prices
from tests.optimizer.instances import mixed, root_only
from v2g.converters import DischargeCaps
from v2g.network import Connection
from v2g.problem import Problem
from v2g.storages import StorageKind
from v2g.timegrid import Array

BURNT_KW = 1e-9


def alone(problem: Problem, row: int, price: Array) -> Problem:
    """Return a problem of one car that buys and sells at `price` (T,), without limits."""
    storages = replace(take(problem.storages, np.array([row])), circuit_ids=("grid",), kinds=(StorageKind.EV,))
    T = len(price)
    return Problem(
        grid=problem.grid,
        storages=storages,
        circuits=root_only(np.zeros(T), limit_kw=np.inf),
        connection=Connection(import_price_per_kwh=price, export_price_per_kwh=price),
    )


def least_cost(problem: Problem, tiers: TierPrices, *, moving: bool = True) -> tuple[float, bool]:
    """Return the linear program's optimum [currency], and whether it burns energy, as no car can."""
    data = model_data(problem)
    stamp = Stamp(compile_template(data.structure), 1)
    program = stamp.program(data.symbols)
    reduced = reduce(program, make_pattern(program))
    prices = tier_costs(tiers, moving=moving)
    used = prices.keys() & program.costs.keys()
    cost = sum((prices[name] * program.costs[name] for name in used), np.zeros(len(reduced.base)))
    highs = Highs()
    highs.load(reduced)
    values = reduced.full(highs.minimise(cost[reduced.pattern.cols], time_limit_s=10.0).values)
    pairs = (("charge_kw", "discharge_kw"), *PAIRS) if KNEE in data.structure.used else (("charge_kw", "discharge_kw"),)
    burns = any((np.minimum(*(values[stamp.columns_of(name)] for name in pair)) > BURNT_KW).any() for pair in pairs)
    return float((cost * values).sum()), burns


def worth(problem: Problem, charge_kw: Array, discharge_kw: Array, tiers: TierPrices, *, moving: bool = True) -> float:
    """Return what a plan of `alone` is worth by the replay, which knows no linear program [currency]."""
    values = {term.name: term.value for term in evaluate(problem, make_flows(problem, charge_kw, discharge_kw))}
    return sum(price * values[name] for name, price in tier_costs(tiers, moving=moving).items())


def tier_costs(tiers: TierPrices, *, moving: bool) -> dict[str, float]:
    """Return what a unit of each term that a car knows costs."""
    money = ("energy_import", "energy_export", "wear", "calendar_ageing", "early_departure", "terminal_value")
    return {
        **dict.fromkeys(money, 1.0),
        "energy_outside": tiers.violation_per_kwh_h,
        "unmet_target": tiers.service_per_kwh,
        "fairness": tiers.service_per_kwh,
        "stability": tiers.moving_per_kwh * moving,
    }


def lonely_car(seed: int, *, least_price: float = 0.0) -> tuple[Problem, TierPrices]:
    """Return a random car with every trouble a car that answers may have, and a price curve from `least_price`."""
    r = np.random.default_rng((seed, 9))
    problem = without_what_answers_not(mixed(seed), r)
    row = int(r.integers(0, max(problem.shape[0], 1)))
    price = r.uniform(least_price, 0.4, problem.grid.n_steps)
    return alone(problem, row, np.round(price, 1) if r.random() < 0.2 else price), tier_prices(problem)


def without_what_answers_not(problem: Problem, r: np.random.Generator) -> Problem:
    """Return the problem without ramps and depth ageing, and often with more discharge caps."""
    s, (n, T) = problem.storages, problem.shape
    converters, ageing, caps = s.converters, s.ageing, s.caps
    if converters is not None:
        converters = replace(converters, ramp_kw_per_h=np.full(n, np.inf))
    if ageing is not None:
        ageing = replace(ageing, depth_price_per_kwh=np.zeros_like(ageing.depth_price_per_kwh))
    if caps is not None:
        more = int(r.integers(0, 3))
        caps = DischargeCaps(
            window=np.r_[caps.window, r.choice([0.0, 0.5, 1.0], (more, T))],
            most_kwh=np.c_[caps.most_kwh, r.uniform(0.0, 8.0, (n, more))],
        )
    return replace(problem, storages=replace(s, converters=converters, ageing=ageing, caps=caps))
