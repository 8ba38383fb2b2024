"""A solver process that plans by a rule, and has whatever fault a file names when it is asked. It starts quickly."""

import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from optimizer.evaluate import evaluate
from optimizer.flows import make_solution
from optimizer.frames import pack, read
from optimizer.options import READY, WorkerOptions
from optimizer.rungs.rule import least_laxity
from v2g.problem import Problem
from v2g.solution import Rung, Solution

FAULT_FILE = "SOLVER_FAULT_FILE"
Fault = Callable[[Solution], bytes]


def crash(number: signal.Signals) -> Fault:
    """Return what ends the process by a signal."""

    def end(_solution: Solution) -> bytes:
        os.kill(os.getpid(), number)
        return b""

    return end


def leave(_solution: Solution) -> bytes:
    """End the process as a library that calls exit does."""
    os._exit(3)


def hang(_solution: Solution) -> bytes:
    """Never answer, without using the processor."""
    time.sleep(1e6)
    return b""


def spin(solution: Solution) -> bytes:
    """Never answer, and use the processor."""
    while True:
        solution.import_kw.sum()


def devour(_solution: Solution) -> bytes:
    """Ask for memory until there is no more."""
    eaten = []
    while True:
        eaten.append(np.ones(8 << 20))


def altered(**how: Callable[[Any], Any]) -> Fault:
    """Return what answers with some fields changed."""
    return lambda solution: pack(replace(solution, **{name: change(getattr(solution, name)) for name, change in how.items()}))


FAULTS: dict[str, Fault] = {
    "segmentation fault": crash(signal.SIGSEGV),
    "killed": crash(signal.SIGKILL),
    "aborted": crash(signal.SIGABRT),
    "exit": leave,
    "hang": hang,
    "stopped": crash(signal.SIGSTOP),
    "spin": spin,
    "memory": devour,
    "a sentence": lambda _solution: pack("HiGHS found no plan: infeasible"),
    "half a frame": lambda solution: pack(solution)[:100],
    "an endless frame": lambda _solution: (1 << 60).to_bytes(8, "little") + bytes(1000),
    "no pickle": lambda _solution: (5).to_bytes(8, "little") + b"hello",
    "not a solution": lambda _solution: pack(b"42"),
    "no arrays": altered(charge_kw=lambda _kw: None),
    "not a number": altered(charge_kw=lambda kw: kw * np.nan),
    "infinite": altered(import_kw=lambda kw: kw + np.inf),
    "units missing": altered(charge_kw=lambda kw: kw[:-1], discharge_kw=lambda kw: kw[:-1]),
    "steps missing": altered(charge_kw=lambda kw: kw[:, :-1]),
    "above the limits": altered(charge_kw=lambda kw: kw * 3.0 + 50.0),
    "negative": altered(discharge_kw=lambda kw: kw - 5.0),
    "energy from nowhere": altered(energy_kwh=lambda kwh: kwh + 20.0),
    "import from nowhere": altered(import_kw=lambda kw: kw + 7.0),
}


def plan(problem: Problem) -> Solution:
    """Return a sound plan, as a solver's."""
    flows = least_laxity(problem)
    return make_solution(flows, evaluate(problem, flows), rung=Rung.OPTIMAL, times_s={})


def main() -> None:
    """Serve until the parent closes the pipe, as `optimizer.worker` does."""
    options = WorkerOptions(**json.loads(sys.argv[1]))
    if options.memory_mb is not None:
        resource.setrlimit(resource.RLIMIT_AS, (options.memory_mb << 20, options.memory_mb << 20))
    out = sys.stdout.buffer
    answer = pack(READY)
    while True:
        out.write(answer)
        out.flush()
        try:
            problem: Problem = read(sys.stdin.buffer)
        except EOFError:
            return
        fault = Path(os.environ[FAULT_FILE]).read_text(encoding="utf-8")
        try:
            answer = FAULTS[fault](plan(problem)) if fault else pack(plan(problem))
        except MemoryError as error:
            answer = pack(f"the solver failed: {type(error).__name__}")


if __name__ == "__main__":
    main()
