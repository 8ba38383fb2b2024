"""`v2g audit check`, `v2g export`: what the database keeps."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from adapters.store.audit import check as check_audit
from adapters.store.export import export as export_tables
from adapters.store.reading import reading
from config.commands.common import SiteArgument, told
from config.commands.screen import err, out
from config.site.load import load_site

audit_app = typer.Typer(no_args_is_help=True, help="The log of what was asked for, decided and sent.")


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


@told
def export(site: SiteArgument, *, to: Annotated[Path, typer.Option(help="The folder, made if need be.")]) -> None:
    """Write history, transactions, visits, ticks and the audit log as Parquet files."""
    with reading(load_site(site).file.store.url) as database:
        for name, n in export_tables(database, to).items():
            out.print(f"{to / name}.parquet: {n} rows", soft_wrap=True)
