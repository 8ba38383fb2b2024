import csv
import io

import httpx
import pytest

from adapters.web import create_app
from tests.adapters.web.conftest import client_of
from tests.support.fake_records import N_ENTRIES, FakeRecords
from tests.support.fake_station import FakeStation
from v2g.standing import Standing


@pytest.fixture
def records(station: FakeStation) -> FakeRecords:
    return FakeRecords(station)


@pytest.fixture
def client(station: FakeStation, records: FakeRecords) -> httpx.AsyncClient:
    app = create_app(station, records=records)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def test_results_come_by_day_month_and_year_with_their_sum(client: httpx.AsyncClient) -> None:
    days = (await client.get("/api/results")).json()
    assert (len(days["rows"]), days["by"], days["currency"], days["last"]) == (30, "day", "CNY", "2026-03-04")
    assert days["total"]["charged_kwh"] == pytest.approx(sum(row["charged_kwh"] for row in days["rows"]))
    row = days["rows"][0]
    assert row["valley_share"] == pytest.approx(row["valley_kwh"] / row["charged_kwh"], abs=1e-3)
    assert row["saved"] == pytest.approx(row["uncontrolled"]["cost"] - row["actual"]["cost"] - row["wear_cost"])
    months = (await client.get("/api/results", params={"by": "month"})).json()["rows"]
    assert [row["start"] for row in months] == ["2026-01-01", "2026-02-01", "2026-03-01"]
    assert len((await client.get("/api/results", params={"by": "year"})).json()["rows"]) == 1


@pytest.mark.parametrize(
    "asked", [{"first": "2026-03-05"}, {"first": "2020-01-01"}, {"by": "week"}, {"first": "yesterday"}, {"last": "0001-01-01"}]
)
async def test_a_span_that_makes_no_sense_is_refused(client: httpx.AsyncClient, asked: dict[str, str]) -> None:
    assert (await client.get("/api/results", params=asked)).status_code == 422


async def test_the_table_in_csv_and_parquet_has_what_the_json_has(client: httpx.AsyncClient) -> None:
    told = (await client.get("/api/results")).json()["rows"]
    answer = await client.get("/api/results/table.csv")
    assert "results-day-" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [float(row["uncontrolled_cost"]) for row in rows] == [row["uncontrolled"]["cost"] for row in told]
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(io.BytesIO((await client.get("/api/results/table.parquet")).content))
    assert table["charged_kwh"].to_pylist() == [row["charged_kwh"] for row in told]


async def test_where_nothing_is_kept_there_is_nothing_but_no_error(client: httpx.AsyncClient, records: FakeRecords) -> None:
    records.kept = False
    assert (await client.get("/api/results")).json()["total"] is None
    assert (await client.get("/api/results/table.csv")).text == ""
    assert (await client.get("/api/forecasts")).json()["scores"] == []
    assert (await client.get("/api/forecasts/made")).status_code == 404


async def test_forecasts_tell_how_they_do_and_did(client: httpx.AsyncClient, station: FakeStation) -> None:
    station.standings = (Standing(signal="load", n=960, coverage80=0.78, skill=0.21),)
    told = (await client.get("/api/forecasts", params={"days": 10})).json()
    assert told["standings"][0]["skill"] == 0.21
    assert {score["signal"] for score in told["scores"]} == {"load", "pv"}
    assert len(told["scores"]) == 20
    assert all(
        score["skill"] == pytest.approx(1 - (2.0 + 0.1 * (int(score["day"][-2:]) % 5)) / 2.9, abs=0.04) for score in told["scores"]
    )
    made = (await client.get("/api/forecasts/made")).json()
    assert len(made["starts"]) == len(made["load"]["low"]) == len(made["pv"]["high"])
    assert all(low <= median <= high for low, median, high in zip(*made["load"].values(), strict=True))


async def test_the_audit_log_is_paged_searched_checked_and_exported(client: httpx.AsyncClient, records: FakeRecords) -> None:
    first = (await client.get("/api/audit", params={"most": 50})).json()
    assert (len(first["entries"]), first["entries"][0]["number"]) == (50, N_ENTRIES)
    second = (await client.get("/api/audit", params={"most": 200, "before": first["older"]})).json()
    assert (len(second["entries"]), second["older"]) == (N_ENTRIES - 50, None)
    found = (await client.get("/api/audit", params={"kind": "signal", "text": "a03"})).json()["entries"]
    assert found
    assert {entry["kind"] for entry in found} == {"signal"}
    assert (await client.get("/api/audit/chain")).json()["whole"]
    records.broken = "entry 7 is missing"
    assert (await client.get("/api/audit/chain")).json()["broken"] == "entry 7 is missing"
    assert (await client.get("/api/audit/log.jsonl")).text.count("\n") == N_ENTRIES


async def test_a_station_that_keeps_no_records_says_so(station: FakeStation) -> None:
    async with client_of(station) as bare:
        for path in ("results", "forecasts", "audit", "evses/A01/driver-link"):
            assert (await bare.get(f"/api/{path}")).status_code == 503
