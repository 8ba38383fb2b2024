"""The template filled by numpy against the same model built whole in Pyomo and handed over by Pyomo's own interface."""

import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.compiled.formula import read
from optimizer.compiled.reduce import Reduced, make_pattern, reduce
from optimizer.compiled.stamp import Program, Stamp
from optimizer.compiled.template import compile_template
from optimizer.data import model_data
from optimizer.highs import Highs
from optimizer.model.build import TERMS, build_model
from tests.optimizer.instances import fleet, small
from v2g.problem import Problem
from v2g.solution import Tier

WEIGHTS = {Tier.VIOLATION: 50.0, Tier.SERVICE: 20.0, Tier.MONEY: 1.0, Tier.PREFERENCE: 0.001}


def program_of(problem: Problem) -> tuple[Program, Reduced]:
    data = model_data(problem)
    program = Stamp(compile_template(data.structure), problem.shape[0]).program(data.symbols)
    return program, reduce(program, make_pattern(program))


def by_pyomo(problem: Problem) -> float:
    data = model_data(problem)
    model = build_model(data.structure, problem.shape[0], data.symbols)
    model.total = pyo.Objective(expr=sum(WEIGHTS[t.tier] * t.weight * model.terms[t.name] for t in TERMS))
    pyo.SolverFactory("appsi_highs").solve(model)
    return float(pyo.value(model.total))


def by_template(problem: Problem) -> float:
    program, reduced = program_of(problem)
    cost = np.asarray(sum(WEIGHTS[t.tier] * t.weight * program.costs[t.name] for t in TERMS if t.name in program.costs))
    highs = Highs()
    highs.load(reduced)
    answer = highs.minimise(cost[reduced.pattern.cols], time_limit_s=10)
    return float(cost @ reduced.full(answer.values))


@pytest.mark.parametrize("seed", range(30))
def test_the_stamped_program_has_the_optimum_of_the_full_pyomo_model(seed: int) -> None:
    problem = small(seed)
    assert by_template(problem) == pytest.approx(by_pyomo(problem), rel=1e-6, abs=1e-6)


def test_a_fleet_too() -> None:
    problem = fleet(10, 24)
    assert by_template(problem) == pytest.approx(by_pyomo(problem), rel=1e-6)


def test_one_template_serves_any_number_of_cars() -> None:
    assert compile_template(model_data(fleet(3, 24)).structure) is compile_template(model_data(fleet(8, 24)).structure)


def test_a_patched_program_equals_a_fresh_one() -> None:
    first, second = (model_data(fleet(5, 12, seed=seed)) for seed in (1, 2))
    stamp = Stamp(compile_template(first.structure), 5)
    stamp.program(first.symbols)
    patched, fresh = stamp.program(second.symbols), Stamp(stamp.template, 5).program(second.symbols)
    for name in ("values", "row_lower", "row_upper", "col_lower", "col_upper"):
        assert np.array_equal(getattr(patched, name), getattr(fresh, name)), name
    assert all(np.array_equal(patched.costs[t.name], fresh.costs[t.name]) for t in TERMS if t.name in fresh.costs)


def test_coefficients_are_computed_again_only_if_their_symbols_changed() -> None:
    first, cheaper, longer = model_data(fleet(2, 6)), model_data(fleet(2, 6)), model_data(fleet(2, 6))
    cheaper.symbols["import_price_per_kwh"] = cheaper.symbols["import_price_per_kwh"] / 2
    longer.symbols["step_h"] = longer.symbols["step_h"] * 2
    stamp = Stamp(compile_template(first.structure), 2)
    values = stamp.program(first.symbols).values
    assert stamp.program(cheaper.symbols).values is values
    assert not np.array_equal(stamp.program(longer.symbols).values, values)


def test_what_is_decided_is_left_out() -> None:
    problem = fleet(4, 12)
    program, reduced = program_of(problem)
    away = problem.storages.charge_max_kw == 0
    charge = program.stamp.columns_of("charge_kw")
    assert away.any()
    assert not np.isin(charge[away], reduced.pattern.cols).any()
    assert np.isin(charge[~away], reduced.pattern.cols).all()
    assert not np.isin(program.stamp.rows_of("soft_import"), reduced.pattern.rows).any()


def test_an_operation_that_no_coefficient_has_is_an_error() -> None:
    model = pyo.ConcreteModel()
    model.p = pyo.Param(initialize=2.0, mutable=True)
    with pytest.raises(TypeError, match="not NPV_PowExpression"):
        read(model.p**2, {id(model.p): 0})
