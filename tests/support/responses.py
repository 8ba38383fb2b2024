"""A response to signals that was not reckoned."""

from dataclasses import replace
from typing import Any

import numpy as np

from v2g.response import Band, Response, Window
from v2g.timegrid import TimeGrid


def a_response(grid: TimeGrid, *, change_kw: float = 0.0, **changes: Any) -> Response:
    """Return a response to a signal over the whole `grid` that changes the net import of 10 kW by `change_kw` in every step."""
    flat = np.ones(grid.n_steps)

    def band(kw: float) -> Band:
        return Band(expected=kw * flat, low=(kw - 1.0) * flat, high=(kw + 1.0) * flat)

    response = Response(
        grid=grid,
        window=Window(ahead=0.0 * flat, inside=flat, later=0.0 * flat),
        before_kw=band(10.0),
        after_kw=band(10.0 + change_kw),
        change_kw=band(change_kw),
        moved_kwh=0.0,
        window_kwh=change_kw * float(grid.step_h.sum()),
        ahead_kwh=0.0,
        rebound_kwh=0.0,
        peak_before_kw=10.0,
        peak_after_kw=10.0 + change_kw,
        window_peak_before_kw=10.0,
        window_peak_after_kw=10.0 + change_kw,
        price_before_per_kwh=0.5,
        price_after_per_kwh=0.5,
        elasticity=None,
        cost=0.0,
        costs=(),
        cost_unanswered=0.0,
        over_limit_kw=0.0,
        unmet_kwh=0.0,
        affected=(),
        drivers=(),
    )
    return replace(response, **changes)
