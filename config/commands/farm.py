"""`v2g farm`."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from adapters.clock import RealClock
from config.commands.common import JsonOption, VerboseOption, loop, stopped, told
from config.commands.screen import figures_table, out, print_json
from config.farm.farm import farm_figures, farm_tls, running_farm
from config.farm.file import load_farm
from config.reading.secrets import passwords, secret
from config.reading.span import seconds
from config.station.logs import configure_logs


@told
def farm(
    file: Annotated[Path, typer.Argument(help="The farm file (YAML), docs/farm.md.")],
    *,
    url: Annotated[str, typer.Option(help="The central system's address, to which chargers add their names.")],
    api: Annotated[str | None, typer.Option(help="The REST API that drivers tell their wishes to.")] = None,
    api_token_env: Annotated[str | None, typer.Option(help="Environment variable with a token for that API.")] = None,
    passwords_env: Annotated[str | None, typer.Option(help="Environment variable with {charger: password}, JSON.")] = None,
    ca: Annotated[Path | None, typer.Option(help="Who has signed the central system's certificate (PEM).")] = None,
    certificates: Annotated[Path | None, typer.Option(help="Folder with each charger's NAME.crt and NAME.key.")] = None,
    duration: Annotated[str | None, typer.Option("--for", help="End after this wall time, e.g. 60s, 5min.")] = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Run simulated chargers, with all that goes wrong at them, against any central system."""
    configure_logs(verbose=verbose, quiet=not verbose)
    loaded, known = load_farm(file), passwords(passwords_env, "--passwords-env")
    token = secret(api_token_env, "--api-token-env")
    length_s, tls = None if duration is None else seconds(duration), farm_tls(ca, certificates)

    async def show() -> None:
        async with running_farm(loaded, RealClock(), url=url, api_url=api, api_token=token, passwords=known, tls=tls) as ran:
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped(), length_s)
            figures = farm_figures(ran)
        print_json(figures) if as_json else out.print(figures_table("farm", figures))

    loop(show())
