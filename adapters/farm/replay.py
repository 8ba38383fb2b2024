"""Real sessions as visits: times and energies from the data, the cars' unknown sides drawn by a seed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import numpy as np

from adapters.farm.cars import draw_visit
from adapters.farm.visit import Visit
from v2g.errors import SeriesError
from v2g.site import Site


class PlacedSession(Protocol):
    """A real session that was given an outlet of the site; `energy_kwh` is what the real car took."""

    @property
    def evse_id(self) -> str:
        """Outlet of the site."""
        ...

    @property
    def user(self) -> str:
        """Pseudonym of the driver, or ""."""
        ...

    @property
    def plug_in(self) -> datetime:
        """Arrival."""
        ...

    @property
    def plug_out(self) -> datetime:
        """Departure."""
        ...

    @property
    def stated_departure(self) -> datetime | None:
        """What the driver said."""
        ...

    @property
    def energy_kwh(self) -> float:
        """Energy taken [kWh]."""
        ...


def visits_from_sessions(
    placed: Sequence[PlacedSession], site: Site, *, seed: int, v2g_share: float = 0.0, consent_share: float = 1.0
) -> tuple[Visit, ...]:
    """Return one visit for each session, in the order given.

    The driver asks for the energy that the real car took, as in ACN-Sim (Lee et al., e-Energy 2019): what was typed into the
    app overshoots it by far. Of the cars, `v2g_share` can give back, and `consent_share` of their drivers agree. Raises
    `SeriesError` if a session's outlet is not in the site.
    """
    evses = {e.evse_id: e for e in site.evses}
    rng = np.random.default_rng(seed)
    visits = []
    for row in placed:
        if row.evse_id not in evses:
            raise SeriesError(f"the site has no outlet {row.evse_id!r}", place=f"session of {row.plug_in.isoformat()}")
        v2g, consent = rng.random(2) < (v2g_share, consent_share)
        visit = draw_visit(
            rng,
            evses[row.evse_id],
            driver=row.user,
            arrives_at=row.plug_in,
            leaves_at=row.plug_out,
            energy_kwh=row.energy_kwh,
            stated_departure=row.stated_departure,
            v2g=bool(v2g),
            consent=bool(consent),
        )
        visits.append(visit)
    return tuple(visits)
