"""Questions about signals at a small station whose answers are known, and that asking changes nothing."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.people.previews import Previews, Situation
from optimizer.exact import ExactPlanner
from optimizer.frames import pack
from tests.support.builders import NOW, a_session, a_site, an_observation, an_outlook
from tests.support.fake_gateway import FakeGateway
from v2g.errors import PlanningError, SignalError
from v2g.observation import Observation
from v2g.outlook import Outlook
from v2g.planning import make_plan
from v2g.previewing import PriceQuestion, SurfaceQuestion, price_signal
from v2g.problem import Problem
from v2g.record import Memory, TickRecord
from v2g.setpoint import DispatchReport
from v2g.signals import Interval, Signal, SignalKind, Signals, mean_on
from v2g.site import Horizon, Site
from v2g.solution import Rung, Solution
from v2g.stating.problem import make_problem
from v2g.tick import Parts, tick
from v2g.timegrid import TimeGrid

HOUR = timedelta(hours=1)
TARIFF = np.array([0.5, 0.5, 0.5, 0.5, 0.3, 0.4])


class Told:
    """Forecasts a fixed outlook at the prices that signals tell; fills `v2g.ports.Forecaster`."""

    def __init__(self, outlook: Outlook) -> None:
        self.outlook = outlook

    def learn(self, observation: Observation) -> None:
        raise AssertionError(f"a question teaches nothing: {observation.at}")

    def forecast(self, observation: Observation, signals: Signals, grid: TimeGrid) -> Outlook:  # noqa: ARG002  # of the port
        price = mean_on(signals, SignalKind.PRICE, grid, self.outlook.import_price_per_kwh)
        return replace(self.outlook, import_price_per_kwh=price)


class Learner(Told):
    """Takes what it is told, too."""

    def learn(self, observation: Observation) -> None:
        self.learned = observation


def a_station(*, spread_kw: float = 0.0, n: int = 1, limit_kw: float = 50.0) -> tuple[Site, Situation, Previews]:
    """Return a station of cars that lack 18 kWh each and leave in six hours, none of which gives back."""
    site = a_site(n, limit_kw=limit_kw, horizon=Horizon(n_fine=1, fine_h=1.0, n_coarse=5))
    leaves = NOW + 6 * HOUR
    cars = {f"E{i}": a_session(f"E{i}", consent=False, departure=leaves) for i in range(n)}
    observation, outlook = an_observation(site, **cars), an_outlook(site, spread_kw=spread_kw, price=TARIFF)
    problem = make_problem(site, observation, outlook, (), Memory())
    plan = make_plan(problem, ExactPlanner().solve_now(problem), NOW, site.rules)
    record = TickRecord(
        tick=1,
        at=NOW,
        observation=observation,
        outlook=outlook,
        signals=(),
        problem=problem,
        plan=plan,
        setpoints=(),
        report=DispatchReport(outcomes=(), withheld=()),
    )
    situation = Situation(record=record, memory=Memory(plan=plan), signals=())
    return site, situation, Previews(site, Told(outlook), ExactPlanner(), lambda: situation)


def prices(*values: float, start_h: int = 0) -> Signals:
    hours = [Interval(start=NOW + (start_h + i) * HOUR, end=NOW + (start_h + i + 1) * HOUR, value=v) for i, v in enumerate(values)]
    return (price_signal(tuple(hours), NOW),)


async def test_a_dear_hour_pushes_the_car_into_the_next_cheapest() -> None:
    _, situation, previews = a_station()
    before = situation.record.plan.import_kw - 10.0
    assert before == pytest.approx([0, 0, 0, 0, 11.0, 18 / 0.95 - 11.0], abs=0.3)
    response = await previews.preview(prices(1.0, start_h=4))
    change = response.change_kw.expected
    assert change[4] == pytest.approx(-11.0, abs=1e-6)
    assert change.sum() == pytest.approx(0.0, abs=0.2)  # what is charged at once or later is the same energy
    assert change[5] == pytest.approx(11.0 - before[5], abs=0.2)
    assert response.window_kwh == pytest.approx(-11.0)
    assert response.rebound_kwh == pytest.approx(change[5])
    assert response.ahead_kwh == pytest.approx(11.0 - change[5], abs=0.2)
    assert response.elasticity == pytest.approx((-11.0 / 21.0) / (1.0 / 0.3 - 1.0))
    assert [d.unit_id for d in response.drivers] == ["E0"]
    assert response.drivers[0].energy_kwh == pytest.approx(0.0, abs=1e-3)


class Noting(ExactPlanner):
    """Notes what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[bytes] = []

    async def solve(self, problem: Problem) -> Solution:
        self.asked.append(pack(problem))
        return await super().solve(problem)


async def test_what_is_prepared_is_what_every_preview_asks_for_first() -> None:
    site, situation, _ = a_station(spread_kw=4.0)
    planner, hourly = Noting(), Noting()
    previews = Previews(site, Told(situation.record.outlook), planner, lambda: situation, hourly=hourly)
    await previews.prepare()
    prepared = [list(noting.asked) for noting in (planner, hourly)]
    for value in (1.0, 0.1):
        for noting in (planner, hourly):
            noting.asked.clear()
        await previews.preview(prices(value, start_h=4))
        assert [noting.asked[::2] for noting in (planner, hourly)] == prepared


async def test_a_limit_is_kept_and_what_it_costs_the_driver_is_told() -> None:
    _, _, previews = a_station()
    limit = Signal(
        signal_id="l",
        kind=SignalKind.IMPORT_CAPACITY_LIMIT,
        source="t",
        issued_at=NOW,
        intervals=(Interval(start=NOW, end=NOW + 6 * HOUR, value=15.0),),
    )
    response = await previews.preview((limit,))
    assert response.after_kw.expected.max() <= 15.0 + 1e-6
    assert response.window_peak_after_kw == response.peak_after_kw
    assert response.elasticity is None


async def test_the_band_is_that_of_busy_and_calm_days() -> None:
    _, _, previews = a_station(spread_kw=4.0)
    response = await previews.preview(prices(1.0, start_h=4))
    width = response.before_kw.high - response.before_kw.low
    assert width == pytest.approx(2 * 0.8 * 4.0)  # quantiles lie evenly within ± 4 kW: from 10 to 90 %
    assert (response.change_kw.high - response.change_kw.low).max() == pytest.approx(0.0, abs=1e-6)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 6), min_size=2, max_size=4, unique=True), n=st.integers(1, 3))
def test_publishing_what_holds_already_changes_nothing(cuts: list[int], n: int) -> None:
    _, situation, previews = a_station(n=n, spread_kw=3.0)
    first, *_, last = sorted(cuts)
    response = asyncio.run(previews.preview(prices(*TARIFF[first:last], start_h=first)))
    plan = situation.record.plan
    assert response.change_kw.low == pytest.approx(0.0, abs=1e-6)
    assert response.change_kw.high == pytest.approx(0.0, abs=1e-6)
    assert (response.cost, response.affected, response.drivers) == (pytest.approx(0.0, abs=1e-9), (), ())
    assert response.before_kw.expected == pytest.approx(plan.import_kw - plan.export_kw, abs=1e-6)


@settings(max_examples=15, deadline=None)
@given(value=st.floats(0.0, 5.0), start_h=st.integers(0, 5))
def test_asking_leaves_the_station_as_it_is(value: float, start_h: int) -> None:
    _, situation, previews = a_station(n=2)
    kept = (
        situation.signals,
        situation.memory,
        situation.memory.plan,
        situation.record.problem.connection.import_price_per_kwh.copy(),
    )
    power = situation.record.plan.power_kw.copy()
    asyncio.run(previews.preview(prices(value, start_h=start_h)))
    assert (situation.signals, situation.memory, situation.memory.plan) == kept[:3]
    assert np.array_equal(situation.record.problem.connection.import_price_per_kwh, kept[3])
    assert np.array_equal(situation.record.plan.power_kw, power)


async def test_the_found_price_is_the_least_that_reaches_the_target() -> None:
    _, _, previews = a_station()
    question = PriceQuestion(start=NOW + 4 * HOUR, end=NOW + 5 * HOUR, target_kw=12.0, most_per_kwh=5.0)
    found = await previews.find_price(question)
    assert found.price_per_kwh is not None
    assert found.response.window_peak_after_kw <= 12.05
    # Some 0.5 moves the car out of the hour: what it saves there is what it pays an hour before at the tariff.
    assert found.price_per_kwh == pytest.approx(0.5, rel=0.03)
    missed = [t.price_per_kwh for t in found.tried if t.peak_kw > 12.05]
    assert max(missed) == pytest.approx(found.price_per_kwh, rel=0.02)


async def test_where_no_price_does_it_is_said_and_the_dearest_is_shown() -> None:
    _, _, previews = a_station()
    question = PriceQuestion(start=NOW, end=NOW + HOUR, target_kw=5.0, most_per_kwh=5.0)
    found = await previews.find_price(question)
    assert found.price_per_kwh is None  # the building alone draws 10 kW
    assert [t.price_per_kwh for t in found.tried] == [5.0]
    assert found.response.window_peak_after_kw == pytest.approx(10.0)


async def test_a_surface_agrees_with_single_previews() -> None:
    _, _, previews = a_station()
    hours = tuple(Interval(start=NOW + i * HOUR, end=NOW + (i + 1) * HOUR, value=0.0) for i in (0, 4))
    heard: list[float] = []
    surface = await previews.surface(SurfaceQuestion(hours=hours, prices=(0.1, 0.45, 1.0)), heard.append)
    assert heard == [0.5, 1.0]
    assert surface.before_kw == pytest.approx([10.0, 21.0], abs=1e-6)
    for row, start_h in enumerate((0, 4)):
        for column, price in enumerate(surface.prices):
            single = await previews.preview(prices(price, start_h=start_h))
            assert surface.peak_kw[row, column] == pytest.approx(single.window_peak_after_kw, abs=1e-6)
            assert surface.cost[row, column] == pytest.approx(single.cost, abs=1e-6)
    assert (np.diff(surface.power_kw, axis=1) <= 1e-6).all()  # dearer, never more


async def test_plans_by_the_hour_are_made_by_their_own_planner_and_are_the_same() -> None:
    class Noting(ExactPlanner):
        def __init__(self) -> None:
            super().__init__()
            self.steps: list[int] = []

        async def solve(self, problem: Problem) -> Solution:
            self.steps.append(problem.shape[1])
            return await super().solve(problem)

    site, situation, alone = a_station()
    fine, hourly = Noting(), Noting()
    previews = Previews(site, Told(situation.record.outlook), fine, lambda: situation, hourly=hourly)
    apart, together = await previews.preview(prices(3.0)), await alone.preview(prices(3.0))
    grid = situation.record.outlook.grid
    assert (fine.steps, hourly.steps) == ([grid.n_steps] * 2, [grid.by_hour().n_steps] * 6)
    assert apart.cost == pytest.approx(together.cost, abs=1e-6)
    assert apart.change_kw.high == pytest.approx(together.change_kw.high, abs=1e-6)


async def test_a_question_without_end_holds_up_no_tick() -> None:
    class Endless:
        async def solve(self, problem: Problem) -> Solution:
            raise AssertionError(await asyncio.Event().wait() or problem.shape)

    site, situation, _ = a_station()
    previews = Previews(site, Told(situation.record.outlook), Endless(), lambda: situation)
    hour = Interval(start=NOW, end=NOW + HOUR, value=0.0)
    questions = [
        previews.surface(SurfaceQuestion(hours=(hour,), prices=(1.0,)), lambda _share: None),
        previews.preview(prices(1.0)),
    ]
    asking = [asyncio.ensure_future(question) for question in questions]
    await asyncio.sleep(0)
    gateway = FakeGateway(situation.record.observation)
    parts = Parts(site=site, gateway=gateway, forecaster=Learner(situation.record.outlook), planner=ExactPlanner())
    record, _ = await tick(parts, Memory(), (), NOW)
    assert record.plan.rung is Rung.OPTIMAL
    assert not any(question.done() for question in asking)
    for question in asking:
        question.cancel()


async def test_what_lies_beyond_the_plan_cannot_be_asked() -> None:
    _, _, previews = a_station()
    with pytest.raises(SignalError, match="does not reach"):
        await previews.preview(prices(1.0, start_h=7))


async def test_a_surface_leaves_out_the_hours_beyond_the_plan() -> None:
    _, _, previews = a_station()
    hours = tuple(Interval(start=NOW + i * HOUR, end=NOW + (i + 1) * HOUR, value=0.0) for i in range(4, 9))
    surface = await previews.surface(SurfaceQuestion(hours=hours, prices=(1.0,)), lambda _share: None)
    assert surface.hours == hours[:2]
    assert surface.power_kw.shape == (2, 1)
    with pytest.raises(SignalError, match="does not reach"):
        await previews.surface(SurfaceQuestion(hours=hours[2:], prices=(1.0,)), lambda _share: None)


async def test_before_the_first_tick_there_is_nothing_to_compare_with() -> None:
    site, situation, _ = a_station()
    with pytest.raises(PlanningError, match="first tick"):
        await Previews(site, Told(situation.record.outlook), ExactPlanner(), lambda: None).preview(prices(1.0))
