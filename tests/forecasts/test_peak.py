from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from forecasts.history import History
from forecasts.localtime import SLOTS_PER_DAY, Calendar
from forecasts.peak import AT_HAND, CAUTION, LOOK_BACK_DAYS, ExpectedPeak
from forecasts.visits import EndedVisit, VisitRecord
from tests.support.builders import a_session, a_site, an_observation
from v2g.observation import Reading
from v2g.site import Site, Tariff

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
CALENDAR = Calendar(time_zone="UTC")
CHARGED = Tariff(base_price_per_kwh=0.5, demand_charge_per_kw=8.0)


def loads(daily_peaks_kw: list[float], *, peak_slot: int = 40) -> History:
    """Return a load of 20 kW with one quarter-hour a day at its peak; the last of these days ends at `MONDAY`."""
    days = np.full((len(daily_peaks_kw), SLOTS_PER_DAY), 20.0)
    days[:, peak_slot] = daily_peaks_kw
    start = np.datetime64((MONDAY - timedelta(days=len(days))).replace(tzinfo=None), "s")
    return History.from_arrays(start + 900 * np.arange(days.size), days.ravel())


def expected(load: History, visits: tuple[EndedVisit, ...] = (), *, site: Site | None = None, **sessions: bool) -> float:
    station = site or a_site(2, tariff=CHARGED)
    peak = ExpectedPeak(station, CALENDAR, load=load, pv=History(), visits=VisitRecord(CALENDAR, visits))
    cars = {f"E{i}": sessions.get(f"E{i}") for i in range(2)}
    here = {name: None if consent is None else a_session(name, consent=consent) for name, consent in cars.items()}
    peak.learn(an_observation(station, at=MONDAY, **here))
    return peak.at(MONDAY)


def test_it_is_the_lower_quartile_of_weekly_peaks_with_caution() -> None:
    peaks_kw = [100.0 + 10.0 * week for week in range(4) for _ in range(7)]
    weeks = [max(peaks_kw[i : i + 7]) for i in range(22)]
    assert expected(loads(peaks_kw), E0=True) == pytest.approx(CAUTION * np.quantile(weeks, 0.25))


def test_what_is_older_than_the_look_back_does_not_count() -> None:
    assert expected(loads([900.0] * 7 + [100.0] * LOOK_BACK_DAYS), E0=True) == pytest.approx(CAUTION * 100.0)


def test_cars_that_are_usually_there_and_may_give_lower_it() -> None:
    daily = [MONDAY - timedelta(days=d) for d in range(1, LOOK_BACK_DAYS + 1)]
    visits = tuple(EndedVisit(driver="", plugged_in_at=d + timedelta(hours=8), left_at=d + timedelta(hours=16)) for d in daily)
    for consents, gives_kw in (((True,), 11.0), ((True, False), 5.5)):
        here = {f"E{i}": c for i, c in enumerate(consents)}
        assert expected(loads([100.0] * 28), visits, **here) == pytest.approx(CAUTION * (100.0 - AT_HAND * gives_kw))
        assert expected(loads([100.0] * 28, peak_slot=72), visits, **here) == pytest.approx(CAUTION * 100.0)  # at 18:00


def test_nothing_is_expected_without_anyone_who_gives_or_before_a_week_was_measured() -> None:
    assert expected(loads([100.0] * 28), E0=False) == 0.0
    assert expected(loads([100.0] * 28)) == 0.0
    assert expected(loads([100.0] * 6), E0=True) == 0.0
    ordered = a_site(2, tariff=CHARGED)
    assert expected(loads([100.0] * 28), site=replace(ordered, rules=replace(ordered.rules, discharge=False)), E0=True) == 0.0
    assert expected(loads([100.0] * 28), site=a_site(2), E0=True) == 0.0  # where peaks cost nothing


def test_the_future_changes_nothing() -> None:
    load = loads([100.0] * 28)
    before = expected(load, E0=True)
    for quarter in range(50):
        load.add(Reading(value=999.0, at=MONDAY + timedelta(minutes=15 * quarter)))
    assert expected(load, E0=True) == before
