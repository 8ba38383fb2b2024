"""The demo's station grown to a fleet: what is real, what hangs where, and that it runs."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from config.demo.demo import running_demo
from config.demo.fleet import REAL_MQTT, REAL_OCPP, grown
from config.site.faults import faults
from config.site.load import load_site
from v2g.site import Protocol

DEMO = load_site(Path("config/sites/demo.yaml"))


@pytest.mark.parametrize("outlets", [24, 97, 2000])
def test_a_grown_demo_has_its_outlets_a_few_of_them_real(outlets: int) -> None:
    loaded = grown(DEMO, outlets)
    assert not list(faults(loaded.file))
    spoken = Counter(e.protocol for e in loaded.site.evses)
    assert spoken.total() == outlets == len({e.evse_id for e in loaded.site.evses})
    assert (spoken[Protocol.OCPP16], spoken[Protocol.MQTT]) == (REAL_OCPP, REAL_MQTT)
    assert sum(e.discharge_max_kw > 0 for e in loaded.site.evses) == outlets // 3
    assert loaded.site.circuits[0].import_limit_kw == pytest.approx(10.0 * outlets)


def test_two_thousand_hang_on_ten_feeders_that_carry_less_than_all_of_them() -> None:
    site = grown(DEMO, 2000).site
    feeders = [c for c in site.circuits if c.parent_id]
    assert len(feeders) == 10
    for feeder in feeders:
        ratings = [e.charge_max_kw for e in site.evses if e.circuit_id == feeder.circuit_id]
        assert len(ratings) in (199, 200, 201)
        assert feeder.import_limit_kw == pytest.approx(0.7 * sum(ratings))


async def test_a_grown_demo_runs_on_wires_and_without() -> None:
    async with running_demo(speed=120.0, web_port=0, cars=60) as demo:
        async with asyncio.timeout(30.0):
            while demo.daemon.control.outcomes["Applied"] < 30 or demo.farm.outcome().energy_charged_kwh < 1.0:  # noqa: ASYNC110  # no event
                await asyncio.sleep(0.05)
        figures = demo.figures()
    assert figures["chargers"] == {"ocpp1.6": 16, "mqtt": 8, "simulated": 36}
    assert figures["planner"] in ("exact", "none")
    assert (figures["limit_violation_s"], figures["unconsented_kwh"], figures["floor_breaches"]) == (0.0, 0.0, 0)
