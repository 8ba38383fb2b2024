"""The command line: load, wire, run, drain. It decides nothing."""

import typer
from rich.markup import escape

from adapters.clock import RealClock
from config.commands.backtest import backtest
from config.commands.common import SiteArgument, VerboseOption, loop, stopped, told
from config.commands.demo import demo
from config.commands.farm import farm
from config.commands.kept import audit_app, export
from config.commands.ocpp_password import ocpp_password
from config.commands.people import people_app
from config.commands.problems import portfolio, schema, solve
from config.commands.screen import err, out
from config.commands.signal import signal_app
from config.commands.simulate import simulate
from config.live import running
from config.site.load import load_site, read_site
from config.station.logs import configure_logs
from config.station.refused import refused

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold secrets
    help="Ordered charging and reverse discharge for charging stations.",
)


@app.command()
@told
def run(site: SiteArgument, *, verbose: VerboseOption = False) -> None:
    """Run the daemon of a station until it is stopped."""
    configure_logs(verbose=verbose)
    loaded = load_site(site)

    async def serve() -> None:
        async with running(loaded, RealClock()) as daemon:
            out.print(f"dashboard {daemon.web_url}  OCPP {daemon.ocpp_url or 'none'}", soft_wrap=True)
            if daemon.first_link:
                out.print(f"nobody can log in yet: open this once, within 24 h  {daemon.first_link}", soft_wrap=True)
            await stopped()

    loop(serve())


@app.command()
def check(site: SiteArgument) -> None:
    """Check a site file; tell every error with its place and mend, and what else `run` wants on this machine."""
    file, errors = read_site(site)
    for error in errors:
        err.print(f"[red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
    if file is None or errors:
        raise typer.Exit(2)
    loaded = load_site(site)
    out.print(f"{site} is in order: {len(loaded.site.evses)} outlets on {len(loaded.site.circuits)} circuits", soft_wrap=True)
    for refusal in refused(loaded.file):
        err.print(f"[yellow]v2g run would refuse, here and now:[/] {escape(str(refusal))}", highlight=False, soft_wrap=True)


for command in (demo, farm, simulate, solve, backtest, export, portfolio, schema, ocpp_password):
    app.command()(command)
for name, topic in (("audit", audit_app), ("people", people_app), ("signal", signal_app)):
    app.add_typer(topic, name=name)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
