"""Portfolios by number of workers: many sites of many cars under one common limit that binds.

    python benchmarks/portfolio.py [--sites 1000] [--cars 100] [--workers 1,2] [--kill] [--json]

Each site is a fleet of `benchmarks/fleets.py` with a price level of its own; the common limit is `LIMIT_KW` a car. With `--kill`
it is planned once more on the most workers, of which one is killed in the middle of a round: the answer must be the same.
"""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

from benchmarks.fleets import at_start, fleet
from optimizer.fleet.split import only
from optimizer.portfolio.planner import PortfolioPlanner, Progress
from optimizer.portfolio.values import Portfolio, PortfolioPlan
from optimizer.portfolio.workers import cluster
from v2g.network import Circuits, Connection
from v2g.problem import Problem

LIMIT_KW, LEVELS = 3.7, (0.8, 1.2)
GAP_FRAC = 1e-3


@dataclass(frozen=True, slots=True)
class Source:
    """A site made by whoever plans it, from its number."""

    number: int
    cars: int

    @property
    def site_id(self) -> str:
        """Name of the site."""
        return f"site-{self.number}"

    @property
    def circuit_id(self) -> str:
        """The only circuit."""
        return "portfolio"

    def load(self) -> Problem:
        """Return the site's problem: a fleet with a price level of its own."""
        problem = at_start(fleet(self.cars, self.number))
        level, money = np.random.default_rng(self.number).uniform(*LEVELS), problem.connection
        priced = {name: level * getattr(money, name) for name in ("import_price_per_kwh", "export_price_per_kwh")}
        return replace(problem, connection=replace(money, **priced))


def portfolio(n_sites: int, n_cars: int) -> Portfolio:
    """Return `n_sites` sites of `n_cars` cars under one limit."""
    sites = tuple(Source(number, n_cars) for number in range(n_sites))
    first = only(sites[0].load(), np.zeros(0, np.int64))
    T = first.grid.n_steps
    limit_kw, none = np.full((1, T), LIMIT_KW * n_sites * n_cars), np.zeros(T)
    circuits = Circuits(
        circuit_ids=("portfolio",),
        parent_index=np.array([-1]),
        import_limit_kw=limit_kw,
        export_limit_kw=limit_kw,
        phase_limit_kw=np.full((1, 3), np.inf),
        fixed_kw=none[None],
        fixed_margin_kw=none[None],
    )
    connection = Connection(import_price_per_kwh=none, export_price_per_kwh=none)
    return Portfolio(common=replace(first, circuits=circuits, connection=connection), sites=sites)


def measure(given: Portfolio, n_workers: int, *, kill: bool = False) -> tuple[PortfolioPlan, float]:
    """Return the plan and its seconds, the cluster's start not counted."""
    with cluster(n_workers=n_workers) as workers:
        told = _killing(workers) if kill else _told()
        began = time.perf_counter()
        plan = PortfolioPlanner(workers, gap_frac=GAP_FRAC, told=told).solve(given)
        return plan, time.perf_counter() - began


def _told() -> Callable[[Progress], None]:
    """Return what prints each round as it ends."""
    began = time.perf_counter()

    def told(now: Progress) -> None:
        if now.answered == now.n_sites:
            seconds = time.perf_counter() - began
            print(f"  {seconds:7.1f} s  {now.doing} {now.round or ''}  gap before {now.gap_frac:.2e}", file=sys.stderr, flush=True)

    return told


def _killing(workers: Any) -> Callable[[Progress], None]:
    """Return what kills a worker in the middle of the second round in which all are asked."""
    killed: list[int] = []

    def told(now: Progress) -> None:
        if not killed and now.doing == "asking" and now.round == 2 and now.answered >= now.n_sites // 2:
            killed.append(next(iter(workers.client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    return told


def same(one: PortfolioPlan, other: PortfolioPlan) -> bool:
    """Return whether two plans are the same, bit by bit."""
    pairs = zip(one.sites, other.sites, strict=True)
    return (one.lower, one.upper) == (other.lower, other.upper) and all(
        np.array_equal(a.solution.power_kw, b.solution.power_kw) for a, b in pairs
    )


def main() -> None:
    """Print gap, seconds by number of workers and speed-up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=1000)
    parser.add_argument("--cars", type=int, default=100, help="of each site")
    parser.add_argument("--workers", default="1,2", help="numbers of workers, separated by commas; 0 = none, all in this process")
    parser.add_argument("--kill", action="store_true", help="plan once more, and kill a worker meanwhile")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    given, found, plans = portfolio(options.sites, options.cars), {}, []
    numbers = [int(n) for n in options.workers.split(",")]
    for n, kill in [(n, False) for n in numbers] + ([(max(numbers), True)] if options.kill else []):
        plan, seconds = measure(given, n, kill=kill)
        plans.append(plan)
        found[f"{n}_killed" if kill else str(n)] = {
            "seconds": seconds,
            "gap": plan.gap_frac,
            "rounds": plan.rounds,
            "peak_kw": float(plan.power_kw.max()),
            "stages_s": plan.times_s,
            "same": same(plan, plans[0]),
        }
        what = f"{n} workers, one killed" if kill else f"{n} workers"
        stages = ", ".join(f"{name} {value:.1f}" for name, value in plan.times_s.items())
        again = "the same plan" if same(plan, plans[0]) else "ANOTHER PLAN"
        print(f"{what}: {seconds:.1f} s ({stages}), {plan.rounds} rounds, gap {100 * plan.gap_frac:.3f} %, {again}", flush=True)
    speed_up = found[str(numbers[0])]["seconds"] / found[str(numbers[-1])]["seconds"]
    print(f"speed-up from {numbers[0]} to {numbers[-1]} workers: {speed_up:.2f}")
    if options.json:
        print(json.dumps({"portfolio": {"sites": options.sites, "cars": options.cars, "speed_up": speed_up, "workers": found}}))


if __name__ == "__main__":
    main()
