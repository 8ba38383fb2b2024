"""Shadow prices of a fleet's plan: the site's from its duals, as the exact planner's, the cars' from their value functions."""

import numpy as np

from optimizer.fleet.bound import SiteBound
from optimizer.fleet.groups import Groups
from optimizer.fleet.places import Index
from optimizer.fleet.site import Site
from optimizer.fleet.worths import find_worths
from optimizer.prices import Duals, shadow_prices
from v2g.problem import Problem
from v2g.solution import ShadowPrices
from v2g.timegrid import Array

MOST_CARS = 20_000
"""Of more cars nobody reads each one's prices, and they would take as long as another round."""


def fleet_prices(
    problem: Problem, site: Site, groups: Groups, rest: Index, row_dual: Array, energy_kwh: Array
) -> ShadowPrices | None:
    """Return the prices at the site's duals and the energies held (n, T); None for more than `MOST_CARS` cars.

    What lies behind cars' discharge caps is not told: `cap_per_kwh` is 0 for them.
    """
    if len(groups.cars.records) > MOST_CARS:
        return None
    bound = SiteBound.of(site, moving=True)
    dual = bound.priced(row_dual)
    duals = Duals(program=site.program, rows=dual, cols=bound.cost - bound.matrix.T @ dual, live=np.ones(len(dual), dtype=np.bool_))
    most = site.tiers.service_per_kwh * float(problem.storages.priority.min(initial=np.inf)) / 2
    told = shadow_prices(site.rest, site.program, duals, most)
    worth, promise = find_worths(groups.cars, site.price_per_kwh(dual)[groups.place], energy_kwh)
    ours = groups.cars.records["row"]
    (n, T), n_caps = problem.shape, told.cap_per_kwh.shape[1]
    energy, promises, caps = np.zeros((n, T)), np.zeros(n), np.zeros((n, n_caps))
    energy[rest], promises[rest], caps[rest] = told.energy_per_kwh, told.promise_per_kwh, told.cap_per_kwh
    energy[ours], promises[ours] = np.clip(worth, -most, most), np.clip(promise, 0.0, most)
    return ShadowPrices(
        site_per_kwh=told.site_per_kwh,
        energy_per_kwh=energy,
        promise_per_kwh=promises,
        cap_per_kwh=caps,
        import_per_kw=told.import_per_kw,
        export_per_kw=told.export_per_kw,
        phase_per_kw=told.phase_per_kw,
        most_per_kwh=most,
    )
