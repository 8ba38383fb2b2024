"""Each stay at its outlet, from plug-in to unplug."""

from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from adapters.farm.outcome import VisitOutcome
from config.simulation.report.case import COLOURS, TEMPLATE, Case

MOST_OUTLETS, ROW_PX, LEGEND_PX = 60, 18, 8


def sessions(case: Case) -> tuple[go.Figure, int]:
    """Return the plot of the busiest outlets, and how many are left out."""
    outcome, site = case.simulation.outcome, case.simulation.scenario.site
    busy: dict[str, list[VisitOutcome]] = {}
    for visit in outcome.visits:
        busy.setdefault(visit.visit.evse_id, []).append(visit)
    chosen = set(sorted(busy, key=lambda name: (-len(busy[name]), name))[:MOST_OUTLETS])
    order = [e.evse_id for e in site.evses if e.evse_id in chosen]
    shown = [visit for name in order for visit in busy[name]]
    figure = go.Figure()
    kinds = (
        ("met, may give back", COLOURS["discharging"], [v for v in shown if not v.unmet and v.visit.is_v2g]),
        ("met", COLOURS["charging"], [v for v in shown if not v.unmet and not v.visit.is_v2g]),
        ("missed", COLOURS["unmet"], [v for v in shown if v.unmet]),
    )
    for name, colour, visits in kinds:
        _add(figure, visits, case, {"name": name, "marker": {"color": colour, "line": {"color": "white", "width": 1}}})
    figure.update_yaxes(categoryorder="array", categoryarray=order[::-1], title_text="outlet").update_xaxes(type="date")
    height = ROW_PX * len(order)
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1 + LEGEND_PX / height}
    margin = {"t": 60, "b": 60}
    figure.update_layout(template=TEMPLATE, height=120 + height, margin=margin, barmode="overlay", legend=legend)
    return figure, len(busy) - len(order)


def _add(figure: go.Figure, visits: list[VisitOutcome], case: Case, style: dict[str, Any]) -> None:
    outcome, zone = case.simulation.outcome, ZoneInfo(case.simulation.scenario.site.time_zone)
    begins = [max(v.visit.arrives_at, outcome.start) for v in visits]
    ends = [min(v.visit.leaves_at, outcome.end) for v in visits]
    figure.add_bar(
        orientation="h",
        y=[v.visit.evse_id for v in visits],
        base=[b.astimezone(zone).replace(tzinfo=None) for b in begins],
        x=[1000.0 * (e - b).total_seconds() for b, e in zip(begins, ends, strict=True)],
        hovertext=[_words(v) for v in visits],
        hoverinfo="text",
        **style,
    )


def _words(v: VisitOutcome) -> str:
    soc = 100.0 * v.left_kwh / v.visit.capacity_kwh
    missing = f", {v.missing_kwh:.1f} kWh missing" if v.unmet else ""
    state = "left with" if v.finished else "holds"
    return f"{v.visit.evse_id}: came with {100.0 * v.visit.soc_frac:.0f} %, {state} {soc:.0f} % ({v.net_kwh:+.1f} kWh){missing}"
