from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_session, a_site, an_observation, an_outlook
from v2g.codec import decode, encode
from v2g.commitments import CapacityContract
from v2g.limits import capacities_kw
from v2g.problem import Problem
from v2g.record import Memory
from v2g.signals import Contract, Interval, Signal, SignalKind, Signals, mean_of, speaking
from v2g.site import Site, Tariff
from v2g.stating.calls import carbon_of, dispatch_of
from v2g.stating.money import contract_of
from v2g.stating.problem import make_problem
from v2g.timegrid import TimeGrid

GRID = TimeGrid.uniform(NOW, step_h=1.0, n_steps=6)


def call(kind: SignalKind, *spans: tuple[float, float, float], name: str = "S", priority: int = 100, **terms: float) -> Signal:
    return Signal(
        signal_id=name,
        kind=kind,
        source="test",
        issued_at=NOW,
        priority=priority,
        intervals=tuple(Interval(start=NOW + timedelta(hours=a), end=NOW + timedelta(hours=b), value=v) for a, b, v in spans),
        contract=Contract(**terms) if terms else None,
    )


def stated(*signals: Signal, site: Site | None = None, memory: Memory | None = None) -> Problem:
    site = site or a_site(1)
    return make_problem(site, an_observation(site), an_outlook(site), signals, memory or Memory())


def test_each_interval_of_a_called_reduction_is_an_event_on_the_steps_it_covers() -> None:
    signal = call(SignalKind.DEMAND_REDUCTION, (1, 1.5, 20), (4, 5, 8), payment=3.0, penalty=1.5, owed_frac=0.5)
    problem = stated(signal)
    first, second = problem.events
    assert (first.event_id, second.event_id) == ("S[0]", "S[1]")
    assert (first.direction, first.committed_kw, first.payment_per_kwh, first.penalty_per_kwh, first.owed_frac) == (
        1,
        20,
        3,
        1.5,
        0.5,
    )
    assert first.cover == pytest.approx(problem.grid.coverage(signal.intervals[0].start, signal.intervals[0].end))
    assert first.baseline_kw == pytest.approx(np.full(problem.grid.n_steps, 10.0))  # nothing planned yet: the load alone
    assert second.committed_kw == 8


def test_a_called_increase_counts_the_other_way_and_a_contract_s_baseline_holds() -> None:
    (event,) = stated(call(SignalKind.DEMAND_INCREASE, (0, 1, 5), payment=1.0, baseline_kw=-3.0)).events
    assert event.direction == -1
    assert (event.baseline_kw == -3.0).all()


@pytest.mark.parametrize(
    ("kind", "direction"), [(SignalKind.RESERVE_UP, 1), (SignalKind.RESERVE_DOWN, -1), (SignalKind.RESERVE_SYMMETRIC, 0)]
)
def test_reserve_is_a_block_with_its_direction(kind: SignalKind, direction: int) -> None:
    (block,) = stated(call(kind, (0, 4, 12), payment=0.1, penalty=0.4, energy_h=0.5, offer_max_kw=6.0)).reserves
    assert (block.reserve_id, block.direction, block.committed_kw, block.offer_max_kw) == ("S[0]", direction, 12, 6)
    assert (block.payment_per_kw_h, block.penalty_per_kw_h, block.energy_h) == (0.1, 0.4, 0.5)


def test_calls_for_nothing_past_calls_and_those_beyond_the_horizon_are_no_commitments() -> None:
    kinds = (SignalKind.DEMAND_REDUCTION, SignalKind.RESERVE_UP)
    signals = [call(k, (0, 1, 0), (-2, -1, 9), (100, 101, 9), name=str(k), payment=1.0) for k in kinds]
    problem = stated(*signals)
    assert (problem.events, problem.reserves) == ((), ())


def test_the_prevailing_call_of_a_kind_speaks_where_two_overlap() -> None:
    weak = call(SignalKind.DEMAND_REDUCTION, (0, 2, 10), name="weak", payment=1.0)
    strong = call(SignalKind.DEMAND_REDUCTION, (1, 3, 4), name="strong", priority=5, payment=1.0)
    events = {e.event_id: e for e in stated(strong, weak).events}
    step_h = stated().grid.step_h
    assert events["weak[0]"].cover @ step_h == pytest.approx(1.0)
    assert events["strong[0]"].cover @ step_h == pytest.approx(2.0)
    assert (events["weak[0]"].cover + events["strong[0]"].cover <= 1 + 1e-9).all()


@given(st.lists(st.tuples(st.integers(-60, 420), st.integers(1, 240), st.integers(-9, 9)), max_size=5))
def test_shares_agree_with_a_count_of_minutes(said: list[tuple[int, int, int]]) -> None:
    intervals = [Interval(start=NOW + timedelta(minutes=a), end=NOW + timedelta(minutes=a + n), value=float(v)) for a, n, v in said]
    speaker = np.full(360, -1)
    for i, (a, n, _) in enumerate(said):
        speaker[max(a, 0) : max(a + n, 0)] = i
    for i, share in enumerate(speaking(intervals, GRID)):
        assert share == pytest.approx((speaker == i).reshape(6, 60).mean(axis=1))
    values = np.array([v for _, _, v in said] + [7.0])[speaker]
    assert mean_of(intervals, GRID, np.full(6, 7.0)) == pytest.approx(values.reshape(6, 60).mean(axis=1))


def test_dispatch_is_followed_where_it_covers_at_least_half_a_step() -> None:
    weak = call(SignalKind.DISPATCH_SETPOINT, (0, 2, -5), (2, 2.5, 8), (3.75, 4, 9), penalty=0.3)
    strong = call(SignalKind.DISPATCH_SETPOINT, (1, 1.5, 5), name="strong", priority=1, penalty=0.7)
    dispatch = dispatch_of((strong, weak), GRID)
    assert dispatch is not None
    assert dispatch.follow_kw == pytest.approx([-5, 0, 8, np.nan, np.nan, np.nan], nan_ok=True)
    assert dispatch.price_per_kwh == 0.7
    assert dispatch_of((), GRID) is None


def test_carbon_is_told_in_grams_and_where_it_is_silent_its_mean_holds() -> None:
    curve = call(SignalKind.GHG, (0, 1, 600), (1, 4, 200))
    carbon = carbon_of((curve,), GRID, 0.08)
    assert carbon is not None
    assert carbon.intensity_kg_per_kwh == pytest.approx([0.6, 0.2, 0.2, 0.2, 0.3, 0.3])
    assert carbon.price_per_kg == 0.08
    assert carbon_of((curve,), GRID, 0.0) is None
    assert carbon_of((), GRID, 0.08) is None


def test_a_tariff_with_a_subscription_is_a_capacity_contract() -> None:
    tariff = Tariff(
        base_price_per_kwh=0.5,
        contracted_kw=80,
        overage_price_per_kw=4,
        block_kw=50,
        block_price=95,
        max_blocks=3,
        carbon_price_per_kg=0.1,
    )
    curve = call(SignalKind.GHG, (0, 30, 500))
    connection = stated(curve, call(SignalKind.DISPATCH_SETPOINT, (0, 1, 7), penalty=1.0), site=a_site(1, tariff=tariff)).connection
    assert connection.contract == CapacityContract(
        contracted_kw=80, overage_price_per_kw=4, block_kw=50, block_price=95, max_blocks=3
    )
    assert connection.carbon is not None
    assert connection.dispatch is not None
    assert contract_of(Tariff(base_price_per_kwh=0.5)) is None


def test_after_an_event_the_rebound_is_capped_for_plans_and_for_the_fast_side() -> None:
    site = a_site(1, limit_kw=50.0)
    signal = call(SignalKind.DEMAND_REDUCTION, (1, 2, 10), payment=1.0, rebound_cap_kw=15.0, rebound_h=1.0)
    limit = stated(signal, site=site).circuits.import_limit_kw[0]
    starts_h = an_outlook(site).grid.edges_h[:-1]
    assert limit == pytest.approx(np.where((starts_h >= 2) & (starts_h < 3), 15.0, 50.0))
    for hour, limit_kw in ((1.99, 50.0), (2.0, 15.0), (2.99, 15.0), (3.0, 50.0)):
        assert capacities_kw(site, (signal,), NOW + timedelta(hours=hour))[0][0] == limit_kw
    assert signal.ends_at == NOW + timedelta(hours=3)
    assert replace(signal, contract=Contract(rebound_h=1.0)).ends_at == NOW + timedelta(hours=2)


def test_a_signal_with_its_contract_is_kept_and_read_again() -> None:
    signals: Signals = (call(SignalKind.RESERVE_SYMMETRIC, (0, 4, 12), payment=0.1), call(SignalKind.GHG, (0, 1, 300), name="G"))
    assert decode(Signals, encode(signals)) == signals


def test_an_event_does_not_touch_who_is_plugged_in() -> None:
    site = a_site(1)
    observation = an_observation(site, E0=a_session("E0"))
    called = make_problem(
        site, observation, an_outlook(site), (call(SignalKind.DEMAND_REDUCTION, (0, 1, 5), payment=1.0),), Memory()
    )
    assert called.storages.charge_max_kw == pytest.approx(
        make_problem(site, observation, an_outlook(site), (), Memory()).storages.charge_max_kw
    )
