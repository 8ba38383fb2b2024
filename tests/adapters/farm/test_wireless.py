"""Outlets without a wire tell what is true and obey as a charger would."""

from datetime import timedelta

import numpy as np
import pytest

from adapters.farm.fleet import Fleet
from adapters.farm.leases import Leases
from adapters.farm.wireless import Wireless
from tests.adapters.farm.stations import START, outlet, station, v2g_stay
from v2g.setpoint import Applied, Rejected, Setpoint, Unreachable

LATER = START + timedelta(minutes=10)


@pytest.fixture
def wireless() -> Wireless:
    site = station(outlet("E0"), outlet("E1"), outlet("E2"))
    fleet = Fleet(site)
    made = Wireless(fleet, Leases(site), (1, 2), now=lambda: START, touch=lambda: None)
    visit = v2g_stay("E1")
    fleet.plug(1, visit)
    made.plugged(1, visit)
    return made


def order(unit_id: str, power_kw: float, **changes: object) -> Setpoint:
    return Setpoint(unit_id=unit_id, power_kw=power_kw, **{"valid_until": LATER, **changes})  # type: ignore[arg-type]


def test_it_tells_its_own_outlets_with_their_cars(wireless: Wireless) -> None:
    here, empty = wireless.states(START)
    assert (here.evse_id, empty.evse_id, empty.session) == ("E1", "E2", None)
    assert here.session is not None
    assert here.session.wishes == v2g_stay("E1").wishes
    assert (here.acknowledged_kw, here.lease_until, here.session.charged_kwh) == (None, None, 0.0)


async def test_it_obeys_what_a_charger_would_and_refuses_the_rest(wireless: Wireless) -> None:
    asked = [order("E1", -3.0), order("E2", -3.0), order("E2", np.nan), order("E2", 4.0, valid_until=START), order("E0", 1.0)]
    answers = await wireless.apply(asked)
    assert [type(a) for a in answers] == [Applied, Rejected, Rejected, Rejected, Unreachable]
    here, empty = wireless.states(START)
    assert (here.acknowledged_kw, here.lease_until, empty.acknowledged_kw) == (-3.0, LATER, None)


async def test_an_order_to_give_back_goes_with_the_car(wireless: Wireless) -> None:
    await wireless.apply([order("E1", -3.0), order("E2", 3.0)])
    wireless.unplugged(1)
    wireless.unplugged(2)
    assert [s.acknowledged_kw for s in wireless.states(START)] == [None, 3.0]
