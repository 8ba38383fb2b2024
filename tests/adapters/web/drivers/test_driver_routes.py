"""What a phone may say by the code on an outlet, and which phone may."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from adapters.clock import VirtualClock
from adapters.web import create_app
from adapters.web.drivers.phones import PHONE
from tests.adapters.web.pages.browsing import LINKS_KEY
from tests.support.fake_station import FakeStation
from v2g.outlet_links import OutletLinks
from v2g.session import Wishes

JUST_CAME, CAME_LONG_AGO, CONSENTS = "A08", "A02", "V02"
"""Cars plugged in for 6 min, 31 min and hours; the last one's driver has consented otherwise."""
YES: dict[str, Any] = {"energy_kwh": 12.0, "discharge_consent": True}
LINKS = OutletLinks(LINKS_KEY, (JUST_CAME, CAME_LONG_AGO, CONSENTS, "A01"))


@pytest.fixture
def app(station: FakeStation) -> FastAPI:
    return create_app(station, links=LINKS)


def client_of(app: FastAPI, url: str = "http://localhost") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=url)


class Phone:
    """A phone with cookies of its own, at the page of one outlet."""

    def __init__(self, app: FastAPI, evse_id: str = JUST_CAME) -> None:
        self.client, self.path = client_of(app), f"/api/car/{LINKS.token(evse_id)}"

    async def look(self) -> dict[str, Any]:
        told: dict[str, Any] = (await self.client.get(self.path)).json()
        return told

    async def say(self, **wishes: Any) -> httpx.Response:
        return await self.client.post(f"{self.path}/wishes", json=wishes)


def wishes_at(station: FakeStation, evse_id: str) -> Wishes:
    return next(s.session.wishes for s in station.observation().evses if s.evse_id == evse_id and s.session)


async def test_a_driver_speaks_for_the_car_at_the_outlet_whose_code_was_scanned(app: FastAPI, station: FakeStation) -> None:
    phone = Phone(app)
    link = (await phone.client.get(f"/api/evses/{JUST_CAME}/driver-link")).json()
    assert link["url"] == f"http://localhost/car/{LINKS.token(JUST_CAME)}"
    assert link["qr"].startswith("data:image/svg+xml")
    told = await phone.look()
    assert told["evse"]["session"]["evse_id"] == JUST_CAME
    assert told["saves"] is not None
    assert (told["evse"]["session"]["driver"], told["evse"]["session"]["session_id"]) == ("", ""), "the code may be anybody's"
    assert (await phone.say(**YES)).status_code == 204
    assert (wishes_at(station, JUST_CAME).energy_kwh, wishes_at(station, JUST_CAME).discharge_consent) == (12.0, True)


@pytest.mark.parametrize(
    "form", [{"priority": 9.0}, {"soc_floor_frac": 0.0}, {"energy_kwh": -1.0}, {"energy_kwh": 5.0, "soc_target_frac": 0.5}]
)
async def test_a_driver_cannot_ask_for_more_than_drivers_may(app: FastAPI, station: FakeStation, form: dict[str, float]) -> None:
    phone = Phone(app)
    await phone.look()
    assert (await phone.say(**form)).status_code == 422
    assert not station.wishes


async def test_what_others_said_of_floor_and_priority_stays(app: FastAPI, station: FakeStation) -> None:
    await station.set_wishes(JUST_CAME, Wishes(soc_floor_frac=0.6, priority=3.0))
    phone = Phone(app)
    await phone.look()
    assert (await phone.say(**YES)).status_code == 204
    assert (wishes_at(station, JUST_CAME).soc_floor_frac, wishes_at(station, JUST_CAME).priority) == (0.6, 3.0)


async def test_guessing_codes_and_changing_ones_mind_without_end_are_stopped(app: FastAPI) -> None:
    phone = Phone(app, "A01")
    answers = [(await phone.client.get(f"/api/car/{'a' * 23}{letter}")).status_code for letter in "abcdefghijklmnopqrstuvwxyz"]
    assert answers.count(404) == 20
    assert answers[-1] == 429
    answers = [(await phone.say()).status_code for _ in range(25)]
    assert answers[-1] == 429


async def test_the_first_phone_to_speak_is_the_cars_and_others_only_look(app: FastAPI, station: FakeStation) -> None:
    first, other = Phone(app), Phone(app)
    assert [(await phone.look())["speaks"] for phone in (first, other)] == [True, True]
    assert (await first.say(energy_kwh=12.0)).status_code == 204
    assert [(await phone.look())["speaks"] for phone in (first, other)] == [True, False]
    refused = await other.say(**YES)
    assert (refused.status_code, "another phone" in refused.json()["detail"]) == (403, True)
    assert wishes_at(station, JUST_CAME).energy_kwh == 12.0
    assert not wishes_at(station, JUST_CAME).discharge_consent
    assert (await first.say(**YES)).status_code == 204
    assert wishes_at(station, JUST_CAME).discharge_consent


async def test_who_spoke_in_time_may_consent_later(app: FastAPI, station: FakeStation, clock: VirtualClock) -> None:
    phone = Phone(app)
    await phone.look()
    await phone.say(energy_kwh=12.0)
    clock.advance_to(clock.now() + timedelta(hours=2))
    told = await phone.look()
    assert (told["may_consent"], told["may_consent_again"]) == (True, True)
    assert (await phone.say(**YES)).status_code == 204
    assert wishes_at(station, JUST_CAME).discharge_consent


async def test_who_speaks_late_may_say_when_and_how_much_but_not_consent(app: FastAPI, station: FakeStation) -> None:
    late = Phone(app, CAME_LONG_AGO)
    told = await late.look()
    assert (told["speaks"], told["may_consent"], told["consent_s"]) == (True, False, station.site.rules.code_consent_s)
    refused = await late.say(**YES)
    assert (refused.status_code, "too late" in refused.json()["detail"]) == (403, True)
    assert (await late.say(energy_kwh=12.0)).status_code == 204
    assert (await late.say(**YES)).status_code == 403, "a claim made late does not ripen"
    assert wishes_at(station, CAME_LONG_AGO).energy_kwh == 12.0
    assert not wishes_at(station, CAME_LONG_AGO).discharge_consent


async def test_consent_that_staff_or_the_car_gave_is_kept_and_can_be_taken_back(app: FastAPI, station: FakeStation) -> None:
    late = Phone(app, CONSENTS)
    told = await late.look()
    assert (told["may_consent"], told["may_consent_again"]) == (True, False), "it is said before it is taken back"
    assert (await late.say(**YES)).status_code == 204
    assert (await late.say(discharge_consent=False)).status_code == 204
    assert (await late.say(**YES)).status_code == 403
    assert not wishes_at(station, CONSENTS).discharge_consent


async def test_staff_may_always_and_end_a_claim(app: FastAPI, station: FakeStation, clock: VirtualClock) -> None:
    thief, driver = Phone(app), Phone(app)
    await thief.look()
    await driver.look()
    assert (await thief.say(**YES)).status_code == 204
    clock.advance_to(clock.now() + timedelta(hours=1))
    async with client_of(app) as staff:
        answer = await staff.post(f"/api/evses/{JUST_CAME}/wishes", json={"energy_kwh": 20.0, "discharge_consent": False})
    assert answer.status_code == 204
    assert (await thief.say(**YES)).status_code == 403, "from now on it is too late"
    assert (await driver.say(energy_kwh=15.0)).status_code == 204
    assert wishes_at(station, JUST_CAME).energy_kwh == 15.0


async def test_the_next_car_is_free_again(app: FastAPI, station: FakeStation, clock: VirtualClock) -> None:
    before, after = Phone(app), Phone(app)
    await before.look()
    await before.say(**YES)
    clock.advance_to(clock.now() + timedelta(hours=13, minutes=2))
    assert (await after.look())["speaks"]
    assert not wishes_at(station, JUST_CAME).discharge_consent
    assert (await after.say(**YES)).status_code == 204
    assert (await before.say(**YES)).status_code == 403


@pytest.mark.parametrize("shown", [None, "", "0" * 31, "g" * 32, "0" * 500])
async def test_a_phone_without_the_cookie_that_it_was_given_may_only_look(
    app: FastAPI, station: FakeStation, shown: str | None
) -> None:
    phone = Phone(app)
    cookies = {} if shown is None else {"Cookie": f"{PHONE}={shown}"}
    answer = await phone.client.post(f"{phone.path}/wishes", json=YES, headers=cookies)
    assert (answer.status_code, "cookie" in answer.json()["detail"]) == (403, True)
    assert not station.wishes


async def test_the_cookie_is_hidden_bound_to_the_outlet_and_to_encryption_and_given_once(app: FastAPI) -> None:
    phone = Phone(app)
    async with client_of(app, "https://localhost") as far:
        (given,) = (await far.get(phone.path)).headers.get_list("set-cookie")
        assert (await far.get(phone.path)).headers.get_list("set-cookie") == []
    assert {"HttpOnly", "Secure", "SameSite=strict", f"Path={phone.path}"} <= set(given.split("; "))
    assert "domain" not in given.lower()
    (given,) = (await phone.client.get(phone.path)).headers.get_list("set-cookie")
    assert "Secure" not in given, "trials on this machine have no encryption"


async def test_an_empty_outlet_hears_nobody(app: FastAPI, station: FakeStation) -> None:
    phone = Phone(app)
    station.occupied = False
    assert (await phone.look())["speaks"]
    assert (await phone.say(**YES)).status_code == 404
