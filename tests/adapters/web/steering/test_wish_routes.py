from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.adapters.web.conftest import NOW
from tests.support.fake_station import FakeStation
from v2g.session import Wishes


def occupied(station: FakeStation) -> tuple[str, str]:
    session = next(evse.session for evse in station.observation().evses if evse.session)
    return session.evse_id, session.session_id


async def test_wishes_reach_the_session(station: FakeStation, client: httpx.AsyncClient) -> None:
    evse_id, session_id = occupied(station)
    departure = NOW + timedelta(hours=3)
    body = {"soc_target_frac": 0.9, "departure": departure.isoformat(), "discharge_consent": True, "soc_floor_frac": 0.4}
    answer = await client.post(f"/api/evses/{evse_id}/wishes", json=body)
    assert answer.status_code == 204
    expected = Wishes(soc_target_frac=0.9, departure=departure, discharge_consent=True, soc_floor_frac=0.4)
    assert station.wishes == {session_id: expected}


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"energy_kwh": 5, "soc_target_frac": 0.5}, "energy_kwh"),
        ({"departure": (NOW - timedelta(hours=1)).isoformat()}, "departure"),
        ({"departure": "0001-01-01T00:00:00+14:00"}, "departure"),
        ({"departure": "9999-12-31T23:59:59-14:00"}, "departure"),
        ({"soc_target_frac": 1.1}, "soc_target_frac"),
        ({"energy_kwh": -1}, "energy_kwh"),
        ({"discharge_consent": "maybe"}, "discharge_consent"),
        ({"discharge_consent": "yes"}, "discharge_consent"),
        ({"discharge_consent": 1}, "discharge_consent"),
        ({"discharge_consent": None}, "discharge_consent"),
        ({"energy_kwh": "5"}, "energy_kwh"),
        ({"soc_floor_frac": True}, "soc_floor_frac"),
        ({"priority": "high"}, "priority"),
        ({"departure": "soon"}, "departure"),
        ({"speed": "fast"}, "speed"),
    ],
)
async def test_bad_wishes_change_nothing(station: FakeStation, client: httpx.AsyncClient, body: dict[str, Any], place: str) -> None:
    answer = await client.post(f"/api/evses/{occupied(station)[0]}/wishes", json=body)
    assert answer.status_code == 422
    assert answer.json()["place"] == place
    assert answer.json()["mend"]
    assert station.wishes == {}


async def test_nobody_there_and_no_such_outlet_are_told_apart(station: FakeStation, client: httpx.AsyncClient) -> None:
    station.occupied = False
    answer = await client.post("/api/evses/A01/wishes", json={})
    assert answer.status_code == 422
    assert answer.json()["mend"] == "plug the car in first"
    assert (await client.post("/api/evses/Z99/wishes", json={})).status_code == 404
