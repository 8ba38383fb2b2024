import structlog

from config.station.guarding import BUDGET, Guards
from v2g.station import Condition


async def test_a_part_that_fails_is_started_again_and_says_so() -> None:
    guards, runs = Guards(pause_wall_s=0.0), list[int]()

    async def clumsy() -> None:
        runs.append(len(runs))
        if len(runs) < 3:
            raise RuntimeError("oops")

    with structlog.testing.capture_logs() as said:
        await guards.run("teller", clumsy)
    assert (len(runs), [line["event"] for line in said]) == (3, ["part_failed"] * 2)
    assert (guards.part().condition, "teller" in guards.part().detail) == (Condition.DEGRADED, True)


async def test_one_that_fails_again_and_again_is_left_alone() -> None:
    guards, runs = Guards(pause_wall_s=0.0), list[int]()

    async def hopeless() -> None:
        runs.append(len(runs))
        raise RuntimeError("oops")

    with structlog.testing.capture_logs():
        await guards.run("teller", hopeless)
    assert len(runs) == BUDGET
    assert (guards.part().condition, "left alone" in guards.part().detail) == (Condition.DOWN, True)


def test_parts_that_never_failed_are_well() -> None:
    assert Guards().part().condition is Condition.OK
