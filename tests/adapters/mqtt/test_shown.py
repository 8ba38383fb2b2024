from typing import Any

import pytest

from adapters.clock import VirtualClock
from adapters.mqtt.schema import dump
from adapters.mqtt.shown import shown_outlet, shown_site
from tests.adapters.mqtt.support import NOW
from tests.support.fake_station import FakeStation
from v2g.observation import BatteryState, EvseState, Observation, Quality, Reading
from v2g.session import ChargingSession

CAR = ChargingSession(session_id="s", evse_id="A", plugged_in_at=NOW, driver="p-5b1e", soc_frac=0.5)


def reading(value: float, quality: Quality = Quality.GOOD) -> Reading:
    return Reading(value=value, at=NOW, quality=quality)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"online": False, "session": CAR, "fault": "x"}, "offline"),
        ({"session": CAR, "fault": "fan"}, "fault"),
        ({}, "free"),
        ({"session": CAR}, "plugged"),
        ({"session": CAR, "power_kw": reading(0.05)}, "plugged"),
        ({"session": CAR, "power_kw": reading(7.0)}, "charging"),
        ({"session": CAR, "power_kw": reading(7.0, Quality.STALE)}, "plugged"),
        ({"session": CAR, "power_kw": reading(-7.0)}, "discharging"),
    ],
)
def test_an_outlet_is_told_in_a_word(said: dict[str, Any], word: str) -> None:
    shown = shown_outlet(EvseState(**{"evse_id": "A", "online": True, **said}))
    assert shown["state"] == word
    assert dump("shown_outlet", shown, "here")
    assert b"p-5b1e" not in dump("shown_outlet", shown, "here"), "drivers are nobody's business"


def test_the_sites_powers_add_up_and_what_is_not_known_is_none() -> None:
    evses = tuple(EvseState(evse_id=str(kw), online=kw != 9.0, session=CAR, power_kw=reading(kw)) for kw in (7.0, 4.0, -3.0, 9.0))
    batteries = (BatteryState(battery_id="B", online=True, power_kw=reading(-2.0)),)
    observation = Observation(
        at=NOW, evses=evses, batteries=batteries, site_power_kw=reading(6.0), load_kw=reading(1.0, Quality.STALE), pv_kw=None
    )
    shown = shown_site(observation, None)
    assert shown == {
        "import_kw": 6.0,
        "load_kw": None,
        "pv_kw": None,
        "charge_kw": 11.0,
        "discharge_kw": 3.0,
        "battery_kw": -2.0,
        "cars": 4,
        "import_limit_kw": None,
        "price_per_kwh": None,
    }
    assert dump("shown_site", shown, "here")


def test_a_plan_gives_limit_and_price() -> None:
    station = FakeStation(VirtualClock(NOW))
    latest = station.latest()
    assert latest is not None
    shown = shown_site(station.observation(), latest)
    assert shown["import_limit_kw"] == pytest.approx(latest.plan.import_limit_kw[0], abs=0.01)
    assert shown["price_per_kwh"] == pytest.approx(latest.plan.import_price_per_kwh[0], abs=1e-5)
    assert dump("shown_site", shown, "here")
