from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.builders import NOW, a_site, an_observation, an_outlook
from v2g.limits import limits_now
from v2g.observation import Observation, Quality, Reading
from v2g.plausible import FROZEN_S, Stillness, plausible, watch_meters
from v2g.record import Memory, QuarterHour
from v2g.remembering import meter

SITE = a_site(2, limit_kw=50.0)


def told(site_kw: float | None, load_kw: float, after_s: float = 0.0) -> Observation:
    at = NOW + timedelta(seconds=after_s)
    site_power = None if site_kw is None else Reading(value=site_kw, at=at)
    return replace(an_observation(SITE), at=at, site_power_kw=site_power, load_kw=Reading(value=load_kw, at=at))


def judged(*told: Observation) -> Observation:
    still = Stillness()
    for observation in told:
        still = watch_meters(still, observation)
    return plausible(told[-1], still, SITE)


def quality(observation: Observation) -> Quality:
    assert observation.load_kw is not None
    return observation.load_kw.quality


@pytest.mark.parametrize("load_kw", [-1e6, -151.0, -1.5, 151.0, 1e6, float("nan")])
def test_what_no_connection_carries_is_suspect_and_counts_at_its_highest(load_kw: float) -> None:
    seen = judged(told(20.0, load_kw))
    assert quality(seen) is Quality.SUSPECT
    limits = limits_now(SITE, seen, an_outlook(SITE), ())
    assert limits.import_room_kw[0] == 50.0 - 20.0


def test_meters_that_move_are_believed_and_those_that_stand_still_for_an_hour_are_not() -> None:
    assert quality(judged(told(20.0, 15.0), told(20.0, 15.0, FROZEN_S - 1))) is Quality.GOOD
    assert quality(judged(told(20.0, 15.0), told(20.0, 15.0, FROZEN_S))) is Quality.SUSPECT
    assert quality(judged(told(20.0, 15.0), told(20.1, 15.0, 60.0), told(20.1, 15.0, FROZEN_S))) is Quality.GOOD


def test_a_load_alone_may_be_constant() -> None:
    assert quality(judged(told(None, 15.0), told(None, 15.0, 2 * FROZEN_S))) is Quality.GOOD


def test_what_cannot_be_is_no_peak() -> None:
    memory = Memory(quarter=QuarterHour(last_at=NOW, last_kw=20.0), month=f"{NOW:%Y-%m}")
    memory = meter(memory, judged(told(1e6, 15.0, 60.0)), SITE)
    assert memory.quarter.last_kw == 20.0
