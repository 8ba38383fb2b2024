"""`v2g people`: who may log in, and tokens of machines; beside a running daemon or without one."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from adapters.clock import RealClock
from config.commands.common import SiteArgument, told
from config.commands.screen import err, out
from config.people.accounts import LiveAccounts
from config.site.load import load_site
from config.station.database import store_beside
from v2g.access import FOR_MACHINES, Right, Role
from v2g.accounts import Secret
from v2g.errors import AccessError

T = TypeVar("T")
people_app = typer.Typer(no_args_is_help=True, help="Who may log in at a station, and the tokens of machines.")
NameArgument = Annotated[str, typer.Argument(help="The person's name.")]
RoleOption = Annotated[Role, typer.Option(help="What the person or machine is to the station.")]
BY = "command line"


@people_app.command()
@told
def add(site: SiteArgument, name: NameArgument, *, role: RoleOption = Role.VIEWER) -> None:
    """Add a person; prints the one-time link by which they choose their password."""
    _print_link(site, _with(site, lambda accounts: accounts.invite(name, role, by=BY)))


@people_app.command()
@told
def link(site: SiteArgument, name: NameArgument) -> None:
    """Print a one-time link by which somebody chooses another password."""
    made = _with(site, lambda accounts: accounts.reinvite(name, by=BY))
    if made is None:
        raise AccessError("there is nobody of this name", place=name, mend="see `v2g people list`")
    _print_link(site, made)


@people_app.command()
@told
def remove(site: SiteArgument, name: NameArgument) -> None:
    """Remove a person; their sessions end."""
    if not _with(site, lambda accounts: accounts.remove(name, by=BY)):
        raise AccessError("there is nobody of this name", place=name, mend="see `v2g people list`")
    out.print(f"{name} is removed", markup=False, highlight=False)


@people_app.command(name="list")
@told
def list_people(site: SiteArgument) -> None:
    """Print who may log in."""
    table = Table("name", "role", "password", "link until")
    for person in _with(site, lambda accounts: accounts.people()):
        until = f"{person.invited_until:%Y-%m-%d %H:%M} UTC" if person.invited_until else ""
        table.add_row(person.name, person.role, "yes" if person.has_password else "not yet", until)
    out.print(table)


@people_app.command()
@told
def token(
    site: SiteArgument,
    name: Annotated[str, typer.Argument(help="The machine's name.")],
    *,
    role: RoleOption = Role.VIEWER,
    right: Annotated[list[Right] | None, typer.Option(help="Only this right of the role; may be given more than once.")] = None,
    days: Annotated[float, typer.Option(min=0.01, max=3660, help="How long it lasts.")] = 90.0,
) -> None:
    """Print a new token for a machine, shown only now."""
    rights = frozenset(right) if right else FOR_MACHINES
    machine, made = _with(site, lambda accounts: accounts.issue(name=name, role=role, rights=rights, days=days, by=BY))
    err.print(f"{machine.name} is {machine.machine_id}; its token ends on {made.until:%Y-%m-%d}:", markup=False, highlight=False)
    out.print(made.text, markup=False, highlight=False, soft_wrap=True)


def _with(site: Path, deed: Callable[[LiveAccounts], Awaitable[T]]) -> T:
    """Do something with the accounts of a station."""
    file = load_site(site).file

    async def do() -> T:
        async with store_beside(file.store, RealClock()) as store:
            return await deed(LiveAccounts(store, RealClock()))

    return asyncio.run(do())


def _print_link(site: Path, made: Secret) -> None:
    web = load_site(site).file.web
    err.print(f"Open this page before {made.until:%Y-%m-%d %H:%M} UTC, once, and choose a password:", highlight=False)
    page = f"{'https' if web.tls else 'http'}://{web.host}:{web.port}/login"
    out.print(f"{page}#link={made.text}", markup=False, highlight=False, soft_wrap=True)
