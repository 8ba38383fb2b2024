from dataclasses import replace

import pytest

from tests.support.builders import NOW, a_site, an_observation, an_outlook
from tests.support.fake_gateway import FakeGateway
from v2g.fastlook import fast_look
from v2g.observation import Observation, Reading
from v2g.record import Memory
from v2g.site import Site
from v2g.tick import Parts


def holding(site: Site, *powers_kw: float | None) -> Observation:
    base = an_observation(site)
    states = tuple(replace(e, acknowledged_kw=p) for e, p in zip(base.evses, powers_kw, strict=True))
    return replace(base, evses=states, site_power_kw=None)


def parts_of(site: Site, gateway: FakeGateway) -> Parts:
    return Parts(site=site, gateway=gateway, forecaster=None, planner=None)  # type: ignore[arg-type]  # a look asks neither


async def look(site: Site, gateway: FakeGateway) -> list[float]:
    await fast_look(parts_of(site, gateway), Memory(), an_outlook(site), (), NOW)
    return [e.acknowledged_kw or 0.0 for e in gateway.observation.evses]


async def test_what_fits_is_left_alone() -> None:
    site = a_site(3, limit_kw=43.0)
    gateway = FakeGateway(holding(site, 11.0, 11.0, 11.0))
    assert await look(site, gateway) == [11.0, 11.0, 11.0]
    assert gateway.batches == []


async def test_a_charger_that_will_not_be_lowered_is_made_room_for_by_others() -> None:
    site = a_site(3, limit_kw=34.0)
    gateway = FakeGateway(holding(site, 11.0, 11.0, 11.0), refusing=frozenset({"E2"}))
    after = await look(site, gateway)
    assert after[2] == 11.0
    assert sum(after) + 10.0 <= 34.0 + 1e-6


async def test_a_charger_that_follows_nothing_counts_at_what_it_is_measured_to_draw() -> None:
    site = a_site(3, limit_kw=34.0)
    rogue = holding(site, None, 11.0, 11.0)
    rogue = replace(rogue, evses=(replace(rogue.evses[0], power_kw=Reading(value=11.0, at=NOW)), *rogue.evses[1:]))
    after = await look(site, FakeGateway(rogue))
    assert sum(after[1:]) + 11.0 + 10.0 <= 34.0 + 1e-6


async def test_chargers_that_confirmed_nothing_are_cut_where_what_they_may_draw_does_not_fit() -> None:
    site = a_site(3, limit_kw=30.0)
    held = holding(site, None, None, 0.0)
    fresh = tuple(replace(e, lease_until=None) for e in held.evses[:2])
    gateway = FakeGateway(replace(held, evses=(*fresh, held.evses[2])))
    after = await look(site, gateway)
    assert [e.acknowledged_kw is None for e in gateway.observation.evses] == [False, False, False]
    assert sum(after) + 10.0 <= 30.0 + 1e-6


@pytest.mark.parametrize("site_kw", [45.0, 60.0])
async def test_an_import_above_the_limit_is_cut_whatever_its_cause(site_kw: float) -> None:
    site = a_site(3, limit_kw=43.0)
    observation = replace(holding(site, 11.0, 11.0, 11.0), site_power_kw=Reading(value=site_kw, at=NOW))
    after = await look(site, FakeGateway(observation))
    assert sum(after) <= 33.0 - (site_kw - 43.0) + 1e-6
    assert sum(after) > 33.0 - (site_kw - 43.0) - 11.0
