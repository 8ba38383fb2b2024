"""MONEY: what demand-response events pay for delivery, and fine where it lacks.

    delivered_kw[k,t] + direction[k]·(import_kw[t] − export_kw[t]) ≤ direction[k]·baseline_kw[k,t],   delivered_kw ≤ committed_kw
    fined_kw[k,t] + delivered_kw[k,t] ≥ owed_frac[k]·committed_kw[k]
    event_payment = −Σ h[t]·cover[k,t]·payment[k]·delivered_kw,   event_fine = Σ h[t]·cover[k,t]·penalty[k]·fined_kw

Adds ``delivered_kw`` (negative where the site does the opposite) and ``fined_kw``, each (K, T) [kW]; 0 where an event does not
cover the step.
"""

from typing import Any

import pyomo.environ as pyo

from optimizer.model.term import Term
from v2g.solution import Tier


def _define_delivery(m: Any) -> None:
    m.delivered_kw = pyo.Var(m.K, m.T, bounds=lambda m, k, t: (m.event_least_kw[k, t], m.event_committed_kw[k, t]))
    m.delivery = pyo.Constraint(m.K, m.T, rule=_delivery)


def _delivery(m: Any, k: int, t: int) -> Any:
    net_import = m.import_kw[t] - m.export_kw[t]
    return m.delivered_kw[k, t] + m.event_direction[k] * net_import <= m.event_baseline_kw[k, t]


def _payment(m: Any) -> Any:
    return sum(-m.event_payment_per_kw[k, t] * m.delivered_kw[k, t] for k in m.K for t in m.T)


def _define_fine(m: Any) -> None:
    m.fined_kw = pyo.Var(m.K, m.T, domain=pyo.NonNegativeReals)
    m.owed = pyo.Constraint(m.K, m.T, rule=_owed)


def _owed(m: Any, k: int, t: int) -> Any:
    return m.fined_kw[k, t] + m.delivered_kw[k, t] >= m.event_owed_kw[k, t]


def _fine(m: Any) -> Any:
    return sum(m.event_fine_per_kw[k, t] * m.fined_kw[k, t] for k in m.K for t in m.T)


EVENT_PAYMENT = Term(name="event_payment", tier=Tier.MONEY, unit="currency", expr=_payment, define=_define_delivery)
EVENT_FINE = Term(name="event_fine", tier=Tier.MONEY, unit="currency", expr=_fine, define=_define_fine)
