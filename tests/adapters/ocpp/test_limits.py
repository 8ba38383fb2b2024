import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ocpp.connection import RefusedError
from adapters.ocpp.limits import Limit, RateUnit, ceiling, composite_kw, limit_for, rate_unit
from adapters.ocpp.readback import TOLERANCE_KW, needs_proof, promised_kw
from tests.adapters.ocpp.conftest import make_evse
from tests.adapters.ocpp.v16.test_profiles import make_evse as make_phased

EVSE = make_evse("a", "CP")
W, A = RateUnit.WATTS, RateUnit.AMPS


@pytest.mark.parametrize(
    ("power_kw", "unit", "gives_back", "value"),
    [
        (-5.0, W, True, -5000.0),
        (-5.00009, W, True, -5000.0),
        (-11.0, A, True, -15.9),
        (-4.0, A, True, 0.0),
        (-0.00001, W, True, 0.0),
        (-5.0, W, False, 0.0),
        (7.0, W, True, 7000.0),
    ],
)
def test_discharge_by_hand(power_kw: float, unit: RateUnit, gives_back: bool, value: float) -> None:
    assert limit_for(power_kw, EVSE, unit, gives_back=gives_back).value == value


@given(st.floats(-50, 50), st.sampled_from([W, A]), st.booleans(), st.sampled_from([(1,), (2, 3), (1, 2, 3)]))
def test_a_limit_lies_between_nothing_and_the_setpoint(
    power_kw: float,
    unit: RateUnit,
    gives_back: bool,
    phases: tuple[int, ...],
) -> None:
    limit = limit_for(power_kw, make_phased(phases=phases), unit, gives_back=gives_back)
    low_kw, high_kw = min(power_kw, 0.0) if gives_back else 0.0, max(power_kw, 0.0)
    assert low_kw - 1e-6 <= limit.power_kw <= high_kw + 1e-6
    schedule = [{"startPeriod": 0, "limit": limit.value}]
    if limit.value != -1:
        assert composite_kw(schedule, unit, make_phased(phases=phases)) == pytest.approx(limit.power_kw)


def test_what_a_composite_schedule_says() -> None:
    assert composite_kw([], "W", EVSE) is None
    assert composite_kw([{"startPeriod": 0}], "W", EVSE) is None
    assert composite_kw([{"startPeriod": 0, "limit": -1.0}], "W", EVSE) is None
    later = [{"startPeriod": 60, "limit": 9000.0}, {"startPeriod": 0, "limit": 0.0, "setpoint": -5000.0}]
    assert composite_kw(later, "W", EVSE) == -5.0
    assert composite_kw([{"startPeriod": 0, "limit": 16.0, "numberPhases": 1}], "A", EVSE) == pytest.approx(3.68)


@given(st.floats(-50, 50), st.none() | st.floats(-60, 60))
def test_no_more_is_promised_than_was_asked_and_told(asked_kw: float, told_kw: float | None) -> None:
    limit = Limit(value=asked_kw * 1000, unit=W, power_kw=asked_kw)
    try:
        promised = promised_kw(limit, told_kw)
    except RefusedError:
        assert told_kw is not None
        assert told_kw > max(asked_kw, 0.0) or told_kw < min(asked_kw, 0.0) or asked_kw >= 0 > told_kw
    else:
        assert min(asked_kw, 0.0) <= promised <= max(asked_kw, 0.0)
        assert told_kw is None or abs(promised) <= abs(asked_kw)
        assert told_kw is None or min(asked_kw, 0.0) - TOLERANCE_KW <= told_kw <= max(asked_kw, 0.0) + TOLERANCE_KW


def test_proof_is_asked_once_for_charging_and_always_for_discharge() -> None:
    charge, back = Limit(value=1, unit=W, power_kw=1), Limit(value=-1, unit=W, power_kw=-1)
    assert [needs_proof(limit, proved=proved) for limit in (charge, back) for proved in (False, True)] == [True, False, True, True]


@pytest.mark.parametrize(
    ("allowed", "unit"), [("Current,Power", W), ("Current", A), ("A", A), ("W", W), ("", W), (" a , w ", W), ("Phases", W)]
)
def test_only_amps_where_only_amps_are_allowed(allowed: str, unit: RateUnit) -> None:
    assert rate_unit(allowed) == unit


def test_a_ceiling_is_the_sum_of_what_outlets_may_draw() -> None:
    assert ceiling([EVSE, EVSE], W) == 44_000.0
    assert ceiling([EVSE], A) == 31.8
