from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOW, a_site, an_observation, an_outlook
from tests.support.fake_gateway import FakeGateway
from v2g.easing import eased
from v2g.fastlook import fast_look
from v2g.limits import Limits, limits_now
from v2g.observation import Observation, Reading
from v2g.record import Memory, Rooms
from v2g.site import Rules, Site
from v2g.tick import Parts

LIMIT_KW, RISE_S = 60.0, 300.0
SITE = a_site(4, limit_kw=LIMIT_KW, rules=Rules(guard_frac=0.0, rise_s=RISE_S))


def at(seconds: float, load_kw: float, held_kw: float = 0.0, site: Site = SITE) -> tuple[Limits, Observation]:
    observation = an_observation(site, load_kw=load_kw, at=NOW + timedelta(seconds=seconds))
    observation = replace(observation, evses=tuple(replace(e, acknowledged_kw=held_kw) for e in observation.evses))
    return limits_now(site, observation, an_outlook(site, load_kw=load_kw), ()), observation


def test_room_falls_at_once_and_comes_back_in_a_ramp() -> None:
    rooms, seen = Rooms(), []
    for seconds, load_kw in ((0, 10.0), (5, 40.0), (10, 10.0), (70, 10.0), (160, 10.0)):
        limits, observation = at(seconds, load_kw)
        limits, rooms = eased(limits, rooms, observation, SITE)
        seen.append(float(limits.import_room_kw[0]))
    per_s = LIMIT_KW / RISE_S
    assert seen == pytest.approx([50.0, 20.0, 20.0 + 5 * per_s, 20.0 + 65 * per_s, 50.0])


def test_what_is_in_force_is_not_cut_by_easing() -> None:
    before = Rooms(at=NOW, import_kw={"grid": 5.0})
    limits, observation = at(1, 10.0, held_kw=11.0)
    assert eased(limits, before, observation, SITE)[0].import_room_kw[0] == pytest.approx(44.0)


def test_without_a_ramp_all_room_is_back_at_once() -> None:
    site = replace(SITE, rules=replace(SITE.rules, rise_s=0.0))
    limits, observation = at(1, 10.0, site=site)
    assert eased(limits, Rooms(at=NOW, import_kw={"grid": 5.0}), observation, site)[0].import_room_kw[0] == 50.0


@given(st.floats(-60, 600), st.floats(0, 70), st.floats(-11, 11), st.floats(0, 60), st.floats(0, 60))
def test_easing_only_takes_room_that_nobody_uses(
    seconds: float, load_kw: float, held_kw: float, import_kw: float, export_kw: float
) -> None:
    limits, observation = at(seconds, load_kw, held_kw)
    before = Rooms(at=NOW, import_kw={"grid": import_kw, "hall:L1": import_kw}, export_kw={"grid": export_kw})
    after, rooms = eased(limits, before, observation, SITE)
    draws, gives = (limits.weight @ np.full(4, max(kw, 0.0)) for kw in (held_kw, -held_kw))
    for new, old, used in (
        (after.import_room_kw, limits.import_room_kw, draws),
        (after.export_room_kw, limits.export_room_kw, gives),
    ):
        assert (new <= old).all()
        assert (new >= np.minimum(old, used)).all()
    assert rooms.import_kw["grid"] <= max(import_kw + max(seconds, 0.0) * LIMIT_KW / RISE_S, draws[0]) + 1e-6


async def test_the_fast_loop_remembers_what_a_meter_above_the_limit_has_taken() -> None:
    _, observation = at(0, 10.0, held_kw=11.0)
    gateway = FakeGateway(replace(observation, site_power_kw=Reading(value=75.0, at=NOW)))
    parts = Parts(site=SITE, gateway=gateway, forecaster=None, planner=None)  # type: ignore[arg-type]  # a look asks neither
    _, report, memory = await fast_look(parts, Memory(), an_outlook(SITE), (), NOW)
    assert report.outcomes
    assert memory.rooms.import_kw["grid"] == pytest.approx(44.0 - 15.0)
    gateway.observation = replace(gateway.observation, site_power_kw=Reading(value=55.0, at=NOW))
    _, report, memory = await fast_look(parts, memory, an_outlook(SITE), (), NOW + timedelta(seconds=5))
    assert not report.outcomes
    assert memory.rooms.import_kw["grid"] == pytest.approx(29.0 + 5.0 * LIMIT_KW / RISE_S)
