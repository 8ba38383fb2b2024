"""`v2g solve`, `v2g portfolio`, `v2g schema`: problems and plans as files."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from adapters.mqtt.schema import contract
from config.commands.common import JsonOption, told
from config.commands.screen import err, out, print_json, solution_tables
from config.portfolio.portfolio import plan_portfolio, portfolio_tables
from config.problem.file import load_problem, problem_schema
from config.station.logs import configure_logs
from optimizer.choice import ChoosingPlanner
from optimizer.ladder import Ladder
from optimizer.report import solution_report


@told
def solve(problem: Annotated[Path, typer.Argument(help="The problem (JSON).")], *, as_json: JsonOption = False) -> None:
    """Solve one problem from a file."""
    configure_logs(verbose=False, quiet=True)
    stated = load_problem(problem)
    answer = solution_report(stated, asyncio.run(Ladder(ChoosingPlanner()).solve(stated)))
    print_json(answer) if as_json else out.print(*solution_tables(answer))


@told
def portfolio(
    file: Annotated[Path, typer.Argument(help="The portfolio file (YAML).")],
    *,
    workers: Annotated[int, typer.Option(min=0, max=1024, help="Processes on this machine; 0 does all in this one.")] = 2,
    scheduler: Annotated[str | None, typer.Option(help="Address of a dask cluster to use instead, tcp://HOST:8786.")] = None,
    out_folder: Annotated[Path | None, typer.Option("--out", help="Write each site's plan into this folder.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Plan many sites under common limits, events and reserves."""
    configure_logs(verbose=False, quiet=True)
    report = plan_portfolio(file, err, n_workers=workers, scheduler=scheduler, folder=out_folder)
    print_json(report) if as_json else out.print(*portfolio_tables(report))


def schema(what: Annotated[str, typer.Argument(help="'problem' or 'mqtt'.")] = "problem") -> None:
    """Print the JSON Schema of a file format or of the messages over MQTT."""
    schemas = {"problem": problem_schema, "mqtt": contract}
    if what not in schemas:
        err.print(f"[red]error:[/] there is no schema of {escape(repr(what))} (use: {', '.join(schemas)})")
        raise typer.Exit(2)
    out.print_json(json.dumps(schemas[what]()))
