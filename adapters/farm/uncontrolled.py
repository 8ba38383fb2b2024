"""The reference without any plan: every car at once at full power; a guard that shares equally alone keeps the limits."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from adapters.farm.assets import plants_of
from adapters.farm.feeder import Feeder
from adapters.farm.fleet import Fleet
from adapters.farm.outcome import Outcome
from adapters.farm.surroundings import StepSeries, Surroundings
from adapters.farm.visit import Visit
from adapters.farm.yard import Yard
from v2g.site import Site
from v2g.timegrid import Array

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

    Electrolysers run flat all day for their target, flexible loads at their baseline, PV free.
    """
    fleet = Fleet(site)
    surroundings = Surroundings(load_kw=load_kw, pv_kw=pv_kw, import_limit_kw=import_limit_kw)
    yard = Yard(
        site=site,
        visits=[replace(v, discharge_max_kw=0.0, consent=False) for v in visits],
        start=start,
        surroundings=surroundings,
        fleet=fleet,
        control=EqualShare(site, fleet, surroundings, step_s),
        step_s=step_s,
    )
    yard.advance_to(end)
    return yard.outcome()


class EqualShare:
    """Deals each cabinet's modules in turns, then shares each step's headroom equally among the cars. Stationary batteries rest."""

    def __init__(self, site: Site, fleet: Fleet, surroundings: Surroundings, step_s: float) -> None:
        self._fleet, self._around, self._feeder, self._step_s = fleet, surroundings, Feeder(site), step_s
        self._usual_kw = np.array([plant.usual_kw() for plant in plants_of(site)])

    def ceilings_kw(self, at_s: float) -> Array:
        """Return each unit's share from `at_s` on, and what the assets do anyway (n_units + n_assets,) [kW]."""
        wanted = self._fleet.appetite_kw(self._step_s)
        wanted[self._fleet.n_outlets :] = 0.0
        wanted = self._fleet.cabinets.share(wanted)
        anyway_kw = np.r_[np.zeros(len(wanted)), np.maximum(self._usual_kw, 0.0)]
        fixed_kw = self._feeder.net_kw(anyway_kw, self._around.load_kw.at(at_s), self._around.pv_kw.at(at_s))
        import_max_kw, _ = self._feeder.limits_kw(self._around.import_limit_at(at_s))
        headroom_kw = np.maximum(import_max_kw - fixed_kw, 0.0)
        shares = equal_share(wanted, self._fleet.charge_min_kw, self._feeder.matrix[:, : len(wanted)], headroom_kw)
        return np.concatenate((shares, self._usual_kw))

    def next_change_s(self, at_s: float) -> float:
        """Shares are made anew at every step."""
        del at_s
        return np.inf


def equal_share(wanted_kw: Array, least_kw: Array, matrix: Array, headroom_kw: Array) -> Array:
    """Return a share for each unit (n,) such that ``matrix @ share ≤ headroom`` (k,) and no unit gets a part of its minimum.

    Units are admitted in order as long as everybody's minimum fits; the admitted then rise together until each has what it wants
    or a row above it is full. `wanted_kw` and `least_kw` are (n,) [kW, ≥ 0], `matrix` (k, n) ≥ 0.
    """
    if (matrix @ wanted_kw <= headroom_kw).all():
        return np.where(wanted_kw > 0.0, np.maximum(wanted_kw, least_kw), 0.0)
    reserve_kw = np.where(wanted_kw > 0.0, least_kw, 0.0)
    reached_kw = np.cumsum(matrix * reserve_kw, axis=1)
    admitted = ((reached_kw <= headroom_kw[:, None]) | (matrix == 0.0)).all(axis=0) & (wanted_kw > 0.0)
    share_kw = np.where(admitted, reserve_kw, 0.0)
    rising = admitted & (wanted_kw > share_kw)
    while rising.any():
        slack_kw = headroom_kw - matrix @ share_kw
        pull = matrix @ rising
        raise_kw = min(
            float(np.min(slack_kw / np.where(pull > 0.0, pull, 1.0), where=pull > 0.0, initial=np.inf)),
            float((wanted_kw - share_kw)[rising].min()),
        )
        share_kw = np.where(rising, share_kw + max(raise_kw, 0.0), share_kw)
        full = headroom_kw - matrix @ share_kw <= LEAST_RAISE_KW
        rising &= (wanted_kw - share_kw > LEAST_RAISE_KW) & ~(matrix[full] > 0.0).any(axis=0)
    return share_kw
