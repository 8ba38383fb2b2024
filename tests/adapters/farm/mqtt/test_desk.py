import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.farm.leases import Leases
from adapters.farm.mqtt.desk import Desk
from tests.adapters.farm.stations import START, outlet, station

NOW = START + timedelta(minutes=1)


def iso(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


def raw(power_kw: float, *, at: float = 1.0, until: float = 15.0, fallback_kw: float = 2.0) -> bytes:
    values = {"setpoint_id": "s", "at": iso(at), "power_kw": power_kw, "valid_until": iso(until), "fallback_kw": fallback_kw}
    return json.dumps(values).encode()


def desk_and_leases(*, charge_max_kw: float = 11.0, discharge_max_kw: float = 7.0, **options: Any) -> tuple[Desk, Leases]:
    leases = Leases(station(outlet(fallback_kw=1.0)))
    return Desk(0, leases, lambda: (charge_max_kw, discharge_max_kw), **{"keeps_fallback": True, **options}), leases


def ceiling_kw(leases: Leases, at: datetime = NOW) -> float:
    return float(leases.ceilings_kw(at.timestamp())[0])


@pytest.mark.parametrize(("asked_kw", "in_force_kw"), [(5.0, 5.0), (22.0, 11.0), (-5.0, -5.0), (-20.0, -7.0), (0.0, 0.0)])
def test_setpoints_are_accepted_as_far_as_the_means_go(asked_kw: float, in_force_kw: float) -> None:
    desk, leases = desk_and_leases()
    ack = desk.handle(raw(asked_kw), NOW)
    assert ack == {"setpoint_id": "s", "at": NOW, "result": "accepted", "power_kw": in_force_kw}
    assert ceiling_kw(leases) == in_force_kw
    assert desk.in_force(NOW) == (in_force_kw, START + timedelta(minutes=15))


def test_after_the_lease_the_fallback_sent_with_it_holds_or_a_batterys_rest() -> None:
    desk, leases = desk_and_leases()
    desk.handle(raw(-5.0, fallback_kw=3.0), NOW)
    assert ceiling_kw(leases, START + timedelta(minutes=15)) == 3.0
    resting, own = desk_and_leases(keeps_fallback=False)
    resting.handle(raw(-5.0, fallback_kw=3.0), NOW)
    assert ceiling_kw(own, START + timedelta(minutes=15)) == 1.0


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (raw(5.0, until=1.0), "expired"),
        (raw(5.0, at=-1.0), "superseded"),
        (raw(5.0, fallback_kw=-1.0), "a fallback never discharges"),
        (b'{"setpoint_id": "s", "power_kw": "much"}', "at: missing or no text"),
    ],
)
def test_what_must_be_rejected_is_and_changes_nothing(message: bytes, reason: str) -> None:
    desk, leases = desk_and_leases()
    desk.handle(raw(4.0, at=0.0), NOW)
    ack = desk.handle(message, NOW)
    assert ack == {"setpoint_id": "s", "at": NOW, "result": "rejected", "power_kw": 4.0, "reason": reason}
    assert ceiling_kw(leases) == 4.0


def test_discharge_without_means_is_rejected() -> None:
    desk, leases = desk_and_leases(discharge_max_kw=0.0)
    ack = desk.handle(raw(-1.0), NOW)
    assert ack is not None
    assert ack["reason"] == "cannot discharge"
    assert ceiling_kw(leases) == 1.0


def test_what_has_no_readable_id_deserves_no_answer() -> None:
    desk, _ = desk_and_leases()
    assert desk.handle(b"\xff{", NOW) is None
    assert desk.handle(b'{"setpoint_id": 5}', NOW) is None


def test_a_charger_without_power_has_no_setpoint_in_force() -> None:
    desk, leases = desk_and_leases()
    desk.handle(raw(5.0), NOW)
    leases.grant(0, 0.0, float("inf"))
    assert desk.in_force(NOW) == (None, None)
