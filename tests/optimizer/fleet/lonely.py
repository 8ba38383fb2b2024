"""One car against its own exact linear program: the project's template of a site that only trades at the car's price curve."""

from dataclasses import replace

import numpy as np

from optimizer.compiled.reduce import make_pattern, reduce
from optimizer.compiled.stamp import Stamp
from optimizer.compiled.template import compile_template
from optimizer.data import model_data
from optimizer.fleet.split import take
from optimizer.highs import Highs
from optimizer.tiers import TierPrices
from tests.optimizer.instances import root_only
from v2g.network import Connection
from v2g.problem import Problem
from v2g.storages import StorageKind
from v2g.timegrid import Array


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


def least_cost(problem: Problem, tiers: TierPrices, *, moving: bool = True) -> float:
    """Return the linear program's optimum [currency]; it may burn energy where that pays."""
    data = model_data(problem)
    program = Stamp(compile_template(data.structure), 1).program(data.symbols)
    reduced = reduce(program, make_pattern(program))
    money = ("energy_import", "energy_export", "wear", "calendar_ageing", "early_departure", "terminal_value")
    prices = {
        **dict.fromkeys(money, 1.0),
        "energy_outside": tiers.violation_per_kwh_h,
        "unmet_target": tiers.service_per_kwh,
        "fairness": tiers.service_per_kwh,
        "stability": tiers.moving_per_kwh * moving,
    }
    used = prices.keys() & program.costs.keys()
    cost = sum((prices[name] * program.costs[name] for name in used), np.zeros(len(reduced.base)))
    highs = Highs()
    highs.load(reduced)
    values = highs.minimise(cost[reduced.pattern.cols], time_limit_s=10.0).values
    return float((cost * reduced.full(values)).sum())
