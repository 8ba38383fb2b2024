"""From mixed plans to what is sent: powers that chargers can hold near now, within every limit, with the least change.

Near now a car charges nothing or at least its least power, in whole steps, and rests before it turns. Cars whose mixed power is in
between are taken off their circuits and let on again one by one, at the power next below or next above, so that their sum hardly
changes and no limit breaks. What a car so gains or lacks it makes up for in other steps, the cheapest by its price curve, within
its own bounds and the room that limits leave; what one frees, the next may use. Who could not keep a promise otherwise has the
power next above even where there is no room: others who can wait give way, and a peak that costs money is raised by what they
cannot, a little at all steps. Then cars give way where a limit is still broken, those first whose drivers miss nothing, then least,
for it. Who lacks something in the end has what room is left.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.envelope import envelope
from optimizer.fleet.places import Places
from optimizer.fleet.rooms import Rooms, Ways, make_rooms
from optimizer.fleet.settling import CRUMB_KWH, catch_up, idle, relieve, round_near
from optimizer.fleet.shift import SLACK_KWH, Tables
from optimizer.fleet.split import only
from optimizer.fleet.wholes import neighbours_kw
from optimizer.taper import full_kwh, taper_h
from v2g.holding import least_charge_kw, least_discharge_kw, near_steps
from v2g.problem import Problem
from v2g.timegrid import Array

Index = NDArray[np.int64]

CHUNK = 8192
"""Cars whose tables are gathered at a time: about 100 MB at 96 steps."""
FIRST = 256
"""So many are asked first to give way: mostly they are enough."""
BROKEN_KW = 1e-6
"""Limits exceeded by less are kept: a hundredth of what `optimizer.verify` allows."""
Effort = tuple[float, float]
AS_ASKED: Effort = (0.0, 0.0)
EFFORTS: tuple[Effort, ...] = (AS_ASKED, (1.0, 0.0), (1.0, 0.2), (1.0, 0.5), (1.0, np.inf))
"""What is tried in turn where a limit is broken: of the energy by which a car gives way, the part it may end up without, and the
part its driver may."""
RAISES = (0.0, 0.03, 0.06, 0.12, 0.25, 0.5)
"""Parts of what a paid peak is exceeded by, by which it is raised in turn at all steps until cars can shift the rest there."""
CAR = np.dtype(
    [("place", np.int64)]
    + [
        (name, np.float64)
        for name in ("charge_efficiency", "discharge_efficiency", "knee_kw", "knee_loss_frac", "wear", "start_kwh")
    ]
)


class Plans(NamedTuple):
    """What all units do, (n, T) each: settled in place."""

    charge_kw: Array
    discharge_kw: Array
    energy_kwh: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settled:
    """How many cars were changed, and what `lacking_kwh` of their promises those `rows` miss who now miss more than in the mix."""

    n_changed: int
    rows: Index
    lacking_kwh: Array

    @property
    def reason(self) -> str:
        """Why drivers miss more than a crumb, "" where none does."""
        missed_kwh = self.lacking_kwh[self.lacking_kwh > CRUMB_KWH]
        if not len(missed_kwh):
            return ""
        return f"{len(missed_kwh)} cars miss {missed_kwh.sum():.3g} kWh because chargers cannot hold what was mixed"


def settle(problem: Problem, rows: Index, places: Places, price_per_kwh: Array, plans: Plans) -> Settled:
    """Make the plans of cars `rows` (m,) such that they can be sent, in place; what the other units do stays as it is.

    `price_per_kwh` (L, T) are the price curves of the places. All limits that idling keeps are kept afterwards, as long as they can
    be by these cars; see `optimizer.verify`.
    """
    work = _Work(problem, places, price_per_kwh, plans)
    work.round_near(rows)
    for part in RAISES:
        work.raise_peak(part)
        work.relieve(rows, AS_ASKED)
    for effort in EFFORTS:
        work.relieve(rows, effort)
    while work.relieve(rows, None):  # each time somebody more does nothing at all
        pass
    work.catch_up()
    lacking = np.flatnonzero(work.lacking_kwh)
    return Settled(n_changed=int(work.changed.sum()), rows=lacking, lacking_kwh=work.lacking_kwh[lacking])


class _Work:
    """What is known while cars are settled one after the other."""

    def __init__(self, problem: Problem, places: Places, price_per_kwh: Array, plans: Plans) -> None:
        self.problem, self.places, self.plans = problem, places, plans
        self.price, self.near = np.ascontiguousarray(price_per_kwh, dtype=np.float64), near_steps(problem.grid)
        self.rooms: Rooms = make_rooms(problem, places, plans.charge_kw, plans.discharge_kw)
        self.lacking_kwh, self.changed = np.zeros(problem.shape[0]), np.zeros(problem.shape[0], dtype=np.bool_)

    def round_near(self, rows: Index) -> None:
        """Let cars whose near powers cannot be held have others. A paid peak is no limit here: others make room afterwards.

        Measured, a depot's cars in a flat peak: kept to it meanwhile, some missed what they then could not make up for, and the gap
        was 20, 0.48 and 0.28 % (400, 400 and 1,450 cars) instead of 0.11, 0.14 and 0.19 %.
        """
        near, whole, most_kw = self.near, self.problem, float(self.problem.storages.charge_max_kw.max(axis=1, initial=0.0).sum())
        power = self.plans.charge_kw[:, :near] - self.plans.discharge_kw[:, :near]
        lower, upper = neighbours_kw(whole, power)
        off = (lower != upper) | (lower != power)
        off[np.setdiff1d(np.arange(len(off)), rows)] = False
        broken = np.flatnonzero(off.any(axis=1))
        if not len(broken):
            return
        self.rooms.add(-self.places.sums(np.where(off, power, 0.0)), slice(0, near))
        self.rooms.ways.up_kw[self.rooms.paid] += most_kw
        rounded_kw = np.zeros(near)
        for some in _cut(broken[_order(power[broken], upper[broken], self.places.of[broken])]):
            cars, tables, net, energy = self._gathered(some)
            lacking = np.zeros(len(some))
            ways, nowhere = self.rooms.ways, _nowhere(self.rooms.ways)
            round_near(cars, tables, ways, nowhere, near, lower[some], upper[some], rounded_kw, net, energy, lacking)
            self._take(some, net, energy, lacking)
        self.rooms.ways.up_kw[self.rooms.paid] -= most_kw

    def raise_peak(self, part: float) -> None:
        """Raise what is paid for at all steps by a part of what it is exceeded by in one."""
        peak_kw = self.rooms.ways.up_kw[self.rooms.paid]
        self.rooms.ways.up_kw[self.rooms.paid] += part * max(-float(peak_kw.min(initial=0.0)), 0.0)

    def relieve(self, rows: Index, effort: Effort | None) -> bool:
        """Let cars give way where a limit is broken, with an effort or altogether; return whether any did."""
        ways, given_way = self.rooms.ways, False
        hard = effort is not AS_ASKED
        for step in range(self.problem.grid.n_steps):
            broken = np.minimum(ways.up_kw[:, step], ways.down_kw[:, step]) < -BROKEN_KW
            for flow in np.flatnonzero(broken & ~(hard & self.rooms.paid))[::-1]:
                able = self._able(rows, int(flow), step)
                for some in (able[:FIRST], *_cut(able[FIRST:])):
                    given_way |= self._relieve(some, int(flow), step, effort)
        return given_way

    def catch_up(self) -> None:
        """Let cars that lack something have what room is left by now."""
        for some in _cut(np.flatnonzero(self.lacking_kwh)):
            cars, tables, net, energy = self._gathered(some)
            lacking, due = self.lacking_kwh[some], self.problem.storages.target_step[some]
            catch_up(cars, tables, self.rooms.ways, due, net, energy, lacking)
            self._take(some, net, energy, np.where(lacking > SLACK_KWH, lacking, 0.0))

    def _relieve(self, some: Index, flow: int, step: int, effort: Effort | None) -> bool:
        ways = self.rooms.ways
        if min(ways.up_kw[flow, step], ways.down_kw[flow, step]) >= -BROKEN_KW:
            return False
        cars, tables, net, energy = self._gathered(some)
        lacking = self.lacking_kwh[some]
        if effort is None:
            idle(cars, tables, ways, flow, step, net, energy, lacking)
            return self._take(some, net, energy, lacking)
        part = only(self.problem, some)
        at = min(step, self.near - 1)
        least = np.stack([least_charge_kw(part)[:, at], least_discharge_kw(part)[:, at]], axis=1)
        c = part.storages.converters
        whole = np.zeros(len(some)) if c is None else c.power_step_kw
        relieve(cars, tables, ways, self.near, flow, step, effort, least, whole, net, energy, lacking)
        return self._take(some, net, energy, lacking)

    def _able(self, rows: Index, flow: int, step: int) -> Index:
        """Return the cars that load a flow and can change their power in a step, the strongest there first."""
        s = self.problem.storages
        here = rows[self.rooms.load[flow, self.places.of[rows]] > 0]
        net = self.plans.charge_kw[here, step] - self.plans.discharge_kw[here, step]
        too_much = self.rooms.ways.up_kw[flow, step] < self.rooms.ways.down_kw[flow, step]
        can = net + s.discharge_max_kw[here, step] if too_much else s.charge_max_kw[here, step] - net
        order = np.argsort(-net if too_much else net, kind="stable")
        return np.asarray(here[order][can[order] > BROKEN_KW])

    def _gathered(self, rows: Index) -> tuple[NDArray[np.void], Tables, Array, Array]:
        """Return the records and tables of some cars, their net power and energy."""
        part, energy = only(self.problem, rows), self.plans.energy_kwh[rows]
        tables = _tables(part, energy, self.price)
        return _records(part, self.places.of[rows]), tables, self.plans.charge_kw[rows] - self.plans.discharge_kw[rows], energy

    def _take(self, rows: Index, net_kw: Array, energy_kwh: Array, lacking_kwh: Array) -> bool:
        """Take over what cars now do; return whether that is anything new."""
        new = (self.plans.charge_kw[rows] - self.plans.discharge_kw[rows] != net_kw).any(axis=1)
        self.changed[rows] |= new
        self.plans.charge_kw[rows], self.plans.discharge_kw[rows] = np.maximum(net_kw, 0.0), np.maximum(-net_kw, 0.0)
        self.plans.energy_kwh[rows], self.lacking_kwh[rows] = energy_kwh, lacking_kwh
        return bool(new.any())


def _order(power_kw: Array, upper_kw: Array, place: Index) -> Index:
    """Return the order in which cars are let on: who gives back first, which makes room; at a place, who is nearest to `upper`."""
    filled = np.abs(power_kw).sum(axis=1) / np.maximum(np.abs(upper_kw).sum(axis=1), BROKEN_KW)
    return np.asarray(np.lexsort((-filled, place, power_kw.min(axis=1) >= 0)))


def _cut(rows: Index) -> list[Index]:
    return [rows[begin : begin + CHUNK] for begin in range(0, len(rows), CHUNK)]


def _nowhere(ways: Ways) -> Ways:
    """Return ways on which there is no limit."""
    return ways._replace(first=np.zeros_like(ways.first))


def _records(part: Problem, place: Index) -> NDArray[np.void]:
    s, c = part.storages, part.storages.converters
    cars = np.zeros(s.n_units, CAR)
    cars["place"], cars["wear"], cars["start_kwh"] = place, s.wear_cost_per_kwh, s.initial_energy_kwh
    cars["charge_efficiency"], cars["discharge_efficiency"] = s.charge_efficiency, s.discharge_efficiency
    cars["knee_kw"] = np.inf
    if c is not None:
        bent = (c.knee_loss_frac > 0) & np.isfinite(c.knee_kw)
        cars["knee_kw"], cars["knee_loss_frac"] = np.where(bent, c.knee_kw, np.inf), np.where(bent, c.knee_loss_frac, 0.0)
    return cars


def _tables(part: Problem, energy_kwh: Array, price: Array) -> Tables:
    """Return what some cars may do: what their plan keeps of soft bounds and promises is to be kept."""
    s, bounds = part.storages, envelope(part)
    floor, ceiling = np.minimum(bounds.floor_kwh, energy_kwh), np.maximum(bounds.ceiling_kwh, energy_kwh)
    low = np.maximum(floor, np.minimum(bounds.soft_min_kwh, energy_kwh))
    high = np.minimum(ceiling, np.maximum(bounds.soft_max_kwh, energy_kwh))
    due = np.flatnonzero((s.target_step > 0) & (s.target_energy_kwh > 0))
    step = s.target_step[due] - 1
    low[due, step] = np.maximum(low[due, step], np.minimum(s.target_energy_kwh[due], energy_kwh[due, step]))
    none = np.empty((s.n_units, 0)), np.empty((0, part.grid.n_steps))
    caps, window = none if s.caps is None else (s.caps.most_kwh, s.caps.window)
    return Tables(
        hold_kw=_hold_kw(part),
        charge_kw=_own(s.charge_max_kw),
        discharge_kw=_own(s.discharge_max_kw),
        floor_kwh=floor,
        ceiling_kwh=ceiling,
        low_kwh=low,
        high_kwh=high,
        full_kwh=_own(full_kwh(part)),
        gap_h=_own(taper_h(part) * s.charge_efficiency[:, None]),
        drain_kwh=_own(s.drain_kwh),
        cap_kwh=_own(caps),
        window=_own(window),
        step_h=_own(part.grid.step_h),
        price=price,
    )


def _hold_kw(part: Problem) -> Array:
    """Return the least that can be charged near now, (b, near): what is in whole steps, or might turn without its rest, stays."""
    hold, c = _own(least_charge_kw(part)), part.storages.converters
    if c is not None:
        hold[c.power_step_kw > 0, 0] = np.inf
        hold[c.rest_h > 0] = np.inf
    return hold


def _own(table: Array) -> Array:
    """Return a table as compiled code is made for: contiguous and writable."""
    return np.require(table, np.float64, ["C", "W", "O"])
