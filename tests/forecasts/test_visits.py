from datetime import UTC, datetime, timedelta

import numpy as np

from forecasts.fleet.visits import driver_number
from forecasts.localtime import Calendar
from forecasts.visits import VisitRecord, VisitWatch, hours
from v2g.observation import EvseState, Observation
from v2g.session import ChargingSession, EndedVisit, Wishes

START = datetime(2026, 5, 4, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def seen(minutes: int, session_id: str | None, *, online: bool = True) -> Observation:
    session = None
    if session_id:
        wishes = Wishes(departure=START + timedelta(hours=9))
        session = ChargingSession(
            session_id=session_id,
            evse_id="A",
            plugged_in_at=START,
            driver="d",
            wishes=wishes,
            charged_kwh=2.0 * minutes,
            discharged_kwh=0.5 * minutes,
        )
    return Observation(at=START + minutes * MINUTE, evses=(EvseState(evse_id="A", online=online, session=session),))


def ends(*observations: Observation) -> list[EndedVisit]:
    watch = VisitWatch()
    return [visit for observation in observations for visit in watch.ended(observation)]


def test_a_session_that_is_gone_has_ended() -> None:
    assert ends(seen(0, "s1"), seen(5, "s1"), seen(10, None), seen(15, None)) == [
        EndedVisit(
            driver="d", plugged_in_at=START, left_at=START + 10 * MINUTE, stated=START + timedelta(hours=9), energy_kwh=1.5 * 5
        )
    ]


def test_the_next_car_ends_the_one_before() -> None:
    assert [visit.left_at for visit in ends(seen(0, "s1"), seen(5, "s2"), seen(9, None))] == [
        START + 5 * MINUTE,
        START + 9 * MINUTE,
    ]


def test_a_silent_charger_has_not_lost_its_car() -> None:
    assert ends(seen(0, "s1"), seen(5, None, online=False), seen(10, "s1")) == []
    assert len(ends(seen(0, "s1"), seen(5, None, online=False), seen(10, None))) == 1


def test_a_car_that_left_in_a_long_silence_teaches_nothing() -> None:
    assert ends(seen(0, "s1"), seen(5, None, online=False), seen(200, None)) == []


def test_the_record_keeps_the_latest_in_the_order_of_their_end() -> None:
    visits = [
        EndedVisit(driver=f"d{i % 2}" if i else "", plugged_in_at=START + i * MINUTE, left_at=START + (60 + i) * MINUTE)
        for i in range(6)
    ]
    record = VisitRecord(Calendar(time_zone="Asia/Shanghai"), visits[3::-1], capacity=3)
    assert record.ended().left_h.tolist() == [hours(v.left_at) for v in visits[1:4]]
    for visit in visits[:3:-1]:
        record.add(visit)
    ended = record.ended()
    assert record.total == 6
    assert ended.left_h.tolist() == [hours(v.left_at) for v in visits[3:]]
    assert (ended.driver == driver_number("d1")).tolist() == [True, False, True]
    assert np.isnan(ended.stated_h).all()
    np.testing.assert_allclose(ended.clock_h, [16 + i / 60 for i in (3, 4, 5)])
