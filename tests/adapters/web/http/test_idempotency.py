"""Whose an answer is that was kept."""

import httpx

from adapters.web import create_app
from tests.adapters.web.signals.test_signal_routes import steps
from tests.support.fake_accounts import FakeAccounts, password_of
from tests.support.fake_station import FakeStation
from v2g.access import FOR_MACHINES, Role

KEY = {"Idempotency-Key": "the same"}


async def test_the_same_key_of_another_caller_is_another_key(station: FakeStation) -> None:
    accounts = FakeAccounts()
    transport = httpx.ASGITransport(create_app(station, accounts=accounts))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        told = []
        for name in ("one", "two"):
            _, token = await accounts.issue(name=name, role=Role.GRID_OPERATOR, rights=FOR_MACHINES, days=1, by="")
            shown = KEY | {"Authorization": f"Bearer {token.text}"}
            told += [(await client.post("/api/signals", json=steps(), headers=shown)).json()["signal_id"] for _ in range(2)]
        assert told[0] == told[1] != told[2] == told[3]
        assert len(station.posted) == 2


async def test_an_answer_with_a_secret_is_not_told_twice(station: FakeStation) -> None:
    accounts = FakeAccounts()
    transport = httpx.ASGITransport(create_app(station, accounts=accounts))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        await client.post("/api/login", json={"name": "admin", "password": password_of("admin")})
        shown = KEY | {"X-CSRF-Token": client.cookies["v2g_csrf"]}
        body = {"name": "vtn", "role": "viewer"}
        tokens = [(await client.post("/api/machines", json=body, headers=shown)).json()["token"] for _ in range(2)]
        assert tokens[0] != tokens[1]
