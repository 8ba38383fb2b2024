"""Simulated power cabinets: modules that are switched, one by one and in whole, to the guns that ask for power."""

import numpy as np

from v2g.cabinets import modules
from v2g.site import Circuit, Site
from v2g.timegrid import Array

SWITCH_S = 3.0
"""A module changes guns without current: it is ramped down, disconnected, brought to the other car's voltage, connected."""


class Cabinets:
    """Which unit holds how many modules of its cabinet; units are outlets, then batteries, in the site's order.

    Each step a gun gives back the modules it has no use for, and free ones go, one at a time, to whoever asks for more and has
    fewest. A module is of no use until it is switched, `SWITCH_S` after it was given. `names` are the cabinets' (k,).
    """

    def __init__(self, site: Site, n_units: int) -> None:
        self._racks = [_Rack(c, _members(site, c)) for c in site.circuits if c.module_kw]
        self.held = np.zeros(n_units)
        self.names = tuple(f"{rack.circuit_id}/modules" for rack in self._racks)

    def serve(self, asked_kw: Array, step_s: float) -> Array:
        """Return what the guns' modules let through of `asked_kw` (n_units,) [kW, signed], on average over `step_s` [s]."""
        if not self._racks:
            return asked_kw
        let_kw = asked_kw.copy()
        for rack in self._racks:
            most_kw = rack.serve(asked_kw[rack.members], step_s)
            let_kw[rack.members] = np.clip(asked_kw[rack.members], -most_kw, most_kw)
            self.held[rack.members] = rack.held
        return let_kw

    def share(self, wanted_kw: Array) -> Array:
        """Return `wanted_kw` (n_units,) [kW, ≥ 0] as far as the modules reach when they are dealt in turns."""
        let_kw = wanted_kw.copy()
        for rack in self._racks:
            dealt = deal(modules(wanted_kw[rack.members], rack.module_kw), rack.n_modules)
            let_kw[rack.members] = np.minimum(wanted_kw[rack.members], dealt * rack.module_kw)
        return let_kw

    def over_kw(self, power_kw: Array) -> Array:
        """Return how far units at `power_kw` (n_units,) [kW] need more modules than each cabinet has, (k,) [kW]; < 0 if not."""
        used = np.array([modules(power_kw[rack.members], rack.module_kw).sum() for rack in self._racks])
        return np.array([(n - rack.n_modules) * rack.module_kw for n, rack in zip(used, self._racks, strict=True)])


class _Rack:
    """One cabinet: `held` modules a gun, of which `_fresh` are being switched for `_wait_s` yet."""

    def __init__(self, circuit: Circuit, members: Array) -> None:
        self.circuit_id, self.module_kw, self.n_modules = circuit.circuit_id, circuit.module_kw, circuit.n_modules
        self.members = members
        self.held, self._fresh, self._wait_s = (np.zeros(len(members)) for _ in range(3))

    def serve(self, asked_kw: Array, step_s: float) -> Array:
        """Deal for a step; return what each gun's modules can give on average (len(members),) [kW]."""
        need = modules(asked_kw, self.module_kw)
        kept = np.minimum(self.held, need)
        self.held = deal(need, self.n_modules, kept)
        self._fresh = np.minimum(self._fresh, kept) + self.held - kept
        self._wait_s = np.where(self.held > kept, SWITCH_S, self._wait_s)
        idle_frac = np.clip(self._wait_s / step_s, 0.0, 1.0)
        most_kw = self.module_kw * (self.held - self._fresh * idle_frac)
        self._wait_s = np.maximum(self._wait_s - step_s, 0.0)
        self._fresh = np.where(self._wait_s > 0.0, self._fresh, 0.0)
        return np.asarray(most_kw)


def deal(need: Array, n_modules: int, held: Array | None = None) -> Array:
    """Return how many of `n_modules` each gun has after dealing (n,): one at a time to who has fewest and needs more.

    `held` are theirs before it starts, of what they need.
    """
    dealt = np.zeros(len(need)) if held is None else held.copy()
    while dealt.sum() < n_modules and (dealt < need).any():
        dealt[np.argmin(np.where(dealt < need, dealt, np.inf))] += 1.0
    return dealt


def _members(site: Site, circuit: Circuit) -> Array:
    return np.array([unit for unit, evse in enumerate(site.evses) if evse.circuit_id == circuit.circuit_id], dtype=np.int64)
