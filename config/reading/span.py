"""Spans of time as people write them."""

import re

from v2g.errors import InputError

UNITS_S = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(text: str) -> float:
    """Return the length of e.g. "90", "60s", "5min", "48h", "2d" [s]. Raises `InputError` for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*)", text.strip())
    unit = (match[2] or "s") if match else ""
    if match is None or unit not in UNITS_S:
        raise InputError(f"{text!r} is no span of time", mend="e.g. 60s, 5min, 48h")
    return float(match[1]) * UNITS_S[unit]
