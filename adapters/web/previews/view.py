"""Answers to questions about signals, as the API tells them."""

from datetime import datetime, timedelta

import numpy as np

from adapters.web.figures import series, tidy
from adapters.web.previews.models import (
    BandModel,
    CostChangeModel,
    DriverEffectModel,
    PreviewModel,
    PriceFoundModel,
    SurfaceModel,
    TriedModel,
)
from v2g.previewing import PriceFound, PriceQuestion, Surface
from v2g.response import Band, DriverEffect, Response
from v2g.timegrid import Array, TimeGrid


def preview_view(response: Response) -> PreviewModel:
    """Return what a station would do."""
    grid = response.grid
    return PreviewModel(
        starts=list(grid.starts),
        step_h=[round(float(h), 6) for h in grid.step_h],
        in_window=series(response.window.inside),
        before_kw=_band(response.before_kw),
        after_kw=_band(response.after_kw),
        change_kw=_band(response.change_kw),
        moved_kwh=tidy(response.moved_kwh),
        window_kwh=tidy(response.window_kwh),
        ahead_kwh=tidy(response.ahead_kwh),
        rebound_kwh=tidy(response.rebound_kwh),
        peak_before_kw=tidy(response.peak_before_kw),
        peak_after_kw=tidy(response.peak_after_kw),
        window_peak_before_kw=tidy(response.window_peak_before_kw),
        window_peak_after_kw=tidy(response.window_peak_after_kw),
        price_before_per_kwh=tidy(response.price_before_per_kwh),
        price_after_per_kwh=tidy(response.price_after_per_kwh),
        elasticity=None if response.elasticity is None else tidy(response.elasticity),
        cost=tidy(response.cost),
        costs=[CostChangeModel(name=c.name, before=tidy(c.before), after=tidy(c.after)) for c in response.costs],
        cost_unanswered=tidy(response.cost_unanswered),
        over_limit_kw=tidy(response.over_limit_kw),
        unmet_kwh=tidy(response.unmet_kwh),
        affected=list(response.affected),
        drivers=[_driver(driver, grid) for driver in response.drivers],
    )


def price_view(question: PriceQuestion, found: PriceFound) -> PriceFoundModel:
    """Return which price reaches a target, if any."""
    return PriceFoundModel(
        price_per_kwh=None if found.price_per_kwh is None else tidy(found.price_per_kwh),
        target_kw=question.target_kw,
        tried=[TriedModel(price_per_kwh=tidy(t.price_per_kwh), peak_kw=tidy(t.peak_kw)) for t in found.tried],
        preview=preview_view(found.response),
    )


def surface_view(surface: Surface) -> SurfaceModel:
    """Return a response surface."""
    return SurfaceModel(
        starts=[hour.start for hour in surface.hours],
        step_h=(surface.hours[0].end - surface.hours[0].start) / timedelta(hours=1),
        prices=list(surface.prices),
        before_kw=series(surface.before_kw),
        before_peak_kw=series(surface.before_peak_kw),
        price_before_per_kwh=series(surface.price_before_per_kwh),
        power_kw=_table(surface.power_kw),
        peak_kw=_table(surface.peak_kw),
        moved_kwh=_table(surface.moved_kwh),
        rebound_kwh=_table(surface.rebound_kwh),
        cost=_table(surface.cost),
        drivers=np.rint(surface.drivers).astype(int).tolist(),
    )


def _band(band: Band) -> BandModel:
    return BandModel(expected=series(band.expected), low=series(band.low), high=series(band.high))


def _driver(driver: DriverEffect, grid: TimeGrid) -> DriverEffectModel:
    return DriverEffectModel(
        evse_id=driver.unit_id,
        energy_kwh=tidy(driver.energy_kwh),
        furthest_kwh=tidy(driver.furthest_kwh),
        ready_before=_instant(driver.ready_before_h, grid),
        ready_after=_instant(driver.ready_after_h, grid),
    )


def _instant(offset_h: float | None, grid: TimeGrid) -> datetime | None:
    return None if offset_h is None else grid.start + timedelta(hours=offset_h)


def _table(values: Array) -> list[list[float]]:
    return [series(row) for row in values]
