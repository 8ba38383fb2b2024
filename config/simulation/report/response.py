"""What cars draw and give at which price."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

from adapters.farm.outcome import QUARTER, Outcome
from config.simulation.report.case import COLOURS, HEIGHT, LINES, REFERENCE, TEMPLATE, Case
from v2g.timegrid import Array

N_CLASSES, FEWEST_EDGES = 5, 3


def response(cases: Sequence[Case]) -> go.Figure | None:
    """Return the cars' net energy by price class, a bar a case; None where the price never changes."""
    simulation = cases[0].simulation
    edges = _edges(prices_of(cases[0]))
    if len(edges) < FEWEST_EDGES:
        return None
    names = [f"{low:.3f} to {high:.3f}" for low, high in pairwise(edges)]
    figure = go.Figure()
    uncontrolled = energy_by_class(simulation.reference, prices_of(cases[0]), edges)
    figure.add_bar(x=names, y=uncontrolled, name=REFERENCE, marker_color=COLOURS["uncontrolled"])
    for i, case in enumerate(cases):
        energy_kwh = energy_by_class(case.simulation.outcome, prices_of(case), edges)
        figure.add_bar(x=names, y=energy_kwh, name=case.label, marker_color=LINES[i % len(LINES)])
    currency = simulation.scenario.site.currency
    figure.update_xaxes(title_text=f"import price [{currency}/kWh]").update_yaxes(title_text="cars, net of discharge [kWh]")
    return figure.update_layout(template=TEMPLATE, height=HEIGHT, barmode="group", legend={"orientation": "h", "y": 1.12})


def prices_of(case: Case) -> Array:
    """Return the import price of each quarter-hour, (n_quarters,) [currency/kWh]."""
    outcome, price = case.simulation.outcome, case.simulation.prices.import_per_kwh
    return np.array([price.at((outcome.first_quarter + i * QUARTER).timestamp()) for i in range(len(outcome.import_kw))])


def energy_by_class(outcome: Outcome, price_per_kwh: Array, edges: Array) -> Array:
    """Return the cars' energy net of discharge in the quarter-hours of each price class, (edge, next edge] [kWh]."""
    energy_kwh = (outcome.charge_kw - outcome.discharge_kw) * outcome.covered_h
    of = np.clip(np.searchsorted(edges, price_per_kwh, side="left") - 1, 0, len(edges) - 2)
    return np.asarray(np.bincount(of, energy_kwh, minlength=len(edges) - 1), dtype=np.float64)


def _edges(price_per_kwh: Array) -> Array:
    """Return the edges of classes with about as many quarter-hours each."""
    return np.unique(np.quantile(price_per_kwh, np.linspace(0.0, 1.0, N_CLASSES + 1)))
