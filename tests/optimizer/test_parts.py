"""What is reckoned part by part is what is reckoned at once."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer import parts as parts_module
from optimizer.evaluate import evaluate
from optimizer.flows import make_flows, make_solution
from optimizer.loads import loads_kw
from optimizer.verify import faults_of
from tests.optimizer.everything import everything
from v2g.problem import Problem
from v2g.solution import HeldReserve, Rung, Solution


def anything(problem: Problem, seed: int) -> Solution:
    """Return a plan that breaks most rules."""
    r = np.random.default_rng(seed)
    charge = r.uniform(0.0, 1.2, problem.shape) * problem.storages.charge_max_kw
    discharge = np.where(r.random(problem.shape) < 0.5, 0.0, r.uniform(0.0, 1.2, problem.shape) * problem.storages.discharge_max_kw)
    held = HeldReserve(
        held_kw=r.uniform(0.0, 5.0, len(problem.reserves)), up_kw=r.random(problem.shape), down_kw=r.random(problem.shape)
    )
    flows = replace(make_flows(problem, charge, discharge), reserve=held if problem.reserves else None)
    return make_solution(flows, evaluate(problem, flows), rung=Rung.RULE, times_s={})


@pytest.mark.parametrize("seed", range(20))
def test_any_parts_find_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = everything(seed)
    solution = anything(problem, seed)
    at_once, flow = faults_of(problem, solution), loads_kw(problem, solution.charge_kw, solution.discharge_kw)
    monkeypatch.setattr(parts_module, "PART_ROWS", 1)
    again = anything(problem, seed)
    assert [t.value for t in again.terms] == pytest.approx([t.value for t in solution.terms], abs=1e-9)
    assert np.array_equal(again.energy_kwh, solution.energy_kwh)
    assert faults_of(problem, again) == at_once
    assert loads_kw(problem, solution.charge_kw, solution.discharge_kw) == pytest.approx(flow, abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_loads_are_what_hangs_below(seed: int) -> None:
    problem = everything(seed)
    power = np.random.default_rng(seed).uniform(-5.0, 9.0, problem.shape)
    inside, share = problem.membership(), problem.storages.phase_share
    index, parent = {name: i for i, name in enumerate(problem.circuits.circuit_ids)}, problem.circuits.parent_index
    for unit, name in enumerate(problem.storages.circuit_ids):
        way, circuit = set[int](), index[name]
        while circuit >= 0:
            way, circuit = way | {circuit}, int(parent[circuit])
        assert set(np.flatnonzero(inside[:, unit])) == way
    loads = loads_kw(problem, power)
    assert loads[:, 0] == pytest.approx(inside @ power)
    if np.isfinite(problem.circuits.phase_limit_kw).any():
        assert loads[:, 1:] == pytest.approx(np.einsum("mn,np,nt->mpt", inside, share, power))
