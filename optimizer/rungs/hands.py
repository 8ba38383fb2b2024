"""What each storage may do in the next step by itself, whoever else does what: bounds, room, taper, ramp and ledger."""

import numpy as np

from optimizer.conversion import Conversion
from optimizer.envelope import idle_safe_kwh
from optimizer.ramps import in_force_kw, ramp_kw
from optimizer.taper import full_kwh, taper_h, taper_max_kw
from v2g.holding import near_steps, run_least_kw
from v2g.problem import Problem
from v2g.timegrid import Array


class Hands:
    """Keeps where each storage stands on a walk through the horizon: `energy_kwh` (n,), its power, and what its caps leave.

    What `powers_kw` allows keeps every hard bound of the storage then and, if it idles, ever after; so does any power nearer to 0
    that is not below `least_kw` of charging.
    """

    def __init__(self, problem: Problem) -> None:
        s = problem.storages
        self.problem, self.energy_kwh, self.conversion = problem, s.initial_energy_kwh, Conversion.of(problem)
        self._run_least_kw, self._near = run_least_kw(problem)[0], near_steps(problem.grid)
        self._low, self._high = idle_safe_kwh(problem)
        self._full, self._taper_h = full_kwh(problem), taper_h(problem)
        self._ramp, self._power = ramp_kw(problem), in_force_kw(problem)
        self._left_kwh = np.full((s.n_units, 0), np.inf) if s.caps is None else s.caps.most_kwh
        self._window = np.empty((0, problem.grid.n_steps)) if s.caps is None else s.caps.window

    def least_kw(self, step: int) -> Array:
        """Return the least charging power that each unit can hold and that stores something, (n,) [kW]; inf where none does.

        A battery that takes less than its charger's least power holds what it takes.
        """
        held = np.minimum(self.problem.storages.charge_min_kw, self._taken_kw(step))
        stores = np.maximum(held, self._run_least_kw if step < self._near else 0.0)
        return np.where(self.conversion.charge_efficiency[:, step] > 0, stores, np.inf)

    def powers_kw(self, step: int, wish_kw: Array) -> Array:
        """Return the allowed powers nearest to what is wished, (n,) [kW, signed]; a ramp gives way to every other bound."""
        ramp = self._ramp[:, step]
        smooth = np.clip(wish_kw, self._power - ramp, self._power + ramp)
        most = np.minimum(self._charge_max_kw(step), np.maximum(self._power, 0.0) + ramp)
        least = -np.minimum(self._discharge_max_kw(step), np.maximum(-self._power, 0.0) + ramp)
        return np.clip(smooth, least, most)

    def go(self, step: int, power_kw: Array) -> None:
        """Take `power_kw` (n,) through a step."""
        charge, discharge = np.maximum(power_kw, 0.0), np.maximum(-power_kw, 0.0)
        step_h = self.problem.grid.step_h[step]
        conversion = self.conversion.at(step)
        gain = conversion.stored_kw(charge) - conversion.drawn_kw(discharge)
        self.energy_kwh = self._idle_kwh(step) + step_h * gain
        self._power = power_kw
        self._left_kwh = np.maximum(self._left_kwh - discharge[:, None] * self._window[:, step] * step_h, 0.0)

    def _idle_kwh(self, step: int) -> Array:
        return np.asarray(self.energy_kwh - self.problem.storages.drain_kwh[:, step])

    def _charge_max_kw(self, step: int) -> Array:
        room = np.maximum(self._high[:, step] - self._idle_kwh(step), 0.0)
        fits = self.conversion.at(step).charge_kw(room / self.problem.grid.step_h[step])
        return np.asarray(np.minimum(self.problem.storages.charge_max_kw[:, step], np.minimum(fits, self._taken_kw(step))))

    def _taken_kw(self, step: int) -> Array:
        return taper_max_kw(self.problem, self._full[:, step], self._taper_h[:, step], self.energy_kwh)

    def _discharge_max_kw(self, step: int) -> Array:
        step_h = self.problem.grid.step_h[step]
        spare = np.maximum(self._idle_kwh(step) - self._low[:, step], 0.0)
        holds = self.conversion.at(step).discharge_kw(spare / step_h)
        inside = self._window[:, step] > 0
        left = (self._left_kwh[:, inside] / (self._window[inside, step] * step_h)).min(axis=1, initial=np.inf)
        return np.asarray(np.minimum(self.problem.storages.discharge_max_kw[:, step], np.minimum(holds, left)))
