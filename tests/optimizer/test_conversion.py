"""The energy function: its closed form, its inverse, its shape."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.conversion import Conversion
from optimizer.flows import make_flows, net
from tests.optimizer.builders import car, case
from v2g.converters import Converters
from v2g.errors import ProblemError
from v2g.storages import Storages


def bent(knee_kw: float, loss: float, standby_kw: float, efficiency: float = 0.9) -> Storages:
    ideal = Converters.ideal(1)
    converters = replace(ideal, knee_kw=np.array([knee_kw]), knee_loss_frac=np.array([loss]), standby_kw=np.array([standby_kw]))
    return replace(car(charge_efficiency=efficiency, discharge_efficiency=efficiency), converters=converters)


def test_losses_grow_above_the_knee_and_towards_zero() -> None:
    conversion = Conversion.of(bent(5.0, 0.1, 0.5))
    power = np.array([[0.0, 1.0, 5.0, 10.0]])
    assert conversion.stored_kw(power) == pytest.approx(np.array([[0.0, 0.9 - 0.4, 4.5, 9.0 - 0.5]]))
    assert conversion.drawn_kw(power) == pytest.approx(np.array([[0.0, 1 / 0.9 + 0.4, 5 / 0.9, 10 / 0.9 + 0.5]]))


def test_without_converters_there_are_efficiencies_only() -> None:
    conversion = Conversion.of(car(charge_efficiency=0.8, discharge_efficiency=0.5))
    assert conversion.stored_kw(np.array([10.0])) == pytest.approx([8.0])
    assert conversion.drawn_kw(np.array([10.0])) == pytest.approx([20.0])
    assert not conversion.break_even_kw.any()


KNEES = st.one_of(st.floats(0.5, 20.0), st.just(np.inf))


@given(KNEES, st.floats(0.0, 0.4), st.floats(0.0, 0.4), st.floats(0.5, 1.0), st.floats(0.01, 50.0))
def test_what_is_stored_or_drawn_tells_the_power(knee: float, loss: float, standby: float, efficiency: float, power: float) -> None:
    conversion = Conversion.of(bent(knee, loss, standby, efficiency))
    stored, drawn = conversion.stored_kw(np.array([power])), conversion.drawn_kw(np.array([power]))
    assert conversion.discharge_kw(drawn) == pytest.approx([power], rel=1e-6)
    if power > conversion.break_even_kw[0] * (1 + 1e-6):
        assert conversion.charge_kw(stored) == pytest.approx([power], rel=1e-6)
    else:
        assert stored[0] <= 1e-6


@given(KNEES, st.floats(0.0, 0.4), st.floats(0.0, 30.0), st.floats(0.0, 30.0))
def test_the_relaxation_is_concave_and_loses_no_more_than_the_truth(knee: float, loss: float, a: float, b: float) -> None:
    conversion = Conversion.of(bent(knee, loss, 0.3))
    relaxed, powers = conversion.without_standby(), np.array([a, b, (a + b) / 2])
    stored, drawn = (np.array([f(np.array([p]))[0] for p in powers]) for f in (relaxed.stored_kw, relaxed.drawn_kw))
    assert stored[2] >= stored[:2].mean() - 1e-9
    assert drawn[2] <= drawn[:2].mean() + 1e-9
    assert (conversion.stored_kw(powers[:, None].T) <= stored + 1e-9).all()


def test_netting_keeps_the_energy() -> None:
    problem = case(bent(4.0, 0.1, 0.2))
    both = make_flows(problem, np.full((1, 4), 9.0), np.full((1, 4), 3.0))
    charge, discharge = net(problem, both.charge_kw, both.discharge_kw)
    assert not discharge.any()
    assert make_flows(problem, charge, discharge).energy_kwh == pytest.approx(both.energy_kwh)


@pytest.mark.parametrize(("knee", "loss", "standby", "place"), [(5.0, 0.95, 0.0, "knee_loss_frac"), (5.0, 0.1, 5.0, "standby_kw")])
def test_a_converter_that_loses_more_than_it_gets_is_refused(knee: float, loss: float, standby: float, place: str) -> None:
    with pytest.raises(ProblemError, match=rf"storages\[car\].converters.{place}"):
        case(bent(knee, loss, standby))
