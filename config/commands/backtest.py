"""`v2g backtest`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from config.backtest.backtesting import Question, run_backtest
from config.backtest.view import backtest_tables, write_plot
from config.commands.common import JsonOption, told
from config.commands.screen import err, out, print_json
from config.station.logs import configure_logs


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
