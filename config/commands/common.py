"""What all commands share: their usual arguments, how errors are told, how a run ends."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from config.commands.screen import err
from config.station.loop import run_loop
from v2g.errors import V2GError

SiteArgument = Annotated[Path, typer.Argument(help="The site file (YAML).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", help="Log everything.")]


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


async def stopped() -> None:
    """Wait for SIGINT or SIGTERM."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


def loop(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` until it ends or is interrupted."""
    with suppress(KeyboardInterrupt):
        run_loop(work)
