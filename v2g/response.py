"""What a station would do under other signals, beside what it does now; nothing here publishes anything.

Both sides are plans of the same moment and the same cars: `before` under the signals in force, `after` under those asked about. All
figures are of the expected course. Bands are spanned by other courses, planned on a coarser grid: by how much each differs there
from the expected one, laid around the expected plan.

    moved      = min(Σ h·max(−Δ, 0), Σ h·max(Δ, 0))                    [kWh], Δ = after − before net import, over all steps
    window     = Σ h·w·Δ,  ahead = Σ h·a·max(Δ, 0),  rebound = Σ h·l·max(Δ, 0)
                 w, a, l: shares of a step in the signalled window, before it, and after it has begun but outside of it
    elasticity = (window / Σ h·w·before) / (mean price after / mean price before − 1), prices averaged over the window's hours
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from v2g.problem import Problem
from v2g.signals import Signals, speaking
from v2g.solution import Solution, Tier
from v2g.storages import StorageKind
from v2g.timegrid import Array, TimeGrid

NOTICED_KWH = 0.5
"""A driver is affected if the car's stored energy differs by more at some time, or a fifth of that at departure."""
AT_DEPARTURE = 0.2
NOTICED_KW, NOTICED_H = 0.05, 0.25
READY_KWH = 0.05
NOT_PAID = frozenset({"early_departure"})
"""What planning counts as money and nobody pays: that a car may leave early. It is as dear as energy is."""
LEAST_KWH, LEAST_PRICE_SHARE = 0.1, 1e-6
"""Below these an energy, or a relative change of price, is too little to divide by."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answered:
    """A problem and the answer to it."""

    problem: Problem
    solution: Solution

    @property
    def net_kw(self) -> Array:
        """Net import, (T,) [kW]."""
        return self.solution.import_kw - self.solution.export_kw


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """The same course of events under the signals in force and under those asked about."""

    before: Answered
    after: Answered

    @property
    def change_kw(self) -> Array:
        """Change of the net import, (T,) [kW]."""
        return self.after.net_kw - self.before.net_kw


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Window:
    """The signalled time as shares of each step: before it begins, inside, and later but outside; (T,) each, they sum to 1."""

    ahead: Array
    inside: Array
    later: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Band:
    """What is expected, and the least and the most over all courses, (T,) each [kW]; without other courses all are alike."""

    expected: Array
    low: Array
    high: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class CostChange:
    """A term of the operator's money before and after [currency]."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverEffect:
    """What changes for one driver; consent is never touched.

    `energy_kwh` is the change of the stored energy when the promise is due (at the horizon's end where nothing is promised),
    `furthest_kwh` its largest change at any time, signed. `ready_before_h` and `ready_after_h` tell when the promised energy is in
    [h after the start], None if it never is or nothing is promised.
    """

    unit_id: str
    energy_kwh: float
    furthest_kwh: float
    ready_before_h: float | None
    ready_after_h: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Response:
    """A station's answer to signals, less what it does without them.

    `window` is where they speak. `cost` is the change of the money tier, by term in `costs`; `cost_unanswered` what the station
    would pay more for energy if it went on as before. `over_limit_kw` is by how much the plan exceeds the connection's limit at
    most, `unmet_kwh` the change of what drivers miss. `elasticity` is None where no price changes or nothing is drawn. `affected`
    names all units whose power changes, `drivers` those whose car's energy or readiness changes noticeably.
    """

    grid: TimeGrid
    window: Window
    before_kw: Band
    after_kw: Band
    change_kw: Band
    moved_kwh: float
    window_kwh: float
    ahead_kwh: float
    rebound_kwh: float
    peak_before_kw: float
    peak_after_kw: float
    window_peak_before_kw: float
    window_peak_after_kw: float
    price_before_per_kwh: float
    price_after_per_kwh: float
    elasticity: float | None
    cost: float
    costs: tuple[CostChange, ...]
    cost_unanswered: float
    over_limit_kw: float
    unmet_kwh: float
    affected: tuple[str, ...]
    drivers: tuple[DriverEffect, ...]


def window_of(signals: Signals, grid: TimeGrid) -> Window:
    """Return where `signals` speak on `grid`; they have intervals."""
    intervals = [i for signal in signals for i in signal.intervals]
    begin = min((i.start for i in intervals), default=grid.end)
    inside = speaking(intervals, grid).sum(axis=0)
    ahead = grid.coverage(grid.start, begin) if begin > grid.start else np.zeros(grid.n_steps)
    return Window(ahead=ahead, inside=inside, later=np.maximum(1.0 - inside - ahead, 0.0))


def response_of(expected: Compared, window: Window, courses: Sequence[Compared] = ()) -> Response:
    """Return what changes in the `expected` course; `courses` span its bands, on a grid of their own, the expected one first."""
    before, after, grid = expected.before, expected.after, expected.before.problem.grid
    change, hours_h = expected.change_kw, grid.step_h
    inside = window.inside > 0.0
    place = _places(grid, courses[0].before.problem.grid) if courses else np.zeros(grid.n_steps, dtype=np.int64)
    price_before, price_after = (_mean_price(side.problem, window) for side in (before, after))
    window_kwh = float((hours_h * window.inside) @ change)
    costs = _costs(before.solution, after.solution)
    return Response(
        grid=grid,
        window=window,
        before_kw=_band(before.net_kw, [c.before.net_kw for c in courses], place),
        after_kw=_band(after.net_kw, [c.after.net_kw for c in courses], place),
        change_kw=_band(change, [c.change_kw for c in courses], place),
        moved_kwh=min(_raised_kwh(-change, hours_h), _raised_kwh(change, hours_h)),
        window_kwh=window_kwh,
        ahead_kwh=_raised_kwh(change, hours_h * window.ahead),
        rebound_kwh=_raised_kwh(change, hours_h * window.later),
        peak_before_kw=float(before.net_kw.max()),
        peak_after_kw=float(after.net_kw.max()),
        window_peak_before_kw=float(before.net_kw[inside].max(initial=-np.inf)) if inside.any() else 0.0,
        window_peak_after_kw=float(after.net_kw[inside].max(initial=-np.inf)) if inside.any() else 0.0,
        price_before_per_kwh=price_before,
        price_after_per_kwh=price_after,
        elasticity=_elasticity(window_kwh, float((hours_h * window.inside) @ before.net_kw), price_before, price_after),
        cost=sum(c.after - c.before for c in costs),
        costs=costs,
        cost_unanswered=_repriced(before, after.problem),
        over_limit_kw=float(np.maximum(after.net_kw - after.problem.circuits.import_limit_kw[0], 0.0).max()),
        unmet_kwh=_unmet_kwh(after.solution) - _unmet_kwh(before.solution),
        affected=_affected(expected),
        drivers=_drivers(expected),
    )


def _places(grid: TimeGrid, coarse: TimeGrid) -> NDArray[np.int64]:
    """Return the step of `coarse` in which the middle of each step of `grid` lies."""
    middles_h = (grid.edges_h[1:] + grid.edges_h[:-1]) / 2
    return np.clip(np.searchsorted(coarse.edges_h, middles_h) - 1, 0, coarse.n_steps - 1)


def _band(expected: Array, courses: Sequence[Array], place: NDArray[np.int64]) -> Band:
    if not courses:
        return Band(expected=expected, low=expected, high=expected)
    off = (np.array(courses) - courses[0])[:, place]
    return Band(expected=expected, low=expected + off.min(axis=0), high=expected + off.max(axis=0))


def _raised_kwh(change_kw: Array, hours_h: Array) -> float:
    return float(hours_h @ np.maximum(change_kw, 0.0))


def _mean_price(problem: Problem, window: Window) -> float:
    """Return the mean import price over the window's hours, over all hours where the window is beyond the grid [currency/kWh]."""
    inside_h = problem.grid.step_h * window.inside
    hours_h = inside_h if inside_h.any() else problem.grid.step_h
    return float(hours_h @ problem.connection.import_price_per_kwh / hours_h.sum())


def _elasticity(change_kwh: float, before_kwh: float, price_before: float, price_after: float) -> float | None:
    if before_kwh < LEAST_KWH or price_before <= 0.0:
        return None
    dearer = price_after / price_before - 1.0
    return None if abs(dearer) < LEAST_PRICE_SHARE else change_kwh / before_kwh / dearer


def _costs(before: Solution, after: Solution) -> tuple[CostChange, ...]:
    """Return the money terms that are not 0 on both sides and are paid."""
    was, becomes = (
        {t.name: t.value for t in side.terms if t.tier is Tier.MONEY and t.name not in NOT_PAID} for side in (before, after)
    )
    names = [name for name in dict.fromkeys((*was, *becomes)) if was.get(name, 0.0) or becomes.get(name, 0.0)]
    return tuple(CostChange(name=name, before=was.get(name, 0.0), after=becomes.get(name, 0.0)) for name in names)


def _repriced(before: Answered, after: Problem) -> float:
    """Return what the flows of `before` cost more at the prices of `after` [currency]."""
    was, becomes, solution = before.problem.connection, after.connection, before.solution
    dearer = solution.import_kw * (becomes.import_price_per_kwh - was.import_price_per_kwh)
    paid = solution.export_kw * (becomes.export_price_per_kwh - was.export_price_per_kwh)
    return float(after.grid.step_h @ (dearer - paid))


def _unmet_kwh(solution: Solution) -> float:
    """Return what drivers miss; the rest of the service tier says how evenly."""
    return sum(term.value for term in solution.terms if term.name == "unmet_target")


def _affected(course: Compared) -> tuple[str, ...]:
    moves = np.abs(course.after.solution.power_kw - course.before.solution.power_kw).max(axis=1, initial=0.0) > NOTICED_KW
    return tuple(unit for unit, does in zip(course.before.problem.storages.unit_ids, moves, strict=True) if does)


def _drivers(course: Compared) -> tuple[DriverEffect, ...]:
    """Return what changes for the drivers of the cars that are here, of those for whom it is noticeable."""
    storages, edges_h = course.before.problem.storages, course.before.problem.grid.edges_h
    was, becomes = course.before.solution.energy_kwh, course.after.solution.energy_kwh
    told = []
    for i, (unit, kind) in enumerate(zip(storages.unit_ids, storages.kinds, strict=True)):
        if kind is not StorageKind.EV:
            continue
        change, due = becomes[i] - was[i], int(storages.target_step[i]) or len(edges_h) - 1
        furthest = float(change[np.abs(change).argmax()])
        target = float(storages.target_energy_kwh[i]) if storages.target_step[i] > 0 else 0.0
        ready_was, ready_becomes = (_ready_h(side[i, :due], target, edges_h) for side in (was, becomes))
        effect = DriverEffect(
            unit_id=unit,
            energy_kwh=float(change[due - 1]),
            furthest_kwh=furthest,
            ready_before_h=ready_was,
            ready_after_h=ready_becomes,
        )
        if _noticeable(effect):
            told.append(effect)
    return tuple(told)


def _ready_h(energy_kwh: Array, target_kwh: float, edges_h: Array) -> float | None:
    """Return the end of the step from which on the promised energy stays in until it is due [h], None where it does not."""
    if target_kwh <= 0.0:
        return None
    lacking = np.flatnonzero(energy_kwh < target_kwh - READY_KWH)
    last = int(lacking[-1]) + 1 if len(lacking) else 0
    return None if last == len(energy_kwh) else float(edges_h[last + 1])


def _noticeable(effect: DriverEffect) -> bool:
    was, becomes = effect.ready_before_h, effect.ready_after_h
    later = (was is None) != (becomes is None) or (was is not None and becomes is not None and abs(becomes - was) > NOTICED_H)
    return later or abs(effect.furthest_kwh) > NOTICED_KWH or abs(effect.energy_kwh) > AT_DEPARTURE * NOTICED_KWH
