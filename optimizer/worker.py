"""The solver process: reads problems from its standard input, writes solutions to its standard output, ends with its parent."""

import json
import os
import resource
import sys
import traceback
from importlib import import_module
from typing import BinaryIO

from optimizer.choice import ChoosingPlanner
from optimizer.frames import pack, read
from optimizer.options import READY, WorkerOptions
from v2g.errors import PlanningError
from v2g.problem import Problem
from v2g.solution import Solution


def main() -> None:
    """Serve until the parent closes the pipe."""
    options = WorkerOptions(**json.loads(sys.argv[1]))
    os.nice(options.nice)
    if options.memory_mb is not None:
        resource.setrlimit(resource.RLIMIT_AS, (options.memory_mb << 20, options.memory_mb << 20))
    frames = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints must not get among the frames
    try:
        prepare(options)
        _send(frames, READY)
        serve(sys.stdin.buffer, frames, options)
    except BrokenPipeError:  # the parent has gone: nobody is left to answer, and what waits in the buffer goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), frames.fileno())


def prepare(options: WorkerOptions) -> None:
    """Compile the fleet planner, or read it from disk, where it may be asked; if it cannot be loaded, who asks it is told."""
    if options.choice == "exact":
        return
    try:
        import_module("optimizer.fleet.warming").warm_up()
    except (ImportError, PlanningError):
        traceback.print_exc()


def serve(problems: BinaryIO, answers: BinaryIO, options: WorkerOptions) -> None:
    """Answer every problem with a `Solution` or, where there is none, with a sentence."""
    planner = _planner(options)
    while True:
        try:
            problem: Problem = read(problems)
        except EOFError:
            return
        answer: Solution | str
        try:
            answer = planner.solve_now(problem)
        except PlanningError as error:
            answer = str(error)
        except Exception as error:  # noqa: BLE001 (the process border: told to the parent, traced here, and begun afresh)
            traceback.print_exc()
            answer, planner = f"the solver failed: {type(error).__name__}: {error}", _planner(options)
        _send(answers, answer)


def _planner(options: WorkerOptions) -> ChoosingPlanner:
    return ChoosingPlanner(options.choice, time_limit_s=options.time_limit_s, prefer=options.prefer, recalls=options.recalls)


def _send(stream: BinaryIO, message: Solution | str) -> None:
    stream.write(pack(message))
    stream.flush()


if __name__ == "__main__":
    main()
