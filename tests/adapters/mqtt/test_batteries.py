import pytest

from adapters.clock import VirtualClock
from adapters.mqtt.batteries import MqttBatteries
from adapters.mqtt.broker import EmbeddedBroker
from tests.adapters.mqtt.support import EXAMPLES, NOW, device, later, running, until, words
from v2g.observation import BatteryState, Quality, Reading
from v2g.setpoint import Applied, Setpoint, Unreachable

BASE = "v2g/v1/S1/battery/BAT"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


async def test_a_battery_is_seen_and_commanded(broker: EmbeddedBroker, clock: VirtualClock) -> None:
    async with running(broker, clock=clock) as link:
        batteries, sent = MqttBatteries(link), Setpoint(unit_id="BAT", power_kw=30.0, valid_until=later(900))
        assert batteries.states(NOW) == (BatteryState(battery_id="BAT", online=False),)
        assert await batteries.apply([sent]) == (Unreachable(setpoint=sent),)
        async with device(broker, BASE) as battery:
            await battery.say("state", EXAMPLES["battery_state"])
            await until(lambda: batteries.states(NOW)[0].soc_frac is not None and batteries.states(NOW)[0].online)
            assert batteries.states(NOW)[0] == BatteryState(
                battery_id="BAT",
                online=True,
                soc_frac=Reading(value=0.48, at=NOW),
                power_kw=Reading(value=-20.0, at=NOW),
                acknowledged_kw=-20.0,
            )
            assert await batteries.apply([sent]) == (Applied(setpoint=sent, at=NOW),)
            assert batteries.states(NOW)[0].acknowledged_kw == 30.0
            assert battery.setpoints[0]["fallback_kw"] == 0.0
            assert battery.setpoints[0]["valid_until"] == words(later(900))


async def test_a_batterys_words_age(broker: EmbeddedBroker, clock: VirtualClock) -> None:
    async with running(broker, clock=clock) as link, device(broker, BASE) as battery:
        await battery.say("state", EXAMPLES["battery_state"])
        await until(lambda: "BAT" in link.inbox.batteries)
        state = MqttBatteries(link).states(later(1000))[0]
        assert state.soc_frac == Reading(value=0.48, at=NOW, quality=Quality.STALE)
        assert state.acknowledged_kw is None
