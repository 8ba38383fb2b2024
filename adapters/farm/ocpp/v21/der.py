"""Grid codes of distributed energy resources: kept and reported; the cap on discharge is obeyed (OCPP 2.1, R01 to R05)."""

from datetime import datetime, timedelta

from adapters.farm.ocpp.fields import maybe_instant, stamp
from adapters.farm.ocpp.link import Payload
from adapters.farm.ocpp.v2.handling import ACCEPTED, Handler
from adapters.farm.ocpp.v2.point import Point, Tell

PARTS = {
    "EnterService": "enterService",
    "FixedPFAbsorb": "fixedPFAbsorb",
    "FixedPFInject": "fixedPFInject",
    "FixedVar": "fixedVar",
    "FreqDroop": "freqDroop",
    "Gradients": "gradient",
    "LimitMaxDischarge": "limitMaxDischarge",
}
"""The field of a control that is no curve; all others are curves."""
INNER = {"fixedPFAbsorb": "fixedPF", "fixedPFInject": "fixedPF"}
BARE = frozenset({"enterService", "gradient"})
"""Controls that are reported without saying whether they are the default and superseded."""
CAP = "limitMaxDischarge"


def set_control(point: Point, payload: Payload) -> Payload:
    """Keep a control; a new default takes the place of the old one of its kind."""
    controls, kind = point.papers.controls, payload["controlType"]
    if _part(kind) not in payload:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "MissingParam"}}
    defaults = [name for name, control in controls.items() if control["controlType"] == kind and control["isDefault"]]
    replaced = defaults if payload["isDefault"] else []
    for name in replaced:
        del controls[name]
    controls[payload["controlId"]] = payload
    told = {"controlId": payload["controlId"], "started": True, "timestamp": stamp(point.clock.now())}
    point.shell.tell(Tell(action="NotifyDERStartStop", payload=told))
    others = [name for name in replaced if name != payload["controlId"]]
    return ACCEPTED | ({"supersededIds": others[:24]} if others else {})


def get_controls(point: Point, payload: Payload) -> Payload:
    """Report the controls asked for, one in a message."""
    chosen = _chosen(point, payload)
    for number, (name, control) in enumerate(chosen.items(), start=1):
        part = _part(control["controlType"])
        flags = {} if part in BARE else {"isDefault": control["isDefault"], "isSuperseded": False}
        kind = {"curveType": control["controlType"]} if part == "curve" else {}
        told = {
            "requestId": payload["requestId"],
            "tbc": number < len(chosen),
            part: [{"id": name, INNER.get(part, part): control[part]} | flags | kind],
        }
        point.shell.tell(Tell(action="ReportDERControl", payload=told))
    return ACCEPTED if chosen else {"status": "NotFound"}


def clear_controls(point: Point, payload: Payload) -> Payload:
    """Forget the controls named."""
    chosen = _chosen(point, payload)
    for name in chosen:
        del point.papers.controls[name]
    return ACCEPTED if chosen else {"status": "NotFound"}


def obey_cap(point: Point, now: datetime) -> None:
    """Let cars give back the least share that any control in force leaves them."""
    controls = [control[CAP] for control in point.papers.controls.values() if CAP in control]
    shares = [cap.get("pctMaxDischargePower", 100.0) / 100.0 for cap in controls if _holds(cap, now)]
    point.discharge_share = min(shares, default=1.0)


def _holds(cap: Payload, now: datetime) -> bool:
    start, duration_s = maybe_instant(cap, "startTime"), cap.get("duration")
    if start is None:
        return True
    return start <= now and (duration_s is None or now < start + timedelta(seconds=duration_s))


def _chosen(point: Point, payload: Payload) -> dict[str, Payload]:
    wanted = {key: payload[key] for key in ("controlId", "controlType", "isDefault") if key in payload}
    return {name: c for name, c in point.papers.controls.items() if all(c[key] == value for key, value in wanted.items())}


def _part(kind: str) -> str:
    return PARTS.get(kind, "curve")


HANDLERS: dict[str, Handler] = {
    "SetDERControl": set_control,
    "GetDERControl": get_controls,
    "ClearDERControl": clear_controls,
}
