"""A back-test for people: tables, and a page with what was told and what came."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from rich.table import Table

from config.backtest.backtesting import Answer
from forecasts.backtest import HIGH, LOW, MEDIAN
from v2g.errors import InputError

COLUMNS = ("mae", "rmae", "crps", "rcrps", "coverage80")
WHAT = {"stay_h": "stay [h]", "energy_kwh": "energy [kWh]"}


def backtest_tables(figures: Mapping[str, Any]) -> tuple[Table, ...]:
    """Return the errors, by horizon or by quantity, and how often each quantile held."""
    series = figures["kind"] == "series"
    what = {f"{x['from_h']:g}–{x['until_h']:g} h": x for x in figures["by_horizon"]} if series else {}
    rows = what | {"all": figures} if series else {label: figures[name] for name, label in WHAT.items()}
    unit = f" [{figures['unit']}]" if figures.get("unit") else ""
    times = f"learning {figures['fit_s']:.1f} s, telling {figures['predict_s']:.3f} s"
    took = f"{times} of one processor at each of {figures['origins']} origins"
    errors = Table(title=f"{figures['file']}, relative to the {figures['reference']}", caption=took)
    for heading in ("horizon" if series else "", f"MAE{unit}", "rMAE", f"CRPS{unit}", "rCRPS", "in 10–90 %"):
        errors.add_column(heading, justify="right")
    for label, row in rows.items():
        errors.add_row(label, *(_number(row[name]) for name in COLUMNS[:-1]), f"{row['coverage80']:.1%}")
    return errors, _quantiles(rows if not series else {"all": figures})


def _quantiles(rows: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table("quantile", title="values at or below each quantile, and its pinball loss")
    for label in rows:
        table.add_column(label, justify="right")
        table.add_column("loss", justify="right")
    levels: Iterable[str] = next(iter(rows.values()))["coverage"]
    for level in levels:
        cells = [(f"{row['coverage'][level]:.1%}", _number(row["pinball"][level])) for row in rows.values()]
        table.add_row(f"{float(level):.0%}", *(cell for pair in cells for cell in pair))
    return table


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.3f}"


def write_plot(answer: Answer, path: Path) -> None:
    """Write a self-contained page: the forecasts of a series at all origins, or how well the quantiles of sessions held.

    Raises `InputError` if it cannot be written.
    """
    figure = _forecasts(answer) if answer.series else _reliability(answer.figures)
    figure.update_layout(template="plotly_white", height=650, title=answer.figures["file"], hovermode="x unified")
    try:
        figure.write_html(path, include_plotlyjs=True)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", place=str(path), mend="give another path") from error


def _forecasts(answer: Answer) -> go.Figure:
    series, figure = answer.series, go.Figure()
    if series is None:
        return figure
    for i, trial in enumerate(answer.tried):
        slots = trial.origin + np.arange(len(trial.actual))
        times = [datetime.fromtimestamp(series.start_s + series.slot_s * int(slot), UTC) for slot in slots]
        lines = (
            ("10 %", trial.told[LOW], {"line": {"width": 0}}),
            ("10–90 %", trial.told[HIGH], {"line": {"width": 0}, "fill": "tonexty", "fillcolor": "rgba(0,114,178,0.2)"}),
            ("median", trial.told[MEDIAN], {"line": {"color": "#0072b2"}}),
            ("weekly naive", trial.naive[MEDIAN], {"line": {"color": "#8a8f98", "dash": "dot"}}),
            ("measured", trial.actual, {"line": {"color": "#1d2129"}}),
        )
        for name, values, style in lines:
            figure.add_scatter(x=times, y=values, name=name, legendgroup=name, showlegend=i == 0, mode="lines", **style)
    return figure.update_yaxes(title_text=f"{answer.figures['column']} [{answer.figures['unit'] or '?'}]")


def _reliability(figures: Mapping[str, Any]) -> go.Figure:
    figure = go.Figure()
    figure.add_scatter(x=[0, 1], y=[0, 1], name="as told", mode="lines", line={"color": "#8a8f98", "dash": "dot"})
    for name, label in WHAT.items():
        held = figures[name]["coverage"]
        figure.add_scatter(x=[float(level) for level in held], y=list(held.values()), name=label, mode="lines+markers")
    return figure.update_xaxes(title_text="quantile told").update_yaxes(title_text="share of values at or below it")
