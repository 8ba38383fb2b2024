"""The reference without any plan: every car and pack at once at full power; a guard that shares equally alone keeps the limits."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from adapters.farm.feeder import Feeder, Rows
from adapters.farm.fleet import Fleet
from adapters.farm.outcome import Outcome
from adapters.farm.premises import Premises
from adapters.farm.surroundings import StepSeries, Surroundings
from adapters.farm.visit import Visit
from adapters.farm.yard import Yard
from v2g.site import Site
from v2g.timegrid import Array
from v2g.units import h_from_s

LEAST_RAISE_KW = 1e-6


def uncontrolled(
    site: Site,
    visits: Sequence[Visit],
    *,
    start: datetime,
    end: datetime,
    load_kw: StepSeries,
    pv_kw: StepSeries,
    import_limit_kw: StepSeries | None = None,
    step_s: float = 60.0,
) -> Outcome:
    """Return the outcome of the same cars, charged at once up to what their drivers asked; nothing discharges.

    Electrolysers run flat all day for their target, flexible loads at their baseline, PV free; swap stations charge whatever is
    not full and share with the cars.
    """
    fleet, premises = Fleet(site), Premises(site, start)
    surroundings = Surroundings(load_kw=load_kw, pv_kw=pv_kw, import_limit_kw=import_limit_kw)
    yard = Yard(
        site=site,
        visits=[replace(v, discharge_max_kw=0.0, consent=False) for v in visits],
        start=start,
        surroundings=surroundings,
        fleet=fleet,
        premises=premises,
        control=EqualShare(site, fleet, premises, surroundings, step_s),
        step_s=step_s,
    )
    yard.advance_to(end)
    return yard.outcome()


class EqualShare:
    """Deals each cabinet's modules in turns, then shares each step's headroom equally among the cars and the assets that may wait.

    Other assets come first, stationary batteries rest.
    """

    def __init__(self, site: Site, fleet: Fleet, premises: Premises, surroundings: Surroundings, step_s: float) -> None:
        self._fleet, self._plants, self._around, self._step_s = fleet, premises.plants, surroundings, step_s
        self._feeder = Feeder(site)
        self._may_wait = np.array([plant.may_wait for plant in premises.plants], dtype=np.bool_)
        self._least_kw = np.r_[fleet.charge_min_kw, np.zeros(len(premises.plants))]

    def ceilings_kw(self, at_s: float) -> Array:
        """Return the share of each unit and asset that may wait, and what the others do anyway (n_units + n_assets,) [kW]."""
        units_kw = self._fleet.appetite_kw(self._step_s)
        units_kw[self._fleet.n_outlets :] = 0.0
        usual_kw = np.array([plant.usual_kw(h_from_s(self._step_s)) for plant in self._plants])
        wanted = np.r_[self._fleet.cabinets.share(units_kw), np.where(self._may_wait, usual_kw, 0.0)]
        anyway_kw = np.r_[np.zeros(len(units_kw)), np.where(self._may_wait, 0.0, np.maximum(usual_kw, 0.0))]
        fixed_kw = self._feeder.net_kw(anyway_kw, self._around.load_kw.at(at_s), self._around.pv_kw.at(at_s))
        import_max_kw, _ = self._feeder.limits_kw(self._around.import_limit_at(at_s))
        headroom_kw = np.maximum(import_max_kw - fixed_kw, 0.0)
        shares = equal_share(wanted, self._least_kw, self._feeder.rows, headroom_kw)
        return np.add(shares, np.r_[np.zeros(len(units_kw)), np.where(self._may_wait, 0.0, usual_kw)])

    def next_change_s(self, at_s: float) -> float:
        """Shares are made anew at every step."""
        del at_s
        return np.inf


def equal_share(wanted_kw: Array, least_kw: Array, rows: Rows, headroom_kw: Array) -> Array:
    """Return a share for each unit (n,) such that ``rows.sums(share) ≤ headroom`` (k,) and no unit gets a part of its minimum.

    Units are admitted in order as long as everybody's minimum fits; the admitted then rise together until each has what it wants
    or a row above it is full. `wanted_kw` and `least_kw` are (n,) [kW, ≥ 0].
    """
    if (rows.sums(wanted_kw) <= headroom_kw).all():
        return np.where(wanted_kw > 0.0, np.maximum(wanted_kw, least_kw), 0.0)
    reserve_kw = np.where(wanted_kw > 0.0, least_kw, 0.0)
    admitted = _admitted(reserve_kw, rows, headroom_kw) & (wanted_kw > 0.0)
    share_kw = np.where(admitted, reserve_kw, 0.0)
    rising = admitted & (wanted_kw > share_kw)
    while rising.any():
        slack_kw = headroom_kw - rows.sums(share_kw)
        pull = rows.sums(rising)
        raise_kw = float(np.min(slack_kw / np.where(pull > 0.0, pull, 1.0), where=pull > 0.0, initial=np.inf))
        # Who needs less than the raise leaves room for the next one: few rounds, where one a unit would be thousands.
        share_kw = np.where(rising, np.minimum(share_kw + max(raise_kw, 0.0), wanted_kw), share_kw)
        full = headroom_kw - rows.sums(share_kw) <= LEAST_RAISE_KW
        held_back = np.asarray(rows.places[:, full].sum(axis=1) > 0.0)[rows.place]
        rising &= (wanted_kw - share_kw > LEAST_RAISE_KW) & ~held_back
    return share_kw


def _admitted(reserve_kw: Array, rows: Rows, headroom_kw: Array) -> NDArray[np.bool_]:
    """Return which units' minima fit into every row together with all before them, (n,)."""
    admitted = np.ones(len(reserve_kw), dtype=np.bool_)
    for row in np.flatnonzero(rows.sums(reserve_kw) > headroom_kw):
        weight = rows.places[rows.place, row]
        admitted &= (np.cumsum(weight * reserve_kw) <= headroom_kw[row]) | (weight == 0.0)
    return admitted
