import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ocpp.charger_clock import ChargerClock
from adapters.ocpp.outlet import Sample
from adapters.ocpp.v16.meter import read_meter_values
from tests.adapters.ocpp.conftest import make_evse

NOW = datetime(2026, 1, 5, 8, tzinfo=UTC)
EVSE = make_evse("a", "CP")
POWER, REGISTER, CURRENT, EXPORT = (
    "Power.Active.Import",
    "Energy.Active.Import.Register",
    "Current.Import",
    "Power.Active.Export",
)


def sampled(value: object, measurand: str = "", unit: str = "", phase: str = "", location: str = "", **more: str) -> dict[str, str]:
    given_fields = {"measurand": measurand, "unit": unit, "phase": phase, "location": location}
    return {"value": str(value)} | {key: text for key, text in given_fields.items() if text} | more


def read_all(*meter_values: dict[str, Any]) -> tuple[list[Sample], list[str]]:
    return read_meter_values(meter_values, evse=EVSE, clock=ChargerClock("CP"), now=NOW)


def read(*values: dict[str, str], at: datetime | str = NOW) -> tuple[Sample, list[str]]:
    text = at if isinstance(at, str) else at.isoformat()
    (sample,), doubts = read_all({"timestamp": text, "sampledValue": list(values)})
    return sample, doubts


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([sampled(7200, POWER)], {"power_kw": 7.2}),
        ([sampled(7.2, POWER, "kW")], {"power_kw": 7.2}),
        ([sampled(2000, POWER, "W", f"L{n}") for n in (1, 2, 3)], {"power_kw": 6.0}),
        ([sampled(2000, POWER, "W", f"L{n}-N") for n in (1, 2)], {"power_kw": 4.0}),
        ([sampled(7000, POWER), sampled(1, POWER, "W", "L1")], {"power_kw": 7.0}),
        ([sampled(3000, EXPORT)], {"power_kw": -3.0}),
        ([sampled(1000, POWER), sampled(3000, EXPORT)], {"power_kw": -2.0}),
        ([sampled(7000, POWER, location="Inlet")], {"power_kw": 7.0}),
        ([sampled(7000, POWER, location="Outlet"), sampled(7500, POWER, location="Inlet")], {"power_kw": 7.0}),
        ([sampled(9000, POWER, location="EV")], {}),
        ([sampled(12_345)], {"register_kwh": 12.345}),
        ([sampled(12.5, REGISTER, "kWh")], {"register_kwh": 12.5}),
        ([sampled(10, CURRENT)], {"estimate_kw": 6.9}),
        ([sampled(10, CURRENT, phase="L1")], {"estimate_kw": 2.3}),
        ([sampled(10, CURRENT, phase="L1"), sampled(240, "Voltage", phase="L1-N")], {"estimate_kw": 2.4}),
        ([sampled(10, CURRENT, phase="L1"), sampled(400, "Voltage", phase="L1-L2")], {"estimate_kw": 2.3}),
        ([sampled(55, "SoC", "Percent", location="EV")], {"soc_frac": 0.55}),
        ([sampled(16, "Current.Offered"), sampled(50, "Frequency")], {}),
        ([sampled("0A1B", format="SignedData")], {}),
    ],
)
def test_what_chargers_send(values: list[dict[str, str]], expected: dict[str, float]) -> None:
    sample, doubts = read(*values)
    assert doubts == []
    for name in ("power_kw", "estimate_kw", "register_kwh", "soc_frac"):
        assert getattr(sample, name) == pytest.approx(expected.get(name)), name


@pytest.mark.parametrize(
    "value",
    [
        sampled("NaN", POWER),
        sampled("-1e12", POWER),
        sampled("1e400", POWER),
        sampled("1e308", POWER, "kW"),
        sampled("seven", POWER),
        sampled(66_001, POWER),
        sampled(96, CURRENT),
        sampled(101, "SoC"),
        sampled(-1, "SoC"),
        sampled(-1, REGISTER),
        sampled("1e300", REGISTER),
    ],
)
def test_what_nobody_can_believe_is_told_and_left_out(value: dict[str, str]) -> None:
    sample, doubts = read(value, sampled(42, "SoC") if "SoC" not in value.values() else sampled(5000, POWER))
    assert len(doubts) == 1
    left = [x for x in (sample.power_kw, sample.estimate_kw, sample.register_kwh, sample.soc_frac) if x is not None]
    assert len(left) == 1, "the sound value beside it is kept"


@pytest.mark.parametrize(
    "at", ["banana", "1970-01-01T00:00:00Z", "2026-01-05T16:00:00Z", "2026-01-03T08:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_a_timestamp_that_is_off_spoils_its_values_only(at: str) -> None:
    good = {"timestamp": "2026-01-05T07:59:59", "sampledValue": [sampled(1000, POWER)]}
    bad = {"timestamp": at, "sampledValue": [sampled(2000, POWER)]}
    samples, doubts = read_all(bad, good)
    assert [sample.power_kw for sample in samples] == [1.0]
    assert samples[0].at == NOW - timedelta(seconds=1)
    assert len(doubts) == 1


def test_samples_come_in_the_order_of_time() -> None:
    values: list[dict[str, Any]] = [
        {"timestamp": (NOW - timedelta(seconds=s)).isoformat(), "sampledValue": [sampled(s, POWER)]} for s in (10, 30, 20)
    ]
    samples, _ = read_all(*values)
    assert [sample.power_kw for sample in samples] == [0.03, 0.02, 0.01]


@given(
    st.lists(
        st.builds(sampled, st.floats() | st.text(max_size=8), st.sampled_from([POWER, REGISTER, CURRENT, EXPORT, "SoC", "Voltage"]))
    )
)
def test_a_sample_is_finite_and_within_reason(values: list[dict[str, str]]) -> None:
    sample, _ = read(*values)
    assert sample.power_kw is None or abs(sample.power_kw) <= 66.0
    assert sample.estimate_kw is None or abs(sample.estimate_kw) <= 66.0
    assert sample.soc_frac is None or 0.0 <= sample.soc_frac <= 1.0
    assert sample.register_kwh is None or math.isfinite(sample.register_kwh)
