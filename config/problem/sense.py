"""What ties the fields of a problem file together: what contradicts itself is a typing error, not a hard problem.

The power in force is not held against the largest powers: measured, it may well exceed them, and a problem that came from a station
must be read back.
"""

from collections.abc import Sequence
from datetime import datetime

from config.problem.schema import CircuitFile, StorageFile
from v2g.errors import ProblemError
from v2g.timegrid import TimeGrid

TOLERANCE_KW = 1e-6


def check_storage_file(file: StorageFile, place: str, grid: TimeGrid) -> None:
    """Raise `ProblemError` naming the first field of the storage at `place` that contradicts another."""
    if file.depart is not None and "arrive" in file.model_fields_set and _hours(file.arrive, grid) > _hours(file.depart, grid):
        raise ProblemError("it arrives after it departs", place=f"{place}.arrive", mend="arrive before depart")
    for way in ("charge", "discharge"):
        most_kw, least_kw = max(getattr(file, f"{way}_max_kw")), getattr(file, f"{way}_min_kw")
        if 0 < most_kw < least_kw - TOLERANCE_KW:
            mend = f"at most {way}_max_kw, {most_kw:g}"
            raise ProblemError("the least power is above the most", place=f"{place}.{way}_min_kw", mend=mend)
    _check_converter(file, f"{place}.converter")


def _check_converter(file: StorageFile, place: str) -> None:
    converter, most_kw = file.converter, max(*file.charge_max_kw, *file.discharge_max_kw)
    if converter is None:
        return
    if (converter.taper_full_kwh is None) != (converter.taper_per_h is None):
        lacking = "taper_full_kwh" if converter.taper_full_kwh is None else "taper_per_h"
        raise ProblemError("half a taper", place=f"{place}.{lacking}", mend="give taper_full_kwh and taper_per_h, or neither")
    if 0 < most_kw < converter.power_step_kw - TOLERANCE_KW:
        raise ProblemError("the step is above all its powers", place=f"{place}.power_step_kw", mend=f"at most {most_kw:g}")


def check_circuit_file(file: CircuitFile, place: str) -> None:
    """Raise `ProblemError` if not one module of the circuit at `place` fits below its import limit."""
    limits_kw = _finite(file.import_limit_kw)
    if len(limits_kw) == len(file.import_limit_kw) and 0 < max(limits_kw) < (file.module_kw or 0.0) - TOLERANCE_KW:
        mend = f"at most import_limit_kw, {max(limits_kw):g}"
        raise ProblemError("one module is more than the circuit may import", place=f"{place}.module_kw", mend=mend)


def _finite(limits_kw: Sequence[float | None]) -> list[float]:
    return [limit for limit in limits_kw if limit is not None]


def _hours(when: int | datetime, grid: TimeGrid) -> float:
    """Return a step's number or an instant as time since the grid's start [h]."""
    return grid.offset_h(when) if isinstance(when, datetime) else float(grid.edges_h[min(when, grid.n_steps)])
