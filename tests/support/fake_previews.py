"""Answers to questions about signals that were not reckoned: a real class behind the port `Previews`."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from tests.support.responses import a_response
from v2g.errors import PlanningError
from v2g.previewing import PriceFound, PriceQuestion, Surface, SurfaceQuestion, Tried, surface_of
from v2g.response import Response
from v2g.signals import Signals
from v2g.timegrid import TimeGrid

GRID = TimeGrid.uniform(datetime(2026, 3, 4, 6, 0, tzinfo=UTC), step_h=0.25, n_steps=8)


class FakePreviews:
    """Fills `v2g.previewing.Previews`: 10 kW come down by a tenth of the first value asked about.

    `asked` are the signals asked about, `gone` counts the questions that were `given_up`; `go_on` lets them go on.
    """

    def __init__(self) -> None:
        self.asked: list[Signals] = []
        self.gone = 0
        self.silent = False
        self.go_on, self.given_up = asyncio.Event(), asyncio.Event()
        self.go_on.set()

    async def preview(self, signals: Signals) -> Response:
        self.asked.append(signals)
        await self._wait()
        return a_response(GRID, change_kw=-signals[0].intervals[0].value / 10.0, cost=1.5)

    async def find_price(self, question: PriceQuestion) -> PriceFound:
        reached = question.most_per_kwh >= 2.0
        tried = (Tried(price_per_kwh=question.most_per_kwh, peak_kw=5.0),)
        return PriceFound(price_per_kwh=2.0 if reached else None, tried=tried, response=a_response(GRID, change_kw=-5.0))

    async def surface(self, question: SurfaceQuestion, told: Callable[[float], None]) -> Surface:
        rows = []
        for i, _ in enumerate(question.hours):
            await self._wait()
            rows.append([a_response(GRID, change_kw=-price) for price in question.prices])
            told((i + 1) / len(question.hours))
        return surface_of(question, rows)

    async def _wait(self) -> None:
        if self.silent:
            raise PlanningError("no solver answers")
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.gone += 1
            self.given_up.set()
            raise
