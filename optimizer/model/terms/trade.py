"""MONEY: energy bought and sold at the connection.

energy_import = Σ h[t]·import_price[t]·import_kw[t],   energy_export = −Σ h[t]·export_price[t]·export_kw[t]
"""

from typing import Any

from optimizer.model.term import Term
from v2g.solution import Tier


def _import(m: Any) -> Any:
    return sum(m.step_h[t] * m.import_price_per_kwh[t] * m.import_kw[t] for t in m.T)


def _export(m: Any) -> Any:
    return sum(-m.step_h[t] * m.export_price_per_kwh[t] * m.export_kw[t] for t in m.T)


ENERGY_IMPORT = Term(name="energy_import", tier=Tier.MONEY, unit="currency", expr=_import)
ENERGY_EXPORT = Term(name="energy_export", tier=Tier.MONEY, unit="currency", expr=_export)
