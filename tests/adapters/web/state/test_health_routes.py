import httpx
import pytest

from adapters.web import create_app
from tests.support.fake_station import FakeStation


async def test_live_and_ready_answer_204_or_503(client: httpx.AsyncClient, station: FakeStation) -> None:
    answers = [await client.get(f"/api/health/{what}") for what in ("live", "ready")]
    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
    station.alive = False
    assert (await client.get("/api/health/live")).status_code == 503


@pytest.mark.parametrize("host", ["localhost", "elsewhere.example"])
async def test_metrics_are_answered_to_names_of_this_machine(station: FakeStation, host: str) -> None:
    transport = httpx.ASGITransport(create_app(station, metrics=lambda: b"v2g_alive 1.0\n"))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        answer = await client.get("/metrics")
    assert answer.status_code == (200 if host == "localhost" else 421)
    if host == "localhost":
        assert answer.text == "v2g_alive 1.0\n"
        assert answer.headers["content-type"].startswith("text/plain; version=")
