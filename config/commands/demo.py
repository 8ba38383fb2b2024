"""`v2g demo`."""

import asyncio
from contextlib import suppress
from typing import Annotated

import typer
from rich.live import Live

from config.commands.common import JsonOption, VerboseOption, loop, stopped, told
from config.commands.screen import demo_table, err, figures_table, out, print_json
from config.demo.demo import Demo, running_demo
from config.reading.span import seconds
from config.station.logs import configure_logs

REFRESH_S = 1.0
DEMO_SPEED, FLEET_SPEED = 300.0, 60.0


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
                await asyncio.wait_for(stopped() if headless else _watch(running_now), length_s)
            figures = running_now.figures()
        print_json(figures) if as_json else out.print(figures_table("demo", figures))

    loop(show())


async def _watch(demo_now: Demo) -> None:
    with Live(demo_table(demo_now), console=err, refresh_per_second=2) as live:
        while True:
            await asyncio.sleep(REFRESH_S)
            live.update(demo_table(demo_now))
