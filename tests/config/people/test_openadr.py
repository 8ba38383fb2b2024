"""OpenADR from a site file to a running daemon."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import yaml
from structlog.testing import capture_logs

from adapters.clock import RealClock, VirtualClock
from adapters.store import Store
from config.live import LiveDaemon, running
from config.people.openadr import Clients, opened_openadr
from config.site.file import SiteFile
from config.site.load import load_site, read_site
from tests.adapters.openadr.double import BASE, Double, an_event
from tests.support.fake_station import FakeStation
from tests.support.fake_world import World
from v2g.access import Caller, CallerKind, Right, Role
from v2g.errors import SiteError
from v2g.signals import SignalKind
from v2g.station import Condition

NOW = datetime(2026, 3, 4, 5, 42, tzinfo=UTC)
ROOT = Path(__file__).parents[3]
GIVEN, NAME = "for tests only", "V2G_TEST_OPENADR"
SITE = """\
id: home
time_zone: Asia/Shanghai
grid: {{import_limit_kw: 40}}
chargers: [{{id: CP, protocol: ocpp1.6, charge_max_kw: 11}}]
tariff: {{base_price_per_kwh: 0.6}}
ocpp: {{port: 0, without_passwords: true}}
web: {{port: 0, without_login: true}}
store: {{url: "sqlite:///{folder}/home.sqlite"}}
forecasts: {{learn: false}}
{more}
"""
VTN = f"openadr_vtn: {{client_id: grid, client_secret_env: {NAME}}}"
Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, GIVEN)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_text(more: str) -> Path:
        path = tmp_path / "site.yaml"
        path.write_text(SITE.format(folder=tmp_path, more=more), encoding="utf-8")
        return path

    return write_text


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("openadr: {}", "openadr.vtn_url: Field required (add it)"),
        ("openadr: {vtn_url: vtn.example}", "begins with https://"),
        ("openadr: {vtn_url: 'ftp://vtn.example'}", "begins with https://"),
        ("openadr: {vtn_url: 'https://me:pw@vtn.example'}", "no name and password"),
        ("openadr: {vtn_url: 'https://vtn.example', client_id: me}", "there is no client_secret_env (give both"),
        ("openadr: {vtn_url: 'https://vtn.example', poll_s: 1}", "openadr.poll_s"),
        ("openadr: {vtn_url: 'https://vtn.example', simple_kw: [1, 2]}", "openadr.simple_kw"),
        ("openadr: {vtn_url: 'https://vtn.example', strongest: 200}", "stronger than the strongest"),
        ("openadr: {vtn_url: 'https://vtn.example', fallback_import_kw: -1}", "openadr.fallback_import_kw"),
        ("openadr: {vtn_url: 'https://vtn.example', secret: x}", "remove it"),
        ("openadr_vtn: {}", "nobody could publish (give client_id"),
        ("openadr_vtn: {client_secret_env: X}", "there is no client_id"),
    ],
)
def test_faults_are_told_with_place_and_mend(write: Write, more: str, fault: str) -> None:
    _, errors = read_site(write(more))
    assert any(fault in str(error) for error in errors), errors


async def test_a_secret_that_is_not_there_is_told(write: Write) -> None:
    file = load_site(write(VTN.replace(NAME, f"{NAME}_NOT"))).file
    async with Store("sqlite://", RealClock()) as store:
        with pytest.raises(SiteError, match=r"openadr_vtn\.client_secret_env: .*is not set"):
            await opened_openadr(file, FakeStation(VirtualClock(NOW), world=World(NOW)), store).__aenter__()


class Machines:
    async def check(self, client_id: str, secret: str) -> Caller | None:  # noqa: ARG002  # of the port
        return Caller(name="machine", role=Role.VIEWER, kind=CallerKind.MACHINE) if client_id == "m1" else None


async def test_the_site_files_client_may_publish_and_machines_what_they_may() -> None:
    clients = Clients(Machines(), "grid", GIVEN)
    grid, machine = await clients.check("grid", GIVEN), await clients.check("m1", "any")
    assert grid is not None
    assert machine is not None
    assert grid.may(Right.SIGNAL)
    assert not machine.may(Right.SIGNAL)
    assert await clients.check("grid", "guess") is None
    assert await Clients(None, None, None).check("", "") is None


@pytest.fixture
async def vtn() -> AsyncIterator[tuple[str, Double]]:
    double = Double(events=[])
    config = uvicorn.Config(double.app, host="127.0.0.1", port=0, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}{BASE}", double
    server.should_exit = True
    await serving


async def until(what: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not what():  # noqa: ASYNC110  # nobody tells when it is so
            await asyncio.sleep(0.02)


def conditions(daemon: LiveDaemon) -> dict[str, Condition]:
    return {part.name: part.condition for part in daemon.station.health().parts}


def soon() -> str:
    return f"{datetime.now(UTC) + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"


async def test_a_grid_operators_client_publishes_over_http_and_a_restart_keeps_it(write: Write) -> None:
    loaded = load_site(write(VTN))
    async with running(loaded, RealClock()) as daemon, httpx.AsyncClient(base_url=f"{daemon.web_url}openadr3/3.1.0") as http:
        where = (await http.get("/auth/server")).json()["tokenURL"]
        form = {"grant_type": "client_credentials", "client_id": "grid", "client_secret": GIVEN}
        http.headers["Authorization"] = f"Bearer {(await http.post(where, data=form)).json()['access_token']}"
        program = (await http.post("/programs", json={"programName": "limits"})).json()["id"]
        event = {"programID": program, "intervalPeriod": {"start": soon(), "duration": "PT1H"}}
        event["intervals"] = [{"id": 0, "payloads": [{"type": "IMPORT_CAPACITY_LIMIT", "values": [25]}]}]
        assert (await http.post("/events", json=event)).status_code == 201
        (signal,) = daemon.station.signals()
        assert (signal.kind, signal.source, signal.intervals[0].value) == (SignalKind.IMPORT_CAPACITY_LIMIT, "openadr:grid", 25.0)
        assert conditions(daemon)["openadr_vtn"] is Condition.OK
        event["intervals"][0]["payloads"][0] = {"type": "PRICE", "values": [1e9]}
        assert "out of bounds" in (await http.post("/events", json=event)).json()["detail"]
    async with running(loaded, RealClock()) as daemon:
        await until(daemon.station.latest)
        assert [s.intervals[0].value for s in daemon.station.signals()] == [25.0]


async def test_the_daemon_follows_a_vtn_over_http_and_outlives_it(write: Write, vtn: tuple[str, Double]) -> None:
    url, double = vtn
    double.events.append(an_event(intervalPeriod={"start": soon(), "duration": "PT1H"}))
    text = f"openadr: {{vtn_url: '{url}', client_id: me, client_secret_env: {NAME}, program: tou, poll_s: 5, silent_after_s: 30}}"
    with pytest.MonkeyPatch.context() as patch, capture_logs() as logs:
        patch.setenv(NAME, "s3cret")
        async with running(load_site(write(text)), RealClock()) as daemon:
            await until(daemon.station.signals)
            assert [i.value for i in daemon.station.signals()[0].intervals] == [0.5, 0.9, 0.4]
            assert conditions(daemon)["openadr"] is Condition.OK
            double.bugs = {"error_500"}
            await until(lambda: conditions(daemon)["openadr"] is Condition.DEGRADED)
            assert daemon.station.signals()
    assert "openadr_secret_in_clear" in {entry["event"] for entry in logs}
    assert not any("s3cret" in str(entry) for entry in logs)
    assert [v["venName"] for v in double.vens] == ["home"]


def test_the_example_and_the_documentation_are_in_order() -> None:
    file, errors = read_site(ROOT / "examples" / "openadr.yaml")
    assert not errors
    assert file is not None
    shown = yaml.safe_load((ROOT / "docs" / "openadr.md").read_text(encoding="utf-8").split("```")[1].removeprefix("yaml"))
    SiteFile.model_validate(file.model_dump(by_alias=True, exclude_unset=True) | shown)
