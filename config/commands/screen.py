"""What the commands print for people."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from config.demo.demo import Demo
from config.reading.instants import short_utc
from config.simulation.kpis import rounded
from v2g.record import TickRecord

out, err = Console(), Console(stderr=True)
ROWS = 40
"""So many outlets are shown; the page shows more."""


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object as the last line of standard output."""
    print(json.dumps(rounded(dict(value)), allow_nan=False), flush=True)  # noqa: T201  # this is the command's answer


def figures_table(title: str, figures: Mapping[str, Any]) -> Table:
    """Return the scalar figures as a table of two columns."""
    table = Table(title=title, show_header=False)
    for name, value in figures.items():
        if isinstance(value, (int, float, str)):
            table.add_row(name, f"{value:,.3f}" if isinstance(value, float) else str(value))
    return table


def forecasts_table(told: Mapping[str, Any]) -> Table:
    """Return what the same days came to under each forecast, a column each; what is over another stands in the caption."""
    figures = {name: value for name, value in told.items() if isinstance(value, Mapping)}
    over = [f"{name} {value:.3f}" for name, value in told.items() if name not in figures]
    table = Table("by forecasts", *figures, title="what forecasts are worth", caption=", ".join(over))
    for row in next(iter(figures.values()), {}):
        table.add_row(row, *(f"{own[row]:,.3f}" if row in own else "" for own in figures.values()))
    return table


def demo_table(demo: Demo) -> Table:
    """Return the demo's station as it is now: one row an outlet."""
    station, now = demo.daemon.station, demo.clock.now()
    observation, latest = station.observation(), station.latest()
    why = {s.unit_id: s.why for s in latest.setpoints} if latest else {}
    table = Table(title=f"{demo.loaded.site.name}  {now:%Y-%m-%d %H:%M} UTC  {demo.daemon.web_url}", caption=_caption(demo, latest))
    for heading in ("outlet", "protocol", "car", "SoC", "setpoint", "power", "why"):
        table.add_column(heading, justify="right" if heading in ("SoC", "setpoint", "power") else "left")
    protocols = {e.evse_id: e.protocol for e in demo.loaded.site.evses}
    for state in observation.evses[:ROWS]:
        session = state.session
        soc = f"{session.soc_frac:.0%}" if session and session.soc_frac is not None else ""
        table.add_row(
            state.evse_id,
            protocols[state.evse_id],
            ("plugged in" if session else "") if state.online else "[red]not connected[/]",
            soc,
            _kw(state.acknowledged_kw),
            _kw(state.power_kw.value if state.power_kw else None),
            why.get(state.evse_id, ""),
        )
    return table


def _kw(power_kw: float | None) -> str:
    return "" if power_kw is None else f"{power_kw:+.1f} kW"


def _caption(demo: Demo, latest: TickRecord | None) -> str:
    observation = demo.daemon.station.observation()
    limit_kw = demo.loaded.site.circuits[0].import_limit_kw
    power = f"{observation.site_power_kw.value:.0f}" if observation.site_power_kw else "?"
    price = f"{latest.plan.import_price_per_kwh[0]:.2f} {demo.loaded.site.currency}/kWh" if latest else ""
    rung = f"plan: {latest.plan.rung}, {latest.plan.planner}, {1000 * latest.plan.solve_s:.0f} ms" if latest else "no plan yet"
    alarms = "; ".join(str(alarm) for alarm in demo.daemon.station.health().alarms[:3])
    hidden = len(observation.evses) - ROWS
    rung += f" · {hidden} more outlets" if hidden > 0 else ""
    return f"{power} of {limit_kw:.0f} kW · {price} · {rung}" + (f"\n[red]{alarms}[/]" if alarms else "")


def solution_tables(answer: Mapping[str, Any]) -> tuple[Table, ...]:
    """Return a solved problem as tables: what it is and how long it took, its objective by term, its schedule."""
    times = {f"{stage} [s]": took_s for stage, took_s in answer["times_s"].items()}
    head = figures_table("solution", {**answer, **times})
    terms = Table("term", "tier", "value", "unit", title="objective")
    for term in answer["terms"]:
        terms.add_row(term["name"], term["tier"], f"{term['value']:,.4f}", term["unit"])
    names = [unit["id"] for unit in answer["storages"]]
    schedule = Table(title="schedule [kW], + into the vehicle")
    schedule.add_column("from", no_wrap=True)
    for name in ("import", "export", *names):
        schedule.add_column(name, justify="right")
    for i, start in enumerate(answer["starts"]):
        powers = (answer["site"]["import_kw"][i], answer["site"]["export_kw"][i], *(u["power_kw"][i] for u in answer["storages"]))
        schedule.add_row(short_utc(start), *(f"{power + 0.0:.2f}" for power in powers))
    return head, terms, schedule
