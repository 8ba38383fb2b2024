from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from forecasts.forecaster import SeasonalForecaster
from forecasts.history import History
from v2g.observation import EvseState, Observation, Reading
from v2g.outlook import LEVELS, Outlook
from v2g.ports import Forecaster
from v2g.session import ChargingSession, EndedVisit
from v2g.site import Circuit, PvArray, Site, Tariff, UncontrolledLoad
from v2g.timegrid import TimeGrid

START = datetime(2026, 6, 1, tzinfo=UTC)
SITE = Site(
    site_id="s",
    name="s",
    time_zone="Europe/Berlin",
    currency="EUR",
    circuits=(Circuit(circuit_id="grid"),),
    evses=(),
    tariff=Tariff(base_price_per_kwh=0.3),
    loads=(UncontrolledLoad(circuit_id="grid", base_kw=20.0, peak_kw=80.0),),
    pv=(PvArray(pv_id="roof", circuit_id="grid", peak_kw=50.0, latitude_deg=52.5, longitude_deg=13.4),),
)
DARK = Site(site_id="d", name="d", time_zone="Europe/Berlin", currency="EUR", circuits=SITE.circuits, evses=(), tariff=SITE.tariff)


def observed(minutes: float, load_kw: float = 50.0, pv_kw: float = 0.0, session: ChargingSession | None = None) -> Observation:
    at = START + timedelta(minutes=minutes)
    evse = EvseState(evse_id="A", online=True, session=session)
    return Observation(at=at, evses=(evse,), load_kw=Reading(value=load_kw, at=at), pv_kw=Reading(value=pv_kw, at=at))


def grid_from(at: datetime) -> TimeGrid:
    return TimeGrid.fine_then_coarse(at, fine_h=0.25, n_fine=16, coarse_h=1.0, n_coarse=32)


def outlook(forecaster: Forecaster, observation: Observation) -> Outlook:
    return forecaster.forecast(observation, (), grid_from(observation.at))


def assert_sound(outlook: Outlook) -> None:
    for band in (outlook.load_kw, outlook.pv_kw):
        assert band.shape == (len(LEVELS), outlook.grid.n_steps)
        assert np.isfinite(band).all()
        assert (band >= 0).all()
        assert (np.diff(band, axis=0) >= -1e-9).all()


def test_the_first_tick_has_an_outlook_for_everything() -> None:
    session = ChargingSession(session_id="x", evse_id="A", plugged_in_at=START)
    first = outlook(SeasonalForecaster(SITE), observed(7.5, session=session))
    assert_sound(first)
    np.testing.assert_allclose(first.load_kw[3], 50.0)
    np.testing.assert_allclose(first.import_price_per_kwh, 0.3)
    np.testing.assert_allclose(first.export_price_per_kwh, 0.0)
    assert [departure.session_id for departure in first.departures] == ["x"]
    assert "load: nothing measured yet, between the site's base and peak" in first.notes


def test_without_pv_and_load_nothing_is_expected() -> None:
    nothing = outlook(SeasonalForecaster(DARK), observed(0, load_kw=0.0, pv_kw=3.0))
    assert not nothing.pv_kw.any()
    assert not nothing.load_kw.any()


def test_pv_is_zero_by_night_and_as_dim_as_on_days_before() -> None:
    full, dim = SeasonalForecaster(SITE), SeasonalForecaster(SITE)
    for minutes in range(0, 6 * 1440, 15):
        clear = float(full._clear_sky_kw(np.array([int(START.timestamp()) // 900 + minutes // 15]))[0])
        full.learn(observed(minutes, pv_kw=0.8 * clear))
        dim.learn(observed(minutes, pv_kw=0.2 * clear))
    now = observed(6 * 1440)
    bright, cloudy = outlook(full, now).pv_kw, outlook(dim, now).pv_kw
    night = np.array([start.hour in (22, 23, 0, 1) for start in grid_from(now.at).starts])
    assert not bright[:, night].any()
    noon = np.array([9 <= start.hour <= 13 for start in grid_from(now.at).starts])
    np.testing.assert_allclose(bright[3, noon], 4 * cloudy[3, noon], rtol=0.05)
    assert bright.max() <= 50.0


def test_a_step_of_an_hour_is_the_mean_of_its_quarters() -> None:
    times = np.datetime64("2026-05-01T00:00:00", "s") + np.arange(96 * 31) * 900
    values = 50 + 20 * np.random.default_rng(0).uniform(size=len(times))
    forecaster = SeasonalForecaster(SITE, load_history=History.from_arrays(times, values))
    now = observed(0)
    quarters = forecaster.forecast(now, (), TimeGrid.uniform(START, step_h=0.25, n_steps=96)).load_kw
    hours = forecaster.forecast(now, (), TimeGrid.uniform(START, step_h=1.0, n_steps=24)).load_kw
    np.testing.assert_allclose(hours, quarters.reshape(len(LEVELS), 24, 4).mean(axis=2))


@pytest.mark.parametrize("minutes", [0, 637])
def test_the_future_changes_nothing(minutes: int) -> None:
    """Two forecasters live through the same days; one has already seen what comes after."""
    session = ChargingSession(session_id="x", evse_id="A", plugged_in_at=START + timedelta(days=3), driver="d")
    rng = np.random.default_rng(9)
    origin = observed(4 * 1440 + minutes, session=session)
    innocent, knowing = SeasonalForecaster(SITE), SeasonalForecaster(SITE)
    for m in range(0, 4 * 1440 + minutes, 5):
        each = observed(m, load_kw=rng.uniform(30, 60), pv_kw=rng.uniform(0, 20), session=session if m % 1440 > 600 else None)
        innocent.learn(each)
        knowing.learn(each)
    for m in range(4 * 1440 + minutes + 5, 6 * 1440, 5):
        knowing.learn(observed(m, load_kw=500.0, pv_kw=50.0))
    one, other = outlook(innocent, origin), outlook(knowing, origin)
    assert_sound(one)
    np.testing.assert_array_equal(one.load_kw, other.load_kw)
    np.testing.assert_array_equal(one.pv_kw, other.pv_kw)
    assert one.departures[0].quantiles == other.departures[0].quantiles


def test_ended_sessions_teach_departures() -> None:
    visits = tuple(
        EndedVisit(driver="d", plugged_in_at=START - timedelta(days=d, hours=-7), left_at=START - timedelta(days=d, hours=-9))
        for d in range(1, 20)
    )
    session = ChargingSession(session_id="x", evse_id="A", plugged_in_at=START + timedelta(hours=7), driver="d")
    forecast = outlook(SeasonalForecaster(SITE, session_history=visits), observed(7 * 60, session=session))
    assert forecast.departures[0].source == "history"
    assert abs(forecast.departures[0].quantiles[3] - (START + timedelta(hours=9))) < timedelta(minutes=30)
