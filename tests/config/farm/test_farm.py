"""Farm files: read whole, with every error told; the ready-made ones run against a real central system."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.clock import AcceleratedClock
from adapters.ocpp.central import CentralSystem
from config.farm.farm import farm_figures, farm_visits, running_farm
from config.farm.file import FarmFile, load_farm
from config.site.build import build_site
from tests.adapters.farm.foreign import foreign_central
from tests.adapters.farm.stations import START
from tests.adapters.farm.waiting import until
from tests.support.transactions import MemoryTransactions
from v2g.errors import SiteError

READY = sorted((Path(__file__).parents[3] / "config" / "farms").glob("*.yaml"))
SPEED = 60.0


@pytest.fixture(params=READY, ids=[path.stem for path in READY])
def farm_file(request: pytest.FixtureRequest) -> FarmFile:
    return load_farm(request.param)


@pytest.fixture
async def central(farm_file: FarmFile) -> AsyncIterator[tuple[CentralSystem, AcceleratedClock, str]]:
    clock = AcceleratedClock(START, SPEED)
    system = CentralSystem(build_site(farm_file.site), clock, MemoryTransactions(), pseudonym=lambda tag: f"driver-{tag}")
    async with system.serve() as listener:
        yield system, clock, listener.url


async def test_a_ready_made_farm_connects_and_its_cars_are_known(
    farm_file: FarmFile, central: tuple[CentralSystem, AcceleratedClock, str]
) -> None:
    system, clock, url = central
    n_stations = len({evse.station_id for evse in build_site(farm_file.site).evses})
    async with running_farm(farm_file, clock, url=url) as farm:
        await until(lambda: farm.online == n_stations, 20.0)
        await until(lambda: any(s.session and s.session.driver for s in system.states(clock.now())), 20.0)
        figures = farm_figures(farm)
    assert figures["stations_online"] == n_stations
    assert figures["cars_here"] > 0
    assert set(system.rejected_frames.values()) == {0}


async def test_a_ready_made_farm_runs_against_a_central_system_that_is_not_ours(farm_file: FarmFile) -> None:
    stations = {evse.station_id: str(evse.protocol) for evse in build_site(farm_file.site).evses}
    versions = Counter(stations.values())
    async with foreign_central() as (url, heard), running_farm(farm_file, AcceleratedClock(START, SPEED), url=url) as farm:
        await until(lambda: all(heard[name]["BootNotification"] >= n for name, n in versions.items()), 20.0)
        await until(lambda: all(heard[name]["Started"] and heard[name]["MeterValues"] for name in versions), 20.0)
        assert farm.online == len(stations)


def test_cars_of_the_night_before_are_there_at_the_start(farm_file: FarmFile) -> None:
    site = build_site(farm_file.site)
    visits = farm_visits(farm_file, site, START)
    assert visits == farm_visits(farm_file, site, START)
    assert all(visit.leaves_at > START for visit in visits)
    assert {type(visit.consent) for visit in visits} == {bool}, "it is to be told as JSON"
    if farm_file.habit == "airport":
        assert sum(visit.arrives_at < START - timedelta(days=1) for visit in visits) > 10


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("protocol: ocpp2.1", None),
        ("protocol: mqtt", None),
        ("protocol: ocpp3", "protocol"),
    ],
)
def test_a_farm_file_is_checked_with_its_site(tmp_path: Path, written: str, told: str | None) -> None:
    path = tmp_path / "farm.yaml"
    text = f"""
habit: workplace
faults: []
site:
  id: x
  time_zone: UTC
  grid: {{import_limit_kw: 20}}
  chargers: [{{id: A, charge_max_kw: 11, {written}}}]
  mqtt: {{port: 1883}}
  tariff: {{base_price_per_kwh: 1}}
"""
    path.write_text(text)
    if told is None:
        assert load_farm(path).site.id == "x"
        return
    with pytest.raises(SiteError, match=told):
        load_farm(path)


@pytest.mark.parametrize("fault", ["{kind: late, at_h: 1}", "{kind: banana, at_h: 1}", "{kind: drop, at_h: -1}", "{kind: drop}"])
def test_a_fault_that_makes_no_sense_is_told(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "farm.yaml"
    site = "{id: x, time_zone: UTC, grid: {import_limit_kw: 20}, chargers: [{id: A, protocol: ocpp2.1, charge_max_kw: 11}]"
    path.write_text(f"faults: [{fault}]\nsite: {site}, tariff: {{base_price_per_kwh: 1}}}}\n")
    with pytest.raises(SiteError, match="faults"):
        load_farm(path)
