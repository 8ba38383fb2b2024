"""Some days of the campaign and two planted bugs; `make test` runs a hundred days beside, `make faults` thousands and every bug."""

import random
from dataclasses import replace

import pytest

from tests.faults.bugs import BUGS
from tests.faults.campaign import first_to_catch
from tests.faults.day import run_day
from tests.faults.shorten import shortest
from tests.faults.story import Story, draw

SEEDS = range(1001, 1005)
SHOWN = ("only the root has limits", "beginnings are kept twice")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_goes_wrong_no_limit_is_broken_and_nothing_is_lost(seed: int) -> None:
    story = draw(seed)
    assert run_day(story).findings.all == [], story


@pytest.mark.timeout(300)
def test_a_day_from_its_seed_is_the_same_day() -> None:
    story = replace(draw(7), until_s=30_000.0)
    assert len({run_day(story).trace for _ in range(3)}) == 1
    assert run_day(replace(story, seed=8)).trace != run_day(story).trace


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", SHOWN)
def test_a_planted_bug_is_caught(name: str) -> None:
    assert name in BUGS
    _, caught_by = first_to_catch(name)
    assert caught_by is not None


@pytest.mark.parametrize("seed", range(20))
def test_the_shortest_story_still_fails_and_has_nothing_left_to_leave_out(seed: int) -> None:
    story = draw(seed)
    needed = set(random.Random(seed).sample(range(len(story.events)), 2))
    culprits = {story.events[i] for i in needed}

    def fails(candidate: Story) -> bool:
        return culprits <= set(candidate.events) and candidate.until_s > max(e.at_s for e in culprits)

    short = shortest(story, fails)
    assert set(short.events) == culprits
    assert fails(short)
