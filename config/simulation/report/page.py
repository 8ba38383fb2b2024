"""The page: a sentence, the figures, the plots, and how the series were placed."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from config.simulation.report.case import Case
from config.simulation.report.response import response
from config.simulation.report.sessions import sessions
from config.simulation.report.table import figures_table
from config.simulation.report.timeline import timeline
from config.simulation.report.wear import wear
from config.simulation.simulation import Simulation
from v2g.errors import InputError

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;color:#1d2129}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:.2rem .9rem .2rem 0;text-align:right;"
    "font-weight:normal}thead th{font-weight:600}th[scope=row]{text-align:left}"
    "tr{border-bottom:1px solid #e5e7eb}li{margin:.2rem 0}.lead{font-size:1.15rem}"
)


def write_report(cases: Sequence[Case], path: Path) -> None:
    """Write the page of `cases`, the first of which it is about, to `path`. Raises `InputError` if it cannot be written."""
    try:
        path.write_text(report_page(cases), encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", place=str(path), mend="give another path") from error


def report_page(cases: Sequence[Case]) -> str:
    """Return the page as HTML; nothing in it is fetched from elsewhere."""
    first = cases[0].simulation
    title = f"{first.scenario.site.name}: {', '.join(case.label for case in cases)}"
    stays, n_hidden = sessions(cases[0])
    cycles, worn = wear(cases)
    hidden = f"<p>{n_hidden} less busy outlets are not shown.</p>" if n_hidden else ""
    priced = response(cases)
    parts = (
        f"<h1>{escape(title)}</h1><p class=lead>{escape(sentence(first))}</p><p>{_span(first)}</p>",
        f"<h2>Figures</h2>{figures_table(cases)}",
        f"<h2>Power, state of charge and prices: {escape(cases[0].label)}</h2>{_html(timeline(cases), first=True)}",
        f"<h2>What is drawn at which price</h2>{_html(priced)}" if priced else "",
        f"<h2>Stays</h2>{_html(stays)}{hidden}",
        f"<h2>Wear, counted by rainflow</h2>{_html(cycles)}{worn}",
        f"<h2>Where the series come from</h2><ul>{''.join(f'<li>{escape(note)}</li>' for note in first.figures['notes'])}</ul>",
    )
    head = (
        f"<meta charset=utf-8><meta name=viewport content='width=device-width'><title>{escape(title)}</title><style>{STYLE}</style>"
    )
    return f"<!doctype html><html lang=en>{head}{''.join(parts)}</html>"


def sentence(simulation: Simulation) -> str:
    """Return in one sentence what came of it."""
    figures, site = simulation.figures, simulation.scenario.site
    money = f"It cost {figures['cost']:,.2f} {site.currency}"
    if figures.get("saving_share") is not None:
        money += f", {100 * figures['saving_share']:.1f} % less than without control"
    over = figures["limit_violation_s"]
    limit = "no limit was broken" if not over else f"limits were broken for {over:,.0f} s"
    unmet, gone = figures["unmet_drivers"], len(simulation.outcome.finished)
    return f"{money}; {limit}; {gone - unmet} of {gone} drivers left with what they asked for or could have."


def _span(simulation: Simulation) -> str:
    """Return from when to when, in the site's time."""
    scenario, zone = simulation.scenario, ZoneInfo(simulation.scenario.site.time_zone)
    return f"{scenario.start.astimezone(zone):%Y-%m-%d %H:%M} to {scenario.end.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"


def _html(figure: go.Figure, *, first: bool = False) -> str:
    """Return a plot, with the library in the first."""
    return str(figure.to_html(full_html=False, include_plotlyjs=first))
