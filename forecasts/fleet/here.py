"""The curves of cars that are here: told when a car comes or its driver speaks, read at every tick given what has passed."""

from collections.abc import Sequence
from itertools import islice

import numpy as np

from forecasts.fleet import curves
from forecasts.fleet.stays import LEVEL_ARRAY, StayModel
from forecasts.fleet.visits import Visits, cars_here
from forecasts.localtime import Calendar
from v2g.session import ChargingSession
from v2g.timegrid import Array

AT_ONCE = 100
"""Cars whose curves are told in one call, 0.1 s; of a fleet that is seen for the first time the others wait for the next."""
LEAST_STATED = 50
"""Statements are left to others by a model that has seen fewer."""


class CarsHere:
    """When the cars at a site leave, by a model of stays, if there is one."""

    def __init__(self, calendar: Calendar, model: StayModel | None = None) -> None:
        self._calendar = calendar
        self.adopt(model)

    def adopt(self, model: StayModel | None) -> None:
        """Use another model from now on."""
        self._model = model
        self._told: dict[str, tuple[object, Array]] = {}

    def leaves_h(self, sessions: Sequence[ChargingSession], past: Visits, now_h: float) -> dict[str, Array]:
        """Return the quantiles of leaving [h since 1970], (len(LEVELS),), of the sessions the model speaks of, by their ids.

        `past` are ended visits, the first to end first.
        """
        if self._model is None:
            return {}
        by_name = {s.session_id: s for s in sessions if self._model.n_stated >= LEAST_STATED or s.wishes.departure is None}
        self._told = {name: told for name, told in self._told.items() if name in by_name and told[0] == _said(by_name[name])}
        new = list(islice((s for name, s in by_name.items() if name not in self._told), AT_ONCE))
        if new:
            cdf = self._model.stay_cdf(cars_here(new, self._calendar), past.take(past.left_h <= now_h))
            self._told |= {s.session_id: (_said(s), row) for s, row in zip(new, cdf, strict=True)}
        if not self._told:
            return {}
        names, rows = list(self._told), np.stack([row for _, row in self._told.values()])
        begin_h = np.array([by_name[name].plugged_in_at.timestamp() for name in names]) / 3600.0
        passed_h = np.maximum(now_h - begin_h, 0.0)
        left_h = begin_h[:, None] + curves.given(self._model.stay.hazard.edges, rows, passed_h, LEVEL_ARRAY)
        return dict(zip(names, np.maximum(left_h, now_h), strict=True))


def _said(session: ChargingSession) -> object:
    """Return what is known of the session itself that its curve rests on."""
    return session.plugged_in_at, session.driver, session.wishes.departure, session.wishes.energy_kwh
