"""What a car tells that nobody can believe is not taken, and said aloud."""

from datetime import timedelta

import pytest

from adapters.ocpp.frames import Payload
from adapters.ocpp.outlet import Outlet
from adapters.ocpp.v2.needs import read_needs
from tests.adapters.ocpp.conftest import START, make_site
from v2g.site import Protocol

OUTLET = Outlet(evse=make_site(Protocol.OCPP201).evses[0])


@pytest.mark.parametrize("told", ["2026-01-05T07:59:59Z", "2026-03-06T08:00:01Z", "2999-01-01T00:00:00Z", "tomorrow"])
def test_a_departure_that_has_been_or_is_too_far_away_is_none(told: str) -> None:
    needs = read_needs({"requestedEnergyTransfer": "DC", "departureTime": told}, OUTLET, START)
    assert needs.wishes.departure is None
    (doubt,) = needs.doubts
    assert told in doubt


@pytest.mark.parametrize(
    ("parameters", "doubts"),
    [
        ({"acChargingParameters": {"energyAmount": 0, "evMinCurrent": 6, "evMaxCurrent": 16, "evMaxVoltage": 400}}, 1),
        ({"dcChargingParameters": {"evMaxCurrent": 100, "evMaxVoltage": 800, "evMaxPower": 10_000_000}}, 1),
        ({"v2xChargingParameters": {"maxChargePower": 0, "evTargetEnergyRequest": -5}}, 2),
        ({"dcChargingParameters": {"evMaxCurrent": 100, "evMaxVoltage": 800, "evMaxPower": 11_000, "energyAmount": 20_000}}, 0),
    ],
)
def test_powers_and_energies_that_cannot_be_are_left_out(parameters: Payload, doubts: int) -> None:
    departure = START + timedelta(hours=9)
    needs = read_needs(parameters | {"requestedEnergyTransfer": "DC", "departureTime": departure.isoformat()}, OUTLET, START)
    assert needs.wishes.departure == departure
    assert len(needs.doubts) == doubts, needs.doubts
    assert (needs.vehicle.charge_max_kw is None or needs.wishes.energy_kwh is None) == bool(doubts)
