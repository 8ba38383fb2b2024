"""The parts of `benchmarks/ocpp.py` on a few chargers, with TLS."""

import math
import shutil

import pytest

from benchmarks import ocpp_load

CHARGERS = 6


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_a_daemon_and_a_farm_meter_fan_out_and_weather_a_storm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocpp_load, "SETTLE_S", 0.5)
    with ocpp_load.loaded(CHARGERS, tls=True) as (daemon, farm, _):
        assert daemon.hello.startswith("wss://")
        assert daemon.ask("metering") == CHARGERS
        assert math.isfinite(ocpp_load.fan_out(daemon, CHARGERS))
        ocpp_load.storm(daemon, farm, CHARGERS)
        ocpp_load.until(lambda: farm.ask("online"), CHARGERS, "online")
        assert daemon.ask("late") > 0.0
