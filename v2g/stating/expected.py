"""Cars that are not here yet as storages: they claim room and energy in the plan, and are never told anything.

A batch of ``number`` expected cars is one storage of as much of their power and energy. It takes nothing in the first step, so
that what is sent now goes to who is here.
"""

import numpy as np

from v2g.outlook import ExpectedSession
from v2g.storages import StorageKind
from v2g.timegrid import Array, TimeGrid
from v2g.unit import Unit

PRIORITY = 0.5
"""Where not all can be served, a car that is here goes before one that may come."""


def expected_units(arrivals: tuple[ExpectedSession, ...], grid: TimeGrid) -> list[Unit]:
    """Return the expected sessions that begin on the grid as storages, named by their place in `arrivals`.

    Courses that expect other numbers of them, or nobody, have the same storages.
    """
    stays = [_stay(session, grid) for session in arrivals]
    expected = enumerate(zip(arrivals, stays, strict=True))
    return [_unit(f"expected:{i}", session, here, grid) for i, (session, here) in expected if here.any()]


def _stay(session: ExpectedSession, grid: TimeGrid) -> Array:
    """Return the share of each step in which the cars are here, (n_steps,), 0 in the first."""
    here = grid.coverage(session.arrives, session.departs)
    here[0] = 0.0
    return here


def _unit(name: str, session: ExpectedSession, here: Array, grid: TimeGrid) -> Unit:
    power_kw = session.number * session.power_kw
    later_h = max(grid.offset_h(session.departs) - grid.edges_h[-1], 0.0)
    # What the horizon cuts off or the first step swallows is nobody's fault: only what can be charged is promised.
    possible_kwh = power_kw * float(here @ grid.step_h)
    energy_kwh = min(max(session.number * session.energy_kwh - later_h * power_kw, 0.0), possible_kwh)
    nothing = np.zeros(grid.n_steps)
    return Unit(
        unit_id=name,
        kind=StorageKind.EXPECTED_EV,
        circuit_id=session.circuit_id,
        phases=(1, 2, 3),
        charge_max_kw=power_kw * here,
        discharge_max_kw=nothing,
        energy_min_kwh=nothing,
        energy_max_kwh=np.full(grid.n_steps, energy_kwh),
        initial_energy_kwh=0.0,
        charge_efficiency=1.0,
        discharge_efficiency=1.0,
        wear_cost_per_kwh=0.0,
        target_energy_kwh=energy_kwh,
        target_step=int(np.flatnonzero(here).max(initial=-1)) + 1,
        priority=PRIORITY,
        departure_probability=nothing,
    )
