import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from adapters.farm import physics

efficiencies = st.floats(0.85, 0.999)
ratings = st.floats(1.0, 500.0)
shares = st.floats(0.0, 1.0)


def one(value: float) -> np.ndarray:
    return np.array([value])


@given(efficiencies, ratings)
def test_the_efficiency_at_rated_power_is_the_one_given(efficiency: float, rated_kw: float) -> None:
    losses = physics.losses_of(one(efficiency), one(rated_kw))
    assert np.isclose(physics.battery_kw(one(rated_kw), losses, losses)[0], efficiency * rated_kw)


@given(efficiencies, ratings, shares)
def test_charging_inverts(efficiency: float, rated_kw: float, share: float) -> None:
    losses = physics.losses_of(one(efficiency), one(rated_kw))
    into_kw = share * efficiency * rated_kw
    power_kw = physics.ac_kw_to_charge(one(into_kw), losses)
    assert np.isclose(physics.battery_kw(power_kw, losses, losses)[0], into_kw, atol=1e-9)


@given(efficiencies, ratings, st.floats(0.01, 1.0))
def test_discharging_inverts(efficiency: float, rated_kw: float, share: float) -> None:
    losses = physics.losses_of(one(efficiency), one(rated_kw))
    out_of_kw = -physics.battery_kw(one(-share * rated_kw), losses, losses)
    assert np.isclose(physics.ac_kw_to_discharge(out_of_kw, losses)[0], share * rated_kw)


@given(efficiencies, ratings, st.floats(-1.0, 1.0))
def test_a_conversion_never_gains(efficiency: float, rated_kw: float, share: float) -> None:
    losses = physics.losses_of(one(efficiency), one(rated_kw))
    power_kw = one(share * rated_kw)
    into_kw = physics.battery_kw(power_kw, losses, losses)
    assert into_kw[0] <= power_kw[0]
    assert into_kw[0] * power_kw[0] >= 0.0


def test_efficiency_peaks_below_rated_power_and_falls_at_low_power() -> None:
    share = np.linspace(0.02, 1.0, 99)
    losses = physics.losses_of(np.full(99, 0.95), np.full(99, 11.0))
    efficiency = physics.battery_kw(11.0 * share, losses, losses) / (11.0 * share)
    assert 0.94 < efficiency.max() < 0.96
    assert 0.6 < share[efficiency.argmax()] < 0.8
    assert efficiency[share < 0.11].max() < 0.90


def test_discharge_too_weak_for_its_losses_gives_nothing() -> None:
    losses = physics.losses_of(one(0.95), one(11.0))
    assert physics.ac_kw_to_discharge(losses.self_kw / 2.0, losses)[0] == 0.0


@given(shares, shares)
def test_the_taper_never_rises(one_soc: float, other_soc: float) -> None:
    low, high = sorted((one_soc, other_soc))
    taper = physics.taper_frac(np.array([low, high]), np.full(2, physics.TAPER_FROM_FRAC))
    assert taper[0] >= taper[1] >= physics.CUT_OFF_FRAC


def test_the_taper_is_full_up_to_its_start_and_half_way_down_in_the_middle() -> None:
    soc = np.array([0.0, physics.TAPER_FROM_FRAC, (1.0 + physics.TAPER_FROM_FRAC) / 2.0, 1.0])
    assert np.allclose(physics.taper_frac(soc, np.full(4, physics.TAPER_FROM_FRAC)), [1.0, 1.0, 0.5, physics.CUT_OFF_FRAC])


def test_a_ceiling_below_six_amperes_is_a_pause_and_a_discharge_is_not() -> None:
    ceiling = np.array([4.13, 4.14, 20.0, -1.0, -20.0, 0.0, -1e-9])
    wanted = physics.wanted_kw(ceiling, np.full(7, 4.14), np.full(7, 11.0), np.full(7, 7.0))
    assert wanted.tolist() == [0.0, 4.14, 11.0, -1.0, -7.0, 0.0, 0.0]
