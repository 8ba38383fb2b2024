from datetime import timedelta
from typing import Any

import pytest

from adapters.farm.ocpp.fields import stamp
from adapters.farm.ocpp.v16.profiles import MAX_PROFILES, Profiles, read_profile
from tests.adapters.farm.stations import START, outlet
from v2g.errors import FrameError

OWN_KW = 2.0
"""The outlet's fallback."""


def after(minutes: float) -> str:
    return stamp(START + timedelta(minutes=minutes))


def profile(limit: float = 16.0, *, connector_id: int = 1, schedule: dict[str, Any] | None = None, **changes: Any) -> Any:
    values = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "startSchedule": after(0),
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
            **(schedule or {}),
        },
    }
    return read_profile(connector_id, {**values, **changes}, START)


def limit_kw(*installed: Any, minutes: float = 1.0, n_connectors: int = 1, **evse: Any) -> float:
    profiles = Profiles()
    for one in installed:
        assert profiles.install(one)
    return profiles.limit_kw(outlet(fallback_kw=OWN_KW, **evse), START + timedelta(minutes=minutes), START, n_connectors)


def test_amperes_are_per_phase_of_the_outlet() -> None:
    assert limit_kw(profile(16.0)) == pytest.approx(11.04)
    assert limit_kw(profile(16.0), phases=(2,)) == pytest.approx(3.68)
    one_phase = {"chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0, "numberPhases": 1}]}
    assert limit_kw(profile(schedule=one_phase)) == pytest.approx(3.68)


def test_watts_are_the_sum() -> None:
    assert limit_kw(profile(7400.0, schedule={"chargingRateUnit": "W"})) == pytest.approx(7.4)


def test_periods_follow_each_other_and_a_duration_ends_them() -> None:
    schedule = {
        "duration": 1200,
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 5000.0}, {"startPeriod": 600, "limit": 0}],
    }
    one = profile(schedule=schedule)
    assert [limit_kw(one, minutes=m) for m in (-0.1, 0.0, 9.99, 10.0, 19.99, 20.0)] == [OWN_KW, 5.0, 5.0, 0.0, 0.0, OWN_KW]


def test_validity_bounds_a_profile() -> None:
    one = profile(10.0, validFrom=after(5), validTo=after(10))
    assert [limit_kw(one, minutes=m) == OWN_KW for m in (4.9, 5.0, 9.9, 10.0)] == [True, False, False, True]


def test_a_relative_schedule_begins_with_the_transaction_and_a_daily_one_comes_back() -> None:
    half_hour = {"duration": 1800, "startSchedule": after(-600)}
    relative = profile(10.0, schedule=half_hour, chargingProfileKind="Relative")
    assert [limit_kw(relative, minutes=m) == OWN_KW for m in (1.0, 29.0, 31.0)] == [False, False, True]
    daily = {"duration": 1800, "startSchedule": after(0)}
    recurring = profile(10.0, schedule=daily, chargingProfileKind="Recurring", recurrencyKind="Daily")
    assert [limit_kw(recurring, minutes=m) == OWN_KW for m in (10.0, 40.0, 1440.0 + 10.0, 1440.0 + 40.0)] == [
        False,
        True,
        False,
        True,
    ]


def test_the_highest_stack_level_that_speaks_wins_and_a_transaction_profile_beats_a_default() -> None:
    default = profile(6.0, chargingProfileId=1, chargingProfilePurpose="TxDefaultProfile", stackLevel=9)
    low = profile(10.0, chargingProfileId=2, stackLevel=0)
    high = profile(13.0, chargingProfileId=3, stackLevel=3, validTo=after(10))
    assert limit_kw(default, low, high, minutes=1.0) == pytest.approx(13.0 * 0.69)
    assert limit_kw(default, low, high, minutes=11.0) == pytest.approx(10.0 * 0.69)
    assert limit_kw(default) == pytest.approx(6.0 * 0.69)


def test_a_default_for_connector_0_stands_for_all_and_the_station_maximum_is_shared() -> None:
    default = profile(16.0, connector_id=0, chargingProfileId=1, chargingProfilePurpose="TxDefaultProfile")
    own = profile(8.0, chargingProfileId=2, chargingProfilePurpose="TxDefaultProfile")
    whole = profile(20.0, connector_id=0, chargingProfileId=3, chargingProfilePurpose="ChargePointMaxProfile")
    assert limit_kw(default, connector_id=2) == pytest.approx(11.04)
    assert limit_kw(default, own) == pytest.approx(8.0 * 0.69)
    assert limit_kw(default, whole, n_connectors=2, connector_id=2) == pytest.approx(10.0 * 0.69)
    assert limit_kw(whole) == OWN_KW  # it is leave for nothing


def test_a_profile_replaces_its_like_and_the_store_has_an_end() -> None:
    assert limit_kw(profile(16.0), profile(8.0, stackLevel=1)) == pytest.approx(8.0 * 0.69)
    assert limit_kw(profile(16.0), profile(8.0, chargingProfileId=2)) == pytest.approx(8.0 * 0.69)
    profiles = Profiles()
    fits = [profiles.install(profile(connector_id=n, chargingProfileId=n)) for n in range(1, MAX_PROFILES + 2)]
    assert fits == [True] * MAX_PROFILES + [False]


@pytest.mark.parametrize(
    ("criteria", "left"),
    [
        ({"id": 1}, [False, True]),
        ({"stackLevel": 2}, [True, False]),
        ({"chargingProfilePurpose": "TxProfile"}, [True, False]),
        ({}, [False, False]),
        ({"id": 7}, [True, True]),
    ],
)
def test_clearing_takes_what_it_names(criteria: dict[str, Any], left: list[bool]) -> None:
    profiles = Profiles()
    profiles.install(profile(6.0, chargingProfileId=1, chargingProfilePurpose="TxDefaultProfile"))
    profiles.install(profile(10.0, chargingProfileId=2, stackLevel=2))
    assert profiles.clear(criteria) == (not all(left))
    now = START + timedelta(minutes=1)
    assert (profiles.limit_kw(outlet(fallback_kw=OWN_KW), now, START, 1) != OWN_KW) == any(left)


def test_the_end_of_a_transaction_takes_its_profiles_only() -> None:
    profiles = Profiles()
    profiles.install(profile(6.0, chargingProfileId=1, chargingProfilePurpose="TxDefaultProfile"))
    profiles.install(profile(10.0, chargingProfileId=2))
    profiles.end_transaction(1)
    assert profiles.limit_kw(outlet(), START + timedelta(minutes=1), START, 1) == pytest.approx(6.0 * 0.69)


@pytest.mark.parametrize(
    "changes",
    [
        {"chargingProfileId": "1"},
        {"chargingProfilePurpose": "Other"},
        {"chargingProfileKind": None},
        {"recurrencyKind": "Hourly"},
        {"stackLevel": True},
        {"chargingSchedule": []},
        {"validTo": "tomorrow"},
        {"schedule": {"chargingRateUnit": "kW"}},
        {"schedule": {"chargingSchedulePeriod": []}},
        {"schedule": {"chargingSchedulePeriod": [{"startPeriod": 5, "limit": 1.0}]}},
        {"schedule": {"chargingSchedulePeriod": [{"startPeriod": 0}]}},
        {"schedule": {"chargingSchedulePeriod": ["x"]}},
    ],
)
def test_what_the_standard_does_not_allow_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FrameError):
        profile(**changes)
