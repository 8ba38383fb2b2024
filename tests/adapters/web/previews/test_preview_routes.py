"""Previews over the API: what is asked, what is told, and that nothing is published."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from adapters.web import create_app
from adapters.web.previews.jobs import FORGOTTEN_S, Jobs
from adapters.web.previews.models import JobState
from tests.adapters.web.conftest import NOW
from tests.adapters.web.pages.browsing import serving
from tests.support.fake_previews import FakePreviews
from tests.support.fake_station import FakeStation

CURVE = {"kind": "PRICE", "start": (NOW + timedelta(hours=1)).isoformat(), "step_minutes": 60, "values": [20.0, 1.0]}
WINDOW = {"start": CURVE["start"], "end": (NOW + timedelta(hours=2)).isoformat(), "target_kw": 6.0}
LEVELS = {"prices": [1.0, 0.5], "hours": 3}


@pytest.fixture
def previews() -> FakePreviews:
    return FakePreviews()


@pytest.fixture
async def asking(station: FakeStation, previews: FakePreviews) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(station, previews=previews))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as opened:
        yield opened


async def test_a_preview_tells_both_sides_and_publishes_nothing(
    asking: httpx.AsyncClient, previews: FakePreviews, station: FakeStation
) -> None:
    answer = await asking.post("/api/signals/preview", json=CURVE)
    told = answer.json()
    assert answer.status_code == 200
    assert told["before_kw"]["expected"] == [10.0] * 8
    assert told["after_kw"] == {"expected": [8.0] * 8, "low": [7.0] * 8, "high": [9.0] * 8}
    assert (told["window_kwh"], told["cost"], told["elasticity"]) == (-4.0, 1.5, None)
    assert [i.value for i in previews.asked[0][0].intervals] == [20.0, 1.0]
    assert station.posted == {}


async def test_a_preview_asked_again_with_its_key_is_told_again(asking: httpx.AsyncClient, previews: FakePreviews) -> None:
    answers = [await asking.post("/api/signals/preview", json=CURVE, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(previews.asked) == 1


async def test_who_hangs_up_has_the_question_given_up(station: FakeStation, previews: FakePreviews) -> None:
    previews.go_on.clear()
    async with serving(station, previews=previews) as server, httpx.AsyncClient(base_url=server.url, timeout=0.2) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post("api/signals/preview", json=CURVE)
        await asyncio.wait_for(previews.given_up.wait(), 10.0)
    assert previews.gone == 1


async def test_what_could_not_be_published_cannot_be_asked(asking: httpx.AsyncClient, previews: FakePreviews) -> None:
    answer = await asking.post("/api/signals/preview", json=CURVE | {"values": [1e9]})
    assert (answer.status_code, answer.json()["place"]) == (422, "values[0]")
    assert previews.asked == []


async def test_no_solver_is_a_problem_that_says_so(asking: httpx.AsyncClient, previews: FakePreviews) -> None:
    previews.silent = True
    answer = await asking.post("/api/signals/preview", json=CURVE)
    assert (answer.status_code, answer.json()["detail"]) == (503, "no solver answers")


@pytest.mark.parametrize(("most", "price"), [(3.0, 2.0), (1.0, None)])
async def test_a_price_is_found_or_none_does(asking: httpx.AsyncClient, most: float, price: float | None) -> None:
    told = (await asking.post("/api/signals/preview/price", json=WINDOW | {"most_per_kwh": most})).json()
    assert (told["price_per_kwh"], told["target_kw"]) == (price, 6.0)
    assert told["tried"] == [{"price_per_kwh": most, "peak_kw": 5.0}]
    assert told["preview"]["change_kw"]["expected"] == [-5.0] * 8


@pytest.mark.parametrize(
    ("form", "place"),
    [
        (WINDOW | {"most_per_kwh": 1e9}, "most_per_kwh"),
        (WINDOW | {"end": WINDOW["start"], "most_per_kwh": 1.0}, "end"),
        (WINDOW | {"start": "2036-01-01T00:00:00Z", "most_per_kwh": 1.0}, "start"),
    ],
)
async def test_a_window_or_price_that_cannot_be_meant_is_refused(
    asking: httpx.AsyncClient, form: dict[str, object], place: str
) -> None:
    answer = await asking.post("/api/signals/preview/price", json=form)
    assert (answer.status_code, answer.json()["place"]) == (422, place)


async def test_a_surface_is_begun_followed_and_fetched(asking: httpx.AsyncClient) -> None:
    begun = await asking.post("/api/signals/preview/surface", json=LEVELS)
    assert begun.status_code == 202
    await asyncio.sleep(0)
    job = (await asking.get(begun.headers["Location"])).json()
    surface = job["surface"]
    assert (job["state"], job["done_frac"], surface["prices"]) == ("done", 1.0, [0.5, 1.0])
    assert len(surface["starts"]) == 3
    assert surface["power_kw"] == [[9.5, 9.0]] * 3
    assert surface["drivers"] == [[0, 0]] * 3


async def test_one_surface_at_a_time_and_it_can_be_given_up(asking: httpx.AsyncClient, previews: FakePreviews) -> None:
    previews.go_on.clear()
    where = (await asking.post("/api/signals/preview/surface", json=LEVELS)).headers["Location"]
    refused = await asking.post("/api/signals/preview/surface", json=LEVELS)
    assert refused.status_code == 409
    assert where in refused.json()["detail"]
    await asyncio.sleep(0)
    assert (await asking.delete(where)).status_code == 204
    await asyncio.sleep(0)
    assert (await asking.get(where)).json()["state"] == "cancelled"
    assert previews.gone == 1
    assert (await asking.post("/api/signals/preview/surface", json=LEVELS)).status_code == 202


async def test_a_surface_nobody_has_begun_is_not_there(asking: httpx.AsyncClient) -> None:
    assert (await asking.get("/api/signals/preview/surface/none")).status_code == 404
    assert (await asking.delete("/api/signals/preview/surface/none")).status_code == 404


async def test_a_surface_without_a_solver_says_why(asking: httpx.AsyncClient, previews: FakePreviews) -> None:
    previews.silent = True
    where = (await asking.post("/api/signals/preview/surface", json=LEVELS)).headers["Location"]
    await asyncio.sleep(0)
    job = (await asking.get(where)).json()
    assert (job["state"], job["why"], job["surface"]) == ("failed", "no solver answers", None)


async def test_a_job_nobody_asks_about_is_given_up() -> None:
    now_s = [0.0]
    jobs = Jobs[int](clock_s=lambda: now_s[0])

    async def work(told: object) -> int:
        assert callable(told)
        told(0.5)
        now_s[0] += FORGOTTEN_S + 1.0
        await asyncio.sleep(0)
        told(0.6)
        return 1

    job = jobs.begin(work)
    await asyncio.sleep(0)
    assert (job.state, job.done_frac) == (JobState.RUNNING, 0.5)
    await asyncio.sleep(0)
    assert (job.state, job.result) == (JobState.CANCELLED, None)
    assert jobs.running is None
