"""What a PV array gives under a clear sky: the sun's place, the air in its way, the panel's tilt.

    δ, E   = declination [rad] and equation of time [min] as Fourier series of the day angle
    air mass m = 1 / (cos z + 0.50572·(96.07995° − z)^−1.6364)
    beam   = 1.353·0.7^(m^0.678) kW/m², and a tenth of it more from the sky
    power  = peak_kw · (beam·max(0, cos i) + 0.1·beam·(1 + cos tilt)/2) / (1 kW/m²)

Sources: Spencer 1971 (δ, E: within 0.05° and 35 s); Kasten & Young 1989 (m); Meinel & Meinel 1976 (beam at sea level).
"""

from collections.abc import Sequence

import numpy as np

from forecasts.localtime import DAY_S, Ints
from v2g.site import PvArray
from v2g.timegrid import Array

YEAR_DAYS = 365.2425
SKY_SHARE = 0.1


def sun_direction(instants_s: Ints, latitude_deg: float, longitude_deg: float) -> Array:
    """Return the unit vector to the sun (east, north, up) at each instant, (3, n)."""
    day_angle = 2.0 * np.pi * ((instants_s / DAY_S) % YEAR_DAYS) / YEAR_DAYS
    harmonics = np.stack([f(k * day_angle) for k in (1, 2, 3) for f in (np.cos, np.sin)])
    declination = 0.006918 + np.array([-0.399912, 0.070257, -0.006758, 0.000907, -0.002697, 0.00148]) @ harmonics
    equation_min = 229.18 * (0.000075 + np.array([0.001868, -0.032077, -0.014615, -0.04089]) @ harmonics[:4])
    solar_h = (instants_s % DAY_S) / 3600.0 + longitude_deg / 15.0 + equation_min / 60.0
    hour_angle, latitude = np.deg2rad(15.0 * (solar_h - 12.0)), np.deg2rad(latitude_deg)
    across = np.cos(declination) * np.cos(hour_angle)
    return np.stack(
        [
            -np.cos(declination) * np.sin(hour_angle),
            np.cos(latitude) * np.sin(declination) - np.sin(latitude) * across,
            np.sin(latitude) * np.sin(declination) + np.cos(latitude) * across,
        ]
    )


def clear_sky_kw(array: PvArray, instants_s: Ints) -> Array:
    """Return the clear-sky power of `array` at each instant [kW], 0 while the sun is down, (n,)."""
    sun = sun_direction(instants_s, array.latitude_deg, array.longitude_deg)
    up = np.maximum(sun[2], 0.0)
    zenith_deg = np.rad2deg(np.arccos(np.clip(up, 0.0, 1.0)))
    air_mass = 1.0 / (up + 0.50572 * (96.07995 - zenith_deg) ** -1.6364)
    beam = np.where(up > 0.0, 1.353 * 0.7 ** (air_mass**0.678), 0.0)
    tilt, azimuth = np.deg2rad(array.tilt_deg), np.deg2rad(array.azimuth_deg)
    panel = np.array([np.sin(tilt) * np.sin(azimuth), np.sin(tilt) * np.cos(azimuth), np.cos(tilt)])
    facing = np.maximum(panel @ sun, 0.0)
    return np.asarray(array.peak_kw * beam * (facing + SKY_SHARE * (1.0 + np.cos(tilt)) / 2.0))


def total_clear_sky_kw(arrays: Sequence[PvArray], instants_s: Ints) -> Array:
    """Return the clear-sky power of all `arrays` together [kW], (n,)."""
    return np.sum([clear_sky_kw(array, instants_s) for array in arrays], axis=0) if arrays else np.zeros(len(instants_s))
