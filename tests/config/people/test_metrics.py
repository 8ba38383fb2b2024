"""Figures and health of a whole station, over real sockets."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed

from config.demo.demo import running_demo
from config.people.metrics import lease_state
from tests.support.builders import NOW, a_site, an_observation

WAIT_S = 30.0


async def test_a_running_station_tells_its_figures_and_health() -> None:
    async with running_demo(speed=300.0, web_port=0) as demo, httpx.AsyncClient(base_url=demo.daemon.web_url) as client:
        async with asyncio.timeout(WAIT_S):
            while demo.daemon.control.outcomes["Applied"] < 4:  # noqa: ASYNC110  # what is waited for has no event
                await asyncio.sleep(0.02)
        assert (await client.get("/api/health/live")).status_code == 204
        assert (await client.get("/api/health/ready")).status_code == 204
        page = (await client.get("/metrics")).text
        demo.daemon.control.trouble = "a broken signal"
        assert demo.daemon.station.health().alive
        assert not demo.daemon.station.health().ready
        n_outlets = len(demo.daemon.station.site.evses)
    samples = {(s.name, *s.labels.values()): s.value for family in parsed(page) for s in family.samples}
    assert samples["v2g_alive",] == samples["v2g_ready",] == 1.0
    assert samples["v2g_records_lost_total",] == samples["v2g_database_trouble",] == samples["v2g_records_spilled",] == 0.0
    assert sum(value for key, value in samples.items() if key[0] == "v2g_outlets") == n_outlets
    assert samples["v2g_setpoints_total", "Applied"] >= 4
    assert sum(value for key, value in samples.items() if key[0] == "v2g_ticks_total") >= 1
    for protocol in ("ocpp", "mqtt"):
        for direction in ("in", "out"):
            assert samples["v2g_messages_total", direction, protocol] > 0
    assert samples["v2g_tick_late_seconds",] >= 0.0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"online": False, "acknowledged_kw": 5.0}, "offline"),
        ({"acknowledged_kw": None}, "fallback"),
        ({"acknowledged_kw": 5.0, "lease_until": NOW}, "fallback"),
        ({"acknowledged_kw": 5.0, "lease_until": None}, "leased"),
    ],
)
def test_what_an_outlet_follows(changes: dict[str, object], told: str) -> None:
    state = an_observation(a_site(1)).evses[0]
    assert lease_state(replace(state, **{"online": True} | changes), NOW) == told
