"""Profiles without a socket: what holds at an instant, and the composite schedule that says the same."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.farm.ocpp.fields import stamp
from adapters.farm.ocpp.v2.composite import composite
from adapters.farm.ocpp.v2.profile import Order, read_profile
from adapters.farm.ocpp.v2.profiles import MAX_PROFILES, Place, Profiles, named_by
from tests.adapters.farm.stations import START, outlet

OWN_KW = 2.0
PLACE = Place(evse=outlet(fallback_kw=OWN_KW), n_evses=1, transaction_id="tx", began_at=START, gives_kw=11.0)
HOUR = timedelta(hours=1)


def payload(number: int = 1, *, limit: float = 5000.0, unit: str = "W", level: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a Relative TxDefaultProfile of one period; what a schedule has goes into it, the rest into the profile."""
    names = {"duration", "startSchedule", "chargingSchedulePeriod"}
    schedule = {"id": 1, "chargingRateUnit": unit, "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}]}
    schedule |= {name: changes.pop(name) for name in names & changes.keys()}
    profile = {"id": number, "stackLevel": level, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative"}
    return profile | {"chargingSchedule": [schedule]} | changes


def profiles(*payloads: dict[str, Any], evse_id: int = 1, at: datetime = START) -> Profiles:
    kept = Profiles()
    for one in payloads:
        assert kept.install(read_profile(evse_id, one, at)) == ""
    return kept


def power_kw(kept: Profiles, after: timedelta = timedelta(0), place: Place = PLACE) -> float:
    return kept.order(place, START + after).power_kw


def test_of_a_stack_the_highest_that_speaks_holds() -> None:
    kept = profiles(payload(1, limit=3000.0), payload(2, limit=7000.0, level=3, duration=3600))
    assert [power_kw(kept, after) for after in (0 * HOUR, HOUR / 2, HOUR)] == [7.0, 7.0, 3.0]


@pytest.mark.parametrize(
    ("field", "before", "after"), [("validFrom", OWN_KW, 5.0), ("validTo", 5.0, OWN_KW)], ids=["begins to hold", "ends to hold"]
)
def test_a_profile_holds_while_it_is_valid(field: str, before: float, after: float) -> None:
    kept = profiles(payload(**{field: stamp(START + HOUR)}))
    assert (power_kw(kept, HOUR - timedelta(seconds=1)), power_kw(kept, HOUR)) == (before, after)


def test_a_recurring_profile_comes_round_every_day() -> None:
    periods = [{"startPeriod": 0, "limit": 1000.0}, {"startPeriod": 8 * 3600, "limit": 9000.0}]
    recurs = {"chargingProfileKind": "Recurring", "recurrencyKind": "Daily", "startSchedule": stamp(START - 48 * HOUR)}
    kept = profiles(payload(**recurs, chargingSchedulePeriod=periods))
    assert [power_kw(kept, n * HOUR) for n in (0, 7, 8, 23, 24, 32)] == [1.0, 1.0, 9.0, 9.0, 1.0, 9.0]


def test_phases_told_apart_are_summed() -> None:
    watts = [{"startPeriod": 0, "limit": 1000.0, "limit_L2": 2000.0, "limit_L3": 3000.0}]
    amps = [{"startPeriod": 0, "limit": 10.0, "limit_L2": 0.0, "limit_L3": 6.0}]
    assert power_kw(profiles(payload(chargingSchedulePeriod=watts))) == pytest.approx(6.0)
    assert power_kw(profiles(payload(chargingSchedulePeriod=amps, unit="A"))) == pytest.approx(16.0 * 0.23)


def test_currents_count_by_the_phases_said_and_the_outlet_has() -> None:
    one = [{"startPeriod": 0, "limit": 10.0, "numberPhases": 1}]
    assert power_kw(profiles(payload(chargingSchedulePeriod=one, unit="A"))) == pytest.approx(2.3)
    assert power_kw(profiles(payload(limit=10.0, unit="A"))) == pytest.approx(6.9)


def test_what_is_given_back_is_no_more_than_can_be() -> None:
    central = [{"startPeriod": 0, "setpoint": -9000.0, "operationMode": "CentralSetpoint"}]
    kept = profiles(payload(chargingSchedulePeriod=central))
    assert kept.order(PLACE, START) == Order(power_kw=-9.0, mode="CentralSetpoint")
    assert power_kw(kept, place=Place(evse=PLACE.evse, n_evses=1, gives_kw=4.0)) == -4.0
    assert power_kw(kept, place=Place(evse=PLACE.evse, n_evses=1)) == 0.0


def test_the_stations_maximum_is_shared_and_caps_what_is_drawn_only() -> None:
    whole = payload(2, limit=6000.0, chargingProfilePurpose="ChargingStationMaxProfile")
    kept = profiles(payload(1, limit=5000.0))
    kept.install(read_profile(0, whole, START))
    assert power_kw(kept, place=Place(evse=PLACE.evse, n_evses=2)) == 3.0
    assert power_kw(profiles(payload(1, limit=-5000.0), whole), place=PLACE) == -5.0
    assert power_kw(profiles(whole)) == OWN_KW  # it is leave for nothing


def test_profiles_are_replaced_by_id_refused_as_doubles_and_bounded() -> None:
    kept = profiles(payload(1, limit=3000.0))
    assert kept.install(read_profile(1, payload(1, limit=4000.0), START)) == ""
    assert power_kw(kept) == 4.0
    assert kept.install(read_profile(1, payload(2), START)) == "DuplicateProfile"
    for number in range(MAX_PROFILES - 1):
        day = START + number * 24 * HOUR
        later = payload(10 + number, level=1, validFrom=stamp(day), validTo=stamp(day + HOUR))
        assert kept.install(read_profile(1, later, START)) == ""
    assert kept.install(read_profile(2, payload(99), START)) == "NoProfileSpace"


def test_profiles_are_cleared_by_id_or_by_all_criteria() -> None:
    kept = profiles(payload(1), payload(2, level=1))
    assert kept.remove(named_by({"chargingProfileCriteria": {"stackLevel": 1, "evseId": 2}})) == 0
    assert kept.remove(named_by({"chargingProfileCriteria": {"stackLevel": 1, "evseId": 1}})) == 1
    assert kept.remove(named_by({"chargingProfileId": 1})) == 1
    assert kept.all == ()


periods = st.lists(st.tuples(st.integers(1, 7200), st.integers(0, 110)), max_size=4, unique_by=lambda p: p[0]).map(
    lambda later: [{"startPeriod": s, "limit": 100.0 * n} for s, n in [(0, 30), *sorted(later)]]
)
some_payload = st.builds(
    lambda level, rows, duration, begins, ends: payload(
        level,
        level=level,
        chargingSchedulePeriod=rows,
        **({"duration": duration} if duration else {}),
        **({"validFrom": stamp(START + timedelta(seconds=begins))} if begins else {}),
        **({"validTo": stamp(START + timedelta(seconds=ends))} if ends else {}),
    ),
    st.integers(0, 5),
    periods,
    st.none() | st.integers(1, 7200),
    st.none() | st.integers(1, 7200),
    st.none() | st.integers(1, 7200),
)


@given(st.lists(some_payload, max_size=4, unique_by=lambda p: p["id"]), st.integers(0, 7199), st.integers(0, 3600))
def test_a_composite_schedule_says_at_each_second_what_holds_then(
    payloads: list[dict[str, Any]], after_s: int, asked_s: int
) -> None:
    kept, asked_at = profiles(*payloads), START + timedelta(seconds=asked_s)
    schedule = composite(kept, [PLACE], evse_id=1, now=asked_at, duration_s=7200, unit="W")
    rows = schedule["chargingSchedulePeriod"]
    told = [row["limit"] for row in rows if row["startPeriod"] <= after_s][-1]
    order = kept.order(PLACE, asked_at + timedelta(seconds=after_s))
    assert told == pytest.approx(1000.0 * (2.0 if order is None else order.power_kw))
    assert rows[0]["startPeriod"] == 0
    assert all(a["limit"] != b["limit"] for a, b in pairwise(rows))
