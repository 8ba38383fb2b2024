"""The portfolio file: sites, and what they share. Documented in docs/portfolio.md."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from config.problem.commitments import EventFile, ReserveFile
from config.problem.file import load_problem, read_problem
from config.problem.numbers import Name
from config.problem.schema import CircuitFile, ConnectionFile
from config.reading.fault import Fault
from config.reading.ranges import NAME, Strict, number
from config.reading.yaml_file import read_yaml
from optimizer.portfolio.values import Portfolio
from v2g.errors import ProblemError, SiteError
from v2g.problem import Problem


class MemberFile(Strict):
    """A site of the portfolio."""

    id: str = Field(pattern=NAME, description="The site's name, also of the file that its plan is written to.")
    problem: str = Field(description="Path of its problem file (docs/problem.md), from the portfolio file's folder.")
    circuit: Name | None = Field(default=None, description="Circuit of the portfolio at which it hangs; the first if not given.")


class PortfolioFile(Strict):
    """Many sites under common limits, events and reserves; all of one grid of steps."""

    kind: Literal["portfolio"] = "portfolio"
    name: str = Field(default="portfolio", max_length=200)
    currency: str = Field(default="", max_length=8)
    circuits: tuple[CircuitFile, ...] = Field(
        default=(CircuitFile(id="portfolio"),), min_length=1, description="The tree that the sites share: common limits."
    )
    connection: ConnectionFile = Field(
        default=ConnectionFile.model_validate({"import_price_per_kwh": 0.0}),
        description="What the portfolio itself pays for its net power, beside what each site pays.",
    )
    events: tuple[EventFile, ...] = Field(default=(), description="Demand-response events for all sites together.")
    reserves: tuple[ReserveFile, ...] = Field(default=(), description="Capacity that the sites hold ready together.")
    sites: tuple[MemberFile, ...] = Field(min_length=1, description="The sites.")
    gap_frac: Annotated[float, Field(ge=1e-6, le=0.1), BeforeValidator(number)] = Field(
        default=1e-3, description="Distance to the optimum at which the search for prices ends."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """A site whose problem is a file; workers elsewhere need it under the same path."""

    site_id: str
    circuit_id: str
    path: Path

    def load(self) -> Problem:
        """Return the problem in the file. Raises `ProblemError`."""
        return load_problem(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPortfolio:
    """A portfolio file that is in order."""

    portfolio: Portfolio
    file: PortfolioFile


def load_portfolio(path: Path) -> LoadedPortfolio:
    """Return the portfolio in `path`. Raises `SiteError` with all that is wrong, a line each, and `ProblemError`."""
    file, errors = read_yaml(path, PortfolioFile, kind="portfolio", begins="name, circuits, sites", faults=_faults)
    if file is None or errors:
        raise SiteError("\n".join(str(error) for error in errors))
    folder = path.resolve().parent
    sources = tuple(
        FileSource(site_id=site.id, circuit_id=site.circuit or file.circuits[0].id, path=folder / site.problem)
        for site in file.sites
    )
    return LoadedPortfolio(portfolio=Portfolio(common=_common(path, file, sources[0].load()), sites=sources), file=file)


def _faults(file: PortfolioFile) -> Iterable[Fault]:
    """Yield what no schema can tell."""
    seen, circuits = set(), {c.id for c in file.circuits}
    for i, site in enumerate(file.sites):
        if site.id in seen:
            yield Fault(place=("sites", i, "id"), message=f"there are two sites {site.id!r}", mend="name each once")
        seen.add(site.id)
        if site.circuit is not None and site.circuit not in circuits:
            mend = f"one of {', '.join(sorted(circuits))}"
            yield Fault(place=("sites", i, "circuit"), message=f"there is no circuit {site.circuit!r}", mend=mend)


def _common(path: Path, file: PortfolioFile, first: Problem) -> Problem:
    """Return what the sites share, on the grid of the first site."""
    grid = {"start": first.grid.start.isoformat(), "step_h": first.grid.step_h.tolist()}
    parts: dict[str, Any] = file.model_dump(
        mode="json", include={"connection", "circuits", "events", "reserves"}, exclude_unset=True
    )
    parts.setdefault("connection", {"import_price_per_kwh": 0.0})
    parts.setdefault("circuits", [{"id": "portfolio"}])
    try:
        return read_problem({"grid": grid, **parts})
    except ProblemError as error:
        raise ProblemError(error.message, place=f"{path}: {error.place}", mend=error.mend) from error
