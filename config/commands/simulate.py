"""`v2g simulate`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from config.commands.common import JsonOption, SiteArgument, VerboseOption, told
from config.commands.screen import err, figures_table, forecasts_table, out, print_json
from config.simulation.comparing import Question, answer, variants
from config.simulation.report.case import Case
from config.simulation.report.page import write_report
from config.simulation.scenarios import Files
from config.simulation.simulation import Policy
from config.station.logs import configure_logs


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
    compare: Annotated[list[str] | None, typer.Option(help="Simulate beside it: a policy, seed=N or a site file.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write a self-contained page of plots.")] = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Run a station in closed loop on a virtual clock, beside the same cars uncontrolled."""
    configure_logs(verbose=verbose, quiet=not verbose)
    files = Files(sessions=sessions, load=load, prices=prices, signals=signals, start=start.date() if start else None)
    question = Question(
        site=site, policy=policy, days=days, seed=seed, v2g_share=v2g_share, files=files, foresight=foresight, forecasts=forecasts
    )
    cases = [_answered(label, asked) for label, asked in list(variants(question, compare or []))]
    first, *others = (case.simulation.figures for case in cases)
    if report:
        write_report(cases, report)
    if as_json:
        print_json(first | ({"compare": {c.label: f for c, f in zip(cases[1:], others, strict=True)}} if others else {}))
        return
    for case in cases:
        out.print(figures_table(f"{case.simulation.figures['site']}, {case.label}", case.simulation.figures))
        if "forecasts" in case.simulation.figures:
            out.print(forecasts_table(case.simulation.figures["forecasts"]))


def _answered(label: str, question: Question) -> Case:
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task(label, total=1.0)
        return answer(
            label,
            question,
            told=lambda note: err.print(note, highlight=False, soft_wrap=True, markup=False),
            progress=lambda share: bar.update(task, completed=share),
        )
