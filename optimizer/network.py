"""The feeder tree in numbers: what every circuit and phase carries when all storages idle, and its hard and soft limits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from v2g.network import N_PHASES
from v2g.problem import Problem
from v2g.timegrid import Array

TOLERANCE_KW = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limits:
    """Limits of a flow in both directions [kW], arrays of one shape; `fixed_kw` is the flow when all storages idle.

    A flow must stay in [−export_cap_kw, import_cap_kw]. Where idling breaks a limit the cap is what idling draws, and
    `soft_import_kw` or `soft_export_kw` is the limit; elsewhere these are infinite.
    """

    fixed_kw: Array
    import_cap_kw: Array
    export_cap_kw: Array
    soft_import_kw: Array
    soft_export_kw: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """The tree of a problem: limits of the circuits (m, T) and of the phases that need their own rows (f, 3, T).

    `phased` holds the f circuits with phase rows.
    """

    problem: Problem
    circuits: Limits
    phased: tuple[int, ...]
    phases: Limits

    @property
    def inside(self) -> Array:
        """Where units hang at a circuit or below it, (m, n): 1 there."""
        return self.problem.membership()

    @property
    def phase_inside(self) -> Array:
        """Share of each unit on each phase of the phased circuits, (f, 3, n)."""
        inside = self.problem.circuits.above()[list(self.phased)][:, self.problem.circuit_index()]
        return np.asarray(inside[:, None, :] * self.problem.storages.phase_share.T[None])


def network(problem: Problem) -> Network:
    """Return the problem's network. Phase limits of circuits that carry only balanced units become limits of the sum."""
    c, skew = problem.circuits, problem.skew_below()
    balanced = _balanced(problem) & (np.abs(skew) < TOLERANCE_KW).all(axis=(1, 2))
    fixed, margin = problem.fixed_below()
    import_kw, export_kw = c.import_limit_kw - margin, c.export_limit_kw.copy()
    phased = []
    for i in np.flatnonzero(np.isfinite(c.phase_limit_kw).any(axis=1)):
        limit = N_PHASES * float(c.phase_limit_kw[i].min())
        if balanced[i] and ((fixed[i] + margin[i] <= limit) & (-fixed[i] <= limit)).all():
            import_kw[i], export_kw[i] = np.minimum(import_kw[i], limit - margin[i]), np.minimum(export_kw[i], limit)
        else:
            phased.append(int(i))
    phase_kw = c.phase_limit_kw[phased][:, :, None]
    phase_fixed = fixed[phased][:, None] / N_PHASES + skew[phased]
    return Network(
        problem=problem,
        circuits=_limits(fixed, import_kw, export_kw),
        phased=tuple(phased),
        phases=_limits(phase_fixed, phase_kw - margin[phased][:, None] / N_PHASES, np.broadcast_to(phase_kw, phase_fixed.shape)),
    )


def _balanced(problem: Problem) -> NDArray[np.bool_]:
    """Return whether all units at each circuit and below it draw alike from its phases, (m,)."""
    uneven = np.abs(problem.storages.phase_share - 1 / N_PHASES).max(axis=1) >= TOLERANCE_KW
    at_circuit = np.bincount(problem.circuit_index()[uneven], minlength=problem.circuits.n_circuits)
    return np.asarray(problem.circuits.above() @ at_circuit == 0)


def _limits(fixed_kw: Array, import_kw: Array, export_kw: Array) -> Limits:
    return Limits(
        fixed_kw=fixed_kw,
        import_cap_kw=np.maximum(import_kw, fixed_kw),
        export_cap_kw=np.maximum(export_kw, -fixed_kw),
        soft_import_kw=np.where(fixed_kw > import_kw + TOLERANCE_KW, import_kw, np.inf),
        soft_export_kw=np.where(-fixed_kw > export_kw + TOLERANCE_KW, export_kw, np.inf),
    )
