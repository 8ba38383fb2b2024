"""Chargers over a real broker, against a device written from the contract alone."""

import asyncio
import socket
from typing import Any

import pytest
from aiomqtt import ProtocolVersion

from adapters.clock import VirtualClock
from adapters.mqtt.broker import EmbeddedBroker
from adapters.mqtt.chargers import MqttChargers
from adapters.mqtt.link import MqttLink
from adapters.mqtt_client import Broker
from tests.adapters.mqtt.support import (
    NOW,
    a_site,
    accept,
    device,
    evse_state,
    later,
    running,
    stay_silent,
    until,
    words,
)
from v2g.observation import EvseState, Quality
from v2g.setpoint import Applied, Rejected, Setpoint, TimedOut, Unreachable


def setpoint(power_kw: float, unit_id: str = "A") -> Setpoint:
    return Setpoint(unit_id=unit_id, power_kw=power_kw, valid_until=later(900))


def outlet(link: MqttLink, evse_id: str = "A") -> EvseState:
    return next(state for state in MqttChargers(link).states(link.clock.now()) if state.evse_id == evse_id)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


async def test_every_mqtt_outlet_is_there_from_the_start_in_the_sites_order(broker: EmbeddedBroker, clock: VirtualClock) -> None:
    async with running(broker, clock=clock) as link:
        assert MqttChargers(link).states(NOW) == tuple(EvseState(evse_id=evse_id, online=False) for evse_id in "ABC")


async def test_a_plug_in_is_seen(broker: EmbeddedBroker, clock: VirtualClock) -> None:
    changes: list[bool] = []
    async with running(broker, clock=clock, on_change=lambda: changes.append(True)) as link, device(broker) as charger:
        await charger.say("evse/1/state", evse_state(session_id=None))
        await until(lambda: outlet(link).online and outlet(link).power_kw is not None)
        assert outlet(link).session is None
        changes.clear()
        await charger.say("evse/1/state", evse_state(session_id="new", power_kw=3.7, fault="fan"))
        await until(lambda: outlet(link).session is not None)
        state = outlet(link)
        assert state.session is not None
        assert (state.session.session_id, state.session.evse_id, state.fault) == ("new", "A", "fan")
        assert state.power_kw is not None
        assert (state.power_kw.value, state.power_kw.at, state.power_kw.quality) == (3.7, NOW, Quality.GOOD)
        assert state.acknowledged_kw is None
        assert len(changes) == 1


async def test_a_setpoint_is_confirmed_and_counts_until_its_lease_runs_out(broker: EmbeddedBroker, clock: VirtualClock) -> None:
    async with running(broker, clock=clock) as link, device(broker) as charger:
        await until(lambda: outlet(link).online)
        await charger.say("evse/1/state", evse_state())
        await until(lambda: outlet(link).power_kw is not None)
        sent = setpoint(-5.0)
        assert await MqttChargers(link).apply([sent]) == (Applied(setpoint=sent, at=NOW),)
        received = charger.setpoints[0]
        del received["setpoint_id"]
        assert received == {"at": words(NOW), "power_kw": -5.0, "valid_until": words(later(900)), "fallback_kw": 1.4}
        assert charger.expiries_s == [900 if broker.version is ProtocolVersion.V5 else None]
        assert (outlet(link).acknowledged_kw, outlet(link).lease_until) == (-5.0, later(900))
        clock.advance_to(later(900))
        assert (outlet(link).acknowledged_kw, outlet(link).lease_until) == (None, later(900)), "it follows its fallback"
        power = outlet(link).power_kw
        assert power is not None
        assert power.quality is Quality.STALE


async def test_setpoints_go_side_by_side_and_outcomes_come_in_order(any_broker: EmbeddedBroker, clock: VirtualClock) -> None:
    async with running(any_broker, clock=clock) as link, device(any_broker) as charger:
        await until(lambda: outlet(link).online)
        sent = [setpoint(float(n % 11), "AB"[n % 2]) for n in range(60)]
        assert await MqttChargers(link).apply(sent) == tuple(Applied(setpoint=it, at=NOW) for it in sent)
        assert sorted(it["power_kw"] for it in charger.setpoints) == sorted(it.power_kw for it in sent)


async def test_a_setpoint_for_an_outlet_of_another_protocol_is_a_mistake_of_ours(broker: EmbeddedBroker) -> None:
    async with running(broker) as link:
        with pytest.raises(KeyError, match="O"):
            await MqttChargers(link).apply([setpoint(1.0, "O")])


def answering(**changes: Any) -> Any:
    return lambda said: {**accept(said), **changes}


@pytest.mark.parametrize(
    ("asked_kw", "answer", "reason"),
    [
        (5.0, answering(result="rejected", reason="no car"), "no car"),
        (5.0, answering(result="rejected"), "no reason given"),
        (0.0, answering(power_kw=1.4), "accepted, but 1.4 kW is in force"),
        (-5.0, answering(power_kw=11.0), "accepted, but 11.0 kW is in force"),
        (-5.0, answering(power_kw=-6.0), "accepted, but -6.0 kW is in force"),
    ],
)
async def test_a_refusal_and_an_acceptance_that_is_none_are_rejections(
    broker: EmbeddedBroker, clock: VirtualClock, asked_kw: float, answer: Any, reason: str
) -> None:
    async with running(broker, clock=clock) as link, device(broker, answer=answer):
        await until(lambda: outlet(link).online)
        sent = setpoint(asked_kw)
        assert await MqttChargers(link).apply([sent]) == (Rejected(setpoint=sent, reason=reason),)


@pytest.mark.parametrize(("asked_kw", "in_force_kw"), [(-20.0, -9.0), (-5.0, 0.0), (11.0, 7.4), (5.0, 5.0)])
async def test_doing_less_than_asked_is_fine_and_known(
    broker: EmbeddedBroker, clock: VirtualClock, asked_kw: float, in_force_kw: float
) -> None:
    async with running(broker, clock=clock) as link, device(broker, answer=answering(power_kw=in_force_kw)) as charger:
        await until(lambda: outlet(link).online)
        await charger.say("evse/1/state", evse_state())
        sent = setpoint(asked_kw)
        assert await MqttChargers(link).apply([sent]) == (Applied(setpoint=sent, at=NOW),)
        await until(lambda: outlet(link).acknowledged_kw == in_force_kw)


async def test_a_charger_that_does_not_answer_times_out_and_holds_up_nobody(broker: EmbeddedBroker, clock: VirtualClock) -> None:
    async with (
        running(broker, clock=clock) as link,
        device(broker, answer=stay_silent),
        device(broker, "v2g/v1/S1/station/CP2"),
    ):
        await until(lambda: outlet(link).online and outlet(link, "C").online)
        silent, fine = setpoint(5.0, "A"), setpoint(5.0, "C")
        outcomes = await MqttChargers(link, timeout_s=0.5).apply([silent, fine])
        assert outcomes == (TimedOut(setpoint=silent, after_s=0.5), Applied(setpoint=fine, at=NOW))
        assert (outlet(link).acknowledged_kw, outlet(link).lease_until) == (None, None), "it may draw anything now"


async def test_a_charger_that_vanishes_is_offline_by_its_last_will_and_unreachable(
    broker: EmbeddedBroker, clock: VirtualClock
) -> None:
    changes: list[bool] = []
    async with running(broker, clock=clock, on_change=lambda: changes.append(True)) as link:
        async with device(broker) as charger:
            await charger.say("evse/1/state", evse_state())
            await until(lambda: outlet(link).online)
            changes.clear()
            charger.client._client.socket().shutdown(socket.SHUT_RDWR)  # pulled out, without a word to the broker
            await until(lambda: not outlet(link).online)
            assert changes
        assert outlet(link).session is not None, "the car is not gone because its charger is"
        assert await MqttChargers(link).apply([setpoint(5.0)]) == (Unreachable(setpoint=setpoint(5.0)),)


async def test_no_setpoint_is_kept_for_a_charger_or_a_broker_that_is_away(broker: EmbeddedBroker, clock: VirtualClock) -> None:
    async with running(broker, clock=clock) as link:
        chargers = MqttChargers(link, timeout_s=0.5)
        assert await chargers.apply([setpoint(1.0)]) == (Unreachable(setpoint=setpoint(1.0)),)
        async with device(broker) as charger:
            await until(lambda: outlet(link).online)
            await broker.stop()
            assert not isinstance((await chargers.apply([setpoint(2.0)]))[0], Applied)
            await until(lambda: not link.connected)
            assert await chargers.apply([setpoint(3.0)]) == (Unreachable(setpoint=setpoint(3.0)),)
            await broker.start()
        async with device(broker) as charger:
            await until(lambda: outlet(link).online)
            fresh = setpoint(4.0)
            assert await chargers.apply([fresh]) == (Applied(setpoint=fresh, at=NOW),)
            await asyncio.sleep(0.2)
            assert [it["power_kw"] for it in charger.setpoints] == [4.0]


async def test_retained_words_of_the_dead_are_old_and_offline(broker: EmbeddedBroker, clock: VirtualClock) -> None:
    async with device(broker) as charger:
        await charger.say("evse/1/state", evse_state(power_kw=7.0, setpoint_kw=7.0, lease_until=words(later(60))))
        charger.client._client.socket().shutdown(socket.SHUT_RDWR)
    clock.advance_to(later(120))
    async with running(broker, clock=clock) as link:
        await until(lambda: outlet(link).power_kw is not None)
        state = outlet(link)
        assert not state.online
        assert state.power_kw is not None
        assert (state.power_kw.at, state.power_kw.quality) == (NOW, Quality.STALE)
        assert state.acknowledged_kw is None


@pytest.mark.parametrize(("lease_s", "expiry_s"), [(0.0, 1), (900.0, 9), (3550.0, 36)])
def test_the_broker_counts_leases_in_wall_seconds_and_at_least_one(lease_s: float, expiry_s: int) -> None:
    link = MqttLink(a_site(), VirtualClock(NOW), broker=Broker(host="127.0.0.1"), on_change=lambda: None, wall_s_per_clock_s=0.01)
    properties = link._expiry(lease_s)
    assert properties is not None
    assert properties.MessageExpiryInterval == expiry_s
