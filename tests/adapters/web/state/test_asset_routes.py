"""Batteries and assets over the API: what they do, what they have made, why."""

import httpx
import pytest

from adapters.clock import VirtualClock
from tests.adapters.web.conftest import NOW, client_of
from tests.support.fake_station import FakeStation
from tests.support.fake_world import ASSETS, World
from v2g.station import assets_kw

EQUIPPED = World(NOW, assets=ASSETS)


@pytest.fixture
def equipped() -> FakeStation:
    return FakeStation(VirtualClock(NOW), world=EQUIPPED)


async def test_assets_tell_what_they_are_what_they_have_made_and_why(equipped: FakeStation) -> None:
    async with client_of(equipped) as client:
        state = (await client.get("/api/state")).json()
    assets = {asset["asset_id"]: asset for asset in state["assets"]}
    assert {name: asset["kind"] for name, asset in assets.items()} == {
        "H2": "electrolyser",
        "chiller": "flexible_load",
        "swap": "swap",
        "roof": "pv",
    }
    made_kw = equipped.world.pv_kw[equipped.world.step_of(NOW)]
    assert {name: asset["level"] for name, asset in assets.items()} == {
        "H2": {"value": 6.001, "full": 20.0, "unit": "kg"},
        "chiller": {"value": -14.0, "full": 40.0, "unit": "kWh"},
        "swap": {"value": 460.0, "full": 720.0, "unit": "kWh"},
        "roof": {"value": pytest.approx(made_kw, abs=1e-3), "full": pytest.approx(made_kw, abs=1e-3), "unit": "kW"},
    }
    assert assets["H2"]["why"] == "cheap"
    assert assets["H2"]["reason"]["en"].startswith("Runs now: ")
    assert assets["roof"]["reason"] == {"en": "Makes all it can.", "zh": "满发。"}
    assert assets["swap"]["setpoint_kw"] == 30.0


async def test_a_battery_tells_its_setpoint_and_its_reason(client: httpx.AsyncClient) -> None:
    (battery,) = (await client.get("/api/state")).json()["batteries"]
    assert (battery["setpoint_kw"], battery["why"]) == (-18.0, "discharge")
    assert battery["reason"]["en"].startswith("Gives back at 1.090 CNY/kWh")


async def test_what_assets_draw_is_told_apart_from_the_battery(equipped: FakeStation) -> None:
    assert assets_kw(equipped.observation()) == pytest.approx(50.0 - 12.0 + 30.0)
    async with client_of(equipped) as client:
        state, history = (await client.get("/api/state")).json(), (await client.get("/api/history?hours=1")).json()
    assert state["asset_kw"] == pytest.approx(68.0)
    rest = [
        drawn - load + pv - charged + given - assets
        for drawn, load, pv, charged, given, assets in zip(
            *(history[name] for name in ("import_kw", "load_kw", "pv_kw", "charge_kw", "discharge_kw", "asset_kw")), strict=True
        )
    ]
    assert rest[-1] == pytest.approx(state["battery_kw"], abs=0.01)


async def test_without_assets_there_are_none(client: httpx.AsyncClient) -> None:
    state = (await client.get("/api/state")).json()
    assert (state["assets"], state["asset_kw"]) == ([], 0.0)


async def test_a_reason_is_short_and_its_promise_is_told_beside_it(client: httpx.AsyncClient) -> None:
    evses = (await client.get("/api/state")).json()["evses"]
    promised = [evse for evse in evses if evse["session"] and evse["session"]["promise"]]
    assert promised
    for evse in promised:
        assert evse["session"]["promise"]["cost_at_most"] == 9.1
        assert "at most" not in evse["reason"]["en"]
