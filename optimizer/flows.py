"""What a plan does: powers and energies, and all that follows from them."""

from dataclasses import dataclass, replace

import numpy as np

from optimizer.conversion import Conversion
from optimizer.parts import parts
from v2g.problem import Problem
from v2g.solution import HeldReserve, Rung, ShadowPrices, Solution, TermValue
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

    def part(self, rows: slice) -> "Flows":
        """Return the flows of some of the storages, in views; import and export stay the whole site's."""
        held = self.reserve
        return Flows(
            charge_kw=self.charge_kw[rows],
            discharge_kw=self.discharge_kw[rows],
            energy_kwh=self.energy_kwh[rows],
            import_kw=self.import_kw,
            export_kw=self.export_kw,
            reserve=None if held is None else replace(held, up_kw=held.up_kw[rows], down_kw=held.down_kw[rows]),
        )


def make_flows(problem: Problem, charge_kw: Array, discharge_kw: Array) -> Flows:
    """Return what follows from the storages' powers; the energies are replayed, so that the balance holds to the last bit."""
    energy, (import_kw, export_kw) = np.empty(problem.shape), traded_kw(problem, charge_kw, discharge_kw)
    for rows, part in parts(problem):
        energy[rows] = stored_kwh(part, charge_kw[rows], discharge_kw[rows])
    return Flows(charge_kw=charge_kw, discharge_kw=discharge_kw, energy_kwh=energy, import_kw=import_kw, export_kw=export_kw)


def stored_kwh(problem: Problem, charge_kw: Array, discharge_kw: Array) -> Array:
    """Return the energy at step ends that follows from the storages' powers, (n, T) [kWh]."""
    s, conversion = problem.storages, Conversion.of(problem)
    gain = conversion.stored_kw(charge_kw) - conversion.drawn_kw(discharge_kw)
    return np.asarray(s.initial_energy_kwh[:, None] + np.cumsum(problem.grid.step_h * gain - s.drain_kwh, axis=1))


def traded_kw(problem: Problem, charge_kw: Array, discharge_kw: Array) -> tuple[Array, Array]:
    """Return what the site imports and exports, two (T,) [kW, ≥ 0]."""
    units_kw = sum((charge_kw[rows] - discharge_kw[rows]).sum(axis=0) for rows, _ in parts(problem))
    site_kw = units_kw + problem.circuits.fixed_kw.sum(axis=0)
    return np.maximum(site_kw, 0.0), np.maximum(-site_kw, 0.0)


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


def make_solution(
    flows: Flows,
    terms: tuple[TermValue, ...],
    *,
    rung: Rung,
    times_s: dict[str, float],
    prices: ShadowPrices | None = None,
    reason: str = "",
    gap_frac: float | None = None,
) -> Solution:
    """Return flows as a solution."""
    return Solution(
        charge_kw=flows.charge_kw,
        discharge_kw=flows.discharge_kw,
        energy_kwh=flows.energy_kwh,
        import_kw=flows.import_kw,
        export_kw=flows.export_kw,
        reserve=flows.reserve,
        terms=terms,
        rung=rung,
        reason=reason,
        gap_frac=gap_frac,
        prices=prices,
        times_s=times_s,
    )
