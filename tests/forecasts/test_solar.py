from datetime import UTC, datetime

import numpy as np
import pytest

from forecasts.solar import clear_sky_kw, sun_direction, total_clear_sky_kw
from v2g.site import PvArray


def at(*when: int) -> np.ndarray:
    return np.array([int(datetime(*when, tzinfo=UTC).timestamp())])


def roof(**changes: float) -> PvArray:
    return PvArray(
        **{"pv_id": "roof", "circuit_id": "grid", "peak_kw": 10.0, "latitude_deg": 48.0, "longitude_deg": 11.0, **changes}
    )


def test_the_sun_stands_overhead_at_the_equator_on_an_equinox_noon() -> None:
    assert sun_direction(at(2026, 3, 20, 12, 7), 0.0, 0.0)[2, 0] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(("month", "height_deg"), [(6, 90 - 51.48 + 23.44), (12, 90 - 51.48 - 23.44)])
def test_solstice_noon_at_greenwich_has_the_height_of_the_almanac(month: int, height_deg: float) -> None:
    sun = sun_direction(at(2026, month, 21, 12, 1), 51.48, 0.0)
    assert np.rad2deg(np.arcsin(sun[2, 0])) == pytest.approx(height_deg, abs=0.2)
    assert sun[1, 0] < 0, "at noon it stands in the south"


def test_it_rises_in_the_east_when_the_almanac_says() -> None:
    """Munich, 1 October 2026: sunrise 07:12 local summer time (upper limb, with refraction: −0.83°)."""
    sun = sun_direction(at(2026, 10, 1, 5, 12), 48.14, 11.58)
    assert np.rad2deg(np.arcsin(sun[2, 0])) == pytest.approx(-0.83, abs=0.5)
    assert sun[0, 0] > 0.9


def test_directions_are_unit_vectors() -> None:
    instants = at(2026, 1, 1)[0] + np.arange(0, 365 * 86_400, 3_777)
    np.testing.assert_allclose(np.linalg.norm(sun_direction(instants, -33.0, 151.0), axis=0), 1.0)


def test_power_is_zero_by_night_positive_by_day_and_below_what_space_gives() -> None:
    instants = at(2026, 1, 1)[0] + np.arange(0, 365 * 86_400, 900)
    power, up = clear_sky_kw(roof(), instants), sun_direction(instants, 48.0, 11.0)[2]
    assert (power[up <= 0] == 0).all()
    assert (power[up > 0.1] > 0).all()
    assert 9.0 < power.max() < 13.6


def test_panels_to_the_west_see_the_evening() -> None:
    morning, evening = at(2026, 6, 21, 6), at(2026, 6, 21, 16)
    west, east = roof(tilt_deg=60, azimuth_deg=270), roof(tilt_deg=60, azimuth_deg=90)
    assert clear_sky_kw(west, evening)[0] > 3 * clear_sky_kw(west, morning)[0]
    assert clear_sky_kw(east, morning)[0] > 3 * clear_sky_kw(east, evening)[0]


def test_arrays_add_up_and_none_give_nothing() -> None:
    noon = at(2026, 6, 21, 11)
    assert total_clear_sky_kw((roof(), roof()), noon)[0] == pytest.approx(2 * clear_sky_kw(roof(), noon)[0])
    assert total_clear_sky_kw((), noon).tolist() == [0.0]
