"""The report of a simulation: one self-contained page with plots and figures."""

from collections.abc import Mapping
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from adapters.farm.outcome import Outcome
from config.simulation import Simulation
from v2g.errors import InputError
from v2g.timegrid import Array

QUARTER = timedelta(minutes=15)
COLOURS = {
    "building": "#8a8f98",
    "charging": "#0072b2",
    "discharging": "#e69f00",
    "pv": "#d9b600",
    "limit": "#c0392b",
    "price": "#6a3d9a",
}
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;color:#1d2129}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:.2rem .9rem .2rem 0;text-align:right}"
    "td:first-child,th:first-child{text-align:left}tr{border-bottom:1px solid #e5e7eb}li{margin:.2rem 0}"
)
ROWS = (
    ("Energy charged [kWh]", "energy_charged_kwh", "{:,.1f}"),
    ("Energy discharged [kWh]", "energy_discharged_kwh", "{:,.1f}"),
    ("Net delivered [kWh]", "net_delivered_kwh", "{:,.1f}"),
    ("Delivered share of what drivers asked", "delivered_share", "{:.2%}"),
    ("Unmet drivers", "unmet_drivers", "{:d}"),
    ("Cost, building included [{currency}]", "cost", "{:,.2f}"),
    ("Peak import, quarter-hour [kW]", "peak_import_kw", "{:,.1f}"),
    ("Highest import [kW]", "max_import_kw", "{:,.1f}"),
    ("Limit violation [s]", "limit_violation_s", "{:,.0f}"),
)


def write_report(simulation: Simulation, figures: Mapping[str, Any], path: Path) -> None:
    """Write the page to `path`. Raises `InputError` if it cannot be written."""
    notes = "".join(f"<li>{escape(note)}</li>" for note in simulation.scenario.notes)
    title = f"{simulation.scenario.site.name}: {simulation.policy}"
    page = (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title><style>{STYLE}</style>"
        f"<h1>{escape(title)}</h1><p>{_span(simulation)}</p><ul>{notes}</ul>"
        f"{_table(figures)}{_plot(simulation).to_html(full_html=False, include_plotlyjs=True)}</html>"
    )
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", place=str(path), mend="give another path") from error


def _span(simulation: Simulation) -> str:
    """Return from when to when, in the site's time."""
    scenario, zone = simulation.scenario, ZoneInfo(simulation.scenario.site.time_zone)
    return f"{scenario.start.astimezone(zone):%Y-%m-%d %H:%M} to {scenario.end.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"


def _table(figures: Mapping[str, Any]) -> str:
    """Return the figures beside those of the same cars uncontrolled and, where it was asked for, of perfect foresight."""
    columns = {figures["policy"]: figures, "uncontrolled": figures.get("uncontrolled", figures)}
    if "perfect_foresight" in figures:
        columns["perfect foresight"] = figures["perfect_foresight"]
    head = "".join(f"<th>{name}</th>" for name in columns)
    rows = "".join(
        f"<tr><td>{label.format(**figures)}</td>{''.join(_cell(c.get(name), form) for c in columns.values())}</tr>"
        for label, name, form in ROWS
    )
    return f"<table><tr><th></th>{head}</tr>{rows}</table>"


def _cell(value: float | None, form: str) -> str:
    return "<td></td>" if value is None else f"<td>{form.format(value if isinstance(value, int) else round(value, 6) + 0.0)}</td>"


def _plot(simulation: Simulation) -> go.Figure:
    outcome, site = simulation.outcome, simulation.scenario.site
    zone = ZoneInfo(site.time_zone)
    times = [(outcome.first_quarter + i * QUARTER).astimezone(zone) for i in range(len(outcome.import_kw))]
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, row_heights=[0.5, 0.25, 0.25], vertical_spacing=0.06)
    for name, values, above in _stack(outcome):
        style = {"mode": "lines", "line": {"width": 0, "shape": "hv"}, "fillcolor": COLOURS[name]}
        figure.add_scatter(x=times, y=values, name=f"{name} [kW]", stackgroup="above" if above else "below", **style, row=1, col=1)
    limit = np.full(len(times), site.circuits[0].import_limit_kw)
    figure.add_scatter(x=times, y=limit, name="import limit [kW]", line={"color": COLOURS["limit"], "dash": "dash"}, row=1, col=1)
    for name, series, dash in (("import", outcome, "solid"), ("import uncontrolled", simulation.reference, "dot")):
        line = {"shape": "hv", "dash": dash, "color": "#1d2129", "width": 1}
        figure.add_scatter(x=times, y=series.import_kw, name=f"{name} [kW]", line=line, row=2, col=1)
    price = [simulation.prices.import_per_kwh.at(t.timestamp()) for t in times]
    line = {"shape": "hv", "color": COLOURS["price"]}
    figure.add_scatter(x=times, y=price, name=f"price [{site.currency}/kWh]", line=line, row=3, col=1)
    figure.update_yaxes(title_text="power by use [kW]", row=1).update_yaxes(title_text="import [kW]", row=2)
    figure.update_yaxes(title_text=f"price [{site.currency}/kWh]", row=3)
    return figure.update_layout(template="plotly_white", height=850, legend={"orientation": "h", "y": 1.08}, hovermode="x unified")


def _stack(outcome: Outcome) -> tuple[tuple[str, Array, bool], ...]:
    return (
        ("building", outcome.load_kw, True),
        ("charging", outcome.charge_kw, True),
        ("discharging", -outcome.discharge_kw, False),
        ("pv", -outcome.pv_kw, False),
    )
