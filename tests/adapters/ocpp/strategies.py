"""Frames as Hypothesis draws them: real ones, mutated ones, and nonsense."""

import json
from typing import Any

from hypothesis import strategies as st

STAMP = "2026-01-05T08:00:00Z"
REQUESTS: dict[str, dict[str, Any]] = {
    "BootNotification": {"chargePointVendor": "Test", "chargePointModel": "One"},
    "Heartbeat": {},
    "StatusNotification": {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "timestamp": STAMP},
    "Authorize": {"idTag": "TAG"},
    "StartTransaction": {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": STAMP},
    "StopTransaction": {"transactionId": 1, "meterStop": 10, "timestamp": STAMP, "reason": "Local"},
    "MeterValues": {
        "connectorId": 1,
        "meterValue": [
            {
                "timestamp": STAMP,
                "sampledValue": [
                    {"value": "7000", "measurand": "Power.Active.Import", "unit": "W", "phase": "L1"},
                    {"value": "1200.5", "measurand": "Energy.Active.Import.Register", "unit": "kWh"},
                    {"value": "16", "measurand": "Current.Import", "unit": "A", "phase": "L2"},
                    {"value": "55", "measurand": "SoC", "unit": "Percent"},
                ],
            }
        ],
    },
    "DataTransfer": {"vendorId": "acme"},
    "FirmwareStatusNotification": {"status": "Idle"},
    "DiagnosticsStatusNotification": {"status": "Idle"},
    "Reset": {"type": "Soft"},
    "MakeCoffee": {"sugar": True},
}

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=30)
    | st.sampled_from(
        ["NaN", "-1e12", "1e400", "banana", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "\ud800", "../x"]
    )
)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4))


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] + [place for key, child in children for place in _places(child, (*path, key))]


def _replaced(value: Any, path: tuple[Any, ...], new: Any, *, drop: bool) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    if drop and len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = _replaced(value[path[0]], path[1:], new, drop=drop)
    return copy


@st.composite
def requests(draw: st.DrawFn) -> list[Any]:
    """Draw a correct request."""
    action = draw(st.sampled_from(sorted(REQUESTS)))
    return [2, f"m{draw(st.integers(0, 999))}", action, REQUESTS[action]]


@st.composite
def mutants(draw: st.DrawFn) -> list[Any]:
    """Draw a request in which one to three places are replaced, or are missing."""
    frame: Any = draw(requests())
    for _ in range(draw(st.integers(1, 3))):
        if not isinstance(frame, list) or not frame:
            return [frame]
        place = draw(st.sampled_from(_places(frame)[1:]))
        frame = _replaced(frame, place, draw(JSON), drop=draw(st.booleans()))
    return list(frame)


@st.composite
def deep(draw: st.DrawFn) -> str:
    """Draw nesting up to far beyond what Python's recursion bears."""
    n = draw(st.sampled_from([5, 19, 20, 21, 50, 900, 3000, 20_000]))
    left, right = draw(st.sampled_from([("[", "]"), ('{"a":', "}")]))
    return f'[2,"d","Heartbeat",{left * n}1{right * n}]' if draw(st.booleans()) else left * n


TEXTS = (
    requests().map(json.dumps)
    | mutants().map(json.dumps)
    | JSON.map(json.dumps)
    | deep()
    | st.text(max_size=80)
    | st.sampled_from(['[2,"a","Heartbeat",{}', "[]", "null", "[NaN]", '[2,"a","Heartbeat",{"x":1e999}]', f"[{'9' * 5000}]"])
)
