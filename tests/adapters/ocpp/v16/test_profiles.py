import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocpp.messages import MessageType, get_validator
from ocpp.v16.enums import Action

from adapters.ocpp.limits import RateUnit, limit_for
from adapters.ocpp.v16.profiles import clear_requests, fallback_profile, lease_profile
from v2g.site import Evse, Protocol

W, A = RateUnit.WATTS, RateUnit.AMPS
NOW = datetime(2026, 1, 5, 8, 0, 0, 900_000, tzinfo=UTC)


def make_evse(*, phases: tuple[int, ...] = (1, 2, 3), charge_min_kw: float = 0.0, connector_id: int = 1) -> Evse:
    return Evse(
        evse_id="a",
        station_id="CP",
        connector_id=connector_id,
        protocol=Protocol.OCPP16,
        circuit_id="grid",
        charge_max_kw=22.0,
        charge_min_kw=charge_min_kw,
        phases=phases,
        fallback_kw=4.2,
    )


EVSES = st.builds(make_evse, phases=st.sampled_from([(1,), (2, 3), (1, 2, 3)]), charge_min_kw=st.sampled_from([0.0, 1.38, 4.14]))
UNITS = st.sampled_from([W, A])


def assert_schema(action: Action, request: Any) -> None:
    """Check what travels, with the decimals that the package itself uses for tenths."""
    payload = json.loads(json.dumps(request), parse_float=Decimal)
    get_validator(MessageType.Call, action, "1.6", parse_float=Decimal).validate(payload)


@pytest.mark.parametrize(
    ("power_kw", "unit", "value"),
    [
        (11.0, W, 11000.0),
        (11.04, W, 11040.0),
        (11.04, A, 16.0),
        (11.0, A, 15.9),
        (4.14, A, 6.0),
        (4.139, A, 0.0),
        (0.0, A, 0.0),
        (0.0, W, 0.0),
        (7.12345678, W, 7123.4),
        (-5.0, W, 0.0),
        (-5.0, A, 0.0),
    ],
)
def test_limits_by_hand(power_kw: float, unit: RateUnit, value: float) -> None:
    assert limit_for(power_kw, make_evse(), unit).value == value


def test_less_than_the_outlet_can_hold_is_nothing() -> None:
    assert limit_for(4.0, make_evse(charge_min_kw=4.14), W).value == 0.0
    assert limit_for(4.14, make_evse(charge_min_kw=4.14), W).value == 4140.0


@given(st.floats(-50, 50), EVSES, UNITS)
def test_a_limit_never_exceeds_the_setpoint_and_is_fit_to_hold(power_kw: float, evse: Evse, unit: RateUnit) -> None:
    limit = limit_for(power_kw, evse, unit)
    assert 0.0 <= limit.power_kw <= max(power_kw, 0.0) + 1e-6
    assert limit.value == 0.0 or limit.power_kw >= evse.charge_min_kw - 1e-6 - 0.07 * (unit == A)
    assert limit.value == 0.0 or unit == W or limit.value >= 6.0
    assert Decimal(str(limit.value)) % Decimal("0.1") == 0


@given(st.floats(0, 50), st.floats(0, 1), EVSES, UNITS)
def test_more_setpoint_is_never_less_limit(power_kw: float, more_kw: float, evse: Evse, unit: RateUnit) -> None:
    assert limit_for(power_kw + more_kw, evse, unit).value >= limit_for(power_kw, evse, unit).value


@given(st.floats(0, 50), EVSES, UNITS, st.floats(2, 1e6), st.none() | st.integers(-1, 10**6))
def test_a_lease_ends_in_time_and_fits_the_schema(
    power_kw: float, evse: Evse, unit: RateUnit, lease_s: float, transaction_id: int | None
) -> None:
    until = NOW + timedelta(seconds=lease_s)
    request = lease_profile(limit_for(power_kw, evse, unit), evse, now=NOW, until=until, transaction_id=transaction_id)
    assert_schema(Action.set_charging_profile, request)
    profile = request["csChargingProfiles"]
    schedule = profile["chargingSchedule"]
    start = datetime.fromisoformat(schedule["startSchedule"])
    assert start <= NOW
    assert until - timedelta(seconds=1) < start + timedelta(seconds=schedule["duration"]) <= until
    assert profile["chargingProfilePurpose"] == ("TxDefaultProfile" if transaction_id is None else "TxProfile")
    assert profile.get("transactionId") == transaction_id


@given(EVSES, UNITS)
def test_the_fallback_lies_beneath_the_lease_and_never_ends(evse: Evse, unit: RateUnit) -> None:
    request = fallback_profile(evse, unit)
    assert_schema(Action.set_charging_profile, request)
    lease = lease_profile(limit_for(0, evse, unit), evse, now=NOW, until=NOW + timedelta(minutes=1), transaction_id=None)
    low, high = request["csChargingProfiles"], lease["csChargingProfiles"]
    assert low["stackLevel"] < high["stackLevel"]
    assert low["chargingProfilePurpose"] == high["chargingProfilePurpose"] == "TxDefaultProfile"
    assert low["chargingProfileId"] != high["chargingProfileId"]
    assert "duration" not in low["chargingSchedule"]


def test_clearing_names_the_leases_of_this_connector_only() -> None:
    first, second = make_evse(connector_id=1), make_evse(connector_id=2)
    ids = [request["id"] for evse in (first, second) for request in clear_requests(evse)]
    assert len(set(ids)) == 4
    assert fallback_profile(first, W)["csChargingProfiles"]["chargingProfileId"] not in ids
    for request in clear_requests(first):
        assert_schema(Action.clear_charging_profile, request)
