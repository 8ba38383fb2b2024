"""A few thousand frames of the campaign; `make fuzz` sends a million."""

import pytest

from tests.adapters.ocpp.campaign import FRAMES_EACH, VERSIONS, Tally, campaign, converse


async def test_mutated_frames_of_every_version_harm_nobody() -> None:
    tally = await campaign(3000, seed=7)
    assert tally.frames >= 3000
    assert tally.answers > 300, "the frames are near enough to real ones to be answered"
    assert tally.outcomes.keys() >= {"Applied", "RefusedError", "BadFrameError"}, "setpoints met answers of every kind"


@pytest.mark.parametrize("version", VERSIONS)
async def test_whoever_talks_nonsense_long_enough_is_shown_the_door(version: str) -> None:
    tally = Tally()
    for seed in range(10):
        await converse(version, seed, tally, n_frames=10 * FRAMES_EACH)
    assert tally.closed > 0
