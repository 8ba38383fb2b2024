"""What batteries went through, case by case."""

from collections.abc import Sequence
from itertools import pairwise

import plotly.graph_objects as go

from config.simulation.report.case import COLOURS, HEIGHT, LINES, REFERENCE, TEMPLATE, Case
from config.simulation.report.table import html_table
from config.simulation.wear_audit import DEPTHS, WearAudit, audit


def wear(cases: Sequence[Case]) -> tuple[go.Figure, str]:
    """Return the cycles by depth as a plot, and what they cost as a table."""
    first = cases[0].simulation
    price_per_kwh = first.scenario.site.rules.v2g_wear_cost_per_kwh
    audits = {REFERENCE: audit(first.reference.visits, price_per_kwh)}
    audits |= {case.label: audit(case.simulation.outcome.visits, price_per_kwh) for case in cases}
    names = [f"{100 * low:g}–{100 * high:g} %" for low, high in pairwise(DEPTHS)]
    figure = go.Figure()
    for (label, found), colour in zip(audits.items(), (COLOURS["uncontrolled"], *_colours(len(cases))), strict=True):
        figure.add_bar(x=names, y=found.cycles, name=label, marker_color=colour)
    figure.update_xaxes(title_text="depth of cycle, of the capacity").update_yaxes(title_text="cycles")
    figure.update_layout(template=TEMPLATE, height=HEIGHT, barmode="group", legend={"orientation": "h", "y": 1.12})
    return figure, _table(audits, first.scenario.site.currency)


def _colours(n: int) -> tuple[str, ...]:
    return tuple(LINES[i % len(LINES)] for i in range(n))


def _table(audits: dict[str, WearAudit], currency: str) -> str:
    rows = (
        ("Equivalent full cycles", [f"{found.full_cycles:,.1f}" for found in audits.values()]),
        (f"Wear by depth [{currency}]", [f"{found.cost:,.2f}" for found in audits.values()]),
        (f"Wear at one price a kWh [{currency}]", [f"{found.cost_by_energy:,.2f}" for found in audits.values()]),
    )
    return html_table(tuple(audits), rows)
