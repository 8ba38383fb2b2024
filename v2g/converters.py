"""How storages take and give power beyond plain bounds: steps, rests, ramps, taper, losses that depend on power."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from v2g.timegrid import Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Converters:
    """The power electronics of n storages; all (n,), powers at the AC side [kW].

    Parameters
    ----------
    power_step_kw
        Setpoints are whole multiples of this [kW]; 0 = any power.
    rest_h
        Least time at zero between charging and discharging [h]; 0 = none.
    ramp_kw_per_h
        Most by which the power may change in an hour [kW/h]; inf = none.
    in_force_kw
        Power at the start of the first step, signed [kW]; NaN = unknown.
    taper_full_kwh, taper_per_h
        Constant-voltage phase: the battery takes at most ``taper_per_h·(taper_full_kwh − energy)`` [kW]; inf = no taper. A step of
        h hours so takes a mean of at most ``(taper_full_kwh − energy at its start)·(1 − exp(−taper_per_h·h))/h``, exactly.
    knee_kw, knee_loss_frac
        Power above the knee loses this share more, in either direction; knee inf = none.
    standby_kw
        Extra loss near zero power: ``standby_kw·(1 − power/knee_kw)`` while 0 < power < knee; 0 = none.
    """

    power_step_kw: Array
    rest_h: Array
    ramp_kw_per_h: Array
    in_force_kw: Array
    taper_full_kwh: Array
    taper_per_h: Array
    knee_kw: Array
    knee_loss_frac: Array
    standby_kw: Array

    @classmethod
    def ideal(cls, n_units: int) -> Self:
        """Return converters without any of this."""
        none, any_ = np.zeros(n_units), np.full(n_units, np.inf)
        return cls(
            power_step_kw=none,
            rest_h=none,
            ramp_kw_per_h=any_,
            in_force_kw=np.full(n_units, np.nan),
            taper_full_kwh=any_,
            taper_per_h=any_,
            knee_kw=any_,
            knee_loss_frac=none,
            standby_kw=none,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ageing:
    """What use and time cost n batteries, beyond a flat price on discharge.

    Parameters
    ----------
    calendar_above_kwh, calendar_price_per_kwh_h : (n,)
        Each kWh stored above the threshold costs this much an hour [currency/(kWh·h)].
    depth_kwh, depth_price_per_kwh : (n, J)
        Cycle depth in J segments, shallow ones first: size [kWh stored] and price of a kWh taken out of each [currency/kWh], rising
        with depth. Energy stored at the start fills the deepest segments first; energy beyond all segments costs as the deepest.
        Source: Xu et al. (2018), "Factoring the cycle aging cost of batteries participating in electricity markets", IEEE
        Transactions on Power Systems 33(2), eq. (8)-(14).
    """

    calendar_above_kwh: Array
    calendar_price_per_kwh_h: Array
    depth_kwh: Array
    depth_price_per_kwh: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DischargeCaps:
    """How much each of n storages may still give back in each of W spans of time: the V2G ledger's warranty caps.

    Parameters
    ----------
    window : (W, T)
        Share of each step that lies in the span, 0..1.
    most_kwh : (n, W)
        Energy at the AC side that may be discharged in the span [kWh]; inf = no cap.
    """

    window: Array
    most_kwh: Array
