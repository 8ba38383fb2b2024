"""The figures, one column a case, beside no control and perfect foresight."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from config.simulation.report.case import REFERENCE, Case

ROWS = (
    ("Energy charged [kWh]", "energy_charged_kwh", "{:,.1f}"),
    ("Energy discharged [kWh]", "energy_discharged_kwh", "{:,.1f}"),
    ("Net delivered [kWh]", "net_delivered_kwh", "{:,.1f}"),
    ("Delivered share of what drivers asked", "delivered_share", "{:.2%}"),
    ("Unmet drivers", "unmet_drivers", "{:d}"),
    ("Cost, building included [{currency}]", "cost", "{:,.2f}"),
    ("of it: demand charge [{currency}]", "cost_demand", "{:,.2f}"),
    ("Cost as a multiple of perfect foresight", "cost_over_perfect_foresight", "{:.4f}"),
    ("Saved of the uncontrolled cost", "saving_share", "{:.2%}"),
    ("Peak import, quarter-hour [kW]", "peak_import_kw", "{:,.1f}"),
    ("Highest import [kW]", "max_import_kw", "{:,.1f}"),
    ("Limit violation [s]", "limit_violation_s", "{:,.0f}"),
    ("Taken without consent [kWh]", "unconsented_kwh", "{:,.1f}"),
    ("Discharged below a driver's floor [cars]", "floor_breaches", "{:d}"),
)


def figures_table(cases: Sequence[Case]) -> str:
    """Return the table as HTML; what a column does not know is left empty, what none knows left out."""
    first = cases[0].simulation.figures
    columns: dict[str, Mapping[str, Any]] = {case.label: case.simulation.figures for case in cases}
    if "uncontrolled" in first:
        columns[REFERENCE] = first["uncontrolled"]
    if "perfect_foresight" in first:
        columns["perfect foresight"] = first["perfect_foresight"]
    rows = [(label.format(currency=first["currency"]), form, [c.get(name) for c in columns.values()]) for label, name, form in ROWS]
    known = [
        (label, [_cell(value, form) for value in values]) for label, form, values in rows if any(v is not None for v in values)
    ]
    return html_table(tuple(columns), known)


def html_table(head: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Return a table of named rows."""
    names = "".join(f"<th scope=col>{escape(name)}</th>" for name in head)
    body = "".join(
        f"<tr><th scope=row>{escape(label)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
        for label, cells in rows
    )
    return f"<table><thead><tr><td></td>{names}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value if isinstance(value, int) else round(value, 6) + 0.0)
