"""The farm file: a simulated charger farm for any central system, and what goes wrong in it. Documented in docs/farm.md."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from adapters.farm import mischief
from config.reading.fault import Fault
from config.reading.ranges import DAY_S, Number, Strict
from config.reading.yaml_file import read_yaml
from config.site.faults import faults as site_faults
from config.site.file import SiteFile
from v2g.errors import SiteError

Share = Annotated[Number, Field(ge=0, le=1)]
HabitName = Literal["workplace", "apartments", "depot", "airport", "supercharging"]
KindName = Literal[
    "drop",
    "kill",
    "storm",
    "silence",
    "late",
    "refuse",
    "ignore",
    "repeat",
    "frozen_meter",
    "lying_meter",
    "wrong_soc",
]
NEEDS_SIZE = {"late": "late: {size: seconds}", "lying_meter": "a factor, e.g. size: 0.5", "wrong_soc": "a share, e.g. size: 0.2"}


class FaultFile(Strict):
    """A fault from `at_h` on [h after the start] for `for_s` [s] at a `share` of the stations: `adapters.farm.mischief.Fault`."""

    kind: KindName
    at_h: Annotated[Number, Field(ge=0, le=1000)]
    for_s: Annotated[Number, Field(ge=0, le=7 * DAY_S)] = 600.0
    share: Share = 1.0
    size: Annotated[Number, Field(ge=-1e4, le=1e4)] = 0.0


class FarmFile(Strict):
    """A farm: the stations, who comes to them, and what befalls them.

    It begins at the local hour `start_h` of a working day. `v2g_share` of the cars can give back, `leave_early_share` leave sooner
    than they said; meter values come every `sample_s`.
    """

    name: Annotated[str, Field(max_length=200)] = ""
    habit: HabitName = "workplace"
    start_h: Annotated[Number, Field(ge=0, lt=24)] = 8.0
    days: Annotated[int, Field(ge=1, le=366)] = 1
    seed: int = 1
    v2g_share: Share = 0.0
    leave_early_share: Share = 0.0
    sample_s: Annotated[Number, Field(ge=1, le=DAY_S)] = 60.0
    faults: tuple[FaultFile, ...] = ()
    site: SiteFile

    @property
    def mischief(self) -> tuple[mischief.Fault, ...]:
        """The faults as the farm takes them."""
        return tuple(
            mischief.Fault(kind=mischief.FaultKind(f.kind), at_s=3600.0 * f.at_h, for_s=f.for_s, share=f.share, size=f.size)
            for f in self.faults
        )


def load_farm(path: Path) -> FarmFile:
    """Return the farm in `path`. Raises `SiteError` with all that is wrong, a line each."""
    file, errors = read_yaml(path, FarmFile, kind="farm", begins="habit, faults, site", faults=_faults)
    if file is None or errors:
        raise SiteError("\n".join(str(error) for error in errors))
    return file


def _faults(file: FarmFile) -> Iterable[Fault]:
    yield from (replace(fault, place=("site", *fault.place)) for fault in site_faults(file.site))
    for number, fault in enumerate(file.faults):
        if fault.kind in NEEDS_SIZE and fault.size == 0.0:
            yield Fault(place=("faults", number), message=f"how much is not said of {fault.kind}", mend=NEEDS_SIZE[fault.kind])
