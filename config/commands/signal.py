"""`v2g signal`: what a price or a limit would do; asks a running daemon (`--api`), or a site file on made-up days (`--site`)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from pydantic import AwareDatetime, TypeAdapter, ValidationError
from rich.progress import Progress

from config.commands.common import JsonOption, told
from config.commands.screen import err, out, print_json
from config.reading.secrets import secret
from config.reading.signal_file import read_json
from config.signals.asking import Answer, Asked, Daemon, Rehearsal
from config.signals.previewed import preview_tables, price_tables, surface_tables
from config.signals.rehearsal import rehearsed
from config.site.load import load_site
from config.station.logs import configure_logs
from v2g.errors import InputError, SignalError

signal_app = typer.Typer(no_args_is_help=True, help="What a price or a limit would do, before anybody publishes it.")
SiteOption = Annotated[Path | None, typer.Option("--site", help="A site file: asks of made-up days.")]
ApiOption = Annotated[str | None, typer.Option("--api", help="A running daemon, e.g. http://127.0.0.1:8080.")]
TokenOption = Annotated[str | None, typer.Option("--token-env", help="Environment variable with a token for that daemon.")]
AtOption = Annotated[str | None, typer.Option("--at", help="With --site: the instant of asking, e.g. 2026-06-17T12:00:00+08:00.")]
SeedOption = Annotated[int, typer.Option(help="With --site: of cars, load and clouds.")]
ShareOption = Annotated[float, typer.Option(min=0.0, max=1.0, help="With --site: share of cars that can give back.")]
AHEAD = timedelta(hours=4)
"""A signal is asked about so long before it begins, unless `--at` says otherwise."""
INSTANT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """Whom to ask, as the command line says it."""

    site: Path | None
    api: str | None
    token_env: str | None = None
    at: str | None = None
    seed: int = 1
    v2g_share: float = 0.5


@signal_app.command()
@told
def preview(
    file: Annotated[Path, typer.Argument(help="One signal, as posted to the API (JSON).")],
    *,
    site: SiteOption = None,
    api: ApiOption = None,
    token_env: TokenOption = None,
    at: AtOption = None,
    seed: SeedOption = 1,
    v2g_share: ShareOption = 0.5,
    as_json: JsonOption = False,
) -> None:
    """Tell what the station would do under a signal, beside what it does now."""
    said = _one(read_json(file), file)
    whom = Whom(site=site, api=api, token_env=token_env, at=at or _before(said), seed=seed, v2g_share=v2g_share)
    answer = _ask(whom, lambda asked, _told: asked.preview(said))
    print_json(answer) if as_json else out.print(*preview_tables(answer))


@signal_app.command()
@told
def price(
    *,
    start: Annotated[str, typer.Option("--from", help="When the window begins, e.g. 2026-06-17T18:00:00+08:00.")],
    end: Annotated[str, typer.Option("--to", help="When it ends.")],
    target_kw: Annotated[float, typer.Option(help="Keep the power from the grid below this.")],
    most: Annotated[float, typer.Option(help="The highest price to try, per kWh.")],
    site: SiteOption = None,
    api: ApiOption = None,
    token_env: TokenOption = None,
    at: AtOption = None,
    seed: SeedOption = 1,
    v2g_share: ShareOption = 0.5,
    as_json: JsonOption = False,
) -> None:
    """Find the least price that shaves a peak, or tell that none does."""
    said = {"start": start, "end": end, "target_kw": target_kw, "most_per_kwh": most}
    whom = Whom(site=site, api=api, token_env=token_env, at=at or _before({"start": start}), seed=seed, v2g_share=v2g_share)
    answer = _ask(whom, lambda asked, _told: asked.price(said))
    print_json(answer) if as_json else out.print(*price_tables(answer))


@signal_app.command()
@told
def surface(
    *,
    prices: Annotated[str, typer.Option(help="Prices per kWh, separated by commas.")],
    hours: Annotated[int, typer.Option(min=1, max=48, help="So many hours.")] = 24,
    start: Annotated[str | None, typer.Option("--from", help="The first hour; the next one if left out.")] = None,
    site: SiteOption = None,
    api: ApiOption = None,
    token_env: TokenOption = None,
    at: AtOption = None,
    seed: SeedOption = 1,
    v2g_share: ShareOption = 0.5,
    as_json: JsonOption = False,
) -> None:
    """Tell what each price would do in each hour alone."""
    said = {"prices": _numbers(prices), "hours": hours, "start": start}
    whom = Whom(
        site=site, api=api, token_env=token_env, at=at or (start and _before({"start": start})), seed=seed, v2g_share=v2g_share
    )
    answer = _ask(whom, lambda asked, told: asked.surface(said, told))
    print_json(answer) if as_json else out.print(*surface_tables(answer))


def _ask(whom: Whom, question: Callable[[Asked, Callable[[float], None]], Awaitable[Answer]]) -> Answer:
    """Return the answer to `question`. Raises `InputError` unless there is just one whom to ask."""
    if (whom.site is None) == (whom.api is None):
        raise InputError("whom to ask is not clear", place="--site, --api", mend="give one of the two")
    configure_logs(verbose=False, quiet=True)
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("asking", total=1.0)

        def progress(share: float) -> None:
            bar.update(task, completed=share)

        return asyncio.run(_answer(whom, question, progress))


async def _answer(
    whom: Whom, question: Callable[[Asked, Callable[[float], None]], Awaitable[Answer]], progress: Callable[[float], None]
) -> Answer:
    if whom.api is not None:
        token = secret(whom.token_env, "--token-env")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with httpx.AsyncClient(base_url=whom.api, headers=headers) as client:
            return await question(Daemon(client), progress)
    if whom.site is None or whom.at is None:
        raise InputError("the instant of asking is not clear", place="--at", mend="as in 2026-06-17T12:00:00+08:00")
    loaded, at = load_site(whom.site), _instant(whom.at, "--at")
    previews = await rehearsed(loaded, at, seed=whom.seed, v2g_share=whom.v2g_share, progress=progress)
    return await question(Rehearsal(previews, loaded.site, at), progress)


def _one(said: Any, file: Path) -> Answer:
    """Return the signal in a file: an object, or a list of one."""
    signal = said[0] if isinstance(said, list) and len(said) == 1 else said
    if not isinstance(signal, dict):
        raise SignalError("the file does not hold one signal", place=str(file), mend="give one object { … }")
    return {name: value for name, value in signal.items() if name != "issued_at"}


def _before(said: Answer) -> str | None:
    """Return the instant `AHEAD` of a signal's begin, None where it tells none."""
    intervals = said.get("intervals")
    first = intervals[0] if isinstance(intervals, list) and intervals and isinstance(intervals[0], dict) else said
    start = first.get("start")
    return None if start is None else (_instant(start, "start") - AHEAD).isoformat()


def _instant(text: Any, place: str) -> datetime:
    try:
        return INSTANT.validate_python(text).astimezone(UTC)
    except (ValidationError, OverflowError) as error:
        raise InputError("this is no instant", place=place, mend="as in 2026-06-17T18:00:00+08:00") from error


def _numbers(text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError as error:
        raise InputError(f"{text!r} are no numbers", place="--prices", mend="as in 0.5,1,2") from error
