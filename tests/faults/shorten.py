"""The shortest story that still fails: what need not go wrong is left out, and the day ends soon after the failure."""

from collections.abc import Callable
from dataclasses import replace

from tests.faults.story import Story

MOST_TRIES = 60
PARTS = (2, 4, 8, 16)


def shortest(story: Story, fails: Callable[[Story], bool]) -> Story:
    """Return `story` with as few events and as early an end as `MOST_TRIES` runs of `fails` find (delta debugging, Zeller 1999)."""
    tries = 0

    def still_fails(candidate: Story) -> bool:
        nonlocal tries
        tries += 1
        return tries <= MOST_TRIES and fails(candidate)

    for share in (0.25, 0.5, 0.75):
        earlier = replace(story, until_s=share * story.until_s)
        if still_fails(earlier):
            story = earlier
            break
    story = replace(story, events=tuple(e for e in story.events if e.at_s < story.until_s))
    for parts in PARTS:
        size = max(len(story.events) // parts, 1)
        for first in range(len(story.events) - size, -1, -size):
            less = replace(story, events=story.events[:first] + story.events[first + size :])
            if still_fails(less):
                story = less
    return story
