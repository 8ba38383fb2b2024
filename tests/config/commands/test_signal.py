"""`v2g signal` asks a daemon, or a rehearsal of a site file; both answer alike."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from adapters.clock import VirtualClock
from adapters.web import create_app
from config.signals.asking import Daemon, Rehearsal
from config.signals.previewed import preview_tables, price_tables, surface_tables
from config.signals.rehearsal import rehearsed
from config.site.load import LoadedSite, load_site
from daemon import app
from tests.adapters.web.conftest import NOW, WORLD
from tests.support.fake_previews import FakePreviews
from tests.support.fake_station import FakeStation
from v2g.errors import SignalError, UnavailableError

SITES = Path(__file__).parents[3] / "config" / "sites"
START, END = ((NOW + timedelta(hours=h)).isoformat() for h in (1, 2))
SIGNAL = {"kind": "PRICE", "intervals": [{"start": START, "end": END, "value": 20.0}]}
WINDOW = {"start": START, "end": END, "target_kw": 6.0, "most_per_kwh": 3.0}


@pytest.fixture
def station() -> FakeStation:
    return FakeStation(VirtualClock(NOW), world=WORLD)


@pytest.fixture
async def daemon(station: FakeStation) -> AsyncIterator[Daemon]:
    transport = httpx.ASGITransport(create_app(station, previews=FakePreviews()))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield Daemon(client)


async def test_a_daemon_and_a_rehearsal_answer_alike(daemon: Daemon, station: FakeStation) -> None:
    rehearsal = Rehearsal(FakePreviews(), station.site, NOW)
    assert await daemon.preview(SIGNAL) == await rehearsal.preview(SIGNAL)
    assert await daemon.price(WINDOW) == await rehearsal.price(WINDOW)
    asked: dict[str, Any] = {"prices": [1.0, 2.0], "hours": 2, "start": START}
    heard: list[float] = []
    assert await daemon.surface(asked, heard.append) == await rehearsal.surface(asked, heard.append)
    assert heard[-1] == 1.0


async def test_what_is_refused_is_told_with_its_place(daemon: Daemon, station: FakeStation) -> None:
    wrong = WINDOW | {"most_per_kwh": 1e9}
    for asked in (daemon, Rehearsal(FakePreviews(), station.site, NOW)):
        with pytest.raises(SignalError, match="a price of 1e") as refused:
            await asked.price(wrong)
        assert refused.value.place == "most_per_kwh"
    with pytest.raises(SignalError, match="required"):
        await Rehearsal(FakePreviews(), station.site, NOW).price({"start": START})


async def test_a_daemon_that_is_not_there_is_said_so() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(refuse), base_url="http://nowhere") as client:
        with pytest.raises(UnavailableError, match="nowhere does not answer"):
            await Daemon(client).preview(SIGNAL)


async def test_answers_are_told_in_tables(daemon: Daemon) -> None:
    screen = Console(record=True, width=120)
    screen.print(*preview_tables(await daemon.preview(SIGNAL)))
    screen.print(*price_tables(await daemon.price(WINDOW)))
    screen.print(*surface_tables(await daemon.surface({"prices": [1.0], "hours": 1, "start": START}, lambda _share: None)))
    text = screen.export_text()
    assert "energy in the window, kWh" in text
    assert "2 per kWh keeps it at 6 kW" in text
    assert "-1.0" in text


async def test_a_site_file_is_rehearsed_up_to_the_instant_of_asking() -> None:
    loaded = load_site(SITES / "workplace.yaml")
    horizon = replace(loaded.site.horizon, tick_s=3600.0, fast_s=3600.0, n_fine=2, n_coarse=10)
    evses = tuple(replace(evse, charge_min_kw=0.0) for evse in loaded.site.evses[:6])
    loaded = LoadedSite(site=replace(loaded.site, horizon=horizon, evses=evses), file=loaded.file)
    at = NOW.replace(month=6, day=17, hour=17, minute=0)  # ten in the morning at the site
    previews = await rehearsed(loaded, at, seed=1, v2g_share=0.5, progress=lambda _share: None)
    cheap = {"kind": "PRICE", "start": (at + timedelta(hours=1)).isoformat(), "step_minutes": 60, "values": [0.01]}
    answer = await Rehearsal(previews, loaded.site, at).preview(cheap)
    assert answer["window_kwh"] > 1.0
    assert answer["price_after_per_kwh"] < answer["price_before_per_kwh"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "give one of the two"),
        (["--api", "http://x", "--site", "y.yaml"], "give one of the two"),
        (["--site", str(SITES / "workplace.yaml"), "--at", "oops"], "as in"),
    ],
)
def test_whom_to_ask_must_be_clear(tmp_path: Path, options: list[str], said: str) -> None:
    file = tmp_path / "signal.json"
    file.write_text(json.dumps([SIGNAL]), encoding="utf-8")
    result = CliRunner().invoke(app, ["signal", "preview", str(file), *options])
    assert result.exit_code == 2
    assert said in result.output + result.stderr
