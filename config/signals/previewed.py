"""Answers about signals as tables for people; they come as the API tells them."""

from typing import Any

from rich.table import Table

from config.reading.instants import short_utc

Answer = dict[str, Any]


def preview_tables(answer: Answer) -> tuple[Table, ...]:
    """Return what a signal would do: the figures, the power by step, the drivers."""
    power = Table("from", "now, kW", "then, kW", "calm … busy day, kW", "change, kW", title="net power (+ from the grid)")
    before, after, change = answer["before_kw"], answer["after_kw"], answer["change_kw"]
    for i, start in enumerate(answer["starts"]):
        band = f"{after['low'][i]:,.1f} … {after['high'][i]:,.1f}"
        row = (f"{before['expected'][i]:,.1f}", f"{after['expected'][i]:,.1f}", band, f"{change['expected'][i]:+,.1f}")
        power.add_row(_clock(start) + (" *" if answer["in_window"][i] > 0 else ""), *row)
    return _figures(answer), power, *([_drivers(answer)] if answer["drivers"] else [])


def price_tables(answer: Answer) -> tuple[Table, ...]:
    """Return which price reaches the target, or that none does, and what was tried."""
    found, target = answer["price_per_kwh"], f"{answer['target_kw']:g} kW"
    title = f"no price keeps it at {target}" if found is None else f"{found:g} per kWh keeps it at {target}"
    tried = Table("price per kWh", "peak in the window, kW", title=title)
    for trial in answer["tried"]:
        tried.add_row(f"{trial['price_per_kwh']:g}", f"{trial['peak_kw']:,.1f}")
    return tried, _figures(answer["preview"])


def surface_tables(answer: Answer) -> tuple[Table, ...]:
    """Return the change of each hour's mean power under each price."""
    table = Table("from", "now, kW", *(f"{price:g}" for price in answer["prices"]), title="change of net power, kW, at a price")
    for start, before, powers in zip(answer["starts"], answer["before_kw"], answer["power_kw"], strict=True):
        table.add_row(_clock(start), f"{before:,.1f}", *(f"{power - before:+,.1f}" for power in powers))
    return (table,)


FIGURES = (
    ("energy in the window, kWh", "window_kwh"),
    ("moved to other times, kWh", "moved_kwh"),
    ("drawn ahead, kWh", "ahead_kwh"),
    ("rebound afterwards, kWh", "rebound_kwh"),
    ("peak in the window now, kW", "window_peak_before_kw"),
    ("peak in the window then, kW", "window_peak_after_kw"),
    ("operator's cost", "cost"),
    ("operator's cost if it went on as now", "cost_unanswered"),
    ("price elasticity", "elasticity"),
    ("over the limit at most, kW", "over_limit_kw"),
    ("drivers miss, kWh", "unmet_kwh"),
)


def _figures(answer: Answer) -> Table:
    table = Table(title="what the station would do", show_header=False)
    for label, name in FIGURES:
        value = answer[name]
        table.add_row(label, "none" if value is None else f"{value:,.2f}")
    table.add_row("drivers affected", str(len(answer["drivers"])))
    return table


def _drivers(answer: Answer) -> Table:
    table = Table("outlet", "ready now", "ready then", "leaves with, kWh", title="drivers affected (consent is never touched)")
    for driver in answer["drivers"]:
        table.add_row(
            driver["evse_id"], _clock(driver["ready_before"]), _clock(driver["ready_after"]), f"{driver['energy_kwh']:+,.1f}"
        )
    return table


def _clock(instant: str | None) -> str:
    return "never" if instant is None else short_utc(instant)
