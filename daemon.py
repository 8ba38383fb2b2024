"""The command line: load, wire, run, drain. It decides nothing."""

import asyncio
import json
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.markup import escape
from rich.progress import Progress

from adapters.clock import RealClock
from adapters.mqtt.schema import contract
from adapters.store.audit import check as check_audit
from adapters.store.export import export
from adapters.store.reading import reading
from config.backtest_view import backtest_tables, write_plot
from config.backtesting import Question, run_backtest
from config.demo import Demo, running_demo
from config.farm import farm_figures, farm_tls, running_farm
from config.farm_file import load_farm
from config.live import running
from config.load import load_site, read_site
from config.logs import configure_logs
from config.loop import run_loop
from config.portfolio import plan_portfolio, portfolio_tables
from config.problem_file import load_problem, problem_schema
from config.report import write_report
from config.scenarios import Files, make_scenario
from config.screen import demo_table, err, figures_table, out, print_json, solution_tables
from config.secrets import passwords
from config.simulation import Policy, simulate
from config.span import seconds
from optimizer.choice import ChoosingPlanner
from optimizer.ladder import Ladder
from optimizer.report import solution_report
from v2g.errors import V2GError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Ordered charging and reverse discharge for charging stations.")
audit_app = typer.Typer(no_args_is_help=True, help="The log of what was asked for, decided and sent.")
app.add_typer(audit_app, name="audit")
SiteArgument = Annotated[Path, typer.Argument(help="The site file (YAML).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", help="Log everything.")]
REFRESH_S = 1.0
DEMO_SPEED, FLEET_SPEED = 300.0, 60.0


def told(command: Callable[..., None]) -> Callable[..., None]:
    """Turn errors raised on purpose into words and exit code 2."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except* V2GError as group:
            for error in _leaves(group):
                err.print(f"[red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
            raise typer.Exit(2) from None

    return run


def _leaves(error: BaseException) -> list[BaseException]:
    return [leaf for e in error.exceptions for leaf in _leaves(e)] if isinstance(error, BaseExceptionGroup) else [error]


@app.command()
@told
def run(site: SiteArgument, *, verbose: VerboseOption = False) -> None:
    """Run the daemon of a station until it is stopped."""
    configure_logs(verbose=verbose)
    loaded = load_site(site)

    async def serve() -> None:
        async with running(loaded, RealClock()) as daemon:
            out.print(f"dashboard {daemon.web_url}  OCPP {daemon.ocpp_url or 'none'}", soft_wrap=True)
            await _stopped()

    _loop(serve())


@app.command()
def check(site: SiteArgument) -> None:
    """Check a site file; tell every error with its place and mend."""
    file, errors = read_site(site)
    for error in errors:
        err.print(f"[red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
    if file is None or errors:
        raise typer.Exit(2)
    loaded = load_site(site)
    out.print(f"{site} is in order: {len(loaded.site.evses)} outlets on {len(loaded.site.circuits)} circuits", soft_wrap=True)


@app.command()
@told
def demo(
    *,
    duration: Annotated[str | None, typer.Option("--for", help="End after this wall time, e.g. 60s, 5min.")] = None,
    cars: Annotated[int | None, typer.Option(min=24, max=20_000, help="So many outlets; 24 on real protocols.")] = None,
    speed: Annotated[float | None, typer.Option(min=1.0, max=600.0, help="Seconds of the station in a second.")] = None,
    headless: Annotated[bool, typer.Option(help="No live table.")] = False,
    as_json: JsonOption = False,
    seed: Annotated[int, typer.Option(help="Of cars, load and clouds.")] = 1,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Of the dashboard; 0 takes any free one.")] = None,
    verbose: VerboseOption = False,
) -> None:
    """Run a ready-made station with simulated chargers on real protocols and a fast clock."""
    configure_logs(verbose=verbose, quiet=not verbose)
    length_s = None if duration is None else seconds(duration)
    web_port = 0 if port is None and headless else port
    pace = speed or (DEMO_SPEED if cars is None else FLEET_SPEED)

    async def show() -> None:
        async with running_demo(speed=pace, seed=seed, web_port=web_port, cars=cars) as running_now:
            err.print(f"dashboard: {running_now.daemon.web_url}", soft_wrap=True)
            with suppress(TimeoutError):
                await asyncio.wait_for(_stopped() if headless else _watch(running_now), length_s)
            figures = running_now.figures()
        print_json(figures) if as_json else out.print(figures_table("demo", figures))

    _loop(show())


@app.command(name="farm")
@told
def farm_command(
    farm: Annotated[Path, typer.Argument(help="The farm file (YAML), docs/farm.md.")],
    *,
    url: Annotated[str, typer.Option(help="The central system's address, to which chargers add their names.")],
    api: Annotated[str | None, typer.Option(help="The REST API that drivers tell their wishes to.")] = None,
    passwords_env: Annotated[str | None, typer.Option(help="Environment variable with {charger: password}, JSON.")] = None,
    ca: Annotated[Path | None, typer.Option(help="Who has signed the central system's certificate (PEM).")] = None,
    certificates: Annotated[Path | None, typer.Option(help="Folder with each charger's NAME.crt and NAME.key.")] = None,
    duration: Annotated[str | None, typer.Option("--for", help="End after this wall time, e.g. 60s, 5min.")] = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Run simulated chargers, with all that goes wrong at them, against any central system."""
    configure_logs(verbose=verbose, quiet=not verbose)
    file, known = load_farm(farm), passwords(passwords_env, "--passwords-env")
    length_s, tls = None if duration is None else seconds(duration), farm_tls(ca, certificates)

    async def show() -> None:
        async with running_farm(file, RealClock(), url=url, api_url=api, passwords=known, tls=tls) as running_now:
            with suppress(TimeoutError):
                await asyncio.wait_for(_stopped(), length_s)
            figures = farm_figures(running_now)
        print_json(figures) if as_json else out.print(figures_table("farm", figures))

    _loop(show())


@app.command(name="simulate")
@told
def simulate_command(
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
            simulate(
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


@app.command()
@told
def solve(problem: Annotated[Path, typer.Argument(help="The problem (JSON).")], *, as_json: JsonOption = False) -> None:
    """Solve one problem from a file."""
    configure_logs(verbose=False, quiet=True)
    stated = load_problem(problem)
    answer = solution_report(stated, asyncio.run(Ladder(ChoosingPlanner()).solve(stated)))
    print_json(answer) if as_json else out.print(*solution_tables(answer))


@app.command()
@told
def backtest(
    file: Annotated[Path, typer.Argument(help="A series or sessions (CSV, gzipped or not; Parquet).")],
    *,
    column: Annotated[str | None, typer.Option(help="Of a series; the usual names are looked for.")] = None,
    horizon: Annotated[str, typer.Option(help="How far ahead, e.g. 24h, 48h, 7d.")] = "48h",
    origins: Annotated[int | None, typer.Option(min=1, max=1000, help="Forecasts to make; 12, of sessions 4.")] = None,
    time_zone: Annotated[str, typer.Option(help="Of the place, for its days.")] = "UTC",
    country: Annotated[str, typer.Option(help="Whose holidays count, e.g. DE.")] = "",
    plot: Annotated[Path | None, typer.Option(help="Write a page with what was told and what came.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell how good the forecasts of a file would have been, from one origin in its past after another."""
    configure_logs(verbose=False, quiet=True)
    question = Question(file=file, column=column, horizon=horizon, origins=origins, time_zone=time_zone, country=country)
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task(file.name, total=1.0)
        answer = run_backtest(question, lambda share: bar.update(task, completed=share))
    if plot:
        write_plot(answer, plot)
    print_json(answer.figures) if as_json else out.print(*backtest_tables(answer.figures))


@audit_app.command(name="check")
@told
def audit_check(
    site: SiteArgument,
    *,
    head: Annotated[str, typer.Option(help="A head printed by an earlier check: shows whether the end was cut off.")] = "",
) -> None:
    """Follow the audit log's chain; tell the first broken link."""
    with reading(load_site(site).file.store.url) as database:
        found = check_audit(database, head)
    out.print(f"{found.n} entries are in order; head {found.head}", soft_wrap=True)
    if found.broken:
        err.print(f"[red]error:[/] {escape(found.broken)}", highlight=False, soft_wrap=True)
        raise typer.Exit(1)


@app.command(name="export")
@told
def export_command(site: SiteArgument, *, to: Annotated[Path, typer.Option(help="The folder, made if need be.")]) -> None:
    """Write history, transactions, visits, ticks and the audit log as Parquet files."""
    with reading(load_site(site).file.store.url) as database:
        for name, n in export(database, to).items():
            out.print(f"{to / name}.parquet: {n} rows", soft_wrap=True)


@app.command()
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


@app.command()
def schema(what: Annotated[str, typer.Argument(help="'problem' or 'mqtt'.")] = "problem") -> None:
    """Print the JSON Schema of a file format or of the messages over MQTT."""
    schemas = {"problem": problem_schema, "mqtt": contract}
    if what not in schemas:
        err.print(f"[red]error:[/] there is no schema of {escape(repr(what))} (use: {', '.join(schemas)})")
        raise typer.Exit(2)
    out.print_json(json.dumps(schemas[what]()))


async def _watch(demo_now: Demo) -> None:
    with Live(demo_table(demo_now), console=err, refresh_per_second=2) as live:
        while True:
            await asyncio.sleep(REFRESH_S)
            live.update(demo_table(demo_now))


async def _stopped() -> None:
    """Wait for SIGINT or SIGTERM."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


def _loop(work: Coroutine[Any, Any, None]) -> None:
    with suppress(KeyboardInterrupt):
        run_loop(work)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
