"""The solver in its own process: real processes, killed, stopped, starved of memory, cancelled."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from io import BytesIO

import numpy as np
import pytest
from structlog.testing import capture_logs

from optimizer.exact import ExactPlanner
from optimizer.fleet import warming
from optimizer.frames import pack, read
from optimizer.ladder import Ladder
from optimizer.options import READY, WorkerOptions
from optimizer.process import ProcessPlanner
from optimizer.verify import faults_of
from optimizer.worker import prepare, serve
from tests.optimizer.builders import with_storages
from tests.optimizer.instances import fleet
from v2g.errors import PlanningError
from v2g.site import PlannerChoice
from v2g.solution import Rung, Solution

PROBLEM = fleet(5, 12)


@pytest.fixture
async def planner() -> AsyncIterator[ProcessPlanner]:
    async with ProcessPlanner(kill_after_s=20.0, choice="exact") as started:
        yield started


def options(choice: PlannerChoice = "auto") -> WorkerOptions:
    return WorkerOptions(time_limit_s=10.0, prefer=True, memory_mb=None, choice=choice)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_it_answers_as_the_planner_in_process_does(planner: ProcessPlanner) -> None:
    solution = await planner.solve(PROBLEM)
    assert solution.power_kw == pytest.approx(ExactPlanner().solve_now(PROBLEM).power_kw)
    assert solution.rung is Rung.OPTIMAL
    pid = planner.pid
    await planner.solve(PROBLEM)
    assert planner.pid == pid
    assert planner.starts == 1


async def test_solves_wait_for_each_other(planner: ProcessPlanner) -> None:
    solutions = await asyncio.gather(*(planner.solve(fleet(n, 12)) for n in (2, 3, 4)))
    assert [s.power_kw.shape[0] for s in solutions] == [2, 3, 4]


async def test_the_loop_goes_on_while_it_solves(planner: ProcessPlanner) -> None:
    task = asyncio.create_task(planner.solve(fleet(100, 96)))
    beats = 0
    while not task.done():
        await asyncio.sleep(0.001)
        beats += 1
    assert beats > 20
    assert (await task).rung is Rung.OPTIMAL


async def test_a_solve_does_not_wait_longer_than_its_patience_for_a_solver_that_starts() -> None:
    ready = asyncio.Event()
    async with ProcessPlanner(choice="exact", start_patience_s=0.0, on_ready=ready.set) as planner:
        with pytest.raises(PlanningError, match="the solver is starting"):
            await planner.solve(PROBLEM)
        async with asyncio.timeout(60):
            await ready.wait()
        assert (await planner.solve(PROBLEM)).rung is Rung.OPTIMAL
        assert planner.starts == 1
        assert planner.pid is not None
        os.kill(planner.pid, signal.SIGKILL)
        async with asyncio.timeout(30):
            await planner.ended()
        with pytest.raises(PlanningError, match="the solver is starting"):
            await planner.solve(PROBLEM)


async def test_a_solver_that_cannot_start_is_an_error_each_time_it_is_asked() -> None:
    planner = ProcessPlanner(choice="exact", memory_mb=30)
    for starts in (1, 2):
        with pytest.raises(PlanningError, match="died"):
            await planner.solve(PROBLEM)
        assert (planner.pid, planner.starts) == (None, starts)


async def test_a_killed_solver_is_replaced_at_the_next_solve(planner: ProcessPlanner) -> None:
    pid = planner.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(30):
        await planner.ended()
    with capture_logs() as events:
        assert (await planner.solve(PROBLEM)).rung is Rung.OPTIMAL
    assert events[0] == {"event": "solver_died", "log_level": "warning", "returncode": -signal.SIGKILL}
    assert planner.pid not in {None, pid}
    assert planner.starts == 2


async def test_a_solver_that_dies_in_the_middle_is_an_error_and_then_replaced(planner: ProcessPlanner) -> None:
    pid = planner.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    task = asyncio.create_task(planner.solve(PROBLEM))
    await asyncio.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(PlanningError, match="died"):
        await task
    assert (await planner.solve(PROBLEM)).rung is Rung.OPTIMAL


@pytest.mark.parametrize("known", [True, False])
async def test_a_solver_killed_in_the_middle_costs_a_rung_and_its_reason_is_told(planner: ProcessPlanner, known: bool) -> None:
    problem = with_storages(PROBLEM, previous_power_kw=np.zeros(PROBLEM.shape)) if known else PROBLEM
    ladder, pid = Ladder(planner), planner.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    task = asyncio.create_task(ladder.solve(problem))
    await asyncio.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    solution = await task
    assert solution.rung is (Rung.PREVIOUS if known else Rung.RULE)
    assert solution.reason.startswith("the solver process died")
    assert faults_of(problem, solution) == ()
    assert (await ladder.solve(problem)).rung is Rung.OPTIMAL


async def test_a_hanging_solver_is_killed_at_the_deadline(planner: ProcessPlanner) -> None:
    pid = planner.pid
    assert pid is not None
    planner.kill_after_s = 0.2
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(PlanningError, match=r"did not answer within 0\.205 s and was killed"):
        await planner.solve(PROBLEM)
    assert gone(pid)
    assert planner.pid is None


async def test_large_problems_may_take_longer(planner: ProcessPlanner) -> None:
    pid = planner.pid
    assert pid is not None
    planner.kill_after_s = 0.0
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(PlanningError, match=r"did not answer within 0\.3 s"):
        await planner.solve(fleet(300, 2))


@pytest.mark.parametrize(("choice", "warm"), [("exact", False), ("auto", True), ("fleet", True)])
def test_the_fleet_planner_is_compiled_before_the_solver_is_ready(
    choice: PlannerChoice, warm: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(warming, "warm_up", lambda: done.append("warm"))
    prepare(options(choice))
    assert done == ["warm"] * warm


def test_a_fleet_planner_that_cannot_be_loaded_keeps_nobody_from_starting(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "optimizer.fleet.warming", None)
    prepare(options())
    assert "ModuleNotFoundError" in capfd.readouterr().err


async def test_a_fleet_is_planned_in_the_process_too() -> None:
    async with ProcessPlanner(kill_after_s=60.0, choice="fleet") as planner:
        solution = await planner.solve(fleet(30, 12))
    assert solution.planner == "fleet"
    assert faults_of(fleet(30, 12), solution) == ()


async def test_a_cancelled_solve_leaves_no_stale_answer_behind(planner: ProcessPlanner) -> None:
    task = asyncio.create_task(planner.solve(fleet(100, 96)))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await planner.solve(PROBLEM)).power_kw.shape == PROBLEM.shape


async def test_a_solver_without_memory_says_so_or_dies_but_never_takes_us_along() -> None:
    async with ProcessPlanner(memory_mb=700, choice="exact") as planner:
        with pytest.raises(PlanningError, match=r"MemoryError|bad_alloc|died"):
            await planner.solve(fleet(3000, 96))
        assert (await planner.solve(PROBLEM)).rung is Rung.OPTIMAL


async def test_closing_ends_the_process() -> None:
    async with ProcessPlanner(choice="exact") as planner:
        pid = planner.pid
        assert pid is not None
    assert gone(pid)
    assert planner.pid is None


@pytest.mark.parametrize("problem", [b"", pack(PROBLEM)], ids=["while starting", "while solving"])
def test_a_worker_whose_parent_has_gone_ends_in_silence(problem: bytes) -> None:
    unread, answers = os.pipe()
    command = [
        sys.executable,
        "-m",
        "optimizer.worker",
        options("exact").to_argument(),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=answers, stderr=subprocess.PIPE) as worker:
        os.close(answers)
        if problem:
            assert os.read(unread, len(pack(READY))) == pack(READY)
        os.close(unread)
        _, said = worker.communicate(problem, timeout=120)
    assert (worker.returncode, said) == (0, b"")


def test_the_worker_tells_what_went_wrong_and_goes_on(capfd: pytest.CaptureFixture[str]) -> None:
    answers = BytesIO()
    serve(BytesIO(pack("not a problem") + pack(PROBLEM)), answers, options())
    answers.seek(0)
    assert read(answers).startswith("the solver failed: AttributeError")
    assert isinstance(read(answers), Solution)
    assert "Traceback" in capfd.readouterr().err


def test_a_solve_without_time_is_a_sentence() -> None:
    answers = BytesIO()
    serve(BytesIO(pack(fleet(60, 96))), answers, WorkerOptions(time_limit_s=0.0, prefer=True, memory_mb=None))
    answers.seek(0)
    assert read(answers) == "HiGHS found no plan: Time limit reached"
