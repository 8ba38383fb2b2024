"""Fit wished powers under all limits of one step, first come first served.

What fits is kept. Otherwise charging is cut as if nobody discharged, and discharging as if nobody charged: then the limits hold
whatever the others do, and idling, which always fits, is the worst that a storage gets.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.network import network
from v2g.network import N_PHASES
from v2g.problem import Problem
from v2g.timegrid import Array

Order = NDArray[np.int64]
ROUNDING_KW = 1e-9
MIN_POWER_PASSES = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Room:
    """What all storages together may add to each flow: `weights` (k, n) of the units in k circuits and phases, leaves first.

    `charge_kw` and `discharge_kw` are the room left by the fixed load, (k, T) [kW, ≥ 0].
    """

    weights: Array
    charge_kw: Array
    discharge_kw: Array


def room(problem: Problem) -> Room:
    """Return the room under every limit of a problem."""
    net, (n, steps) = network(problem), problem.shape
    n_phases = net.phases.fixed_kw.shape[0] * N_PHASES
    return Room(
        weights=np.vstack([net.phase_inside.reshape(n_phases, n), net.inside])[::-1],
        charge_kw=np.vstack([(x.import_cap_kw - x.fixed_kw).reshape(-1, steps) for x in (net.phases, net.circuits)])[::-1],
        discharge_kw=np.vstack([(x.export_cap_kw + x.fixed_kw).reshape(-1, steps) for x in (net.phases, net.circuits)])[::-1],
    )


def trim(wish_kw: Array, order: Order, least_kw: Array, space: Room, step: int) -> Array:
    """Return the powers, (n,) [kW], nearest to what is wished that all limits of a step allow.

    `order` lists the units by precedence; who gets less than `least_kw` [kW] of charging gets nothing, and the next one the rest.
    """
    wish = np.where((wish_kw > 0) & (wish_kw < least_kw), 0.0, wish_kw)
    flow = space.weights @ wish
    if (flow <= space.charge_kw[:, step] + ROUNDING_KW).all() and (-flow <= space.discharge_kw[:, step] + ROUNDING_KW).all():
        return wish
    discharge = _cut(np.maximum(-wish, 0.0), order, space.weights, space.discharge_kw[:, step])
    charge = wanted = np.maximum(wish, 0.0)
    for _ in range(MIN_POWER_PASSES):
        charge = _cut(wanted, order, space.weights, space.charge_kw[:, step])
        short = (charge > 0) & (charge < least_kw)
        if not short.any():
            break
        wanted = np.where(short, 0.0, wanted)
    return np.asarray(np.where(charge < least_kw, 0.0, charge) - discharge)


def _cut(power_kw: Array, order: Order, weights: Array, room_kw: Array) -> Array:
    """Return powers ≥ 0 cut to the room of every flow, in order; leaves come first, the root cuts what they let through."""
    power = power_kw[order]
    for weight, left in zip(weights[:, order], room_kw, strict=True):
        load = weight * power
        before = np.cumsum(load) - load
        share = np.divide(np.maximum(left - before, 0.0), weight, out=np.full_like(power, np.inf), where=weight > 0)
        power = np.minimum(power, share)
    result = np.empty_like(power)
    result[order] = power
    return result
