"""`v2g simulate`."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from config.commands.common import JsonOption, SiteArgument, VerboseOption, told
from config.load import load_site
from config.logs import configure_logs
from config.report import write_report
from config.scenarios import Files, make_scenario
from config.screen import err, figures_table, out, print_json
from config.simulation import Policy
from config.simulation import simulate as run_simulation


@told
def simulate(
    site: SiteArgument,
    *,
    days: Annotated[int, typer.Option(min=1, max=3660, help="Whole local days.")] = 7,
    seed: Annotated[int, typer.Option(help="Of all that is made up.")] = 1,
    policy: Annotated[Policy, typer.Option(help="Who decides.")] = Policy.V2G,
    sessions: Annotated[Path | None, typer.Option(help="Session file (CSV).")] = None,
    load: Annotated[Path | None, typer.Option(help="Load series (CSV).")] = None,
    prices: Annotated[Path | None, typer.Option(help="Price series (CSV).")] = None,
    signals: Annotated[Path | None, typer.Option(help="Signals as posted to the API, a list (JSON).")] = None,
    start: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First local day.")] = None,
    v2g_share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of cars that can give back.")] = 0.5,
    foresight: Annotated[bool, typer.Option("--foresight", help="Compare with perfect foresight too.")] = False,
    forecasts: Annotated[bool, typer.Option("--forecasts", help="Compare with simpler and with true forecasts too.")] = False,
    report: Annotated[Path | None, typer.Option(help="Write a self-contained page of plots.")] = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Run a station in closed loop on a virtual clock, beside the same cars uncontrolled."""
    configure_logs(verbose=verbose, quiet=not verbose)
    files = Files(sessions=sessions, load=load, prices=prices, signals=signals, start=start.date() if start else None)
    scenario, past = make_scenario(load_site(site), files, days=days, seed=seed, v2g_share=v2g_share)
    for note in scenario.notes:
        err.print(note, highlight=False, soft_wrap=True, markup=False)
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task(str(policy), total=1.0)
        done = asyncio.run(
            run_simulation(
                scenario,
                past,
                policy,
                foresight=foresight,
                forecasts=forecasts,
                progress=lambda share: bar.update(task, completed=share),
            )
        )
    figures = done.figures | {"seed": seed, "days": days, "v2g_share": v2g_share}
    if report:
        write_report(done, figures, report)
    print_json(figures) if as_json else out.print(figures_table(f"{figures['site']}, {policy}", figures))
