"""What the solver process is told at its start, and the word with which it says that it is ready."""

import json
from dataclasses import asdict, dataclass

from v2g.site import PlannerChoice

READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """What the solver process may take: time [s] a solve, address space [MiB, None = no cap]; whether it breaks ties; who plans.

    By `nice` it gives way to others that want the processor. As many of the last problems as it
    `recalls` are answered at once when they are asked again.
    """

    time_limit_s: float
    prefer: bool
    memory_mb: int | None
    choice: PlannerChoice = "auto"
    nice: int = 0
    recalls: int = 0

    def to_argument(self) -> str:
        """Return the options as one command-line argument."""
        return json.dumps(asdict(self))
