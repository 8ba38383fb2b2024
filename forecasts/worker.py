"""The training process: lessons from its standard input, models to its standard output, then it ends."""

import json
import os
import resource
import sys

from forecasts.daysoff import days_off
from forecasts.kept import pack, unpack
from forecasts.options import TrainingOptions
from forecasts.training import Lessons, rehearse, train


def main() -> None:
    """Learn once, at the lowest priority; models that cannot forecast are an error."""
    options = TrainingOptions(**json.loads(sys.argv[1]))
    os.nice(19)
    resource.setrlimit(resource.RLIMIT_AS, (options.memory_mb << 20, options.memory_mb << 20))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints must not get into the models
    lessons = unpack(Lessons, sys.stdin.buffer.read(), days_off(options.country))
    models = train(lessons)
    rehearse(models, lessons)
    with answers:
        answers.write(pack(models))


if __name__ == "__main__":
    main()
