"""What every charger adapter must make of the simulated farm's chargers: over OCPP 1.6, 2.0.1, 2.1 and MQTT, and without a wire."""

import asyncio
from datetime import timedelta

import pytest

from adapters.farm.mischief import Fault, FaultKind
from adapters.mqtt.broker import EmbeddedBroker
from tests.adapters.farm.stations import START
from tests.adapters.yards import FALLBACK_KW, Yard, yard
from v2g.setpoint import Applied, Outcome, Rejected, TimedOut, Unreachable
from v2g.site import Protocol

ALWAYS_S = 1e6


@pytest.fixture(params=list(Protocol))
def protocol(request: pytest.FixtureRequest) -> Protocol:
    return Protocol(request.param)


@pytest.fixture(params=[protocol for protocol in Protocol if protocol is not Protocol.SIMULATED])
def wired(request: pytest.FixtureRequest) -> Protocol:
    """Return a protocol in which something can go wrong on the way."""
    return Protocol(request.param)


async def test_a_setpoint_is_confirmed_followed_and_measured_and_lapses_to_the_fallback(
    protocol: Protocol, broker: EmbeddedBroker
) -> None:
    async with yard(protocol, broker) as made:
        await made.grounded()
        await made.obeys()
        await made.measured(10.5, 11.1)
        assert made.session.plugged_in_at >= START
        outcome = await made.apply(6.0, lease_s=600.0)
        assert isinstance(outcome, Applied)
        assert made.state.acknowledged_kw == pytest.approx(6.0)
        assert made.state.lease_until is not None
        assert outcome.at < made.state.lease_until < outcome.setpoint.valid_until + timedelta(seconds=1)
        await made.measured(5.5, 6.1)
        await made.measured(FALLBACK_KW - 0.4, FALLBACK_KW + 0.05)
        await made.until(lambda: made.state.acknowledged_kw is None)
        await made.until(lambda: made.state.lease_until is not None)
        assert made.session.charged_kwh > 0.1
        assert made.session.soc_frac is not None or protocol is Protocol.OCPP16


async def test_a_lease_ends_at_its_instant_however_seldom_the_charger_looks(protocol: Protocol, broker: EmbeddedBroker) -> None:
    made = Yard(protocol, broker)
    async with made.adapter(), made.farm() as farm:
        await made.obeys()
        await made.apply(6.0, lease_s=3000.0)
        assert made.state.lease_until is not None
        end_s = farm._leases.next_change_s(made.clock.now().timestamp())
        assert end_s == pytest.approx(made.state.lease_until.timestamp(), abs=1.0)
        (before_kw,), (after_kw,) = farm._leases.ceilings_kw(end_s - 1.0), farm._leases.ceilings_kw(end_s)
        assert (before_kw, after_kw) == (pytest.approx(6.0, abs=0.1), FALLBACK_KW)


async def test_power_flows_back_where_the_protocol_has_a_word_for_it_and_else_none_flows(
    protocol: Protocol, broker: EmbeddedBroker
) -> None:
    async with yard(protocol, broker) as made:
        await made.obeys()
        outcome = await made.apply(-7.0, lease_s=900.0)
        if protocol in (Protocol.OCPP16, Protocol.OCPP201):
            assert isinstance(outcome, Rejected)
            assert "cannot discharge: 0 kW was sent instead" in outcome.reason
            await made.measured(0.0, 0.01)
            return
        assert isinstance(outcome, Applied)
        assert made.state.acknowledged_kw == pytest.approx(-7.0)
        await made.measured(-7.1, -6.5)
        await made.measured(0.0, FALLBACK_KW + 0.05)
        assert made.session.discharged_kwh > 0.3


async def test_who_is_not_there_is_not_reached_and_a_lease_that_has_run_out_changes_nothing(
    wired: Protocol, broker: EmbeddedBroker
) -> None:
    made = Yard(wired, broker)
    async with made.adapter():
        assert isinstance(await made.apply(5.0), Unreachable)
        assert not made.state.online
        async with made.farm():
            await made.obeys()
            assert isinstance(await made.apply(3.0, lease_s=-1.0), Rejected)
            assert made.state.acknowledged_kw == pytest.approx(11.0)


@pytest.mark.parametrize(
    ("kind", "outcome"), [(FaultKind.REFUSE, Rejected), (FaultKind.SILENCE, TimedOut), (FaultKind.REPEAT, Applied)]
)
async def test_manners_become_outcomes(wired: Protocol, broker: EmbeddedBroker, kind: FaultKind, outcome: type[Outcome]) -> None:
    async with yard(wired, broker, Fault(kind=kind, at_s=0.0, for_s=ALWAYS_S)) as made:
        await made.known()
        came: Outcome = await made.apply(6.0)
        while isinstance(came, Unreachable):
            await asyncio.sleep(0.02)
            came = await made.apply(6.0)
        assert isinstance(came, outcome), came
        if outcome is Applied:
            await made.measured(5.5, 6.1)
        else:
            assert made.state.acknowledged_kw is None
        if outcome is TimedOut:
            assert made.state.lease_until is None, "it may follow it, or not"


async def test_a_charger_that_is_cut_off_is_known_to_be_and_comes_back(wired: Protocol, broker: EmbeddedBroker) -> None:
    made = Yard(wired, broker)
    async with made.adapter(), made.farm() as farm:
        await made.obeys()
        session_id = made.session.session_id
        farm.drop_charger("CP1", for_s=120.0)
        await made.until(lambda: not made.state.online)
        assert isinstance(await made.apply(6.0), Unreachable)
        assert made.state.acknowledged_kw == pytest.approx(11.0), "it goes on as it was told"
        await made.until(lambda: made.state.online)
        await made.obeys()
        assert made.session.session_id == session_id


async def test_an_adapter_that_starts_again_goes_on_with_the_same_car(wired: Protocol, broker: EmbeddedBroker) -> None:
    made = Yard(wired, broker)
    async with made.adapter(), made.farm():
        await made.obeys()
        await made.measured(10.5, 11.1)
        began = made.session.plugged_in_at
    async with made.adapter(), made.farm():
        await made.obeys()
        assert isinstance(await made.apply(6.0), Applied)
        await made.measured(5.5, 6.1)
        assert made.session.plugged_in_at >= began
