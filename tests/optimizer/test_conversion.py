"""The energy function: its closed form, its inverse, its shape."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.conversion import RUNNING_KW, Conversion
from optimizer.flows import make_flows, net
from tests.optimizer.builders import car, case
from v2g.converters import Converters
from v2g.errors import ProblemError
from v2g.holding import run_least_kw
from v2g.problem import Problem


def bent(knee_kw: float, loss: float, standby_kw: float, *, efficiency: float = 0.9, most_kw: float = 10.0) -> Problem:
    """Return a car with one step near now and three further off."""
    ideal = Converters.ideal(1)
    converters = replace(ideal, knee_kw=np.array([knee_kw]), knee_loss_frac=np.array([loss]), standby_kw=np.array([standby_kw]))
    plain = car(charge_efficiency=efficiency, discharge_efficiency=efficiency, charge_max_kw=most_kw, discharge_max_kw=most_kw)
    return case(replace(plain, converters=converters))


def test_losses_grow_above_the_knee_and_towards_zero() -> None:
    conversion = Conversion.of(bent(5.0, 0.1, 0.5)).at(0)
    stored = [conversion.stored_kw(np.array([power]))[0] for power in (0.0, 1.0, 5.0, 10.0)]
    drawn = [conversion.drawn_kw(np.array([power]))[0] for power in (0.0, 1.0, 5.0, 10.0)]
    assert stored == pytest.approx([0.0, 0.9 - 0.4, 4.5, 9.0 - 0.5])
    assert drawn == pytest.approx([0.0, 1 / 0.9 + 0.4, 5 / 0.9, 10 / 0.9 + 0.5])


def test_without_converters_there_are_efficiencies_only() -> None:
    problem = case(car(charge_efficiency=0.8, discharge_efficiency=0.5))
    conversion = Conversion.of(problem).at(0)
    assert conversion.stored_kw(np.array([10.0])) == pytest.approx([8.0])
    assert conversion.drawn_kw(np.array([10.0])) == pytest.approx([20.0])
    assert not np.stack(run_least_kw(problem)).any()


@pytest.mark.parametrize(("knee", "run_kw"), [(5.0, 5.0), (40.0, 10.0), (np.inf, 10.0)])
def test_a_mean_further_off_is_stored_as_by_running_for_a_share_of_the_step(knee: float, run_kw: float) -> None:
    conversion = Conversion.of(bent(knee, 0.1, 0.5))
    near, far, mean_kw = conversion.at(0), conversion.at(1), np.array([2.0])
    share = mean_kw / run_kw
    assert far.stored_kw(mean_kw) == pytest.approx(share * near.stored_kw(np.array([run_kw])))
    assert far.drawn_kw(mean_kw) == pytest.approx(share * near.drawn_kw(np.array([run_kw])))


def test_a_unit_whose_most_power_does_not_make_up_for_standby_stores_nothing() -> None:
    conversion = Conversion.of(bent(5.0, 0.1, 0.5, most_kw=0.3)).at(1)
    assert conversion.stored_kw(np.array([0.3]))[0] < 0.0
    assert conversion.charge_kw(np.array([0.0, 0.1])).tolist() == [0.0, np.inf]


KNEES = st.one_of(st.floats(0.5, 20.0), st.just(np.inf))


@given(KNEES, st.floats(0.0, 0.4), st.floats(0.0, 0.4), st.floats(0.5, 1.0), st.floats(0.01, 50.0), st.sampled_from([0, 1]))
def test_what_is_stored_or_drawn_tells_the_power(
    knee: float, loss: float, standby: float, efficiency: float, power: float, step: int
) -> None:
    problem = bent(knee, loss, standby, efficiency=efficiency)
    conversion = Conversion.of(problem).at(step)
    stored, drawn = conversion.stored_kw(np.array([power])), conversion.drawn_kw(np.array([power]))
    assert conversion.discharge_kw(drawn) == pytest.approx([power], rel=1e-6)
    if step == 1 or power > run_least_kw(problem)[0][0] * (1 + 1e-6):
        assert conversion.charge_kw(stored) == pytest.approx([power], rel=1e-6)
    else:
        assert stored[0] <= 1e-6


@given(KNEES, st.floats(0.0, 0.4), st.floats(0.0, 10.0), st.floats(0.0, 10.0), st.floats(0.0, 1.0))
def test_means_are_the_concave_envelope_of_what_is_held(knee: float, loss: float, a: float, b: float, weight: float) -> None:
    conversion = Conversion.of(bent(knee, loss, 0.3))
    near, far, powers = conversion.at(0), conversion.at(1), np.array([a, b, weight * a + (1 - weight) * b])
    for sign, held, mean in ((1, near.stored_kw, far.stored_kw), (-1, near.drawn_kw, far.drawn_kw)):
        true, relaxed = sign * held(powers), sign * mean(powers)
        assert (true <= relaxed + RUNNING_KW).all()
        assert relaxed[2] >= weight * relaxed[0] + (1 - weight) * relaxed[1] - 1e-9


def test_netting_keeps_the_energy() -> None:
    problem = bent(4.0, 0.1, 0.2)
    both = make_flows(problem, np.full((1, 4), 9.0), np.full((1, 4), 3.0))
    charge, discharge = net(problem, both.charge_kw, both.discharge_kw)
    assert not discharge.any()
    assert make_flows(problem, charge, discharge).energy_kwh == pytest.approx(both.energy_kwh)


@pytest.mark.parametrize(("knee", "loss", "standby", "place"), [(5.0, 0.95, 0.0, "knee_loss_frac"), (5.0, 0.1, 5.0, "standby_kw")])
def test_a_converter_that_loses_more_than_it_gets_is_refused(knee: float, loss: float, standby: float, place: str) -> None:
    with pytest.raises(ProblemError, match=rf"storages\[car\].converters.{place}"):
        bent(knee, loss, standby)
