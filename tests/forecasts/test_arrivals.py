"""Expected arrivals against days made by hand."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasts.arrivals import NEVER_S, Arrivals, _left_by
from forecasts.fleet.counts import SHAPES
from forecasts.localtime import Calendar
from forecasts.visits import VisitRecord
from tests.support.builders import a_session, a_site, an_observation
from v2g.observation import Observation
from v2g.outlook import LEVELS, Departure, ExpectedSession
from v2g.session import ChargingSession, EndedVisit
from v2g.timegrid import TimeGrid

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)  # 08:00 in Shanghai, where the test site is
ZONE = "Asia/Shanghai"
HOUR = timedelta(hours=1)
DAYS = 35
STAY_H, ENERGY_KWH = 4.0, 18.0


def arrivals(history: list[EndedVisit], n_outlets: int = 6) -> Arrivals:
    return known(Calendar(time_zone=ZONE), n_outlets, history)


def known(calendar: Calendar, n_outlets: int, history: list[EndedVisit]) -> Arrivals:
    return Arrivals(a_site(n_outlets), calendar, visits=VisitRecord(calendar, history))


def workdays(per_day: int, *, at_h: float = 1.5, days: int = DAYS) -> list[EndedVisit]:
    """`per_day` cars `at_h` after 08:00 local time on every workday before MONDAY, and one on the first day of all."""
    began = [MONDAY - timedelta(days=d) + at_h * HOUR for d in range(1, days) if (MONDAY - timedelta(days=d)).weekday() < 5]
    return [
        EndedVisit(driver="", plugged_in_at=at, left_at=at + STAY_H * HOUR, energy_kwh=ENERGY_KWH)
        for at in [MONDAY - timedelta(days=days), *(at for at in began for _ in range(per_day))]
    ]


def empty(at: datetime, n_outlets: int = 6, *here: ChargingSession) -> Observation:
    site = a_site(n_outlets)
    return an_observation(site, at=at, **{e.evse_id: None for e in site.evses} | {s.evse_id: s for s in here})


def grid_from(at: datetime, hours: int = 24) -> TimeGrid:
    return TimeGrid.uniform(at, step_h=0.5, n_steps=2 * hours)


def number(sessions: tuple[ExpectedSession, ...]) -> float:
    return sum(s.number for s in sessions)


def test_as_many_come_at_the_hour_as_on_all_days_like_it_and_are_like_those_that_came_then() -> None:
    come = arrivals(workdays(3)).forecast(empty(MONDAY - HOUR), (), grid_from(MONDAY - HOUR))
    assert number(come) == pytest.approx(3.0)
    (batch,) = come
    assert batch.arrives == MONDAY + 1.5 * HOUR
    assert batch.departs == MONDAY + (1.5 + STAY_H) * HOUR
    assert (batch.energy_kwh, batch.power_kw, batch.circuit_id) == (pytest.approx(ENERGY_KWH), 11.0, "hall")


def test_a_saturday_is_not_like_a_workday() -> None:
    saturday = MONDAY + timedelta(days=5)
    assert arrivals(workdays(3)).forecast(empty(saturday), (), grid_from(saturday, 12)) == ()


def test_nothing_is_expected_before_a_week_was_seen_or_where_energies_are_unknown() -> None:
    assert arrivals(workdays(3, days=7)).forecast(empty(MONDAY), (), grid_from(MONDAY)) == ()
    assert arrivals([]).forecast(empty(MONDAY), (), grid_from(MONDAY)) == ()
    unknown = [EndedVisit(driver="", plugged_in_at=v.plugged_in_at, left_at=v.left_at) for v in workdays(3)]
    assert arrivals(unknown).forecast(empty(MONDAY), (), grid_from(MONDAY)) == ()


def test_the_clock_is_the_sites_own_on_both_sides_of_a_change_to_summer_time() -> None:
    """Cars come at 08:30 in Los Angeles: 16:30 UTC before 8 March 2026, 15:30 UTC after it."""
    began = [datetime(2026, 2, 1, 16, 30, tzinfo=UTC) + timedelta(days=d) for d in range(35)]
    history = [EndedVisit(driver="", plugged_in_at=t, left_at=t + HOUR, energy_kwh=5.0) for t in began]
    come_to = known(Calendar(time_zone="America/Los_Angeles", typed=False), 6, history)
    now = datetime(2026, 3, 9, 9, tzinfo=UTC)
    come = come_to.forecast(empty(now), (), grid_from(now))
    assert [s.arrives for s in come] == [datetime(2026, 3, 9, 15, 30, tzinfo=UTC)]


def test_a_day_busier_than_its_like_is_expected_to_stay_so_by_the_gamma_poisson_posterior() -> None:
    """Days of 0 or 8 cars at 08:30 and as many at 14:30: k follows by moments, and six cars by 12:00 raise the afternoon."""
    days = [MONDAY - timedelta(days=d) for d in range(1, 71)]
    history = [
        EndedVisit(driver="", plugged_in_at=day + h * HOUR, left_at=day + (h + 1) * HOUR, energy_kwh=9.0)
        for i, day in enumerate(days)
        for h in (0.5, 6.5)
        for _ in range(4 * (i % 2))
    ]
    come_to = known(Calendar(time_zone=ZONE, typed=False), 30, history)
    now = MONDAY + 4 * HOUR
    here = [a_session(f"E{i}") for i in range(6)]
    quiet, busy = (number(come_to.forecast(empty(now, 30, *cars), (), grid_from(now, 6))) for cars in ([], here))
    morning = quiet_share = number(come_to.forecast(empty(MONDAY, 30), (), grid_from(MONDAY, 2)))
    shape = quiet_share / (morning / quiet - 1) * 1.0  # quiet = morning·k/(k + morning), from the same k
    assert SHAPES[0] <= shape < 10.0
    assert busy == pytest.approx(morning * (shape + 6) / (shape + morning), rel=1e-6)


@settings(max_examples=40)
@given(per_day=st.integers(1, 40), n_outlets=st.integers(1, 8), n_here=st.integers(0, 8), leaves_h=st.floats(0.0, 30.0))
def test_never_more_cars_than_empty_outlets(per_day: int, n_outlets: int, n_here: int, leaves_h: float) -> None:
    here = [a_session(f"E{i}") for i in range(min(n_here, n_outlets))]
    quantiles = (MONDAY + leaves_h * HOUR,) * len(LEVELS)
    departures = tuple(Departure(session_id=s.session_id, quantiles=quantiles, source="default") for s in here)
    come = arrivals(workdays(per_day), n_outlets).forecast(empty(MONDAY, n_outlets, *here), departures, grid_from(MONDAY))
    for at in {s.arrives for s in come}:
        staying = len(here) if at < quantiles[0] else 0
        assert staying + sum(s.number for s in come if s.arrives <= at < s.departs) <= n_outlets + 1e-9
    assert all(s.energy_kwh <= s.power_kw * (s.departs - s.arrives) / HOUR + 1e-6 for s in come)
    assert all(s.arrives >= MONDAY for s in come)


def test_who_has_left_by_an_instant_is_read_off_each_cars_quantiles() -> None:
    rng = np.random.default_rng(3)
    leaving = np.sort(rng.integers(0, 30, size=(50, len(LEVELS))), axis=1).astype(float)
    leaving[7] = NEVER_S
    for at in (-1.0, 0.0, 12.0, 17.5, 29.0, 40.0):
        assert _left_by(at, leaving) == pytest.approx([np.interp(at, row, LEVELS, left=0.0, right=1.0) for row in leaving])
