from dataclasses import replace

import numpy as np

from optimizer.fleet.split import answerable, fits, only
from tests.optimizer.builders import car, case, fleet_of, with_storages
from tests.optimizer.instances import mixed
from v2g.converters import Ageing, Converters, DischargeCaps
from v2g.problem import Problem
from v2g.scenarios import Scenario
from v2g.storages import StorageKind


def three() -> Problem:
    return case(fleet_of(car(), car(), car()))


def test_only_cars_answer() -> None:
    kinds = (StorageKind.EV, StorageKind.BATTERY, StorageKind.EXPECTED_EV)
    assert answerable(with_storages(three(), kinds=kinds)).tolist() == [True, False, True]


def test_ramps_standby_and_ageing_by_depth_do_not_answer() -> None:
    ideal, nothing = Converters.ideal(3), np.zeros(3)
    ramp = replace(ideal, ramp_kw_per_h=np.array([np.inf, 5.0, np.inf]))
    standby = replace(ideal, standby_kw=np.array([0.1, 0.0, 0.0]), knee_kw=np.full(3, 5.0))
    depths = Ageing(
        calendar_above_kwh=nothing,
        calendar_price_per_kwh_h=nothing,
        depth_kwh=np.ones((3, 1)),
        depth_price_per_kwh=np.array([[0.0], [0.0], [0.1]]),
    )
    assert answerable(with_storages(three(), converters=ramp)).tolist() == [True, False, True]
    assert answerable(with_storages(three(), converters=standby)).tolist() == [False, True, True]
    assert answerable(with_storages(three(), ageing=depths)).tolist() == [True, True, False]


def test_cars_with_caps_answer() -> None:
    caps = DischargeCaps(window=np.ones((3, 4)), most_kwh=np.array([[1.0, 2.0, 3.0]] * 3))
    assert answerable(with_storages(three(), caps=caps)).all()


def test_cars_at_a_cabinet_do_not_answer() -> None:
    problem = three()
    cabinet = replace(problem, circuits=replace(problem.circuits, module_kw=np.array([5.0])))
    assert not answerable(cabinet).any()
    assert not fits(cabinet)


def test_scenarios_do_not_fit() -> None:
    problem = three()
    other = Scenario(probability=0.3, storages=problem.storages, circuits=problem.circuits, connection=problem.connection)
    assert fits(problem)
    assert not fits(replace(problem, scenarios=(other,)))


def test_a_part_of_the_units_has_all_their_tables() -> None:
    for seed in range(30):
        problem = mixed(seed)
        rows = np.arange(problem.shape[0])[::-2]
        part = only(problem, rows).storages
        assert part.unit_ids == tuple(problem.storages.unit_ids[i] for i in rows)
        assert (part.charge_max_kw == problem.storages.charge_max_kw[rows]).all()
        if problem.storages.caps is not None:
            assert part.caps is not None
            assert (part.caps.most_kwh == problem.storages.caps.most_kwh[rows]).all()
