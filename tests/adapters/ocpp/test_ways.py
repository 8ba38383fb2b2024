"""One limit, said in every way that a charger may understand: by unit and by scope, over real sockets."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.ocpp.limits import RateUnit
from adapters.ocpp.outlet import Outlet
from adapters.ocpp.ways import Scope, Way, Ways
from tests.adapters.ocpp.charger import Payload
from tests.adapters.ocpp.conftest import START, Bench, make_bench, make_evse, make_site
from tests.adapters.ocpp.peers import peer
from tests.adapters.ocpp.test_contract import OCPP, setpoint
from v2g.setpoint import Applied, Rejected
from v2g.site import Protocol

W, A = RateUnit.WATTS, RateUnit.AMPS
TX = ("TxProfile", "W"), ("TxProfile", "A")
DEFAULT = ("TxDefaultProfile", "W"), ("TxDefaultProfile", "A")
EMPTY = Outlet(evse=make_evse("a", "CP"))


@pytest.fixture(params=OCPP)
def protocol(request: pytest.FixtureRequest) -> Protocol:
    return Protocol(request.param)


@pytest.fixture
async def line(protocol: Protocol) -> AsyncIterator[Bench]:
    bench = make_bench(site=make_site(protocol))
    async with bench.central.serve() as listener:
        bench.url = listener.url
        yield bench


def told(profile: Payload) -> tuple[str, str]:
    """Return purpose and unit of a profile of any version."""
    schedule = profile["chargingSchedule"]
    first = schedule[0] if isinstance(schedule, list) else schedule
    return profile["chargingProfilePurpose"].replace("ChargingStationMax", "ChargePointMax"), first["chargingRateUnit"]


async def test_what_is_ignored_is_said_in_another_unit_and_of_another_scope(line: Bench, protocol: Protocol) -> None:
    async with peer(protocol, line.url, "CP-B") as car:
        await car.boot()
        await car.raw.until(lambda: len(line.changes) >= 2)
        await car.begin(START)
        for attempt in (0, 0, 1, 1, 2, 3, 4, 5, 6):
            (outcome,) = await line.central.apply([replace(setpoint("b", 11.0), attempt=attempt)])
            assert isinstance(outcome, Applied)
        whole = [("ChargePointMaxProfile", "W"), ("ChargePointMaxProfile", "A")]
        seen = [told(profile) for profile in car.raw.profiles()]
        assert seen == [TX[0], TX[0], TX[1], TX[1], *DEFAULT, *whole, TX[0]]
        assert len(car.raw.payloads("ClearChargingProfile")) == 3, "what was said of another scope is taken back"
        await line.central.apply([setpoint("b", 9.0)])
        assert told(car.raw.profiles()[-1]) == TX[0], "the last way stays"


async def test_what_was_said_of_an_outlet_does_not_come_back_when_its_transactions_limit_is_over(
    line: Bench, protocol: Protocol
) -> None:
    """Day 1034 of the campaign: a default of 11 kW lay beneath a shorter limit of 2.3 kW, and outlived it."""
    async with peer(protocol, line.url, "CP-B") as car:
        await car.boot()
        await car.raw.until(lambda: len(line.changes) >= 2)
        await line.central.apply([setpoint("b", 11.0)])
        assert car.raw.payloads("ClearChargingProfile") == []
        await car.begin(START)
        await line.central.apply([setpoint("b", 5.0, lease_s=300.0)])
        assert [told(profile) for profile in car.raw.profiles()] == [DEFAULT[0], TX[0]]
        assert len(car.raw.payloads("ClearChargingProfile")) == 1


async def test_a_station_of_two_is_not_told_by_its_own_limit(line: Bench, protocol: Protocol) -> None:
    async with peer(protocol, line.url, "CP-A") as car:
        await car.boot()
        await car.raw.until(lambda: len(line.changes) >= 2)
        await car.begin(START)
        for attempt in range(5):
            await line.central.apply([replace(setpoint("a1", 11.0), attempt=attempt)])
        assert [told(profile) for profile in car.raw.profiles()] == [*TX, *DEFAULT, TX[0]]


async def test_a_refusal_is_cured_by_whatever_is_accepted_and_that_is_tried_first_from_then_on(
    line: Bench, protocol: Protocol
) -> None:
    async with peer(protocol, line.url, "CP-B") as car:
        await car.boot()
        await car.raw.until(lambda: len(line.changes) >= 2)
        await car.begin(START)

        def only_default_in_amperes(asked: Payload) -> Payload:
            profile = asked.get("csChargingProfiles") or asked["chargingProfile"]
            return {"status": "Accepted" if told(profile) == DEFAULT[1] else "Rejected"}

        car.raw.answers["SetChargingProfile"] = only_default_in_amperes
        car.raw.answers["GetCompositeSchedule"] = lambda _: {"status": "Rejected"}
        (outcome,) = await line.central.apply([setpoint("b", 11.04)])
        assert isinstance(outcome, Applied)
        assert [told(profile) for profile in car.raw.profiles()] == [*TX, *DEFAULT]
        await line.central.apply([setpoint("b", 9.0)])
        assert [told(profile) for profile in car.raw.profiles()[4:]] == [DEFAULT[1]]
        car.raw.answers["SetChargingProfile"] = lambda _: {"status": "Rejected"}
        (refused,) = await line.central.apply([setpoint("b", 11.04)])
        assert isinstance(refused, Rejected)
        assert len(car.raw.profiles()) == 11, "each way once"


def test_the_unit_that_the_charger_says_it_takes_comes_first_and_the_other_next() -> None:
    ways = Ways()
    ways.begin(A)
    of_outlet, of_station = [Way(A, Scope.OUTLET), Way(W, Scope.OUTLET)], [Way(A, Scope.STATION), Way(W, Scope.STATION)]
    assert ways.order(EMPTY, 0, alone=False) == of_outlet
    assert ways.order(EMPTY, 0, alone=True) == of_outlet + of_station
    assert ways.order(EMPTY, 1, alone=True) == [of_outlet[1], *of_station, of_outlet[0]]
