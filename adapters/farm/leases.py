"""Setpoints and their leases: each holds until it expires, then the unit falls to its fallback."""

from math import isfinite

import numpy as np

from v2g.site import Site
from v2g.timegrid import Array


class Leases:
    """The setpoint in force at each unit: outlets, batteries, assets. A battery's fallback is 0, an asset's NaN: left to itself."""

    def __init__(self, site: Site) -> None:
        batteries, assets = np.zeros(len(site.batteries)), np.full(len(site.asset_ids), np.nan)
        self.fallback_kw = np.r_[[e.fallback_kw for e in site.evses], batteries, assets]
        self._setpoint_kw = np.zeros(len(self.fallback_kw))
        self._until_s = np.full(len(self.fallback_kw), -np.inf)

    def grant(self, unit: int, power_kw: float, until_s: float) -> None:
        """Put `power_kw` in force until `until_s` [s since 1970]."""
        self._setpoint_kw[unit], self._until_s[unit] = power_kw, until_s

    def revoke(self, unit: int) -> None:
        """Let the unit fall to its fallback now."""
        self._until_s[unit] = -np.inf

    def granted(self, unit: int, at_s: float) -> tuple[float, float] | None:
        """Return the setpoint in force [kW] and its end [s since 1970], None where the fallback holds."""
        until_s = float(self._until_s[unit])
        return (float(self._setpoint_kw[unit]), until_s) if at_s < until_s else None

    def until_s(self, unit: int) -> float | None:
        """Return when the unit's last lease ends or ended [s since 1970], None if it never had one or it was revoked."""
        until_s = float(self._until_s[unit])
        return until_s if np.isfinite(until_s) else None

    def all_granted(self, at_s: float) -> tuple[list[float | None], list[float | None]]:
        """Return of every unit the setpoint in force [kW], None where the fallback holds, and what `until_s` returns."""
        rows = zip(self._setpoint_kw.tolist(), self._until_s.tolist(), strict=True)
        granted = [(kw if at_s < until_s else None, until_s if isfinite(until_s) else None) for kw, until_s in rows]
        return [kw for kw, _ in granted], [until_s for _, until_s in granted]

    def ceilings_kw(self, at_s: float) -> Array:
        """Return what every unit may do at `at_s` (n_units,): its setpoint, or its fallback, which never discharges."""
        return np.where(at_s < self._until_s, self._setpoint_kw, self.fallback_kw)

    def ceiling_kw(self, unit: int, at_s: float) -> float:
        """Return what one unit may do at `at_s`, as `ceilings_kw` does."""
        return float((self._setpoint_kw if at_s < self._until_s[unit] else self.fallback_kw)[unit])

    def next_change_s(self, at_s: float) -> float:
        """Return when the next lease ends after `at_s` [s since 1970], infinite if none does."""
        return float(np.min(self._until_s, where=self._until_s > at_s, initial=np.inf))
