from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from config.gateway import SiteGateway
from tests.support.builders import NOW, a_site, an_observation
from v2g.errors import WishError
from v2g.observation import EvseState
from v2g.session import Wishes
from v2g.setpoint import Applied, Outcome, Setpoint, Unreachable
from v2g.site import Protocol


class FakeChargers:
    """Fills the port `Chargers` for some outlets."""

    def __init__(self, states: Sequence[EvseState]) -> None:
        self._states, self.sent = tuple(states), list[str]()

    def states(self, now: datetime) -> tuple[EvseState, ...]:
        del now
        return self._states

    async def apply(self, setpoints: Sequence[Setpoint]) -> tuple[Outcome, ...]:
        self.sent += [s.unit_id for s in setpoints]
        return tuple(Applied(setpoint=s, at=NOW) for s in setpoints)


@pytest.fixture
def parts() -> tuple[SiteGateway, FakeChargers, FakeChargers]:
    site = a_site(3)
    site = replace(site, evses=(replace(site.evses[0], protocol=Protocol.OCPP16), *site.evses[1:]))
    states = an_observation(site, E1=None).evses
    ocpp, mqtt = FakeChargers(states[:1]), FakeChargers(states[1:2])
    return SiteGateway(site, {Protocol.OCPP16: ocpp, Protocol.MQTT: mqtt}, None, None), ocpp, mqtt


def a_setpoint(unit_id: str) -> Setpoint:
    return Setpoint(unit_id=unit_id, power_kw=5.0, valid_until=NOW + timedelta(minutes=15))


async def test_setpoints_go_to_the_adapter_that_has_the_outlet_and_outcomes_come_in_order(
    parts: tuple[SiteGateway, FakeChargers, FakeChargers],
) -> None:
    gateway, ocpp, mqtt = parts
    outcomes = await gateway.apply([a_setpoint(name) for name in ("E2", "E0", "nowhere", "E1")])
    assert [o.setpoint.unit_id for o in outcomes] == ["E2", "E0", "nowhere", "E1"]
    assert isinstance(outcomes[2], Unreachable)
    assert (ocpp.sent, mqtt.sent) == (["E0"], ["E2", "E1"])


async def test_an_outlet_nobody_speaks_of_is_offline(parts: tuple[SiteGateway, FakeChargers, FakeChargers]) -> None:
    observation = await parts[0].observe(NOW)
    assert [(s.evse_id, s.online) for s in observation.evses] == [("E0", True), ("E1", True), ("E2", False)]
    assert observation.load_kw is None


async def test_wishes_of_the_driver_override_those_of_the_car(parts: tuple[SiteGateway, FakeChargers, FakeChargers]) -> None:
    gateway = parts[0]
    wishes = Wishes(energy_kwh=12.0)
    assert gateway.wish("E0", wishes, NOW) == "S-E0"
    session = (await gateway.observe(NOW)).evses[0].session
    assert session is not None
    assert session.wishes == wishes


@pytest.mark.parametrize(("evse_id", "said"), [("E1", "no car"), ("E9", "no outlet")])
def test_wishes_for_nobody_are_refused(parts: tuple[SiteGateway, FakeChargers, FakeChargers], evse_id: str, said: str) -> None:
    with pytest.raises(WishError, match=said):
        parts[0].wish(evse_id, Wishes(), NOW)
