"""What a plan does: powers and energies, and all that follows from them."""

from dataclasses import dataclass

import numpy as np

from optimizer.conversion import Conversion
from v2g.problem import Problem
from v2g.solution import HeldReserve
from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flows:
    """Powers of the storages (n, T) [kW, ≥ 0], their energy at step ends (n, T) [kWh], import and export (T,) [kW, ≥ 0].

    `reserve` is what is held ready beside that, None = nothing.
    """

    charge_kw: Array
    discharge_kw: Array
    energy_kwh: Array
    import_kw: Array
    export_kw: Array
    reserve: HeldReserve | None = None

    @property
    def power_kw(self) -> Array:
        """Net power of each storage, + into it, (n, T) [kW]."""
        return self.charge_kw - self.discharge_kw


def make_flows(problem: Problem, charge_kw: Array, discharge_kw: Array) -> Flows:
    """Return what follows from the storages' powers; the energies are replayed, so that the balance holds to the last bit."""
    s, conversion = problem.storages, Conversion.of(problem)
    gain = conversion.stored_kw(charge_kw) - conversion.drawn_kw(discharge_kw)
    site_kw = (charge_kw - discharge_kw).sum(axis=0) + problem.circuits.fixed_kw.sum(axis=0)
    return Flows(
        charge_kw=charge_kw,
        discharge_kw=discharge_kw,
        energy_kwh=s.initial_energy_kwh[:, None] + np.cumsum(problem.grid.step_h * gain - s.drain_kwh, axis=1),
        import_kw=np.maximum(site_kw, 0.0),
        export_kw=np.maximum(-site_kw, 0.0),
    )


def net(problem: Problem, charge_kw: Array, discharge_kw: Array) -> tuple[Array, Array]:
    """Return powers of the same effect on the energy that never charge and discharge at once.

    They draw less by what the detour lost: better at prices ≥ 0, and not always allowed where burning energy is of use.
    """
    both = (charge_kw > 0) & (discharge_kw > 0)
    if not both.any():
        return charge_kw, discharge_kw
    conversion = Conversion.of(problem)
    gain = conversion.stored_kw(charge_kw) - conversion.drawn_kw(discharge_kw)
    return np.where(both, conversion.charge_kw(gain), charge_kw), np.where(both, conversion.discharge_kw(-gain), discharge_kw)
