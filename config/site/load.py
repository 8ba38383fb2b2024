"""Read a site file; every error names the file, the line, the path in it and the mend."""

from dataclasses import dataclass
from pathlib import Path

from config.reading.yaml_file import read_yaml
from config.site.build import build_site
from config.site.faults import faults
from config.site.file import SiteFile
from v2g.errors import SiteError
from v2g.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSite:
    """A site file that is in order: the station, and the rest of the file (addresses, database, series)."""

    site: Site
    file: SiteFile


def load_site(path: Path) -> LoadedSite:
    """Return the station in `path`. Raises `SiteError` with all that is wrong, a line each."""
    file, errors = read_site(path)
    if file is None or errors:
        raise SiteError("\n".join(str(error) for error in errors))
    return LoadedSite(site=build_site(file), file=file)


def read_site(path: Path) -> tuple[SiteFile | None, list[SiteError]]:
    """Return the file's content, None if it does not fit the schema, and all errors found."""
    return read_yaml(path, SiteFile, kind="site", begins="id, time_zone, grid, chargers, tariff", faults=faults)
