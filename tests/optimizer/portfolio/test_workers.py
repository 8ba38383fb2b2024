"""Workers on a cluster of processes give the answers of one process, bit by bit, whoever of them dies."""

import os
import signal
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

from optimizer.portfolio import planner as planning
from optimizer.portfolio import workers as working
from optimizer.portfolio.planner import PortfolioPlanner, Progress
from optimizer.portfolio.values import Portfolio, PortfolioPlan
from optimizer.portfolio.workers import Cluster, Here, Workers, cluster
from tests.optimizer.builders import car, case
from tests.optimizer.portfolio.portfolios import Given, random_portfolio
from v2g.errors import PlanningError, ProblemError


@pytest.fixture(scope="module")
def two() -> Iterator[Cluster]:
    with cluster(n_workers=2) as workers:
        assert isinstance(workers, Cluster)
        yield workers


def assert_same(one: PortfolioPlan, other: PortfolioPlan) -> None:
    assert (one.lower, one.upper, one.rounds) == (other.lower, other.upper, other.rounds)
    assert np.array_equal(one.price_per_kwh, other.price_per_kwh)
    for mine, theirs in zip(one.sites, other.sites, strict=True):
        assert np.array_equal(mine.solution.power_kw, theirs.solution.power_kw)
        assert np.array_equal(mine.solution.energy_kwh, theirs.solution.energy_kwh)


def solve(given: Portfolio, workers: Workers) -> PortfolioPlan:
    return PortfolioPlanner(workers).solve(given)


@pytest.mark.parametrize("seed", [3, 7])
def test_a_cluster_finds_what_one_process_finds(two: Cluster, seed: int) -> None:
    given = random_portfolio(seed)
    assert_same(solve(given, two), solve(given, Here()))


def test_a_sample_on_a_cluster_is_the_same(two: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SAMPLES", (1,))
    given = random_portfolio(12)
    assert_same(solve(given, two), solve(given, Here()))


@pytest.mark.parametrize("doing", ["reading", "asking", "planning"])
def test_a_worker_that_dies_changes_nothing(two: Cluster, doing: str) -> None:
    """It dies with what it had worked out: others work it out again."""
    given, killed = random_portfolio(12), []

    def told(now: Progress) -> None:
        if now.doing == doing and not killed and (doing != "asking" or now.round == 4):
            killed.append(next(iter(two.client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    plan = PortfolioPlanner(two, told=told).solve(given)
    assert killed
    assert_same(plan, solve(given, Here()))


def _fail(message: str) -> None:
    raise ProblemError(message, place="site.json: storages[0]", mend="write a number")


def test_what_is_wrong_with_a_site_is_told_as_it_would_be_here(two: Cluster) -> None:
    with pytest.raises(ProblemError) as caught:
        list(two.map(_fail, ["not a number"]))
    assert str(caught.value) == "site.json: storages[0]: not a number (write a number)"
    assert (caught.value.message, caught.value.mend) == ("not a number", "write a number")
    given = random_portfolio(4)
    other = Given("long", case(car(7), price=0.2), given.sites[0].circuit_id)
    with pytest.raises(ProblemError, match=r"sites\[long\].grid"):
        solve(Portfolio(common=given.common, sites=(*given.sites, other)), two)


def _die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x"])
def test_an_address_without_a_cluster_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "START_LIMIT_S", 0.5)
    with pytest.raises(PlanningError, match=address), cluster(scheduler=address):
        pass


def test_work_that_kills_every_worker_is_given_up(two: Cluster) -> None:
    with pytest.raises(PlanningError, match="the cluster gave up"):
        list(two.map(_die, [0]))


def test_here_work_is_put_off_and_done_once() -> None:
    here, done = Here(), []
    kept = here.keep(partial(_noted, done), [1, 2])
    assert done == []
    assert dict(here.map(_times, kept, [10, 20])) == {0: 10, 1: 40}
    assert dict(here.map(_times, kept, [1, 1])) == {0: 1, 1: 2}
    assert done == [1, 2]


def _noted(done: list[int], value: int) -> int:
    done.append(value)
    return value


def _times(value: int, factor: int) -> int:
    return value * factor
