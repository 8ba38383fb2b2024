"""`v2g ocpp-password`: a charger's password, made or given, and its digest for the site file's environment."""

import secrets
from typing import Annotated

import typer

from adapters.ocpp.credentials import kept
from config.commands.common import told
from config.commands.screen import err, out
from config.reading.secrets import secret
from v2g.errors import SiteError

RANDOM_BYTES = 15
LEAST_CHARS, MOST_CHARS = 16, 40
"""Of a password in OCPP 2.0.1 (A00.FR.205)."""


@told
def ocpp_password(
    station: Annotated[str, typer.Argument(help="The charger's id in the site file.")],
    *,
    pepper_env: Annotated[str, typer.Option(help="The environment variable that `ocpp.pepper_env` names.")],
    given: Annotated[bool, typer.Option("--given", help="Ask for the password instead of making one.")] = False,
) -> None:
    """Print the digest of a charger's password, as `ocpp.passwords_env` takes it; a password that is made is told once."""
    pepper = secret(pepper_env, "--pepper-env") or ""
    password = typer.prompt("password", hide_input=True, err=True) if given else secrets.token_urlsafe(RANDOM_BYTES)
    if not LEAST_CHARS <= len(password) <= MOST_CHARS:
        mend = f"{LEAST_CHARS} to {MOST_CHARS} random characters"
        raise SiteError(f"a password of {len(password)} characters", place=station, mend=mend)
    if not given:
        err.print(f"password {password}", markup=False, highlight=False, soft_wrap=True)
    out.print(kept(pepper, station, password), markup=False, highlight=False, soft_wrap=True)
