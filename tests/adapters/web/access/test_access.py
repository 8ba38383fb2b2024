import asyncio
import contextlib
import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from adapters.web import create_app, serve
from adapters.web.access.cookies import SESSION
from adapters.web.http.hosts import is_loopback
from adapters.web.people.models import machine_view
from adapters.web.server import TlsPair
from tests.adapters.web.conftest import GIVEN, client_of
from tests.adapters.web.signals.test_signal_routes import steps
from tests.support.fake_accounts import FakeAccounts, password_of
from tests.support.fake_station import FakeStation
from v2g.access import FOR_MACHINES, Role
from v2g.errors import SiteError, UnavailableError

MUTATING = [
    ("POST", "/api/signals"),
    ("POST", "/api/signals/heartbeat"),
    ("DELETE", "/api/signals/x"),
    ("POST", "/api/evses/A01/wishes"),
]
WRONG = [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}, {"Authorization": f"Basic {GIVEN}"}]


@pytest.mark.parametrize(("method", "path"), MUTATING)
@pytest.mark.parametrize("headers", WRONG)
async def test_with_a_token_nothing_changes_without_it(
    station: FakeStation, method: str, path: str, headers: dict[str, str]
) -> None:
    async with client_of(station, token=GIVEN) as client:
        answer = await client.request(method, path, headers=headers, json=steps())
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert station.signals() == ()


async def test_the_token_opens_and_reading_needs_none(station: FakeStation) -> None:
    async with client_of(station, token=GIVEN, url="http://station.example") as client:
        answer = await client.post("/api/signals", json=steps(), headers={"Authorization": f"Bearer {GIVEN}"})
        assert answer.status_code == 201
        assert (await client.get("/api/state")).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.0.2.7", "", "localhost.evil.example:80"])
async def test_without_a_token_foreign_names_are_not_served(station: FakeStation, host: str) -> None:
    async with client_of(station) as client:
        answer = await client.get("/api/state", headers={"Host": host})
    assert answer.status_code == 421


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "127.0.0.2:80", "[::1]:8080"])
async def test_names_of_this_machine_are_served(station: FakeStation, host: str) -> None:
    async with client_of(station) as client:
        assert (await client.get("/api/site", headers={"Host": host})).status_code == 200


EVERYWHERE = str(ip_address(0))


@pytest.mark.parametrize("host", ["::1", "127.0.0.1", "127.9.9.9", "localhost"])
def test_loopback_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "10.0.0.1", "station.example", ""])
def test_other_addresses_are_not(host: str) -> None:
    assert not is_loopback(host)


def test_without_a_token_it_is_not_opened_to_others(station: FakeStation) -> None:
    with pytest.raises(SiteError, match="let people log in"):
        serve(create_app(station), EVERYWHERE, 0)


def test_a_taken_port_is_unavailable(station: FakeStation) -> None:
    first = serve(create_app(station), "127.0.0.1", 0)
    with pytest.raises(UnavailableError, match="choose another port"):
        serve(create_app(station), "127.0.0.1", first.port)
    first.close()


async def test_security_headers_are_on_every_answer(client: httpx.AsyncClient) -> None:
    for path in ("/", "/api/state", "/static/main.js", "/nowhere"):
        headers = (await client.get(path)).headers
        assert "script-src 'self';" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


async def test_an_unknown_page_is_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/nowhere")
    assert answer.status_code == 404
    assert answer.json()["status"] == 404
    assert (await client.put("/api/signals")).status_code == 405


async def test_it_is_served_encrypted_and_says_so(station: FakeStation, tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    certificate, key = tmp_path / "web.crt", tmp_path / "web.key"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    server = serve(create_app(station), "127.0.0.1", 0, TlsPair(certificate=str(certificate), key=str(key)))
    running = asyncio.ensure_future(server.run())
    async with httpx.AsyncClient(base_url=server.url, verify=context) as client:
        assert server.url.startswith("https://")
        assert (await client.get("/api/site")).status_code == 200
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_a_certificate_that_cannot_be_used_is_told_at_the_start(station: FakeStation, tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("nothing", encoding="utf-8")
    for path in (tmp_path / "none.pem", tmp_path / "missing.pem"):
        with pytest.raises(SiteError, match="cannot be used"):
            serve(create_app(station), "127.0.0.1", 0, TlsPair(certificate=str(path), key=str(path)))


async def test_another_stations_cookie_is_no_wrong_attempt_where_nobody_logs_in(station: FakeStation) -> None:
    async with client_of(station) as client:
        for _ in range(40):
            assert (await client.get("/api/me", headers={"Cookie": f"{SESSION}=of another"})).status_code == 200


async def test_who_asks_nothing_is_hung_up_on_and_too_many_are_not_let_in(
    station: FakeStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.web.server.FIRST_S", 0.2)
    monkeypatch.setattr("adapters.web.server.CONNECTIONS_MAX", 3)
    server = serve(create_app(station), "127.0.0.1", 0)
    running = asyncio.ensure_future(server.run())
    await asyncio.sleep(0.1)
    idle = [await asyncio.open_connection(server.host, server.port) for _ in range(5)]
    idle[0][1].write(b"GET / HTTP/1.1\r\nHost: localhost\r\n")  # and never the end of it
    began = asyncio.get_running_loop().time()
    for reader, writer in reversed(idle):
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5.0) == b""
        writer.close()
    assert asyncio.get_running_loop().time() - began < 4.0
    async with httpx.AsyncClient(base_url=server.url) as client:
        assert (await client.get("/api/site")).status_code == 200
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_machine_is_listed_with_what_it_may_do_and_no_more() -> None:
    accounts = FakeAccounts()
    machine, _ = await accounts.issue(name="x", role=Role.VIEWER, rights=FOR_MACHINES, days=1, by="")
    assert machine_view(machine).rights == ["read"]


@pytest.mark.parametrize("leave", [FakeAccounts.log_out, None])
async def test_a_stream_ends_when_who_looks_may_no_longer(station: FakeStation, leave: Any) -> None:
    accounts = FakeAccounts()
    login = await accounts.log_in("viewer", password_of("viewer"))
    machine, token = await accounts.issue(name="x", role=Role.VIEWER, rights=FOR_MACHINES, days=1, by="")
    shown = {"Cookie": f"{SESSION}={login.session.text}"} if leave else {"Authorization": f"Bearer {token.text}"}
    transport = httpx.ASGITransport(create_app(station, accounts=accounts))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        looking = asyncio.ensure_future(client.get("/api/stream", headers=shown))
        await asyncio.sleep(0.05)
        assert not looking.done()
        await (leave(accounts, login.session.text) if leave else accounts.revoke(machine.machine_id, by=""))
        assert "event: state" in (await asyncio.wait_for(looking, 5.0)).text
