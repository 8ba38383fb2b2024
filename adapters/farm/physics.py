"""How a battery takes and gives power; pure functions, vectorised over units.

Conversion. What the battery gets of an AC power p (+ in, − out), with u = |p| / p_rated:

    battery_kw = p − loss(|p|)        loss(|p|) = (1 − η)·p_rated·(0.16 + 0.50·u + 0.34·u²)

η is the one-way efficiency at rated power. The three parts are self-consumption, semiconductors and ohmic losses: the quadratic
inverter loss model of Schmidt and Sauer, "Wechselrichter-Wirkungsgrade", Sonnenenergie 4/1996. With η = 0.95 efficiency peaks at
0.952 near 70 % of rated power and falls to 0.89 at 10 %, the shape measured on V2G chargers by Apostolaki-Iosifidou,
Codani and Kempton, Energy 127 (2017) 730–742.

Taper. The battery takes full power up to a state of charge s_cv; above it (constant voltage) the power falls linearly towards
full, as in ACN-Sim's two-stage battery (Lee et al., e-Energy 2019, section 4.3), down to a cut-off of 5 %:

    battery_kw ≤ battery_max_kw · clip((1 − s) / (1 − s_cv), 0.05, 1)

Powers [kW] and energies [kWh] are float64 arrays (n_units,).
"""

from dataclasses import dataclass

import numpy as np

from v2g.timegrid import Array

SELF_SHARE, LINEAR_SHARE, OHMIC_SHARE = 0.16, 0.50, 0.34
TAPER_FROM_FRAC = 0.85
CUT_OFF_FRAC = 0.05
NOTHING_KWH = 1e-9
SLACK_KW = 1e-6
"""A ceiling this little below an outlet's minimum counts as the minimum, and one this near to 0 as 0: arithmetic, not intent."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Losses:
    """Coefficients of ``loss(p) = self_kw + linear·p + ohmic_per_kw·p²`` for p > 0, each (n_units,) or a number."""

    self_kw: Array
    linear: Array
    ohmic_per_kw: Array

    def at(self, power_kw: Array) -> Array:
        """Return the loss at AC powers `power_kw` ≥ 0 [kW]; 0 at 0."""
        loss_kw = self.self_kw + power_kw * (self.linear + power_kw * self.ohmic_per_kw)
        return np.where(power_kw > 0.0, loss_kw, 0.0)


def losses_of(efficiency: Array, rated_kw: Array) -> Losses:
    """Return the losses of converters with one-way `efficiency` at `rated_kw` > 0 [kW]."""
    lost = 1.0 - efficiency
    return Losses(self_kw=SELF_SHARE * lost * rated_kw, linear=LINEAR_SHARE * lost, ohmic_per_kw=OHMIC_SHARE * lost / rated_kw)


def battery_kw(power_kw: Array, charging: Losses, discharging: Losses) -> Array:
    """Return the power into the battery for AC power `power_kw`; a charge too weak for its own losses stores nothing."""
    into = np.maximum(power_kw - charging.at(power_kw), 0.0)
    out_of = power_kw - discharging.at(-power_kw)
    return np.where(power_kw > 0.0, into, out_of)


def ac_kw_to_charge(into_kw: Array, losses: Losses) -> Array:
    """Return the AC power that puts `into_kw` ≥ 0 into the battery; 0 for 0. Inverse of `battery_kw` while charging."""
    total = into_kw + losses.self_kw
    slope = 1.0 - losses.linear
    power_kw = 2.0 * total / (slope + np.sqrt(slope * slope - 4.0 * losses.ohmic_per_kw * total))
    return np.where(into_kw > 0.0, power_kw, 0.0)


def ac_kw_to_discharge(out_of_kw: Array, losses: Losses) -> Array:
    """Return the AC power given back when `out_of_kw` ≥ 0 leaves the battery; 0 where losses eat all of it."""
    net = np.maximum(out_of_kw - losses.self_kw, 0.0)
    slope = 1.0 + losses.linear
    return 2.0 * net / (slope + np.sqrt(slope * slope + 4.0 * losses.ohmic_per_kw * net))


def taper_frac(soc_frac: Array, taper_from_frac: Array) -> Array:
    """Return the share of full charging power that the battery takes at `soc_frac`; `taper_from_frac` < 1."""
    return np.clip((1.0 - soc_frac) / (1.0 - taper_from_frac), CUT_OFF_FRAC, 1.0)


def wanted_kw(ceiling_kw: Array, charge_min_kw: Array, charge_max_kw: Array, discharge_max_kw: Array) -> Array:
    """Return what the units aim at under their ceilings; a charging ceiling below the outlet's minimum means a pause."""
    paused = (ceiling_kw > -SLACK_KW) & (ceiling_kw < np.maximum(charge_min_kw - SLACK_KW, SLACK_KW))
    return np.where(paused, 0.0, np.clip(ceiling_kw, -discharge_max_kw, charge_max_kw))
