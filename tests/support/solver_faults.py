"""Solvers that hang, crash, eat memory or answer nonsense, in a process of their own: the next rung must answer, in time.

    python -m tests.support.solver_faults [--faults 100] [--seed 1]

Each fault befalls a process of `tests.support.faulty_solver` under the planner's and the ladder's real code.
"""

import argparse
import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np

from config.station.logs import configure_logs
from optimizer.ladder import Ladder
from optimizer.process import ProcessPlanner
from optimizer.verify import faults_of
from tests.optimizer.builders import with_storages
from tests.optimizer.instances import fleet
from tests.support.faulty_solver import FAULT_FILE, FAULTS
from tests.support.served import say
from v2g.problem import Problem
from v2g.solution import Rung

KILL_AFTER_S, SPARE_S, MEMORY_MB = 1.0, 5.0, 1500
"""An answer may take the planner's patience, and so much more for the rungs below on a busy machine."""
BELOW = (Rung.PREVIOUS, Rung.RULE)


class FaultyPlanner(ProcessPlanner):
    """The planner, over a solver with faults."""

    WORKER = "tests.support.faulty_solver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of one fault: which rung answered, why, after how long [s], and what is wrong with its plan.

    `recovered` says whether the next solve without a fault was the solver's again.
    """

    fault: str
    rung: Rung
    reason: str
    took_s: float
    wrong: tuple[str, ...]
    recovered: bool

    @property
    def good(self) -> bool:
        """Whether the next rung answered in time, by a sound plan and with a reason, and the solver came back."""
        in_time = self.took_s < KILL_AFTER_S + SPARE_S
        return self.rung in BELOW and bool(self.reason) and not self.wrong and in_time and self.recovered


async def befall(n: int, seed: int) -> AsyncIterator[Answered]:
    """Let faults befall a solver, each as often as any other, in an order drawn by `seed`; yield what came of each."""
    rng, faults = random.Random(seed), [list(FAULTS)[i % len(FAULTS)] for i in range(n)]
    rng.shuffle(faults)
    planner = FaultyPlanner(kill_after_s=KILL_AFTER_S, memory_mb=MEMORY_MB)
    ladder = Ladder(planner)
    with TemporaryDirectory() as folder, patch.dict(os.environ, {FAULT_FILE: str(Path(folder) / "fault")}):
        file = Path(folder) / "fault"
        file.write_text("", encoding="utf-8")
        async with planner:
            for fault in faults:
                problem = _problem(rng)
                file.write_text(fault, encoding="utf-8")
                began = time.perf_counter()
                answer = await ladder.solve(problem)
                took_s = time.perf_counter() - began
                file.write_text("", encoding="utf-8")
                yield Answered(
                    fault=fault,
                    rung=answer.rung,
                    reason=answer.reason,
                    took_s=took_s,
                    wrong=faults_of(problem, answer),
                    recovered=(await ladder.solve(_problem(rng))).rung is Rung.OPTIMAL,
                )


def _problem(rng: random.Random) -> Problem:
    """Return a problem, with or without a plan before it."""
    problem = fleet(rng.randint(2, 12), 12, seed=rng.randint(0, 10_000))
    return with_storages(problem, previous_power_kw=np.zeros(problem.shape)) if rng.random() < 0.5 else problem


async def campaign(n: int, seed: int) -> dict[str, Any]:
    """Return the figures of `n` faults; tell those that were not borne."""
    answers = [answer async for answer in befall(n, seed)]
    for answer in answers:
        if not answer.good:
            say(
                {
                    "fault": answer.fault,
                    "rung": answer.rung,
                    "reason": answer.reason,
                    "took_s": answer.took_s,
                    "wrong": answer.wrong,
                }
            )
    return {
        "faults": len(answers),
        "next_rung_in_time": sum(answer.good for answer in answers),
        "kinds": len({answer.fault for answer in answers}),
        "slowest_s": round(max(answer.took_s for answer in answers), 2),
        "rungs": Counter(answer.rung.value for answer in answers),
    }


def main() -> None:
    """Run and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    configure_logs(verbose=False, quiet=True)
    say(asyncio.run(campaign(options.faults, options.seed)))


if __name__ == "__main__":
    main()
