"""What batteries went through, counted afterwards: closed cycles by rainflow, whatever the plan had priced.

    wear = Σ count·(depth / 1)^STRESS · capacity · price,     price [currency/kWh] as for a full cycle

A plan prices each discharged kWh alike; a battery minds deep cycles more than shallow ones of the same energy. Where the audit
comes out below what the plan reckoned, discharge was dearer to the plan than to the battery.
Source: ASTM E1049-85 (rainflow counting); Xu, Oudalov, Ulbig, Andersson and Kirschen (2018), "Modeling of lithium-ion battery
degradation for cell life assessment", IEEE Transactions on Smart Grid 9(2): stress of depth as a power near 2.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import rainflow

from adapters.farm.outcome import VisitOutcome
from v2g.timegrid import Array

STRESS = 2.03
DEPTHS = np.array([0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WearAudit:
    """Cycles of many batteries.

    Parameters
    ----------
    cycles : (len(DEPTHS) − 1,)
        Cycles whose depth lies between two of `DEPTHS`; a half cycle counts 0.5.
    full_cycles : float
        Equivalent full cycles: all energy that went in and out, by the capacity, summed over the batteries.
    cost : float
        Wear by depth [currency].
    cost_by_energy : float
        The same cycles at one price for each kWh, as plans reckon [currency].
    """

    cycles: Array
    full_cycles: float
    cost: float
    cost_by_energy: float


def audit(visits: Iterable[VisitOutcome], price_per_kwh: float) -> WearAudit:
    """Return the wear of the cars' batteries during `visits`, at `price_per_kwh` for a kWh of a full cycle."""
    found = [cycles_of(v) for v in visits]
    depth, count, capacity_kwh = np.concatenate(found, axis=1) if found else np.zeros((3, 0))
    return WearAudit(
        cycles=np.histogram(depth, DEPTHS, weights=count)[0],
        full_cycles=float(count @ depth),
        cost=price_per_kwh * float((count * capacity_kwh) @ depth**STRESS),
        cost_by_energy=price_per_kwh * float((count * capacity_kwh) @ depth),
    )


def cycles_of(visit: VisitOutcome) -> Array:
    """Return the cycles of one stay, (3, n): depth as a share of the capacity, count (0.5 or 1), capacity [kWh]."""
    capacity_kwh = visit.visit.capacity_kwh
    held_kwh = (visit.visit.arrival_kwh, *visit.trace_kwh, visit.left_kwh)
    cycles = [(swing / capacity_kwh, count, capacity_kwh) for swing, _, count, _, _ in rainflow.extract_cycles(held_kwh)]
    return np.array(cycles).reshape(-1, 3).T
