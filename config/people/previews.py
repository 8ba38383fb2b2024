"""What a running station would do under signals that nobody has published: two plans side by side, on a planner of their own."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from config.station.finishing import Finishing
from v2g.errors import PlanningError, SignalError
from v2g.outlook import Outlook
from v2g.ports import Forecaster, Planner
from v2g.previewing import Bracket, PriceFound, PriceQuestion, Surface, SurfaceQuestion, Tried, price_signal, surface_of
from v2g.problem import Problem
from v2g.record import Memory, TickRecord
from v2g.response import Answered, Compared, Response, response_of, window_of
from v2g.signals import Interval, Signals
from v2g.site import Site
from v2g.stating.baseline import remember_baseline
from v2g.stating.courses import courses_of
from v2g.stating.problem import make_problem
from v2g.timegrid import TimeGrid

Courses = Callable[[Outlook], tuple[Outlook, ...]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Situation:
    """A station at one moment: its last tick, what it remembers, the signals in force."""

    record: TickRecord
    memory: Memory
    signals: Signals


class Asked:
    """A planner that is asked one thing after the other.

    In a comparison `after` follows `before` at once: of plans that are worth the same it then finds the nearest (measured on 64
    cars under a flat tariff: else 30–100 kW change places).
    """

    def __init__(self, planner: Planner) -> None:
        self._planner, self.turn = Finishing(planner), asyncio.Lock()

    async def compared(self, before: Sequence[Problem], after: Sequence[Problem]) -> list[Compared]:
        """Return each course on both sides, planned one right after the other."""
        async with self.turn:
            return [
                Compared(before=await self.answered(was), after=await self.answered(becomes))
                for was, becomes in zip(before, after, strict=True)
            ]

    async def answered(self, problem: Problem) -> Answered:
        """Return a problem and its plan; whose `turn` it is may ask."""
        return Answered(problem=problem, solution=await self._planner.solve(problem))


class Previews:
    """Fills `v2g.previewing.Previews` for the station whose present `situation` tells, None before the first tick.

    `planner` should be one of its own, so that a question neither delays the control loop nor cools its solver down, and `hourly`
    another, which plans by the hour: each then goes on from a basis of its own program, and both at once (measured on 100 cars
    and 96 quarter-hours: 2,000 iterations instead of 5,200 for today's plan). Both should recall today's plan, which every
    comparison asks for first. Both sides of one are planned without a predecessor and without least powers, which are decided tick
    by tick.
    """

    def __init__(
        self,
        site: Site,
        forecaster: Forecaster,
        planner: Planner,
        situation: Callable[[], Situation | None],
        *,
        hourly: Planner | None = None,
    ) -> None:
        self._site, self._forecaster, self._situation = site, forecaster, situation
        self._fine = Asked(planner)
        self._hourly = Asked(hourly) if hourly else self._fine
        self._effect: tuple[datetime, Response] | None = None

    async def preview(self, signals: Signals) -> Response:
        """Return what the station would do under `signals` besides those in force, with the band of what else may come.

        The band's courses are planned by the hour: of 100 cars and 96 quarter-hours that takes an eighth of the time.
        """
        now = self._now()
        grid = now.record.outlook.grid
        _check_within(grid, [i for signal in signals for i in signal.intervals])
        sides = (now.signals, (*now.signals, *signals))

        async def compared(by: Asked, on: TimeGrid, courses: Courses) -> list[Compared]:
            return await by.compared(*(self._stated(now, side, on, courses) for side in sides))

        # Each states its problems when its turn comes: the one planner works while those of the other are stated.
        (expected,), courses = await asyncio.gather(
            compared(self._fine, grid, _expected), compared(self._hourly, grid.by_hour(), courses_of)
        )
        return response_of(expected, window_of(signals, grid), courses)

    async def prepare(self) -> None:
        """Plan today's side of comparisons, so that questions about this tick wait for the other side alone."""
        now = self._now()
        grid = now.record.outlook.grid
        for by, on, courses in ((self._fine, grid, _expected), (self._hourly, grid.by_hour(), courses_of)):
            for problem in self._stated(now, now.signals, on, courses):
                async with by.turn:
                    await by.answered(problem)

    async def effect(self) -> Response | None:
        """Return what the signals of the last tick change, None if there were none; kept until another tick has run."""
        now = self._now()
        signals, grid = now.record.signals, now.record.outlook.grid
        if not signals:
            return None
        if self._effect is None or self._effect[0] != now.record.at:
            (compared,) = await self._fine.compared(*(self._stated(now, side, grid, _expected) for side in ((), signals)))
            self._effect = now.record.at, response_of(compared, window_of(signals, grid))
        return self._effect[1]

    async def find_price(self, question: PriceQuestion) -> PriceFound:
        """Return the least price that keeps the window at the target, or the response to the highest if none does."""
        now, tried = self._now(), dict[float, Response]()
        grid = now.record.outlook.grid
        window = Interval(start=question.start, end=question.end, value=question.most_per_kwh)
        _check_within(grid, (window,))
        async with self._fine.turn:
            before = await self._fine.answered(self._as_expected(now, now.signals, grid))

            async def reaches(price: float) -> bool:
                tried[price] = await self._priced(now, replace(window, value=price), before, self._fine)
                return question.reached(tried[price])

            return await _least_price(question, reaches, tried)

    async def surface(self, question: SurfaceQuestion, told: Callable[[float], None]) -> Surface:
        """Return what each price in each hour alone would do, all from one moment, by the hour; `told` hears the share done.

        Hours that the plan does not reach are left out: the last of a whole horizon's may lie beyond it.
        Prices follow one another on the same program, of which only costs change: the solver goes on from its last basis.
        """
        now, by, rows = self._now(), self._hourly, list[list[Response]]()
        grid = now.record.outlook.grid.by_hour()
        _check_within(grid, question.hours)
        question = replace(question, hours=tuple(hour for hour in question.hours if _reaches(grid, hour)))
        for i, hour in enumerate(question.hours):
            async with by.turn:
                before = await by.answered(self._as_expected(now, now.signals, grid))
                rows.append([await self._priced(now, replace(hour, value=price), before, by) for price in question.prices])
            told((i + 1) / len(question.hours))
        return surface_of(question, rows)

    def _now(self) -> Situation:
        situation = self._situation()
        if situation is None:
            raise PlanningError("there is no plan yet: the first tick has not run")
        return situation

    async def _priced(self, now: Situation, interval: Interval, before: Answered, by: Asked) -> Response:
        """Return the response to a price over `interval`, planned `by` whose turn it is, beside the plan `before`."""
        asked, grid = (price_signal((interval,), now.record.at),), before.problem.grid
        after = await by.answered(self._as_expected(now, (*now.signals, *asked), grid))
        return response_of(Compared(before=before, after=after), window_of(asked, grid))

    def _as_expected(self, now: Situation, signals: Signals, grid: TimeGrid) -> Problem:
        return self._stated(now, signals, grid, _expected)[0]

    def _stated(self, now: Situation, signals: Signals, grid: TimeGrid, courses: Courses) -> list[Problem]:
        """Return the problem of the last tick's moment under `signals` on `grid`, in each of the `courses` of its outlook."""
        observation = now.record.observation
        outlook = self._forecaster.forecast(observation, signals, grid)
        memory = replace(remember_baseline(now.memory, signals, outlook), plan=None)
        stated = [make_problem(self._site, observation, course, signals, memory) for course in courses(outlook)]
        return [_without_least_powers(problem) for problem in stated]


async def _least_price(
    question: PriceQuestion, reaches: Callable[[float], Awaitable[bool]], tried: dict[float, Response]
) -> PriceFound:
    """Return the least price that reaches the target, between that of now and the highest; `reaches` notes what is `tried`."""
    most = question.most_per_kwh
    if not await reaches(most):
        return _found(None, tried, most)
    low = min(tried[most].price_before_per_kwh, most)
    if await reaches(low):
        return _found(low, tried, low)
    bracket = Bracket(low=low, high=most)
    while not bracket.settled:
        price = bracket.middle
        bracket = bracket.narrowed(price, reached=await reaches(price))
    return _found(bracket.high, tried, bracket.high)


def _expected(outlook: Outlook) -> tuple[Outlook, ...]:
    return (outlook,)


def _found(price: float | None, tried: dict[float, Response], shown: float) -> PriceFound:
    return PriceFound(
        price_per_kwh=price,
        tried=tuple(Tried(price_per_kwh=p, peak_kw=tried[p].window_peak_after_kw) for p in sorted(tried)),
        response=tried[shown],
    )


def _check_within(grid: TimeGrid, intervals: Sequence[Interval]) -> None:
    """Raise `SignalError` if `intervals` lie where the plan does not look."""
    if not any(_reaches(grid, interval) for interval in intervals):
        until = f"{grid.start:%Y-%m-%dT%H:%M}Z and {grid.end:%Y-%m-%dT%H:%M}Z"
        raise SignalError("the plan does not reach there", place="start", mend=f"ask about a time between {until}")


def _reaches(grid: TimeGrid, interval: Interval) -> bool:
    return interval.start < grid.end and interval.end > grid.start


def _without_least_powers(problem: Problem) -> Problem:
    nothing = np.zeros(problem.shape[0])
    storages = replace(problem.storages, charge_min_kw=nothing, discharge_min_kw=nothing)
    return replace(problem, storages=storages, scenarios=())
