from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from forecasts.departures import RENEWED, Candidates, Departures, still_here
from forecasts.localtime import Calendar
from forecasts.visits import VisitRecord
from v2g.outlook import LEVELS, Departure
from v2g.session import ChargingSession, EndedVisit, Wishes

MONDAY = datetime(2026, 5, 4, 8, tzinfo=UTC)
MEDIAN = LEVELS.index(0.50)
CALENDAR = Calendar(time_zone="UTC")


def hour(h: float) -> timedelta:
    return timedelta(hours=h)


def car(*, driver: str = "", stated: datetime | None = None, plugged_in_at: datetime = MONDAY) -> ChargingSession:
    return ChargingSession(session_id="s", evse_id="A", plugged_in_at=plugged_in_at, driver=driver, wishes=Wishes(departure=stated))


def past(stays_h: list[float], *, driver: str = "", stated_h: float | None = None, clock_h: float = 0.0) -> list[EndedVisit]:
    """One visit a workday before MONDAY, arriving `clock_h` after 08:00."""
    visits = []
    for i, stay_h in enumerate(stays_h):
        begin = MONDAY - timedelta(days=3 + i // 5 * 7 + i % 5) + hour(clock_h)
        stated = None if stated_h is None else begin + hour(stated_h)
        visits.append(EndedVisit(driver=driver, plugged_in_at=begin, left_at=begin + hour(stay_h), stated=stated))
    return visits


def foresee(session: ChargingSession, at: datetime, history: list[EndedVisit]) -> Departure:
    return Departures(CALENDAR, default_stay_h=8.0, visits=VisitRecord(CALENDAR, history)).forecast([session], at)[0]


def median_stay_h(departure: Departure) -> float:
    return (departure.quantiles[MEDIAN] - MONDAY) / hour(1)


def test_a_stranger_stays_the_default_and_a_statement_is_believed_within_its_usual_error() -> None:
    stranger = foresee(car(), MONDAY, [])
    assert stranger.source == "default"
    assert 5.0 < median_stay_h(stranger) < 8.5
    told = foresee(car(stated=MONDAY + hour(10)), MONDAY, [])
    assert told.source == "stated"
    assert 8.0 < median_stay_h(told) < 11.0
    assert told.quantiles[0] < MONDAY + hour(8)
    assert told.quantiles[-1] > MONDAY + hour(12)


def test_history_outweighs_a_statement_that_history_belies() -> None:
    """All who said ten hours left after four: so will this one."""
    told = foresee(car(stated=MONDAY + hour(10)), MONDAY, past([4.0] * 40, stated_h=10.0))
    assert told.source == "history"
    assert abs(median_stay_h(told) - 4.0) < 0.5


def test_the_drivers_own_visits_count_more_than_those_of_many_others() -> None:
    history = past([3.0] * 30, driver="other") + past([9.0] * 4, driver="me")
    assert abs(median_stay_h(foresee(car(driver="me"), MONDAY, history)) - 9.0) < 1.0
    assert abs(median_stay_h(foresee(car(driver="stranger"), MONDAY, history)) - 3.0) < 1.5


def test_who_comes_at_another_time_of_day_tells_little() -> None:
    history = past([2.0] * 20, clock_h=10.0) + past([9.0] * 20)
    assert abs(median_stay_h(foresee(car(), MONDAY, history)) - 9.0) < 0.6


def test_still_being_here_rules_out_the_short_stays() -> None:
    history = past([2.0] * 20 + [9.0] * 10)
    early, late = foresee(car(), MONDAY, history), foresee(car(), MONDAY + hour(3), history)
    assert median_stay_h(early) < 4.0
    assert median_stay_h(late) > 8.0


@given(
    stays=st.lists(st.floats(0.1, 40), max_size=30),
    here_h=st.floats(0, 60),
    stated_h=st.none() | st.floats(0.5, 20),
    driver=st.sampled_from(["", "me"]),
)
def test_quantiles_increase_and_never_lie_in_the_past(
    stays: list[float], here_h: float, stated_h: float | None, driver: str
) -> None:
    at = MONDAY + hour(here_h)
    stated = None if stated_h is None else MONDAY + hour(stated_h)
    departure = foresee(car(driver=driver, stated=stated), at, past(stays, driver="me", stated_h=8.0))
    assert len(departure.quantiles) == len(LEVELS)
    assert all(a <= b for a, b in zip(departure.quantiles[:-1], departure.quantiles[1:], strict=True))
    assert departure.quantiles[0] >= at


def test_a_visit_that_ends_later_cannot_be_known() -> None:
    history = past([5.0] * 10)
    later = EndedVisit(driver="", plugged_in_at=MONDAY, left_at=MONDAY + hour(1), stated=None)
    at = MONDAY + hour(0.5)
    assert foresee(car(), at, history).quantiles == foresee(car(), at, [*history, later]).quantiles


def test_the_memo_gives_what_a_fresh_forecast_gives() -> None:
    history = past([4.0 + 0.3 * i for i in range(20)], driver="me")
    record = VisitRecord(CALENDAR, history[:10])
    kept = Departures(CALENDAR, default_stay_h=8.0, visits=record)
    for minutes in range(0, 600, 50):
        at = MONDAY + hour(minutes / 60)
        if minutes == 200:
            for visit in history[10:]:
                record.add(visit)
        known = history if minutes >= 200 else history[:10]
        stated = MONDAY + hour(7) if minutes >= 300 else None
        one, fresh = kept.forecast([car(stated=stated)], at)[0], foresee(car(stated=stated), at, known)
        assert all(abs(a - b) <= timedelta(seconds=1) for a, b in zip(one.quantiles, fresh.quantiles, strict=True))


def test_still_here_is_the_conditional_distribution_of_many_candidates() -> None:
    rng = np.random.default_rng(4)
    left = np.sort(rng.gamma(4.0, 2.0, 20_000))
    candidates = Candidates(left_h=left, middles=np.arange(20_000) + 0.5, weight=20_000.0, source="history")
    np.testing.assert_allclose(still_here(candidates, 6.0, 1.0), np.quantile(left[left > 6.0], LEVELS), atol=0.02)


def test_whoever_outstays_all_others_stays_a_quarter_longer_on_average() -> None:
    departure = foresee(car(), MONDAY + hour(100), past([5.0] * 10))
    assert abs(departure.quantiles[MEDIAN] - (MONDAY + hour(100 + 25 * np.log(2)))) <= timedelta(seconds=1)


def test_a_fleet_is_weighed_anew_in_turns_and_each_car_at_once_when_its_driver_speaks() -> None:
    record = VisitRecord(CALENDAR, past([4.0] * 10))
    kept = Departures(CALENDAR, default_stay_h=8.0, visits=record)
    cars = [replace(car(), session_id=str(i), evse_id=str(i)) for i in range(RENEWED + 20)]
    kept.forecast(cars, MONDAY + hour(1))
    learned = [*past([4.0] * 10), *past([11.0] * 40)]
    for visit in learned[10:]:
        record.add(visit)
    cars[-1] = replace(cars[-1], wishes=Wishes(departure=MONDAY + hour(2)))
    fresh = foresee(cars[0], MONDAY + hour(1), learned).quantiles
    first = [d.quantiles == fresh for d in kept.forecast(cars, MONDAY + hour(1))]
    assert first == [True] * RENEWED + [False] * 20
    again = kept.forecast(cars, MONDAY + hour(1))
    assert all(d.quantiles == fresh for d in again[:-1])
    assert again[-1].quantiles == foresee(cars[-1], MONDAY + hour(1), learned).quantiles
