"""MONEY: subscribed capacity that is exceeded: whole blocks are bought, or the overage is paid.

    import_kw[t] − overage_kw − block_kw·extra_blocks + sunk_kw·buys_blocks ≤ max(contracted_kw, peak_so_far_kw)
    extra_blocks ≤ max_blocks·buys_blocks
    capacity_contract = overage_price·overage_kw + block_price·extra_blocks

`sunk_kw` = max(peak_so_far_kw − contracted_kw, 0) is what the first blocks only bring up to the peak that is behind: what the
contract covers, ``max(contracted + block·n, peak so far)``, bends the wrong way in n for a linear program, but is linear once it is
known whether any block is bought. Where nothing is sunk there is no such question, and no `buys_blocks`.

Adds ``overage_kw`` [kW], ``extra_blocks`` and ``buys_blocks`` (≤ 1), each of one entry, or of none without a contract. Both counts
are relaxed here, to the envelope over whole numbers; a replay that costs more than promised has them made whole lazily.
"""

from typing import Any

import pyomo.environ as pyo

from optimizer.model.term import Term
from v2g.solution import Tier


def _define(m: Any) -> None:
    m.CONTRACT = pyo.RangeSet(0, 0 if "contract" in m.structure.used else -1)
    peak_steps = m.T if "contract" in m.structure.used else m.NEVER
    m.overage_kw = pyo.Var(m.CONTRACT, domain=pyo.NonNegativeReals)
    m.extra_blocks = pyo.Var(m.CONTRACT, bounds=lambda m, _: (0, m.contract_max_blocks))
    m.buys_blocks = pyo.Var(m.CONTRACT, bounds=lambda m, _: (0, m.contract_may_sink))
    m.subscribed = pyo.Constraint(m.CONTRACT, peak_steps, rule=_subscribed)
    m.blocks_bought = pyo.Constraint(m.CONTRACT, rule=_blocks_bought)


def _subscribed(m: Any, i: int, t: int) -> Any:
    bought = m.contract_block_kw * m.extra_blocks[i] - m.contract_sunk_kw * m.buys_blocks[i]
    return m.import_kw[t] - m.overage_kw[i] - bought <= m.contract_level_kw


def _blocks_bought(m: Any, i: int) -> Any:
    return m.extra_blocks[i] - m.contract_max_blocks * m.buys_blocks[i] <= m.contract_gate


def _expr(m: Any) -> Any:
    return sum(m.contract_overage_per_kw * m.overage_kw[i] + m.contract_block_price * m.extra_blocks[i] for i in m.CONTRACT)


CAPACITY_CONTRACT = Term(name="capacity_contract", tier=Tier.MONEY, unit="currency", expr=_expr, define=_define)
