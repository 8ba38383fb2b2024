"""The bill of calls and carbon after a closed loop, in closed form: a constant load, and a battery or nothing beside it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from adapters.farm.ledger import Ledger
from adapters.farm.outcome import QUARTER_S
from adapters.farm.surroundings import StepSeries
from config.simulation.closed_loop import Run, Scenario
from config.simulation.prices import calls_of
from config.simulation.scenarios import Past
from config.simulation.simulation import Policy, simulate
from forecasts.history import History
from tests.support.builders import NOW, a_site
from v2g.signals import Contract, Interval, Signal, SignalKind
from v2g.site import Battery, Horizon, Rules, Site, Tariff

LOAD_KW, HOURS = 20.0, 4.0
BATTERY = Battery(
    battery_id="B", circuit_id="grid", capacity_kwh=60.0, charge_max_kw=10.0, discharge_max_kw=10.0, wear_cost_per_kwh=1.0
)
"""Rests unless it is called: its wear is dearer than energy."""


def at(hour: float) -> datetime:
    return NOW + timedelta(hours=hour)


def call(kind: SignalKind, value: float, *, begin: float = 1.0, end: float = 3.0, **contract: Any) -> Signal:
    interval = Interval(start=at(begin), end=at(end), value=value)
    terms = Contract(**contract) if contract else None
    return Signal(signal_id=kind.value, kind=kind, source="test", issued_at=NOW, intervals=(interval,), contract=terms)


def a_station(*batteries: Battery) -> Site:
    tariff = Tariff(base_price_per_kwh=0.5, carbon_price_per_kg=0.1)
    rules, horizon = Rules(guard_frac=0.0, lease_s=3600.0), Horizon(n_fine=8, n_coarse=6, tick_s=900.0, fast_s=900.0)
    return a_site(1, batteries=batteries, tariff=tariff, rules=rules, horizon=horizon)


def scenario(site: Site, *signals: Signal) -> Scenario:
    return Scenario(
        site=site,
        start=NOW,
        end=at(HOURS),
        visits=(),
        load_kw=StepSeries.constant(LOAD_KW, NOW),
        pv_kw=StepSeries.constant(0.0, NOW),
        signals=signals,
    )


async def figures(site: Site, *signals: Signal) -> dict[str, Any]:
    times = np.datetime64(NOW.replace(tzinfo=None), "s") - 900 * np.arange(28 * 96, 0, -1)
    past = Past(load=History.from_arrays(times, np.full(len(times), LOAD_KW)))
    return (await simulate(scenario(site, *signals), past, Policy.V2G, foresight=True)).figures


GHG = call(SignalKind.GHG, 400.0, begin=0.0, end=HOURS)
CASES = [
    (call(SignalKind.DEMAND_REDUCTION, 8.0, payment=2.0, baseline_kw=25.0), "events", -2 * 5.0 * 2.0),
    (call(SignalKind.DEMAND_REDUCTION, 8.0, payment=2.0, penalty=0.5, baseline_kw=25.0), "events", -2 * (5.0 * 2.0 - 3.0 * 0.5)),
    (call(SignalKind.DEMAND_INCREASE, 8.0, payment=2.0, baseline_kw=10.0), "events", -2 * 8.0 * 2.0),
    (call(SignalKind.RESERVE_UP, 8.0, penalty=0.6, payment=0.1), "reserve", 2 * 8.0 * 0.6),
    (call(SignalKind.DISPATCH_SETPOINT, 15.0, penalty=0.8), "dispatch", 2 * 5.0 * 0.8),
    (GHG, "carbon", HOURS * LOAD_KW * 0.4 * 0.1),
]


@pytest.mark.parametrize(("signal", "name", "cost"), CASES)
async def test_a_station_that_cannot_answer_is_billed_for_what_it_draws(signal: Signal, name: str, cost: float) -> None:
    found = await figures(a_station(), signal)
    energy = 0.5 * LOAD_KW * HOURS
    assert found[f"cost_{name}"] == pytest.approx(cost)
    assert found["cost"] == pytest.approx(energy + cost)
    assert found["cost_perfect_foresight"] == pytest.approx(found["cost"])
    assert bool(found["notes"]) == (name == "reserve")  # elsewhere foresight is a bound
    assert found["perfect_foresight"][f"cost_{name}"] == pytest.approx(cost)
    assert found["cost_uncontrolled"] == pytest.approx(energy + (cost if name == "carbon" else 0.0))


async def test_what_was_planned_before_an_event_was_known_is_its_baseline() -> None:
    known = replace(call(SignalKind.DEMAND_REDUCTION, 8.0, payment=9.0), issued_at=at(0.5))
    found = await figures(a_station(BATTERY), known)
    assert found["cost_events"] == pytest.approx(-2 * 8.0 * 9.0, rel=0.01)  # later plans hold the discharge, and move no baseline
    assert found["perfect_foresight"]["cost_events"] == pytest.approx(found["cost_events"], rel=0.01)


async def test_reserve_is_paid_as_held_and_foresight_could_have_held_no_more() -> None:
    found = await figures(a_station(BATTERY), call(SignalKind.RESERVE_UP, 6.0, payment=0.5, penalty=0.6, offer_max_kw=2.0))
    for one in (found, found["perfect_foresight"]):
        assert one["cost_reserve"] == pytest.approx(-2 * 8.0 * 0.5)
    assert [note for note in found["notes"] if "no strict bound" in note]


def test_what_was_held_is_the_mean_of_the_plans_in_force_and_none_where_there_was_none() -> None:
    signal = call(SignalKind.RESERVE_UP, 6.0, payment=0.5)
    held = [Interval(start=at(1.0), end=at(1.125), value=8.0), Interval(start=at(1.125), end=at(1.5), value=4.0)]
    quarters = np.zeros(int(HOURS * 3600 / QUARTER_S))
    outcome = replace(Ledger(a_station(), NOW).outcome(), import_kw=quarters, load_kw=quarters, pv_kw=quarters)
    calls = calls_of((signal,), Run(outcome=outcome, held_kw={f"{signal.signal_id}[0]": held}))
    [held_kw] = calls.held_kw
    assert held_kw[:8].tolist() == [0.0, 0.0, 0.0, 0.0, 6.0, 4.0, 0.0, 0.0]
