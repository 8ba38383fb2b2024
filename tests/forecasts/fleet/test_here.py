"""Cars that are here, by a model of stays: told once, read at every tick."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from forecasts.departures import Departures
from forecasts.fleet.here import AT_ONCE, LEAST_STATED, CarsHere
from forecasts.fleet.stays import StayModel, fit_stays
from forecasts.localtime import Calendar
from forecasts.visits import VisitRecord
from v2g.session import ChargingSession, EndedVisit, Wishes

CALENDAR = Calendar(time_zone="UTC")
MONDAY = datetime(2026, 5, 4, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
STAYS_H = {"early": 4.0, "late": 9.0}


def history(*, stated: bool = False) -> list[EndedVisit]:
    """Two drivers on 120 days, one who stays 4 h and one who stays 9 h, give or take half an hour; both say two hours more."""
    rng = np.random.default_rng(1)
    visits = []
    for day in range(1, 121):
        for driver, stay_h in STAYS_H.items():
            begin = MONDAY - timedelta(days=day) + rng.normal(0.0, 0.3) * HOUR
            said = begin + (stay_h + 2.0) * HOUR if stated else None
            left = begin + (stay_h + rng.normal(0.0, 0.5)) * HOUR
            visits.append(EndedVisit(driver=driver, plugged_in_at=begin, left_at=left, stated=said, energy_kwh=2.0 * stay_h))
    return visits


@pytest.fixture(scope="module")
def record() -> VisitRecord:
    return VisitRecord(CALENDAR, history())


@pytest.fixture(scope="module")
def of_two(record: VisitRecord) -> StayModel:
    model = fit_stays(record.ended())
    assert model is not None
    return model


def car(driver: str, stated: datetime | None = None, *, number: int = 0) -> ChargingSession:
    return ChargingSession(
        session_id=f"{driver}{number}", evse_id="A", plugged_in_at=MONDAY, driver=driver, wishes=Wishes(departure=stated)
    )


def median_h(departures: Departures, session: ChargingSession, at: datetime) -> float:
    (told,) = departures.forecast([session], at)
    assert all(a <= b for a, b in zip(told.quantiles, told.quantiles[1:], strict=False))
    assert told.quantiles[0] >= at
    return (told.quantiles[3] - MONDAY) / HOUR


def test_each_driver_stays_as_that_driver_does_and_who_is_still_here_leaves_later(record: VisitRecord, of_two: StayModel) -> None:
    departures = Departures(CALENDAR, default_stay_h=8.0, visits=record, model=of_two)
    for driver, stay_h in STAYS_H.items():
        assert median_h(departures, car(driver), MONDAY) == pytest.approx(stay_h, abs=0.6)
    assert 5.0 < median_h(departures, car("early"), MONDAY + 5 * HOUR) < 10.0
    assert median_h(departures, car("late"), MONDAY + 40 * HOUR) == pytest.approx(40.0 * (1 + 0.25 * np.log(2)), abs=0.01)


def test_a_model_that_has_seen_no_statements_leaves_them_to_like_visits(record: VisitRecord, of_two: StayModel) -> None:
    assert of_two.n_stated < LEAST_STATED
    says = car("late", MONDAY + 3 * HOUR)
    with_model = Departures(CALENDAR, default_stay_h=8.0, visits=record, model=of_two)
    without = Departures(CALENDAR, default_stay_h=8.0, visits=record)
    assert with_model.forecast([says], MONDAY)[0].quantiles == without.forecast([says], MONDAY)[0].quantiles


def test_a_statement_is_believed_as_far_as_the_drivers_statements_came_true() -> None:
    """Both always leave two hours before they said; who now says six hours leaves after four."""
    record = VisitRecord(CALENDAR, history(stated=True))
    departures = Departures(CALENDAR, default_stay_h=8.0, visits=record, model=fit_stays(record.ended()))
    assert median_h(departures, car("early", MONDAY + 6 * HOUR), MONDAY) == pytest.approx(4.0, abs=0.6)


def test_a_fleet_is_told_in_turns_and_who_has_left_is_forgotten(record: VisitRecord, of_two: StayModel) -> None:
    here = CarsHere(CALENDAR, of_two)
    now_h = MONDAY.timestamp() / 3600.0 + 1.0
    fleet = [car("late", number=i) for i in range(AT_ONCE + 20)]
    assert len(here.leaves_h(fleet, record.ended(), now_h)) == AT_ONCE
    told = here.leaves_h(fleet, record.ended(), now_h)
    assert len(told) == len(fleet)
    np.testing.assert_allclose(told["late0"], told[f"late{AT_ONCE + 5}"])
    assert set(here.leaves_h(fleet[3:5], record.ended(), now_h)) == {"late3", "late4"}
    here.adopt(None)
    assert here.leaves_h(fleet, record.ended(), now_h) == {}


def test_a_driver_who_speaks_is_told_anew() -> None:
    stated = VisitRecord(CALENDAR, history(stated=True))
    here = CarsHere(CALENDAR, fit_stays(stated.ended()))
    now_h = MONDAY.timestamp() / 3600.0
    silent = here.leaves_h([car("", None)], stated.ended(), now_h)["0"]
    speaks = here.leaves_h([car("", MONDAY + 6 * HOUR)], stated.ended(), now_h)["0"]
    assert speaks[5] < silent[5]
