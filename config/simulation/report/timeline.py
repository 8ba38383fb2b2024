"""Power against the limit, the cars' state of charge, import and prices, on one time axis."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from adapters.farm.outcome import QUARTER, Outcome
from config.simulation.report.case import COLOURS, LINES, REFERENCE, TEMPLATE, Case
from v2g.timegrid import Array

BANDS = ((5.0, 95.0, "rgba(0,114,178,0.18)"), (25.0, 75.0, "rgba(0,114,178,0.35)"))
ROW_HEIGHTS = (0.4, 0.22, 0.2, 0.18)


def timeline(cases: Sequence[Case]) -> go.Figure:
    """Return the plots of the first case, with the import and state of charge of the others beside."""
    first = cases[0]
    site = first.simulation.scenario.site
    figure = make_subplots(rows=len(ROW_HEIGHTS), cols=1, shared_xaxes=True, row_heights=ROW_HEIGHTS, vertical_spacing=0.04)
    _add_power(figure, first, row=1)
    _add_soc(figure, first, row=2)
    _add_import(figure, cases, row=3)
    price = [first.simulation.prices.import_per_kwh.at(t.timestamp()) for t in first.local_quarters()]
    line = {"shape": "hv", "color": COLOURS["price"]}
    figure.add_scatter(x=first.local_quarters(), y=price, name=f"price [{site.currency}/kWh]", line=line, row=4, col=1)
    titles = ("power by use [kW]", "state of charge [%]", "import [kW]", f"price [{site.currency}/kWh]")
    for row, title in enumerate(titles, start=1):
        figure.update_yaxes(title_text=title, row=row)
    return figure.update_layout(template=TEMPLATE, height=1050, legend={"orientation": "h", "y": 1.06}, hovermode="x unified")


def soc_quantiles(outcome: Outcome, quantiles: Sequence[float]) -> Array:
    """Return quantiles [%] of the state of charge of the cars that are there at each quarter-hour's end [%], (q, n_quarters).

    NaN where no car is there.
    """
    there: list[list[float]] = [[] for _ in outcome.import_kw]
    for visit in outcome.visits:
        if visit.traced_from is None:
            continue
        first = round((visit.traced_from - outcome.first_quarter) / QUARTER) - 1
        for i, held_kwh in enumerate(visit.trace_kwh):
            there[first + i].append(100.0 * held_kwh / visit.visit.capacity_kwh)
    empty = np.full(len(quantiles), np.nan)
    return np.array([np.percentile(here, quantiles) if here else empty for here in there]).reshape(-1, len(quantiles)).T


def _add_power(figure: go.Figure, case: Case, *, row: int) -> None:
    outcome, times = case.simulation.outcome, case.local_quarters()
    stack = (
        ("building", outcome.load_kw, "above"),
        ("charging", outcome.charge_kw, "above"),
        ("discharging", -outcome.discharge_kw, "below"),
        ("pv", -outcome.pv_kw, "below"),
    )
    for name, values, side in stack:
        style = {"mode": "lines", "line": {"width": 0, "shape": "hv"}, "fillcolor": COLOURS[name], "stackgroup": side}
        figure.add_scatter(x=times, y=values, name=f"{name} [kW]", **style, row=row, col=1)
    limit = np.full(len(times), case.simulation.scenario.site.circuits[0].import_limit_kw)
    figure.add_scatter(x=times, y=limit, name="import limit [kW]", line={"color": COLOURS["limit"], "dash": "dash"}, row=row, col=1)


def _add_soc(figure: go.Figure, case: Case, *, row: int) -> None:
    """Add the bands, one area for each span in which cars are there: an area would bridge the gaps between."""
    ends = np.array([t + QUARTER for t in case.local_quarters()])
    lows_and_highs = [q for low, high, _ in BANDS for q in (low, high)]
    *edges, median = soc_quantiles(case.simulation.outcome, (*lows_and_highs, 50.0))
    for k, span in enumerate(_spans(~np.isnan(median))):
        for i, (low, high, colour) in enumerate(BANDS):
            x, name = np.r_[ends[span], ends[span][::-1]], f"{low:g}–{high:g} % of cars"
            band = {"fill": "toself", "fillcolor": colour, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
            y = np.r_[edges[2 * i][span], edges[2 * i + 1][span][::-1]]
            figure.add_scatter(x=x, y=y, name=name, legendgroup=name, showlegend=k == 0, **band, row=row, col=1)
    figure.add_scatter(x=ends, y=median, name="median car", line={"color": COLOURS["charging"]}, connectgaps=False, row=row, col=1)


def _spans(there: NDArray[np.bool_]) -> list[slice]:
    """Return the runs in which something is there."""
    turns = np.flatnonzero(np.diff(np.r_[False, there, False]))
    return [slice(begin, end) for begin, end in turns.reshape(-1, 2).tolist()]


def _add_import(figure: go.Figure, cases: Sequence[Case], *, row: int) -> None:
    line = {"shape": "hv", "dash": "dot", "color": COLOURS["uncontrolled"], "width": 1}
    reference, times = cases[0].simulation.reference, cases[0].local_quarters()
    figure.add_scatter(x=times, y=reference.import_kw, name=f"import, {REFERENCE} [kW]", line=line, row=row, col=1)
    for i, case in enumerate(cases):
        line = {"shape": "hv", "color": LINES[i % len(LINES)], "width": 1.2}
        name = f"import, {case.label} [kW]"
        figure.add_scatter(x=case.local_quarters(), y=case.simulation.outcome.import_kw, name=name, line=line, row=row, col=1)
