"""Plan a portfolio from its file: what is shown meanwhile, what is told at the end, what is written."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from config.portfolio.file import LoadedPortfolio, load_portfolio
from config.reading.instants import short_utc
from optimizer.portfolio.planner import PortfolioPlanner, Progress
from optimizer.portfolio.site import load
from optimizer.portfolio.values import PortfolioPlan, SitePlan
from optimizer.portfolio.workers import cluster
from optimizer.report import solution_report
from v2g.errors import SiteError
from v2g.solution import Solution, TermValue, Tier
from v2g.timegrid import Array

DIGITS = 6
ROWS = 40
"""So many sites and steps are shown; `--json` and `--out` tell all."""


def plan_portfolio(path: Path, console: Console, *, n_workers: int, scheduler: str | None, folder: Path | None) -> dict[str, Any]:
    """Plan the portfolio in a file and return its report; with a `folder`, write each site's there.

    Progress is shown on `console`. Raises `SiteError`, `ProblemError` and `PlanningError`.
    """
    loaded = load_portfolio(path)
    if folder is not None:
        _make(folder)
    with _shown(console) as told, cluster(n_workers=n_workers, scheduler=scheduler) as workers:
        plan = PortfolioPlanner(workers, gap_frac=loaded.file.gap_frac, told=told).solve(loaded.portfolio)
    if folder is not None:
        _write(loaded, plan, folder)
    return portfolio_report(loaded, plan)


def portfolio_report(loaded: LoadedPortfolio, plan: PortfolioPlan) -> dict[str, Any]:
    """Return how good the plan is, what is common, and each site in short [kW, currency, currency/kWh]."""
    common = loaded.portfolio.common
    return {
        "name": loaded.file.name,
        "currency": loaded.file.currency,
        "gap_frac": plan.gap_frac,
        "lower": _round(plan.lower),
        "upper": _round(plan.upper),
        "rounds": plan.rounds,
        "times_s": {name: _round(value) for name, value in plan.times_s.items()} | {"total": _round(sum(plan.times_s.values()))},
        "starts": [start.isoformat() for start in common.grid.starts],
        "step_h": common.grid.step_h.tolist(),
        "power_kw": _listed(plan.power_kw),
        "price_per_kwh": {
            name: _listed(price) for name, price in zip(common.circuits.circuit_ids, plan.price_per_kwh, strict=True)
        },
        "terms": _terms(plan.terms),
        "reserves": [
            {"id": r.reserve_id, "held_kw": _round(held), "committed_kw": r.committed_kw}
            for r, held in zip(common.reserves, plan.held_kw, strict=True)
        ],
        "sites": [_site(source.circuit_id, site) for source, site in zip(loaded.portfolio.sites, plan.sites, strict=True)],
    }


def portfolio_tables(report: dict[str, Any]) -> tuple[Table, ...]:
    """Return a report as tables: how good it is, what is common, the sites, and power and prices by step."""
    head = Table(title=report["name"], show_header=False)
    for name in ("gap_frac", "lower", "upper", "rounds"):
        head.add_row(name, f"{report[name]:,.6g}")
    for stage, took_s in report["times_s"].items():
        head.add_row(f"{stage} [s]", f"{took_s:.2f}")
    for reserve in report["reserves"]:
        head.add_row(f"{reserve['id']} held [kW]", f"{reserve['held_kw']:,.2f} of {reserve['committed_kw']:,.2f} committed")
    terms = Table("term", "tier", "value", "unit", title="common")
    for term in report["terms"]:
        terms.add_row(term["name"], term["tier"], f"{term['value']:,.4f}", term["unit"])
    currency = report["currency"] or "currency"
    sites = Table("site", "circuit", "plan", f"money [{currency}]", "service", "violation", "import [kWh]", "highest [kW]")
    sites.title = _of("sites", len(report["sites"]))
    for site in report["sites"][:ROWS]:
        power_kw = np.array(site["power_kw"])
        amounts = (*(site["objective"][tier.value] for tier in (Tier.MONEY, Tier.SERVICE, Tier.VIOLATION)),)
        energy_kwh = float(power_kw @ np.array(report["step_h"]))
        shown = (f"{value + 0.0:,.2f}" for value in (*amounts, energy_kwh, power_kw.max()))
        sites.add_row(site["id"], site["circuit"], site["rung"], *shown)
    return head, terms, sites, _course(report, currency)


def _course(report: dict[str, Any], currency: str) -> Table:
    """Return the common power by step, and the price at each circuit that has one."""
    priced = {name: price for name, price in report["price_per_kwh"].items() if any(price)}
    table = Table("start", "power [kW]", *(f"{name} [{currency}/kWh]" for name in priced))
    table.title = _of("prices beyond the sites' own", len(report["starts"]))
    for i, start in enumerate(report["starts"][:ROWS]):
        table.add_row(short_utc(start), f"{report['power_kw'][i]:,.2f}", *(f"{price[i] + 0.0:.4f}" for price in priced.values()))
    return table


def _of(title: str, n: int) -> str:
    return title if n <= ROWS else f"{title} (the first {ROWS} of {n})"


@contextmanager
def _shown(console: Console) -> Iterator[Any]:
    """Show progress; yield what is to be told of it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[gap]}"))
    with Bars(*columns, TimeElapsedColumn(), console=console, transient=True) as bars:

        @cache
        def bar(doing: str) -> TaskID:
            return bars.add_task(doing, total=None, gap="")

        def told(now: Progress) -> None:
            label = f"{now.doing}, round {now.round}" if now.doing in ("sampling", "asking") else now.doing
            gap = f"gap {now.gap_frac:.3%}" if np.isfinite(now.gap_frac) else ""
            bars.update(bar(now.doing), description=label, completed=now.answered, total=now.n_sites, gap=gap)

        yield told


def _site(circuit_id: str, site: SitePlan) -> dict[str, Any]:
    solution: Solution = site.solution
    return {
        "id": site.site_id,
        "circuit": circuit_id,
        "rung": solution.rung.value,
        "reason": solution.reason,
        "gap_frac": solution.gap_frac,
        "objective": {tier.value: _round(solution.value_of(tier)) for tier in Tier},
        "power_kw": _listed(site.power_kw),
        "held_kw": _listed(site.reserve_kw),
    }


def _terms(terms: tuple[TermValue, ...]) -> list[dict[str, Any]]:
    return [{"name": t.name, "tier": t.tier.value, "value": _round(t.value), "unit": t.unit} for t in terms if t.value]


def _make(folder: Path) -> None:
    """Make the folder now: hours of planning should not end in a name that cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SiteError(f"cannot be made: {error.strerror}", place=str(folder), mend="give --out a folder") from error


def _write(loaded: LoadedPortfolio, plan: PortfolioPlan, folder: Path) -> None:
    """Write each site's plan in the form of `v2g solve --json`."""
    common = loaded.portfolio.common
    for source, site in zip(loaded.portfolio.sites, plan.sites, strict=True):
        answer = solution_report(load(source, common.grid, common.reserves), site.solution)
        (folder / f"{source.site_id}.json").write_text(json.dumps(answer, allow_nan=False) + "\n", encoding="utf-8")


def _listed(values: Array) -> list[float]:
    return [_round(v) for v in values]


def _round(value: float) -> float:
    return round(float(value), DIGITS) + 0.0
