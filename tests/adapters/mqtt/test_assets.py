import pytest

from adapters.clock import VirtualClock
from adapters.mqtt.assets import MqttAssets
from adapters.mqtt.broker import EmbeddedBroker
from tests.adapters.mqtt.support import EXAMPLES, NOW, device, later, running, until
from v2g.observation import AssetState, Quality, Reading
from v2g.setpoint import Applied, Setpoint, Unreachable

BASE = "v2g/v1/S1/asset/H2"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


async def test_an_asset_is_seen_and_commanded_and_its_words_age(broker: EmbeddedBroker, clock: VirtualClock) -> None:
    async with running(broker, clock=clock) as link:
        assets, sent = MqttAssets(link), Setpoint(unit_id="H2", power_kw=240.0, valid_until=later(900))
        assert assets.states(NOW) == (AssetState(asset_id="H2", online=False),)
        assert await assets.apply([sent]) == (Unreachable(setpoint=sent),)
        async with device(broker, BASE) as electrolyser:
            await electrolyser.say("state", EXAMPLES["asset_state"])
            await until(lambda: assets.states(NOW)[0].stored_kwh is not None and assets.states(NOW)[0].online)
            assert assets.states(NOW)[0] == AssetState(
                asset_id="H2",
                online=True,
                stored_kwh=Reading(value=640.5, at=NOW),
                power_kw=Reading(value=180.0, at=NOW),
                acknowledged_kw=180.0,
                lease_until=later(900),
            )
            assert await assets.apply([sent]) == (Applied(setpoint=sent, at=NOW),)
            assert assets.states(NOW)[0].acknowledged_kw == 240.0
            aged = assets.states(later(1000))[0]
            assert (aged.acknowledged_kw, aged.stored_kwh) == (None, Reading(value=640.5, at=NOW, quality=Quality.STALE))
